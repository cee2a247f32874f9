/** Files, pipes and answers that are read from the first byte to the last, and never more of them than asked for. */
import { close, constants, createReadStream, existsSync, open, type ReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { promisify } from 'node:util';

/** Is it the name of a file, rather than the address of a picture? A name that exists is that file: `data:1.png`. */
export function isPath(text: string): boolean {
  return !/^(?:https?|file|data):/i.test(text) || (!/^[a-z]+:\/\//i.test(text) && existsSync(text));
}

/**
 * The bytes of a file or a pipe (`/dev/stdin`, `<(…)`), at most so many.
 *
 * @param tooLong - the error for more; the size of a pipe is not known before, and a file may grow
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

/** The bytes of a stream, at most so many; it is ended where there are more. */
export async function gather(
  stream: AsyncIterable<Uint8Array>,
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
 * A pipe nobody writes to would block the thread that opens it, and with it the end of the process: it is opened
 * without
 * blocking and awaited as a socket. Deno has no such sockets; there the thread is its own.
 */
export async function openInput(
  path: string,
  signal?: AbortSignal,
  { info: known, chunkBytes = 2 ** 16 }: { readonly info?: Stats; readonly chunkBytes?: number } = {},
): Promise<ReadStream | Socket> {
  const info = known ?? (await stat(path));
  if (info.isDirectory()) throw new Error('EISDIR: a folder');
  const isPipe = info.isFIFO() || info.isSocket();
  if (!info.isFile() && !isPipe) throw new Error('a device');
  const stream =
    isPipe && !('Deno' in globalThis) ? await openPipe(path) : createReadStream(path, { highWaterMark: chunkBytes });
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
