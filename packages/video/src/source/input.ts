/**
 * The arguments with which ffmpeg opens a source: the options before `-i`, and `-i` itself.
 *
 * Live sources over a network get a time limit on each read. The watchdog of `live/` is quicker; the limit is for the
 * day this process is killed: ffmpeg then waits for a silent sender and would not notice.
 */
import { Readable } from 'node:stream';
import { shownURL } from '@synseg/core/guards';
import { entryOf } from '../file-entry.ts';
import type { FfmpegVersion } from '../process/version.ts';
import { allowedArguments } from './allowed.ts';
import type { InputSettings, Opening } from './input-options.ts';
import { publicAddress } from './public-address.ts';
import { cameraInput } from './devices.ts';
import { findPictures, pictureFormat, pictureStream, suggestedPattern, type PictureSequence } from './sequence.ts';
import { describeSource, isFrames, sourceInput, sourcePath } from './source.ts';
import type { FfmpegInput, FfmpegSource, VideoSource } from './source.ts';
import { videoError } from '../video-error.ts';

/** @throws {RangeError} when an option does not go with the kind of source. */
export function checkInputOptions(
  action: string,
  source: FfmpegSource,
  { loop, realTime, publicOnly }: Partial<InputSettings>,
): void {
  const { kind, live } = describeSource(source);
  const what = kind === 'network' ? 'a network source' : kind === 'stdin' ? 'stdin' : `a ${kind}`;
  const refuse = (name: string, rule: string, got = what): never => {
    throw new RangeError(`Cannot ${action}: ${name} must be used with ${rule}, got ${got}`);
  };
  if (publicOnly === true && kind !== 'network') refuse('publicOnly', 'a network source');
  if (loop === true && (kind === 'stdin' || kind === 'camera' || live !== false))
    refuse('loop', 'a file or an image sequence');
  if (realTime === true && live === true && !isPlaylist(sourceInput(source)))
    refuse('realTime', 'a source that is not live', `live ${what}`);
}

/** The arguments and the input with which ffmpeg and ffprobe open a source. */
export interface OpenInput {
  /** The options before `-i`, `-i` and what follows it. */
  readonly arguments: readonly string[];
  /** Their stdin: this process's own, or these bytes. */
  readonly input?: 'inherit' | AsyncIterable<Uint8Array>;
  /** Of an image sequence: the pictures, one for each number, and how many there are a second. */
  readonly pictures?: PictureSequence & { readonly frameRate: number };
}

/** The arguments and the input with which ffmpeg decodes `source`. */
export async function decodeInput(
  source: FfmpegSource,
  options: InputSettings,
  ffmpeg: string,
  version: FfmpegVersion,
  onUnreadable: (name: string, why: string) => void = () => {},
): Promise<OpenInput> {
  const { hardwareAcceleration, loop, realTime, live = describeSource(source).live } = options;
  const opened = await openInput(source, options, ffmpeg, version, onUnreadable);
  // A live playlist comes a segment at a time, many seconds at once: it is read at its own speed.
  const paced = realTime || (live === true && isPlaylist(sourceInput(source)));
  const more = [
    ...(hardwareAcceleration === undefined ? [] : ['-hwaccel', hardwareAcceleration]),
    ...(loop && opened.pictures === undefined ? ['-stream_loop', '-1'] : []),
    ...(paced ? ['-re'] : []),
    // One frame of delay for each decoding thread is too much for a live picture; slices have none.
    ...(live === true ? ['-thread_type', 'slice'] : []),
    ...(opened.pictures === undefined ? [] : ['-c:v', opened.pictures.decoder]),
  ];
  return { ...opened, arguments: [...more, ...opened.arguments] };
}

/**
 * The arguments and the input with which ffmpeg and ffprobe open `source`. Where cameras are opened by name, ffmpeg
 * lists them.
 *
 * @param onUnreadable - called with each picture of a sequence that cannot be read, and why
 * @throws {SynsegError} `VIDEO_DECODE` when it is a folder, no camera of this computer, or a pattern without pictures
 */
export async function openInput(
  source: FfmpegSource,
  { frameRate, networkTimeoutSeconds, loop, publicOnly, live: isLive }: Opening & { readonly loop: boolean },
  ffmpeg: string,
  version: FfmpegVersion,
  onUnreadable: (name: string, why: string) => void = () => {},
): Promise<OpenInput> {
  const { kind, live } = describeSource(source);
  const own = (source as FfmpegInput).inputOptions ?? [];
  const plain = typeof source === 'string' || source instanceof URL;
  const text = publicOnly ? await publicAddress(sourceInput(source), networkTimeoutSeconds) : sourceInput(source);
  if (kind === 'camera')
    return { arguments: plain ? await cameraInput(text, frameRate, ffmpeg) : [...own, '-i', text] };
  const path = sourcePath(source);
  if (kind === 'sequence' && plain && path !== undefined) {
    const pictures = { ...(await findPictures(path)), frameRate: frameRate ?? 25 };
    // A parser would join a damaged picture with the next one.
    const open = '-fflags +noparse -protocol_whitelist pipe -format_whitelist matroska -f matroska -i pipe:0'.split(
      ' ',
    );
    return { arguments: open, pictures, input: pictureStream(pictures, pictures.frameRate, loop, onUnreadable) };
  }
  if (kind === 'sequence') return { arguments: [...own, '-i', text] };
  const format = own.includes('-f') ? own[own.indexOf('-f') + 1] : undefined;
  const file = kind === 'file' ? path : undefined;
  if (file !== undefined) await checkFile(file);
  // A picture's name is not a pattern.
  const isLiteral = file !== undefined && format === undefined && /[%*?[{]/.test(file);
  const literal = isLiteral ? await pictureFormat(file) : [];
  const limits = (): string[] => networkOptions(text, listens(source), own, networkTimeoutSeconds, version);
  const more = kind === 'network' ? limits() : literal;
  const stdin = kind === 'stdin';
  const allowed = allowedArguments(kind, text, format ?? literal[1]);
  if (kind === 'network' && (live === true || isLive === true) && version[0] >= 5) {
    const hidden = hiddenInput(text, [...more, ...allowed, ...own], listens(source));
    if (hidden !== undefined) return hidden;
  }
  const open = [...more, ...allowed, ...own, '-i'];
  return stdin ? { arguments: [...open, 'pipe:0'], input: 'inherit' } : { arguments: [...open, text] };
}

/** Options that a list of ffmpeg's `concat` format can hold. */
const listable =
  /^-(?:analyzeduration|probesize|rtsp_\w+|allowed_media_types|rw_timeout|s?timeout|max_delay|reorder_queue_size|buffer_size|fifo_size|overrun_nonfatal|user_agent|passphrase|protocol_whitelist|format_whitelist)$/;

/**
 * An address that is not to be seen in the list of processes goes to ffmpeg on its stdin, as the one entry of a list of
 * its `concat` format. `undefined` when there is nothing to hide, or the options cannot all be in the list. Live
 * sources only: through the list ffmpeg says no length, and times begin at 0.
 */
function hiddenInput(url: string, options: readonly string[], listening: boolean): OpenInput | undefined {
  const names = options.filter((_, at) => at % 2 === 0);
  if (listening || shownURL(url) === url || /[\r\n]/.test(url) || !names.every((name) => listable.test(name)))
    return undefined;
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const settings = new Map(names.map((name, at) => [name, options[at * 2 + 1] ?? '']));
  const [protocols, formats] = ['-protocol_whitelist', '-format_whitelist'].map((name) => settings.get(name) ?? '');
  const entry = [...settings]
    .filter(([name]) => !name.endsWith('_whitelist'))
    .map(([name, value]) => `option ${name.slice(1)} ${quoted(value)}`);
  const list = ['ffconcat version 1.0', `file ${quoted(url)}`, ...entry, ''].join('\n');
  return {
    arguments: [
      ...['-protocol_whitelist', `pipe,${protocols}`, '-format_whitelist', `concat,${formats}`],
      ...['-f', 'concat', '-safe', '0', '-i', 'pipe:0'],
    ],
    input: Readable.from([Buffer.from(list)]),
  };
}

/** @throws {SynsegError} `VIDEO_DECODE` when `path` is a folder, naming what could be meant. */
async function checkFile(path: string): Promise<void> {
  if ((await entryOf(path))?.isDirectory() !== true) return;
  const suggestion = await suggestedPattern(path);
  const hint = suggestion === undefined ? '' : `; for its pictures give "${suggestion}"`;
  throw videoError('VIDEO_DECODE', `Cannot open video "${path}": source must be a file, got a folder${hint}`);
}

/** Is it an HLS playlist, whose frames come many seconds at once? */
export function isPlaylist(url: string): boolean {
  return /\.m3u8(?:$|[?#])/i.test(url);
}

/** Does ffmpeg wait for a sender to connect, rather than connect to one? */
export function listens(source: VideoSource): boolean {
  if (isFrames(source) || describeSource(source).kind !== 'network') return false;
  const own = (source as FfmpegInput).inputOptions ?? [];
  const flags = own[own.indexOf('-rtsp_flags') + 1] ?? '';
  if (own.includes('-listen') || (own.includes('-rtsp_flags') && flags.includes('listen'))) return true;
  return /[?&](?:listen(?:=1)?|mode=listener)(?:&|$)/.test(sourceInput(source));
}

/** Nobody may come; a listener whose parent was killed must not wait for ever. */
const listenSeconds = 60;

function networkOptions(
  url: string,
  listening: boolean,
  own: readonly string[],
  seconds: number,
  [major]: FfmpegVersion,
): string[] {
  const protocol = url.slice(0, url.indexOf(':')).toLowerCase();
  const microseconds = String(Math.round(seconds * 1e6));
  // What is read while the stream is looked at is kept, not thrown away (`-fflags nobuffer`): a first key frame is in
  // it.
  const analysis = ['-analyzeduration', '1000000'];
  const limit = [...analysis, '-rw_timeout', microseconds];
  const wait = (option: string, unit = 1): string[] => (listening ? [option, String(listenSeconds * unit)] : []);
  if (/^rtsps?$/.test(protocol)) {
    // Over UDP a lost packet is a damaged picture; a listening reader cannot choose.
    const transport = listening || own.includes('-rtsp_transport') ? [] : ['-rtsp_transport', 'tcp'];
    return [...analysis, ...wait('-listen_timeout'), ...transport, major < 5 ? '-stimeout' : '-timeout', microseconds];
  }
  // A slow moment here must cost packets, not the connection.
  const patience = ['-overrun_nonfatal', '1', '-fifo_size', '50000', '-buffer_size', '1048576'];
  if (protocol === 'udp') return [...analysis, '-timeout', microseconds, ...patience];
  if (/^https?$/.test(protocol)) return [...limit, ...(isPlaylist(url) ? ['-m3u8_hold_counters', '20'] : [])];
  if (protocol === 'tcp') return [...limit, ...wait('-listen_timeout', 1000)];
  // Here the limit on a listener's wait is called so, and the one on reads does not bound it.
  if (/^rtmp(?:s|ts?)?$/.test(protocol)) return [...limit, ...wait('-timeout')];
  return protocol === 'tls' || protocol === 'srt' ? limit : [];
}
