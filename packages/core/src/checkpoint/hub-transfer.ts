/**
 * Brings one file of the hub into the cache's `blobs` folder, resuming what an earlier run left behind.
 *
 * Several processes (and Python) may want the same blob at once, and any of them may be killed, so nothing here depends
 * on a lock for correctness. A blob's name is the digest of its content, hence:
 *
 * - every attempt writes to a file with a name of its own, `<etag>.<random>.synseg.incomplete`, at explicit positions
 *   and never truncating: whoever writes, byte n of that file is byte n of the blob;
 * - resuming is a rename of an abandoned file to a fresh name: one process wins it, and should its former writer still
 *   be alive, that one writes the same bytes to the same places;
 * - a file becomes a blob by a rename after its size and digest were checked, so readers see all of it or nothing.
 *
 * The lock (`hub-lock.ts`) only saves a second download. Python's `<etag>.incomplete` is left alone: a live Python
 * process may be appending to it, or filling it out of order.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sizeOf } from '../guard/input-file.ts';
import { timeLimit } from '../guard/race-signal.ts';
import type { RemoteFile } from './hub-files.ts';
import { takeLock } from './hub-lock.ts';
import { Unreachable, ask, hubError, unreachable, unreachableError, type HubAddress } from './hub-request.ts';

const SUFFIX = '.synseg.incomplete';
const POLL_MS = 100;
/** Consecutive tries without a new byte before giving up; 200, 400, 800 and 1600 ms lie between them. */
const TRIES = 5;
const BACKOFF_MS = 200;

/** Target of a download, its progress and its limits. */
export interface Transfer {
  readonly address: HubAddress;
  readonly blobPath: string;
  readonly lockPath: string;
  onProgress(loadedBytes: number): void;
  /** Longest silence of a connection before it is dropped and resumed, seconds. */
  readonly maxSilenceSeconds: number;
}

/**
 * Makes `transfer.blobPath` hold the file, whoever downloads it.
 *
 * @throws {SynsegError} `HUB_DOWNLOAD` when the connection keeps failing, or size or digest are wrong.
 * @throws the reason of the address's signal once that is aborted; what was received stays for the next call.
 */
export async function fetchBlob(file: RemoteFile, transfer: Transfer): Promise<void> {
  const { blobPath, lockPath } = transfer;
  const { signal } = transfer.address;
  await mkdir(dirname(blobPath), { recursive: true });
  await mkdir(dirname(lockPath), { recursive: true });
  while ((await sizeOf(blobPath)) !== file.size) {
    signal?.throwIfAborted();
    const release = await takeLock(lockPath);
    if (release === undefined) {
      await sleep(POLL_MS, undefined, { signal });
      continue;
    }
    try {
      if ((await sizeOf(blobPath)) !== file.size) await download(file, transfer);
    } finally {
      await release();
    }
  }
}

async function download(file: RemoteFile, transfer: Transfer): Promise<void> {
  const { address, blobPath } = transfer;
  // A resumed beginning may be damaged (power cut, bad disk): it is tried once more, from the first byte.
  for (const partial of [await adoptPartial(file, blobPath), newPartial(blobPath)]) {
    const resumed = ((await sizeOf(partial)) ?? 0) > 0;
    await receiveAll(file, partial, transfer);
    let digest: string;
    try {
      digest = await digestOf(partial, file, address.signal);
      if (digest === file.etag) return await rename(partial, blobPath);
    } catch (error) {
      // ENOENT: another process took this file over. Others: on Windows the blob may have come and be in use meanwhile.
      // Either way fetchBlob looks again.
      const takenOver = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!takenOver && (await sizeOf(blobPath)) !== file.size) throw error;
      return rm(partial, { force: true });
    }
    await rm(partial, { force: true });
    if (!resumed) throw hubError(address.repo, `digest of ${file.path} must be ${file.etag}, got ${digest}`);
  }
}

function newPartial(blobPath: string): string {
  return `${blobPath}.${randomUUID()}${SUFFIX}`;
}

/** Renames the longest file left by an earlier attempt to a name of our own and removes the others. */
async function adoptPartial(file: RemoteFile, blobPath: string): Promise<string> {
  const own = newPartial(blobPath);
  const folder = dirname(blobPath);
  const names = await readdir(folder);
  const left = names.filter((name) => name.startsWith(`${basename(blobPath)}.`) && name.endsWith(SUFFIX));
  const paths = left.map((name) => join(folder, name));
  const found = await Promise.all(paths.map(async (path) => ({ path, size: (await sizeOf(path)) ?? 0 })));
  found.sort((a, b) => b.size - a.size);
  let adopted = false;
  for (const { path, size } of found) {
    if (adopted || size > file.size) await rm(path, { force: true });
    else adopted = (await rename(path, own).catch(() => 'taken')) === undefined;
  }
  return own;
}

async function receiveAll(file: RemoteFile, partial: string, transfer: Transfer): Promise<void> {
  const { address } = transfer;
  // Not 'a': appending ignores the position on Linux.
  const handle = await open(partial, constants.O_WRONLY | constants.O_CREAT, 0o666);
  try {
    let loaded = (await handle.stat()).size;
    let start = loaded;
    let failures = 0;
    transfer.onProgress(loaded);
    const advance = (position: number): void => {
      start = position;
      if (position > loaded) {
        loaded = position;
        failures = 0;
        transfer.onProgress(loaded);
      }
    };
    while (start < file.size) {
      let problem: Unreachable | undefined;
      try {
        start = await receive(file, start, handle, transfer, advance);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        problem = error;
      }
      if (start >= file.size) break;
      failures += 1;
      if (failures === TRIES) {
        if (problem === undefined) throw sizeError(file, address, start);
        const place = `for ${file.path} at byte ${loaded} of ${file.size}`;
        throw unreachableError(address, problem, ` ${place} after ${TRIES} tries; run again to resume`);
      }
      await sleep(BACKOFF_MS * 2 ** (failures - 1), undefined, { signal: address.signal });
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One request from byte `start` on; returns where it stopped. */
async function receive(
  file: RemoteFile,
  start: number,
  handle: FileHandle,
  transfer: Transfer,
  advance: (position: number) => void,
): Promise<number> {
  const { address, maxSilenceSeconds } = transfer;
  const reason = new Unreachable(`no data for ${maxSilenceSeconds} seconds (maxSilenceSeconds)`);
  const silence = timeLimit(maxSilenceSeconds, reason);
  let position = start;
  try {
    const response = await ask(address, file.url, start > 0 ? { range: `bytes=${start}-` } : {}, silence.signal);
    // 200 to a range request: the server starts over. 416: its file is shorter than our beginning, so start over too.
    if (response.status !== 206) position = 0;
    else if (!response.headers.get('content-range')?.startsWith(`bytes ${start}-`))
      throw new Unreachable('a wrong Content-Range');
    if (response.status === 416 || response.body === null) {
      await response.body?.cancel();
      return position;
    }
    for await (const chunk of chunksOf(response.body, address.signal)) {
      silence.restart();
      if (position + chunk.length > file.size) throw sizeError(file, address, position + chunk.length);
      for (let written = 0; written < chunk.length;) {
        written += (await handle.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
      }
      position += chunk.length;
      advance(position);
    }
    return position;
  } finally {
    silence.clear();
  }
}

/** The body's chunks. A broken connection is {@link Unreachable}: an error of the loop's body is the disk's. */
async function* chunksOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw unreachable(error);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.().catch(() => undefined);
  }
}

function sizeError(file: RemoteFile, address: HubAddress, got: number): Error {
  const bytes = got > file.size ? `at least ${got}` : String(got);
  return hubError(address.repo, `size of ${file.path} must be ${file.size} bytes, got ${bytes}`);
}

/** sha256 of the content for a 64-digit etag, otherwise git's blob sha1: `sha1("blob <size>\0" + content)`. */
async function digestOf(path: string, file: RemoteFile, signal: AbortSignal | undefined): Promise<string> {
  const hash = file.etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${file.size}\0`);
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
