/** Files, pipes and HTTP responses, read whole up to a limit. */
import { close, constants, createReadStream, existsSync, open, type ReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { promisify } from 'node:util';

/** True for a file name, false for a URL. A name that exists, such as `data:1.png`, is a file. */
export function isPath(text: string): boolean {
  return !/^(?:https?|file|data):/i.test(text) || (!/^[a-z]+:\/\//i.test(text) && existsSync(text));
}

/** Size of a file in bytes, following links, or `undefined` when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

/**
 * Reads a file or a pipe (`/dev/stdin`, `<(…)`), up to `most` bytes.
 *
 * @param tooLong - makes the error for more; the size of a pipe is not known in advance, and a file may grow
 * @throws Error of the file system, or saying that it is a folder or a device: those are refused before they are opened
 */
export async function readInput(
  path: string,
  most: number,
  tooLong: (bytes: number | 'more') => Error,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const info = await stat(path);
  if (info.size > most) throw tooLong(info.size);
  return gather(await openInput(path, signal, { info, chunkBytes: 2 ** 20 }), most, tooLong);
}

/** Reads a stream, up to `most` bytes; a longer one is ended. */
export async function gather(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  most: number,
  tooLong: (bytes: 'more') => Error,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > most) throw tooLong('more');
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

/**
 * Opens a file or a pipe as a stream, which an abort ends.
 *
 * Opening a pipe without a writer would block the thread, and with it the end of the process, so it is opened without
 * blocking and read as a socket. Deno has no such sockets, and opens it in a thread of its own.
 */
export async function openInput(
  path: string,
  signal?: AbortSignal,
  { info, chunkBytes = 2 ** 16 }: { readonly info?: Stats; readonly chunkBytes?: number } = {},
): Promise<ReadStream | Socket> {
  info ??= await stat(path);
  if (info.isDirectory()) throw new Error('EISDIR: a folder');
  const isPipe = info.isFIFO() || info.isSocket();
  if (!info.isFile() && !isPipe) throw new Error('a device');
  const opensPipe = isPipe && !('Deno' in globalThis);
  const stream = opensPipe ? await openPipe(path) : createReadStream(path, { highWaterMark: chunkBytes });
  return signal === undefined ? stream : addAbortSignal(signal, stream);
}

async function openPipe(path: string): Promise<Socket> {
  const fd = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch (error) {
    await promisify(close)(fd);
    throw error;
  }
}
