/** Bytes of a table from a file or a pipe, gunzipped where needed, a chunk at a time. */
import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SynsegError } from '@synseg/core';
import { messageOf, openInput } from '@synseg/core/guards';

/** A table, and its names in messages. */
export interface TableSource {
  readonly path: string;
  /** Completes "Cannot …". */
  readonly action: string;
  /** The option that names it, such as `captions`. */
  readonly what: string;
  /** Called with the bytes of the file that have been read since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `DATASET_FORMAT`: Cannot <action>: <what> must <rule>, got "<path>" (<reason>). */
export function tableError({ path, action, what }: TableSource, rule: string, cause: unknown): SynsegError {
  const isError = cause instanceof Error;
  const reason = typeof cause === 'string' ? cause : (codeOf(cause) ?? messageOf(cause));
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot ${action}: ${what} must ${rule}, got "${path}" (${reason})`,
    isError ? { cause } : undefined,
  );
}

/**
 * The bytes in pieces.
 *
 * @throws SynsegError `DATASET_FORMAT` when they cannot be read or unpacked; the signal's reason when aborted
 */
export async function* bytesOf(source: TableSource): AsyncGenerator<Uint8Array> {
  const { path, signal } = source;
  signal?.throwIfAborted();
  const file = await openInput(path, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw tableError(source, 'be a readable file', cause);
  });
  try {
    for await (const chunk of unpacked(file, source)) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    const code = codeOf(cause);
    if (code === undefined || cause instanceof SynsegError) throw cause;
    throw tableError(source, code.startsWith('Z_') ? 'be whole gzip' : 'be a readable file', cause);
  } finally {
    file.destroy();
  }
}

async function* unpacked(file: AsyncIterable<Uint8Array>, { path, onBytes }: TableSource): AsyncGenerator<Uint8Array> {
  const chunks = file[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return;
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let next = first; next.done !== true; next = await chunks.next()) {
      onBytes?.(next.value.length);
      yield next.value;
    }
  }
  // An error of either reaches the caller's loop.
  yield* isGzip(path, first.value) ? pipeline(all(), createGunzip(), () => undefined) : all();
}

/**
 * Opens a table to be read in any order. A gzip file is unpacked for that, into an unlinked temporary file, which is
 * gone when it is closed.
 */
export async function openUnpacked(source: TableSource): Promise<FileHandle> {
  const file = await open(source.path);
  try {
    if (!isGzip(source.path, await readAt(file, 0, 2))) return file;
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  const path = join(tmpdir(), `synseg-${randomUUID()}.tmp`);
  const copy = await open(path, 'wx+');
  try {
    await rm(path, { force: true });
    for await (const chunk of bytesOf(source)) await copy.appendFile(chunk);
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/** Reads bytes [start, end) of an open file; fewer where it ends before. */
export async function readAt(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function isGzip(path: string, beginning: Uint8Array): boolean {
  return /\.gz$/i.test(path) || (beginning[0] === 0x1f && beginning[1] === 0x8b);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
