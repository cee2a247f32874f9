/** A text file in pieces, unpacked when it is gzip; and its lines. Nothing here keeps more than a piece and a line. */
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SynsegError } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { openInput } from '@synseg/core/guards';

/** A longer line or record is broken: without a bound, a file that is no text would be read into memory whole. */
export const MAX_RECORD_LETTERS = 1_000_000;

/** A line or row that cannot be read, in a list of ones that can. */
export const BROKEN: unique symbol = Symbol('broken record');

/** Options of {@link textChunks}. */
export interface TextChunksOptions {
  /** Is told how many bytes of the file have been read since it was last told. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The text of a UTF-8 file in pieces of at most 64 KiB; what is not UTF-8 becomes U+FFFD.
 *
 * @throws SynsegError `DATASET_FORMAT` when it cannot be read or unpacked
 */
export async function* textChunks(path: string, { onBytes, signal }: TextChunksOptions = {}): AsyncGenerator<string> {
  signal?.throwIfAborted();
  const file = await openInput(path, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw unreadable(path, 'be a readable file', cause);
  });
  // An error of either stream reaches the loop below.
  const source: Readable = /\.gz$/i.test(path) ? pipeline(file, createGunzip(), () => undefined) : file;
  source.setEncoding('utf8');
  let told = 0;
  let first = true;
  try {
    for await (const chunk of source as AsyncIterable<string>) {
      signal?.throwIfAborted();
      onBytes?.(file.bytesRead - told);
      told = file.bytesRead;
      if (first && chunk.startsWith('\uFFFD\uFFFD'))
        throw new SynsegError(
          'DATASET_FORMAT',
          `Cannot extract phrases: captions must be UTF-8, got "${path}", which begins as UTF-16 does`,
        );
      yield first ? chunk.replace(/^\uFEFF/, '') : chunk;
      first = false;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === '') throw cause;
    throw unreadable(path, code.startsWith('Z_') ? 'be whole gzip' : 'be a readable file', cause);
  } finally {
    source.destroy();
    file.destroy();
  }
}

function unreadable(path: string, rule: string, cause: unknown): SynsegError {
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot extract phrases: captions must ${rule}, got "${path}" ` +
      `(${cause instanceof Error && 'code' in cause ? String(cause.code) : messageOf(cause)})`,
    { cause },
  );
}

/** The lines of a text, a list for each piece of it; a line that is too long is {@link BROKEN}. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<(string | typeof BROKEN)[]> {
  let rest = '';
  let skipping = false;
  for await (const chunk of chunks) {
    const parts: (string | typeof BROKEN)[] = (rest + chunk).split('\n');
    rest = parts.pop() as string;
    if (skipping && parts.length > 0) {
      parts[0] = BROKEN;
      skipping = false;
    }
    if (rest.length > MAX_RECORD_LETTERS || skipping) {
      rest = '';
      skipping = true;
    }
    if (parts.length > 0)
      yield parts.map((part) => (part === BROKEN ? part : part.endsWith('\r') ? part.slice(0, -1) : part));
  }
  if (skipping) yield [BROKEN];
  else if (rest !== '') yield [rest];
}
