/** The bytes of a picture's file, never more than asked for; and what its first bytes say it is. */
import { SynsegError, isSynsegError, messageOf } from '../errors.ts';
import { readInput } from '../guard/input-file.ts';
import { limitError } from '../guard/limits.ts';
import { shownURL, withoutSecrets } from '../guard/secrets.ts';

/**
 * Reads a file or a pipe (`/dev/stdin`, `<(…)`). Devices and folders are refused before they are opened.
 *
 * @throws SynsegError `IMAGE_DECODE` when there is nothing to read, or more than `maxImageBytes`
 */
export async function readPicture(path: string, maxImageBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const refuse = (got: string, cause?: unknown): SynsegError =>
    new SynsegError('IMAGE_DECODE', `Cannot open image: path must be a readable file, got "${shownURL(path)}" (${got})`, cause === undefined ? {} : { cause });
  const tooLong = (bytes: number | string): SynsegError => limitError('IMAGE_DECODE', 'open image', shownURL(path), 'maxImageBytes', maxImageBytes, 'bytes', bytes);
  try {
    return await readInput(path, maxImageBytes, tooLong, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw isSynsegError(cause) ? cause : refuse(withoutSecrets(messageOf(cause), [path]), cause);
  }
}

const ascii = (bytes: Uint8Array, start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString('latin1');

/**
 * What a file is by its first bytes. Only pixels are decoded unasked: a drawing can hold a program's worth of work in a
 * few bytes (filters, nested references), and what else a decoder may know (PDF, scripts) more than that.
 */
export function kindOfPicture(bytes: Uint8Array): 'pixels' | 'drawing' | 'unknown' {
  const start = ascii(bytes, 0, 16);
  if (/^(?:\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II[*+]\0|MM\0[*+]|RIFF[^]{4}WEBP|[^]{4}ftyp|P[1-7fF]\s|\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/.test(start)) return 'pixels';
  // Compressed, in UTF-8 or UTF-16 with a byte order mark, or after white space: XML starts with "<".
  return /^(?:\x1f\x8b|(?:\xef\xbb\xbf)?\s*<|\xff\xfe(?:\s\0)*<\0|\xfe\xff(?:\0\s)*\0<|<\0|\0<)/.test(ascii(bytes, 0, 1024)) ? 'drawing' : 'unknown';
}
