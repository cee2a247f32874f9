/** The kinds of sources, and their names for people. The arguments that open them are in `input.ts`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkKind, encodedLogin, readOptions, shownURL, withoutSecrets } from '@synseg/core/guards';
import { flag, list, text, value, type OptionsOf } from '@synseg/core/guards';
import type { PixelFormat } from './pixel-formats.ts';
import { isSequence } from './sequence.ts';

/**
 * A source of pictures. A string is one of:
 * - a path, `file:` URLs included; a name that exists is that file, whatever characters are in it;
 * - an image sequence: `frames/%05d.png` (by number, from any number on, gaps passed over) or `frames/*.jpg` (by name,
 *   numbers in it by value), its pattern in the last part of the path;
 * - `-`: this process's stdin;
 * - a camera: `camera:0`, `camera:NAME` as {@link listDevices} names it, or `/dev/video0`;
 * - any other URL ffmpeg opens: rtsp, rtmp, http(s), udp, srt, tcp, … An HLS playlist that is live (`{ url, live: true
 *   }`) is read at its own speed: its frames come many seconds at once.
 */
export type VideoSource = string | URL | FfmpegInput | AsyncIterable<RawFrame>;

const anyText = value<string>('be a string', (given) => typeof given === 'string');

/** Anything else ffmpeg can open, with the options that go before `-i`. */
export type FfmpegInput = OptionsOf<typeof FFMPEG_INPUT, 'url'>;
const FFMPEG_INPUT = {
  /** The text after `-i`, as it is. */
  url: text(),
  /** Options before `-i`; they win over those this package sets, e.g. `['-rtsp_transport', 'udp']`. */
  inputOptions: list(anyText, { least: 0 }),
  /** Name for people. @default the path, or scheme, host, port and last plain part of a URL */
  name: anyText,
  /** True: frames come at their own time, and its end means that the connection broke. @default by the kind of URL */
  live: flag(),
};

/** A picture pushed by the caller. */
export interface RawFrame {
  /**
   * The pixels in the order `format` says, rows without padding, 0 to 255. They are copied when the frame is taken: a
   * view into memory that is used again is fine from the next request on.
   */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /**
   * Layout: `'rgb'`, `'bgr'`, `'rgba'`, `'bgra'` and `'gray'` are whole pixels; `'nv12'` is the Y plane and then U and
   * V by turns, `'i420'` the planes Y, U, V, both at half size (rounded up), BT.601 in limited range. @default 'rgb'
   */
  readonly format?: PixelFormat;
  /** Presentation time. @default seconds since the first frame */
  readonly timeSeconds?: number;
}

/** The facts about a source that its name tells. */
export interface SourceDescription {
  /** For people: a path, or of a URL scheme, host, port and the last part of its path where that is a plain word. */
  readonly name: string;
  readonly kind: 'file' | 'sequence' | 'stdin' | 'camera' | 'network' | 'frames';
  /** Do frames come at their own time? `undefined` for http(s), where it is known once the source is open. */
  readonly live: boolean | undefined;
}

/** A source that ffmpeg opens. */
export type FfmpegSource = Exclude<VideoSource, AsyncIterable<RawFrame>>;

const scheme = /^([a-z][a-z0-9+.-]+):\/\//i;
const liveFormats = 'v4l2 video4linux2 avfoundation dshow x11grab kmsgrab gdigrab fbdev decklink'.split(' ');

/** True for pictures pushed by the caller. */
export function isFrames(source: VideoSource): source is AsyncIterable<RawFrame> {
  return typeof source === 'object' && Symbol.asyncIterator in source;
}

/** The text of a source as the caller gave it. */
function sourceText(source: FfmpegSource): string {
  return typeof source === 'string' ? source : source instanceof URL ? source.href : source.url;
}

/**
 * The kind of a source, its name, and whether it is live.
 *
 * @throws {TypeError} when `source` is none.
 * @example
 * ```ts
 * import { describeSource } from '@synseg/video';
 * const { name, kind, live } = describeSource('rtsp://admin:hunter2@cam/1?token=x');
 * console.assert(name === 'rtsp://cam/1' && kind === 'network' && live === true);
 * console.assert(describeSource('drive.mp4').live === false);
 * ```
 */
export function describeSource(source: VideoSource): SourceDescription {
  checkSource(source);
  const name = sourceName(source);
  if (isFrames(source)) return { name, kind: 'frames', live: false };
  const text = sourceText(source);
  const kind = kindOf(text, typeof source === 'string' || source instanceof URL ? [] : (source.inputOptions ?? []));
  // Of http(s) and the like it is known once the source is open.
  const isOpen = kind === 'network' && /^(?:https?|ftp|sftp|smb|ipfs|ipns):\/\//i.test(text);
  const guess = isOpen ? undefined : kind === 'camera' || kind === 'network';
  return { name, kind, live: (source as FfmpegInput).live ?? guess };
}

function kindOf(text: string, options: readonly string[]): SourceDescription['kind'] {
  if (isStdin(text)) return 'stdin';
  const format = options[options.indexOf('-f') + 1] ?? '';
  const device = options.includes('-f') && liveFormats.includes(format);
  if (device || isCamera(text) || /^\/dev\/video\d+$/.test(text)) return 'camera';
  const path = sourcePath(text);
  if (path === undefined) return 'network';
  return isSequence(path) ? 'sequence' : 'file';
}

/** A file of such a name is that file. */
function isCamera(text: string): boolean {
  return text.startsWith('camera:') && !existsSync(text);
}

function isStdin(text: string): boolean {
  return text === '-' || (/^pipe:0?$/.test(text) && !existsSync(text));
}

/** The local path of a source, or `undefined` if it has none: a network URL, stdin, a camera, pushed frames. */
export function sourcePath(source: VideoSource): string | undefined {
  if (isFrames(source)) return undefined;
  const text = sourceText(source);
  if (/^file:\/\//i.test(text)) {
    try {
      return fileURLToPath(text);
    } catch (cause) {
      const rule = 'a file: URL must name a file of this computer';
      throw new TypeError(`Cannot open video: ${rule}, got ${text}`, { cause });
    }
  }
  if (scheme.test(text) || isStdin(text) || isCamera(text)) return undefined;
  if (typeof source === 'object') return /^file:/.test(text) ? text.slice('file:'.length) : undefined;
  return text;
}

/** The text after `-i` for a file or a URL: `file:` in front of a path keeps `:` and `-` in names from meaning more. */
export function sourceInput(source: VideoSource): string {
  if (isFrames(source)) throw new Error('internal: pushed frames are not opened by ffmpeg');
  const text = sourceText(source);
  const asItIs = typeof source === 'object' && !(source instanceof URL);
  const path = sourcePath(source);
  if (path !== undefined && !asItIs) return `file:${path}`;
  // ffmpeg knows schemes in small letters only, and takes `#`, `/`, `?` and `@` in a password for the end of the
  // address.
  return encodedLogin(asItIs ? text : text.replace(scheme, (start) => start.toLowerCase()));
}

/** The source as it may be shown: a path as it is, a URL as `shownURL` has it. */
export function sourceName(source: VideoSource): string {
  if (isFrames(source)) return 'frames';
  const text = sourceText(source);
  if (typeof source === 'object' && 'name' in source && source.name !== undefined)
    return withoutSecrets(source.name, [text]);
  if (isStdin(text)) return 'stdin';
  const path = sourcePath(source);
  if (path === undefined) return withoutSecrets(text, [text]);
  // What is no file may be an address with its scheme forgotten.
  return shownURL(path) === path || existsSync(path) ? path : shownURL(path);
}

/** The names of several sources, each one its own: files and the page tell sources apart by them. */
export function sourceNames(sources: readonly VideoSource[]): readonly string[] {
  checkKind('name sources', 'sources', sources, Array.isArray(sources), 'be a list');
  for (const source of sources) checkSource(source);
  const names = sources.map(sourceName);
  const taken = new Set(names);
  return names.map((name, at) => {
    if (names.indexOf(name) === at) return name;
    let number = 2;
    while (taken.has(`${name} #${number}`)) number += 1;
    taken.add(`${name} #${number}`);
    return `${name} #${number}`;
  });
}

/**
 * The texts of a source that must not be shown where ffmpeg prints them: its address, and values of the caller's
 * options.
 */
export function sourceSecrets(source: VideoSource): readonly string[] {
  if (isFrames(source)) return [];
  const own = (source as FfmpegInput).inputOptions ?? [];
  const values = own.filter((value, at) => {
    const option = own[at - 1] ?? '';
    return option.startsWith('-') && !harmless.test(option) && value.length >= 4 && !/^[\d.]+$/.test(value);
  });
  const texts = [sourceText(source), sourceInput(source)].filter((text) => shownURL(text) !== text);
  return [...new Set([...texts, ...values])];
}

/** Options whose values are words of ffmpeg's own, which it uses in what it says. */
const harmless =
  /^-(?:f|c|codec|c:v|rtsp_\w+|pix_fmt|pixel_format|input_format|video_size|hwaccel\w*|\w+_whitelist|fflags|flags|i)$/;

/** True for {@link VideoSource}, as far as its kind goes. */
export function isSource(source: unknown): source is VideoSource {
  const readable = (text: unknown): boolean => typeof text === 'string' && text !== '' && !text.includes('\0');
  if (typeof source !== 'object' || source === null) return readable(source);
  return source instanceof URL || Symbol.asyncIterator in source || ('url' in source && readable(source.url));
}

/** @throws {TypeError} when `source` is none of {@link VideoSource}. */
export function checkSource(source: unknown): asserts source is VideoSource {
  const rule = 'be a path, a URL, { url, inputOptions } or an async iterable of frames';
  checkKind('open video', 'source', source, isSource(source), rule);
  if (typeof source === 'object' && !(source instanceof URL) && !isFrames(source as VideoSource))
    readOptions('open video', FFMPEG_INPUT, source, ['url'], 'source');
}
