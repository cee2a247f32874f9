/**
 * Frames of a source as RGB bytes with exact times. One ffmpeg child decodes once, scales inside ffmpeg, and writes raw
 * pictures to one pipe, or two when the full resolution is wanted as well.
 *
 * The two pipes are read together until each holds the wanted frame: when ffmpeg flushes its decoder it writes many
 * frames to one pipe before it turns to the other, and waiting for one of them alone would lock both sides.
 */
import { SynsegError } from '@synseg/core';
import { FrameClock, outputTap, sourceTap, type FrameTime } from './frame-clock.ts';
import { FramePipe } from './frame-pipe.ts';
import { ffmpegVersion, passthroughArguments, startTool, type Exit } from '../process/ffmpeg.ts';
import { locateFfmpeg } from '../process/locate.ts';
import { sourceInput, sourceName, type VideoSource } from '../source/source.ts';
import { probe, type VideoInfo } from '../source/probe.ts';
import { checkSelection, selectionFilters, type FrameSelection } from './selection.ts';

/** One decoded picture. */
export interface VideoFrame extends FrameTime {
  /** `Uint8Array, [size[0], size[1], 3], row-major`: RGB, 0 to 255. The caller owns it. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** `Uint8Array, [info.height, info.width, 3], row-major`: RGB at source size; there if `fullResolution` was asked for. */
  readonly full?: Uint8Array<ArrayBuffer>;
}

/** How decoding ended: truncated files yield what can be decoded and then say so here. */
export interface DecodeEnd {
  /** Number of frames delivered. */
  readonly frames: number;
  /** What ffmpeg complained about, last lines only, without credentials; empty for a sound file. */
  readonly complaints: string;
}

/** Options of {@link decodeFrames}. */
export interface DecodeOptions extends FrameSelection {
  /** Height and width of `data` in pixels. */
  readonly size: readonly [height: number, width: number];
  /** Deliver the picture at source size as well. @default false */
  readonly fullResolution?: boolean;
  /** What {@link probe} said; saves asking again. */
  readonly info?: VideoInfo;
  /** Ends decoding; the iterator then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once when the source has been read to its end. */
  readonly onEnd?: (end: DecodeEnd) => void;
}

/**
 * Decodes a video into frames, in presentation order. Lazy and bounded: two frames are read ahead, then ffmpeg waits.
 * Leaving the loop ends ffmpeg. Rotation is applied.
 *
 * @throws {SynsegError} `VIDEO_DECODE` naming the source when no frame can be decoded or ffmpeg is killed;
 * `FFMPEG_MISSING` when there is no ffmpeg.
 * @throws {RangeError} when `size`, `start`, `end` or `every` is out of range.
 */
export async function* decodeFrames(
  source: VideoSource,
  options: DecodeOptions,
): AsyncGenerator<VideoFrame, void, undefined> {
  checkSelection(options);
  const { signal, size } = options;
  for (const pixels of size) {
    if (Number.isInteger(pixels) && pixels > 0) continue;
    throw new RangeError(`Cannot decode video: size must be positive whole pixels, got [${size.join(', ')}]`);
  }
  signal?.throwIfAborted();
  const info = options.info ?? (await probe(source, signal === undefined ? {} : { signal }));
  const full = options.fullResolution === true ? ([info.height, info.width] as const) : undefined;
  const sizes = full === undefined ? [size] : [size, full];
  const ffmpeg = await locateFfmpeg();
  const args = decodeArguments(source, sizes, options, passthroughArguments(await ffmpegVersion(ffmpeg)));
  signal?.throwIfAborted();

  let wake = (): void => {};
  const changed = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const clock = new FrameClock(info.frameRate);
  const onLine = (line: string): boolean => {
    const taken = clock.feed(line);
    if (taken) wake();
    return taken || !complaint.test(line);
  };
  const tool = startTool(ffmpeg, args, { outputs: sizes.length, onLine });
  const pipes = sizes.map(([height, width], at) => new FramePipe(tool.output(at), height * width * 3, () => wake()));
  let exit: Exit | undefined;
  void tool.exited.then((ended) => {
    exit = ended;
    wake();
  });
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort);
  let frames = 0;
  try {
    while (true) {
      signal?.throwIfAborted();
      if (clock.ready && pipes.every((pipe) => pipe.ready > 0)) {
        const [data, fullData] = pipes.map((pipe) => pipe.take());
        pipes.forEach((pipe) => pipe.relax());
        frames += 1;
        if (data !== undefined) yield { ...clock.take(), data, ...(fullData === undefined ? {} : { full: fullData }) };
        continue;
      }
      if (exit !== undefined && pipes.some((pipe) => pipe.exhausted)) break;
      if (exit !== undefined && !clock.ready) throw new Error('internal: ffmpeg sent a picture without its time');
      pipes.forEach((pipe) => pipe.await());
      await changed();
    }
    checkEnd(source, frames, exit, tool.lastLines(), options);
    options.onEnd?.({ frames, complaints: tool.lastLines() });
  } finally {
    signal?.removeEventListener('abort', abort);
    await tool.stop();
  }
}

const complaint = /\[(?:warning|error|fatal|panic)\]/;

function decodeArguments(
  source: VideoSource,
  sizes: readonly (readonly [number, number])[],
  selection: FrameSelection,
  passthrough: readonly string[],
): string[] {
  const chain = ['[0:V:0]' + sourceTap, ...selectionFilters(selection), outputTap];
  const scale = ([height, width]: readonly [number, number], at: number): string =>
    `scale=${width}:${height}:flags=bilinear,format=rgb24[out${at}]`;
  const graph =
    sizes.length === 1
      ? [...chain, ...sizes.map(scale)].join(',')
      : `${chain.join(',')},split=${sizes.length}${sizes.map((_size, at) => `[in${at}]`).join('')};` +
        sizes.map((size, at) => `[in${at}]${scale(size, at)}`).join(';');
  const outputs = sizes.flatMap((_size, at) => [
    ...['-map', `[out${at}]`, ...passthrough],
    ...['-c:v', 'rawvideo', '-f', 'rawvideo', `pipe:${at === 0 ? 1 : at + 2}`],
  ]);
  const input = ['-copyts', '-i', sourceInput(source)];
  return ['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'level+info', ...input, '-filter_complex', graph, ...outputs];
}

function checkEnd(
  source: VideoSource,
  frames: number,
  exit: Exit | undefined,
  lastLines: string,
  selection: FrameSelection,
): void {
  const name = sourceName(source);
  const said = lastLines === '' ? '' : ` ffmpeg said: ${lastLines}`;
  if (exit?.signal) {
    const how = `ffmpeg was ended by ${exit.signal} after ${frames} frames.`;
    throw new SynsegError('VIDEO_DECODE', `Cannot decode video "${name}": ${how}${said}`);
  }
  if (frames > 0) return;
  const range = selection.start === undefined && selection.end === undefined ? '' : ' between start and end';
  throw new SynsegError('VIDEO_DECODE', `Cannot decode video "${name}": no frame could be decoded${range}.${said}`);
}
