/**
 * Frames of a source as RGB bytes with exact times. One ffmpeg child decodes once, scales inside ffmpeg, and writes raw
 * pictures to one pipe, or two when the full resolution is wanted as well. The source is opened once: what has to be
 * known about it is read from what ffmpeg says while it decodes.
 *
 * The two pipes are read together until each holds the wanted frame: when ffmpeg flushes its decoder it writes many
 * frames to one pipe before it turns to the other, and waiting for one of them alone would lock both sides.
 */
import {
  DEFAULT_LIMITS,
  type DisposableGenerator,
  checkBooleans,
  checkCallback,
  checkKind,
  checkLimits,
  checkOptions,
  checkSignal,
  cleanError,
  describeValue,
  optionNames,
  withDispose,
} from '@synseg/core/guards';
import { guarded, throwingFor } from '../callbacks.ts';
import { startTool, type Exit, type ToolProcess } from '../process/ffmpeg.ts';
import { ffmpegVersion } from '../process/version.ts';
import { locateFfmpeg, proxyEnvironment } from '../process/locate.ts';
import { checkInputOptions, decodeInput, type InputOptions, type OpenInput } from '../source/input.ts';
import {
  checkSource,
  describeSource,
  isFrames,
  sourceInput,
  sourceSecrets,
  type FfmpegSource,
  type VideoSource,
} from '../source/source.ts';
import { checkEnd, checkPixels } from './check-end.ts';
import { decodeArguments } from './decode-arguments.ts';
import { FrameClock, type FrameTime } from './frame-clock.ts';
import { FramePipe } from './frame-pipe.ts';
import { InputReport } from './input-report.ts';
import { pushedFrames } from './pushed-frames.ts';
import { checkSelection, selectionFilters, type FrameSelection } from './selection.ts';
import { SteadyTimes } from './steady-times.ts';

/** One decoded picture. */
export interface VideoFrame extends FrameTime {
  /** `Uint8Array, [height, width, 3], row-major`: RGB, 0 to 255. The caller owns it. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Width of `data`: what was asked for, or a pushed frame's own. */
  readonly width: number;
  /** Height of `data`: what was asked for, or a pushed frame's own. */
  readonly height: number;
  /**
   * `Uint8Array, [sourceHeight, sourceWidth, 3], row-major`: RGB at source size; there if `fullResolution` was asked
   * for.
   * Of a pushed frame it equals `data`.
   */
  readonly full?: Uint8Array<ArrayBuffer>;
  /** Width of the source's first picture, after rotation. Later pictures of another size are scaled to it. */
  readonly sourceWidth: number;
  /** Height of the source's first picture, after rotation. */
  readonly sourceHeight: number;
  /** Width of a pixel by its height, after rotation: 1 for square pixels. Pictures are delivered as they are stored. */
  readonly pixelAspect: number;
  /** When the frame was complete here: `performance.now()`, milliseconds. */
  readonly arrivedAt: number;
  /** Name of the picture's file, without its folder; of image sequences only. */
  readonly fileName?: string;
}

/** A source as it was found when it was opened. */
export interface OpenedSource {
  /** Width of the picture in pixels, after rotation. */
  readonly width: number;
  /** Height of the picture in pixels, after rotation. */
  readonly height: number;
  /** Width of a pixel by its height, after rotation: 1 for square pixels. */
  readonly pixelAspect: number;
  /** Frames per second: an average where ffmpeg knows one, 25 where it knows nothing. */
  readonly frameRate: number;
  /** Length, if the source says so; never for live or looped sources. */
  readonly durationSeconds?: number;
  /** True when frames come at their own time: cameras, streams, http without a length. */
  readonly live: boolean;
}

/** How decoding ended: truncated files yield what can be decoded and then say so here. */
export interface DecodeEnd {
  /** Number of frames delivered. */
  readonly frames: number;
  /** What ffmpeg complained about, last lines only, without secrets; empty for a sound file. */
  readonly complaints: string;
  /** Damaged packets and frames that ffmpeg reported. */
  readonly corrupt: number;
  /** How often the clock jumped ahead or fell back, and the jump was cut. */
  readonly gaps: number;
}

/** Options of {@link decodeFrames}. */
export interface DecodeOptions extends FrameSelection, InputOptions {
  /** Height and width of `data` in pixels. Pushed frames are delivered as they are. */
  readonly size: readonly [height: number, width: number];
  /** Deliver the picture at source size as well. @default false */
  readonly fullResolution?: boolean;
  /** Height and width of `full`, and of what is called the source's size. @default the first picture's */
  readonly fullSize?: readonly [height: number, width: number];
  /** Is the source live? @default what `describeSource` says; for http(s): whether it has no length */
  readonly live?: boolean;
  /**
   * Longest time between two frames that is believed, seconds. Where a clock jumps further, or falls, the next frame
   * follows
   * the one before, and `gaps` counts it. `start` and `end` count on the clock of a file as it is. @default 10
   */
  readonly maxGapSeconds?: number;
  /**
   * Pixels of a picture of the source, width × height; a larger one is an error before it is decoded. @default 100
   * million
   */
  readonly maxPixels?: number;
  /** Ends decoding; the iterator then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once, before the first frame is delivered. */
  readonly onOpen?: (info: OpenedSource) => void;
  /** Called when ffmpeg has reported damage, with the number of damaged packets and frames up to then. */
  readonly onCorrupt?: (corrupt: number) => void;
  /** Called once when the source has been read to its end. */
  readonly onEnd?: (end: DecodeEnd) => void;
}

/**
 * Decodes a video into frames, in presentation order. Lazy and bounded: two frames are read ahead, then ffmpeg waits.
 * Leaving the loop ends ffmpeg. Rotation is applied.
 *
 * @throws {SynsegError} `VIDEO_DECODE` naming the source when no frame can be decoded or ffmpeg is killed;
 * `FFMPEG_MISSING` when there is no ffmpeg.
 * @throws {TypeError} when `source` is none; when a pushed frame does not hold RGB of its size.
 * @throws {RangeError} when `size`, `start`, `end`, `fps`, `every` or another option is out of range.
 */
export function decodeFrames(source: VideoSource, options: DecodeOptions): DisposableGenerator<VideoFrame> {
  checkKind('decode video', 'options', options, options !== undefined, 'be an object with size');
  checkOptions('decode video', options, names);
  checkDecode(source, options);
  const { onOpen, onCorrupt, onEnd } = options;
  return withDispose(
    throwingFor((tell) =>
      openFrames(source, {
        ...options,
        onOpen: guarded(onOpen, tell),
        onCorrupt: guarded(onCorrupt, tell),
        onEnd: guarded(onEnd, tell),
      }),
    ),
  );
}

const names = optionNames<DecodeOptions>({
  ...{
    start: true,
    end: true,
    fps: true,
    every: true,
    frameRate: true,
    loop: true,
    realTime: true,
    live: true,
    hardwareAcceleration: true,
  },
  ...{
    networkTimeoutSeconds: true,
    publicOnly: true,
    size: true,
    fullResolution: true,
    fullSize: true,
    maxGapSeconds: true,
    maxPixels: true,
    signal: true,
    onOpen: true,
    onCorrupt: true,
    onEnd: true,
  },
});

/** {@link decodeFrames} for arguments that were checked and callbacks that do not throw. */
export function openFrames(source: VideoSource, options: DecodeOptions): AsyncGenerator<VideoFrame, void, undefined> {
  return isFrames(source) ? pushedFrames(source, options) : cleaned(source, options);
}

/** Whatever is thrown shows no secrets of the source. */
async function* cleaned(source: FfmpegSource, options: DecodeOptions): AsyncGenerator<VideoFrame, void, undefined> {
  try {
    yield* decoded(source, options);
  } catch (error) {
    throw cleanError(error, sourceSecrets(source));
  }
}

/** @throws {TypeError | RangeError} when decoding could not begin with these arguments. */
export function checkDecode(source: VideoSource, options: DecodeOptions): void {
  checkSource(source);
  checkSelection(options);
  checkSignal('decode video', options.signal);
  for (const name of ['onOpen', 'onCorrupt', 'onEnd'] as const) checkCallback('decode video', name, options[name]);
  checkBooleans('decode video', options, ['fullResolution', 'loop', 'realTime', 'live', 'publicOnly']);
  const { size, fullSize = size } = options;
  for (const [name, value] of Object.entries({ size, fullSize })) {
    checkKind('decode video', name, value, Array.isArray(value) && value.length === 2, 'be [height, width]');
    if (value.every((pixels) => Number.isInteger(pixels) && pixels > 0)) continue;
    throw new RangeError(
      `Cannot decode video: ${name} must be positive whole pixels, got [${value.map(describeValue).join(', ')}]`,
    );
  }
  const { maxGapSeconds = 0, maxPixels } = options;
  if (maxPixels !== undefined) checkLimits('decode video', { maxPixels });
  if (!(typeof maxGapSeconds === 'number' && maxGapSeconds >= 0))
    throw new RangeError(
      `Cannot decode video: maxGapSeconds must be 0 or more seconds, got ${describeValue(maxGapSeconds)}`,
    );
  if (!isFrames(source)) checkInputOptions(source, options);
}

async function* decoded(source: FfmpegSource, options: DecodeOptions): AsyncGenerator<VideoFrame, void, undefined> {
  const { signal, size, fullResolution: full = false, maxPixels = DEFAULT_LIMITS.maxPixels } = options;
  const [height, width] = size;
  signal?.throwIfAborted();
  const clock = new FrameClock(selectionFilters(options).length > 0);
  const report = new InputReport();
  const recorded = describeSource(source).live === false;
  let corrupt = 0;
  const tellDamage = (): void => {
    if (report.corrupt > corrupt) options.onCorrupt?.((corrupt = report.corrupt));
  };
  let wake = (): void => {};
  let opened: OpenedSource | undefined;
  const unread: string[] = [];
  const { tool, pictures } = await start(
    source,
    options,
    (line) => {
      if (clock.feed(line)) {
        wake();
        return true;
      }
      // A stream that is joined half-way is not damaged: until its first key frame nothing can be decoded.
      report.feed(line, recorded || clock.size !== undefined);
      if (report.size !== undefined && opened === undefined) wake();
      return !complaint.test(line) || noise.test(line);
    },
    (name, why) => unread.push(`${name}: ${why}`),
  );
  const complaints = (): string =>
    [...unread.slice(-keptComplaints), tool.lastLines()].filter((line) => line !== '').join('\n');
  const scaledPipe = new FramePipe(tool.output(0), height * width * 3, () => wake());
  const fullPipe = full ? new FramePipe(tool.output(1), undefined, () => wake()) : undefined;
  const pipes = fullPipe === undefined ? [scaledPipe] : [scaledPipe, fullPipe];
  let exit: Exit | undefined;
  void tool.exited.then((ended) => {
    exit = ended;
    wake();
  });
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort);
  let steady: SteadyTimes | undefined;
  let frames = 0;
  try {
    while (true) {
      signal?.throwIfAborted();
      for (const size of [report.size, clock.size]) checkPixels(source, size, maxPixels);
      for (const pipe of pipes) pipe.check();
      if (opened === undefined && clock.size !== undefined) {
        opened = openedSource(source, options, options.fullSize ?? clock.size, clock, report);
        // The clock of live sources goes on over reconnects, and is the reader's; that of pictures is their number.
        if (!opened.live && pictures === undefined)
          steady = new SteadyTimes(options.maxGapSeconds, 1 / opened.frameRate);
        fullPipe?.setFrameBytes(opened.height * opened.width * 3);
        options.onOpen?.(opened);
        continue;
      }
      if (opened !== undefined && clock.ready && pipes.every((pipe) => pipe.ready > 0)) {
        const { data, arrivedAt } = scaledPipe.take();
        const picture = fullPipe?.take();
        pipes.forEach((pipe) => pipe.relax());
        tellDamage();
        frames += 1;
        const facts = {
          sourceWidth: opened.width,
          sourceHeight: opened.height,
          pixelAspect: opened.pixelAspect,
          arrivedAt: picture?.arrivedAt ?? arrivedAt,
        };
        const frame = {
          ...placed(
            clock.take((time) => steady?.place(time) ?? time),
            pictures,
          ),
          data,
          width,
          height,
          ...facts,
        };
        yield picture === undefined ? frame : { ...frame, full: picture.data };
        continue;
      }
      if (exit !== undefined && (clock.size === undefined || pipes.some((pipe) => pipe.exhausted))) break;
      if (exit !== undefined && !clock.ready) throw new Error('internal: ffmpeg sent a picture without its time');
      pipes.forEach((pipe) => pipe.await());
      await new Promise<void>((resolve) => (wake = resolve));
    }
    tellDamage();
    checkEnd(source, frames, exit, complaints(), options);
    options.onEnd?.({
      frames,
      complaints: complaints(),
      corrupt: report.corrupt + unread.length,
      gaps: steady?.gaps ?? 0,
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    await tool.stop();
  }
}

const complaint = /\[(?:warning|error|fatal|panic)\]/;
/** Said of each JPEG picture, and of no use to anybody. */
const noise = /deprecated pixel format used/;
const keptComplaints = 12;

/** A sequence's picture has its number by its time: one that could not be decoded is missing, the others stay. */
function placed(time: FrameTime, pictures: OpenInput['pictures']): FrameTime & Pick<VideoFrame, 'fileName'> {
  if (pictures === undefined) return time;
  const { names, frameRate } = pictures;
  const index = Math.round(time.timeSeconds * frameRate);
  return { index, timeSeconds: index / frameRate, fileName: names[index % names.length] as string };
}

async function start(
  source: FfmpegSource,
  options: DecodeOptions,
  onLine: (line: string) => boolean,
  onUnreadable: (name: string, why: string) => void,
): Promise<{ readonly tool: ToolProcess; readonly pictures: OpenInput['pictures'] }> {
  const ffmpeg = await locateFfmpeg();
  const version = await ffmpegVersion(ffmpeg);
  const {
    arguments: open,
    input = false,
    pictures,
  } = await decodeInput(source, options, ffmpeg, version, onUnreadable);
  const { size, fullResolution: full = false, fullSize, maxPixels = DEFAULT_LIMITS.maxPixels } = options;
  const targets = { size, full, ...(fullSize === undefined ? {} : { fullSize }) };
  const args = decodeArguments(open, targets, { ...options, maxPixels }, version);
  options.signal?.throwIfAborted();
  return {
    tool: startTool(ffmpeg, args, {
      outputs: targets.full ? 2 : 1,
      onLine,
      input,
      secrets: sourceSecrets(source),
      environment: proxyEnvironment(sourceInput(source)),
    }),
    pictures,
  };
}

function openedSource(
  source: FfmpegSource,
  options: DecodeOptions,
  [height, width]: readonly [number, number],
  clock: FrameClock,
  report: InputReport,
): OpenedSource {
  const { durationSeconds } = report;
  const live = options.live ?? describeSource(source).live ?? durationSeconds === undefined;
  const frameRate = rate(report.frameRate, clock.frameRate);
  const bounded = durationSeconds !== undefined && !live && options.loop !== true;
  const [clockHeight, clockWidth] = clock.size ?? [height, width];
  // A picture that is scaled to another shape is shown as wide and high as before.
  const pixelAspect = clock.pixelAspect * ((clockWidth * height) / (clockHeight * width));
  return { width, height, pixelAspect, frameRate, live, ...(bounded ? { durationSeconds } : {}) };
}

/** ffmpeg prints averages with two digits: the exact rate it plans with is better where it means the same. */
function rate(average: number | undefined, planned: number | undefined): number {
  if (average === undefined || planned === undefined) return average ?? planned ?? 25;
  return Math.abs(planned / average - 1) < 0.01 ? planned : average;
}
