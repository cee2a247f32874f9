/** Reads the bytes of a picture from a file or a server, up to a limit, and tells its kind from its first bytes. */
import { fileURLToPath } from 'node:url';
import { SynsegError, isSynsegError, messageOf } from '../errors.ts';
import { reasonOf, sendRequest } from '../guard/http-request.ts';
import { gather, isPath, readInput } from '../guard/input-file.ts';
import { FETCH_LIMITS, PIXEL_LIMIT, limitError } from '../guard/limits.ts';
import { SIGNAL_OPTION, flag, withDefault, type OptionsOf, type Resolved } from '../guard/options.ts';
import { eitherSignal, timeLimit } from '../guard/race-signal.ts';
import { cleanError, encodedLogin, shownURL, withoutSecrets } from '../guard/secrets.ts';

/** Options of opening a picture. */
export const IMAGE_OPTIONS = {
  ...PIXEL_LIMIT,
  ...FETCH_LIMITS,
  /** Accepts SVG as well, which can hold a great deal of work in a few bytes. @default false */
  allowSVG: withDefault(flag(), false),
  /**
   * Opens web addresses only, and of those only public ones, wherever names and redirects lead: for services that open
   * what their users send. No proxy is used.
   * @default false
   */
  publicOnly: withDefault(flag(), false),
  ...SIGNAL_OPTION,
};
export type ImageOptions = OptionsOf<typeof IMAGE_OPTIONS>;

/** Limits on fetching one picture. */
type FetchBounds = Pick<Resolved<typeof IMAGE_OPTIONS>, 'maxImageBytes' | 'maxFetchSeconds' | 'publicOnly' | 'signal'>;

/** Reads the bytes of a picture in a file or on a server, and names it for messages. */
export async function readImage(
  input: string | URL,
  options: FetchBounds,
): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  const { maxImageBytes, publicOnly, signal } = options;
  const text = String(input);
  const name = shownURL(text);
  const path = typeof input === 'string' && isPath(text);
  if (publicOnly && (path || /^file:/i.test(text)))
    throw openError(`with publicOnly it must be an http, https or data URL, got "${name}"`);
  if (path) return { bytes: await readPicture(text, maxImageBytes, signal), name };
  const url = encodedLogin(text);
  if (!URL.canParse(url)) throw new TypeError(`Cannot open image: input must be a valid URL, got "${name}"`);
  if (/^file:/i.test(url)) return { bytes: await readPicture(pathOf(new URL(url)), maxImageBytes, signal), name: text };
  return { bytes: await fetchBytes(url, options), name };
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new TypeError(`Cannot open image: input must be a file: URL of this machine, got "${url.href}"`, { cause });
  }
}

async function fetchBytes(
  url: string,
  { maxImageBytes, maxFetchSeconds, publicOnly, signal }: FetchBounds,
): Promise<Uint8Array> {
  const reason = new Error(`no whole answer within ${maxFetchSeconds} seconds (maxFetchSeconds)`);
  const limit = timeLimit(maxFetchSeconds, reason);
  try {
    const response = await sendRequest(url, { publicOnly, signal: eitherSignal(signal, limit.signal) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`HTTP status ${response.status}`);
    }
    return await gather(response.body ?? [], maxImageBytes, (bytes) => tooLarge(url, maxImageBytes, bytes));
  } catch (cause) {
    signal?.throwIfAborted();
    if (isSynsegError(cause)) throw cause;
    cleanError(cause, [url]);
    throw openError(`URL must answer with a picture, got ${reasonOf(cause)} from ${shownURL(url)}`, cause);
  } finally {
    limit.clear();
  }
}

/**
 * Reads a file or a pipe (`/dev/stdin`, `<(…)`). Devices and folders are refused before they are opened.
 *
 * @throws SynsegError `IMAGE_DECODE` when there is nothing to read, or more than `maxImageBytes`
 */
async function readPicture(path: string, maxImageBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return await readInput(path, maxImageBytes, (bytes) => tooLarge(path, maxImageBytes, bytes), signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (isSynsegError(cause)) throw cause;
    const got = `"${shownURL(path)}" (${withoutSecrets(messageOf(cause), [path])})`;
    throw openError(`path must be a readable file, got ${got}`, cause);
  }
}

function openError(rest: string, cause?: unknown): SynsegError {
  return new SynsegError('IMAGE_DECODE', `Cannot open image: ${rest}`, { cause });
}

function tooLarge(source: string, most: number, bytes: number | string): SynsegError {
  return limitError('IMAGE_DECODE', 'open image', shownURL(source), 'maxImageBytes', most, 'bytes', bytes);
}

const ascii = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1');

/** JPEG, PNG, GIF, TIFF; WebP, AVIF and HEIF; Netpbm; JPEG XL and JPEG 2000, bare and in a box. */
const BEGINNINGS = [
  /^(?:\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II[*+]\0|MM\0[*+])/,
  /^(?:RIFF[^]{4}WEBP|[^]{4}ftyp|P[1-7fF]\s)/,
  /^(?:\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/,
];

/**
 * The kind of a file, by its first bytes. Only pixels are decoded by default: a drawing can cost a program's worth of
 * work in a few bytes (filters, nested references), and other formats a decoder may know (PDF, scripts) even more.
 */
export function kindOfPicture(bytes: Uint8Array): 'pixels' | 'drawing' | 'unknown' {
  const start = ascii(bytes, 0, 16);
  if (BEGINNINGS.some((beginning) => beginning.test(start))) return 'pixels';
  // Compressed, in UTF-8 or UTF-16 with a byte order mark, or after white space: XML starts with "<".
  const drawing = /^(?:\x1f\x8b|(?:\xef\xbb\xbf)?\s*<|\xff\xfe(?:\s\0)*<\0|\xfe\xff(?:\0\s)*\0<|<\0|\0<)/;
  return drawing.test(ascii(bytes, 0, 1024)) ? 'drawing' : 'unknown';
}
