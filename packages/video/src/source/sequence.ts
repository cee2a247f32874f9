/**
 * Image sequences: which files a pattern names, and their bytes as one stream. Patterns are expanded here, not by
 * ffmpeg: its Windows builds know no `*`, it reads a `%` or a bracket anywhere in a path as a pattern, and it forgets
 * the names.
 *
 * The files go to ffmpeg as packets of a Matroska stream on its stdin, each with its own time. So a file that cannot be
 * read or decoded leaves a gap, and the others keep their numbers and names.
 */
import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { DEFAULT_LIMITS, shownURL } from '@synseg/core/guards';
import { matroskaFrameHeader, pictureStreamHeader } from '../process/raw-matroska.ts';
import { videoError } from '../video-error.ts';

/** The pictures of a sequence, in order. */
export interface PictureSequence {
  readonly folder: string;
  /** File names without the folder. */
  readonly names: readonly string[];
  /** The first whose format is known, and ffmpeg's decoder for it and the others. */
  readonly first: string;
  readonly decoder: string;
}

/** Endings of pictures. */
const picture = /\.(?:bmp|dpx|exr|gif|jfif|jp2|jpe?g|jxl|pam|pbm|pgm|png|ppm|tga|tiff?|webp)$/i;
/** `%d` or `%05d`; two `%` stand for one. */
const numbered = /(?<=(?:^|[^%])(?:%%)*)%0?(\d*)d/;
const wild = /[*?]|\[[^\]]+\]|\{[^{}]*,[^{}]*\}/;

/** Path up to the last part, and the last part. */
function split(path: string): readonly [folder: string, last: string] {
  const [folder = ''] = (process.platform === 'win32' ? /^.*[\\/]/s : /^.*\//s).exec(path) ?? [];
  return [folder, path.slice(folder.length)];
}

/** Is it a pattern of pictures, such as `frames/%05d.png` or `frames/*.jpg`? A name that exists is no pattern. */
export function isSequence(path: string): boolean {
  const [, last] = split(path);
  if (!numbered.test(last) && !wild.test(last)) return false;
  const ending = /\.[^.]*$/.exec(last)?.[0] ?? '';
  return (ending === '' || wild.test(ending) || picture.test(ending)) && !existsSync(path);
}

/** True for a name that ends as pictures' names do. */
export function isPicture(path: string): boolean {
  return picture.test(path);
}

/**
 * The files that `path` names: `%d` and `%05d` stand for a number, printed so, and the files come in the order of their
 * numbers, wherever those begin and with or without gaps; `*`, `?`, `[a-z]`, `[!a-z]` and `{png,jpg}` are the shell's,
 * and the files come in the order of their names, numbers in them by value. Only the last part of the path is a
 * pattern.
 *
 * @throws {SynsegError} `VIDEO_DECODE` when there is none, or none whose format is known.
 */
export async function findPictures(path: string): Promise<PictureSequence> {
  const [folder, last] = split(path);
  const refuse = (rule: string, got: string): never => {
    throw videoError('VIDEO_DECODE', `Cannot open video "${shownURL(path)}": ${rule}, got ${got}`);
  };
  const there = await readdir(folder === '' ? '.' : folder).catch((error: NodeJS.ErrnoException) =>
    refuse('its folder must be readable (patterns stand in the last part of a path only)', error.code ?? error.message),
  );
  const names = (numbered.test(last) ? numberedNames(last, there) : undefined) ?? wildNames(last, there);
  if (names.length === 0) refuse('the pattern must match at least one picture', `none of ${there.length} files`);
  for (const name of names) {
    const [decoder] = (await kindOfPicture(join(folder, name))) ?? [];
    if (decoder !== undefined) return { folder, names, first: name, decoder };
  }
  return refuse('the pictures must be of a known format (PNG, JPEG, WebP, TIFF, BMP, …)', `"${names[0]}"`);
}

/** The names that `pattern` prints for some number, in the order of the numbers; `undefined` when there are none. */
function numberedNames(pattern: string, there: readonly string[]): readonly string[] | undefined {
  const [before = '', width = '', ...rest] = pattern.split(numbered);
  if (rest.length !== 1) return undefined;
  const literal = (text: string): string => escaped(text.replaceAll('%%', '%'));
  const expression = new RegExp(`^${literal(before)}(\\d+)${literal(rest[0] ?? '')}$`, 's');
  const found = there.flatMap((name) => {
    const digits = expression.exec(name)?.[1];
    const number = digits?.replace(/^0+(?=\d)/, '');
    return number !== undefined && digits === number.padStart(Number(width), '0') ? [{ name, number }] : [];
  });
  if (found.length === 0) return undefined;
  return found.sort((a, b) => a.number.length - b.number.length || compare(a.number, b.number)).map(({ name }) => name);
}

function wildNames(pattern: string, there: readonly string[]): readonly string[] {
  if (!wild.test(pattern)) return [];
  const expression = regExp(`^${translated(pattern)}$`);
  const hidden = pattern.startsWith('.');
  const found = there.filter((name) => (hidden || !name.startsWith('.')) && isPicture(name) && expression.test(name));
  return found
    .map((name) => ({ name, parts: name.split(/(\d+)/) }))
    .sort((a, b) => inOrder(a.parts, b.parts))
    .map(({ name }) => name);
}

/** A pattern of the shell as a regular expression. */
function translated(pattern: string): string {
  const tokens = /\*|\?|\[(?<not>[!^]?)(?<set>\]?[^\]]+)\]|\{(?<choices>[^{}]*,[^{}]*)\}|[^*?[{]+|./gsu;
  const parts = [...pattern.matchAll(tokens)].map(({ 0: token, groups: { not, set, choices } = {} }) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (choices !== undefined) return `(?:${choices.split(',').map(translated).join('|')})`;
    return set === undefined ? escaped(token) : `[${not === '' ? '' : '^'}${set.replaceAll(/[\\\]^[]/g, '\\$&')}]`;
  });
  return parts.join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function inOrder(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [left = '', right = ''] = [a[at], b[at]];
    // Odd parts are digits.
    const [one, other] = at % 2 === 0 ? [left, right] : [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
    const order = (at % 2 === 0 ? 0 : one.length - other.length) || compare(one, other) || left.length - right.length;
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function regExp(source: string): RegExp {
  try {
    return new RegExp(source, process.platform === 'win32' ? 'isu' : 'su');
  } catch {
    // `[z-a]` matches nothing.
    return /(?!)/;
  }
}

/** The first bytes of pictures, ffmpeg's decoder for them, and its format for one in a file. */
const beginnings: readonly (readonly [beginning: RegExp, decoder: string, format: string])[] = [
  [/^\x89PNG/, 'png', 'png_pipe'],
  [/^\xff\xd8\xff/, 'mjpeg', 'jpeg_pipe'],
  [/^RIFF....WEBP/s, 'webp', 'webp_pipe'],
  [/^(?:II\*\0|MM\0\*)/, 'tiff', 'tiff_pipe'],
  [/^BM/, 'bmp', 'bmp_pipe'],
  [/^GIF8/, 'gif', 'gif'],
  [/^P[14]\s/, 'pbm', 'pbm_pipe'],
  [/^P[25]\s/, 'pgm', 'pgm_pipe'],
  [/^P[36]\s/, 'ppm', 'ppm_pipe'],
  [/^P7\s/, 'pam', 'pam_pipe'],
  [/^(?:SDPX|XPDS)/, 'dpx', 'dpx_pipe'],
  [/^v\/1\x01/, 'exr', 'exr_pipe'],
  [/^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, 'jpeg2000', 'j2k_pipe'],
  [/^(?:\0\0\0\x0cJXL |\xff\x0a)/, 'libjxl', 'jpegxl_pipe'],
];

/**
 * ffmpeg's decoder and format for a picture, by how it begins: endings are often wrong. Targa files begin with
 * anything.
 */
async function kindOfPicture(path: string): Promise<readonly [decoder: string, format: string] | undefined> {
  const head = await readPicture(path, 16);
  return typeof head === 'string' || head.length === 0 ? undefined : kindOfBytes(head, path);
}

function kindOfBytes(bytes: Buffer, path: string): readonly [decoder: string, format: string] | undefined {
  const head = bytes.subarray(0, 16).toString('latin1');
  const [, decoder, format] = beginnings.find(([beginning]) => beginning.test(head)) ?? [];
  if (decoder !== undefined && format !== undefined) return [decoder, format];
  return /\.tga$/i.test(path) ? ['targa', 'image2'] : undefined;
}

/**
 * The options with which ffmpeg reads the picture of this very name, whatever is in it; none for what is no picture.
 */
export async function pictureFormat(path: string): Promise<readonly string[]> {
  const [, format] = (await kindOfPicture(path)) ?? [];
  if (format === undefined) return [];
  return ['-f', format, ...(format === 'image2' ? ['-pattern_type', 'none'] : [])];
}

/** The pattern that fits the pictures in a folder: those of the ending that most of them have. */
export async function suggestedPattern(folder: string): Promise<string | undefined> {
  const counts = new Map<string, number>();
  for (const name of await readdir(folder).catch(() => [])) {
    const ending = extname(name);
    if (isPicture(name)) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most === undefined ? undefined : join(folder, `*${most[0]}`);
}

/** A file's bytes, at most `most` where that is said; else why there are none. */
async function readPicture(path: string, most?: number): Promise<Buffer | string> {
  try {
    const entry = await stat(path);
    if (!entry.isFile()) return 'not a file';
    const { size } = entry;
    const { maxImageBytes } = DEFAULT_LIMITS;
    if (size > maxImageBytes) return `${size} bytes, more than ${maxImageBytes} (maxImageBytes)`;
    const file = await open(path);
    try {
      const bytes = Buffer.alloc(Math.min(size, most ?? size));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/**
 * The pictures as one stream for ffmpeg, for ever with `loop`. Files that cannot be read are left out and reported.
 *
 * @param onUnreadable - called with each file that cannot be read, and why
 */
export async function* pictureStream(
  { folder, names, first, decoder }: PictureSequence,
  frameRate: number,
  loop: boolean,
  onUnreadable: (name: string, why: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield pictureStreamHeader(frameRate, loop ? undefined : names.length / frameRate);
  for (let index = 0; loop || index < names.length; index++) {
    const name = names[index % names.length] as string;
    let bytes = await readPicture(join(folder, name));
    // ffmpeg would take an empty packet for the end.
    if (bytes.length === 0) bytes = 'empty';
    const [other = decoder] = (typeof bytes === 'string' ? undefined : kindOfBytes(bytes, name)) ?? [];
    if (other !== decoder) bytes = `${other}, where "${first}" and with it the sequence is ${decoder}`;
    if (typeof bytes === 'string') {
      if (index < names.length) onUnreadable(name, bytes);
      continue;
    }
    yield matroskaFrameHeader(index / frameRate, bytes.length);
    yield bytes;
  }
}
