/** Options of `segmentVideo()` and `segmentVideos()`, checked and filled in once, at the door. */
import {
  checkBooleans,
  checkCallback,
  checkKind,
  checkOptions,
  checkSignal,
  describeValue,
  optionNames,
} from '@synseg/core/guards';
import type { DecodeEnd } from './decode/decode.ts';
import { checkSelection, type FrameSelection } from './decode/selection.ts';
import type { ReaderOptions, SourceStateChange } from './live/source-reader.ts';
import type { WorkOptions } from './pipeline/frame-work.ts';
import type { Policy } from './pipeline/frame-buffer.ts';
import { needsOf } from './pipeline/frame-outputs.ts';
import { defaultWorkers } from './pool/pool.ts';
import type { RenderRequest } from './pool/render.ts';
import type { HoldOptions } from './temporal/hold.ts';
import { keyframeSmoothing, type KeyframeOptions, type KeyframeSmoothingOptions } from './temporal/keyframes.ts';

/** What the pool's threads make of each frame, beside its label map. */
export type FrameOutput = 'rle' | 'polygons' | 'png' | 'overlay' | 'jpeg';

/**
 * Files written for one source. Each grows under a name of its own, `.name.….partial.ext`, and is put in place when it
 * is
 * whole; what was there stays until then. None may be a file that is read, or another of them.
 */
export interface OutputFiles {
  /** The video with the label colors blended in, H.264 with the source's sound, to this .mp4. */
  readonly overlay?: string;
  /** Masks as JSON lines, one line a frame. */
  readonly jsonl?: string;
  /** Masks of all frames as one COCO JSON file, at the source's size. */
  readonly coco?: string;
  /** Share of the picture per label and frame, as CSV. */
  readonly csv?: string;
  /** Folder for one palette PNG a frame, at the source's size. */
  readonly pngFolder?: string;
}

/** How far a video is. */
export interface VideoProgress {
  /** Frames done, of all sources. */
  readonly frames: number;
  /**
   * Frames expected of all sources, from what their containers say; known once all have been opened, and not for every
   * source.
   */
  readonly total?: number;
  /** Time of the frame done last, on its source's clock. */
  readonly timeSeconds: number;
  /** Mean speed since the first frame was asked for. */
  readonly framesPerSecond: number;
  /** Frames dropped so far, of all sources. */
  readonly dropped: number;
}

/** Options of `segmentVideos()`. */
export interface SegmentVideosOptions
  extends
    FrameSelection,
    Pick<
      ReaderOptions,
      | 'hardwareAcceleration'
      | 'loop'
      | 'realTime'
      | 'frameRate'
      | 'live'
      | 'publicOnly'
      | 'maxGapSeconds'
      | 'maxPixels'
      | 'stallTimeoutSeconds'
      | 'connectTimeoutSeconds'
      | 'reconnect'
    > {
  /**
   * What happens to frames that come faster than they are segmented: `'every-frame'` lets the source wait, `'freshest'`
   * takes the newest and counts the others. `'auto'`: freshest for cameras and live streams, else every frame.
   * @default 'auto'
   */
  readonly policy?: Policy | 'auto';
  /**
   * Under `'freshest'`, frames older than this when their result is there are dropped and counted, seconds. @default no
   * bound
   */
  readonly maxStalenessSeconds?: number;
  /** 5 looks at each quarter as well: finer and about five times slower. @default 1 */
  readonly views?: 1 | 5;
  /** Least activation of a mask, 0 to 1. @default the label set's */
  readonly threshold?: number;
  /**
   * Size of the label maps: the model's own, or the source's. @default 'source' with `coco` and `pngFolder`, else
   * 'model'
   */
  readonly size?: 'model' | 'source';
  /** What is computed for each frame in the pool's threads. `frame.rle`, `frame.png`, … @default [] */
  readonly output?: readonly FrameOutput[];
  /** Smooths activation maps over time where the picture stands still. @default off */
  readonly smooth?: KeyframeSmoothingOptions;
  /** Skips the model while the picture stands still. @default off */
  readonly hold?: HoldOptions;
  /**
   * Five views now and then, one between; instead of `views`. With `smooth`, whose weights then differ; without it, it
   * flickers. @default off
   */
  readonly keyframes?: KeyframeOptions;
  /** Weight of the label colors in overlays, 0 to 1. @default 0.5 */
  readonly alpha?: number;
  /** Draw borders in full color in overlays. @default false */
  readonly contour?: boolean;
  /** Name the labels in the corner of overlays. @default true */
  readonly legend?: boolean;
  /** ffmpeg's H.264 encoder for overlay files. @default 'libx264' */
  readonly encoder?: string;
  /** Quality of `output: ['jpeg']`, 1 to 100, and the width above which it is shrunk, pixels. @default 80 and 960 */
  readonly jpeg?: { readonly quality?: number; readonly maxWidth?: number };
  /** Frames under way at a time, of all sources. @default 4, and at least 2 for each source */
  readonly maxInFlight?: number;
  /**
   * Threads for what costs CPU per frame, at most; they start as they are needed. @default processors less one, 1 to 4
   */
  readonly workers?: number;
  /** A frame that cannot be segmented ends the video, or is passed over and counted. @default 'throw' */
  readonly onError?: 'throw' | 'skip';
  /** Stops; files are finished with the frames done so far, then the iterator throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called after each frame. What this or another callback throws, or rejects with, ends the work and is thrown by the
   * iterator.
   */
  readonly onProgress?: (progress: VideoProgress) => void;
  /** Called when a source connects, runs, stalls, reconnects, ends or fails. */
  readonly onState?: (change: SourceStateChange) => void;
  /** Called when a source has been read to its end, with ffmpeg's complaints about damaged files. */
  readonly onEnd?: (end: DecodeEnd & { readonly source: string }) => void;
}

/** Options of `segmentVideo()`. */
export interface SegmentVideoOptions extends SegmentVideosOptions, OutputFiles {}

/** Checked options, the same for all sources. */
export interface StreamPlan {
  readonly options: SegmentVideosOptions;
  readonly work: Omit<WorkOptions, 'render' | 'inputSize'>;
  readonly maxInFlight: number;
  readonly workers: number;
  readonly maxStalenessSeconds: number;
}

const names = optionNames<SegmentVideosOptions>({
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
    publicOnly: true,
    maxGapSeconds: true,
    maxPixels: true,
  },
  ...{
    stallTimeoutSeconds: true,
    connectTimeoutSeconds: true,
    reconnect: true,
    policy: true,
    maxStalenessSeconds: true,
  },
  ...{ views: true, threshold: true, size: true, output: true, smooth: true, hold: true, keyframes: true },
  ...{
    alpha: true,
    contour: true,
    legend: true,
    encoder: true,
    jpeg: true,
    maxInFlight: true,
    workers: true,
    onError: true,
  },
  ...{ signal: true, onProgress: true, onState: true, onEnd: true },
});
/** Options that are objects, and the names in them. */
const nested = {
  smooth: optionNames<KeyframeSmoothingOptions>({
    weight: true,
    motionThreshold: true,
    sceneCutThreshold: true,
    betweenWeight: true,
  }),
  hold: optionNames<HoldOptions>({ threshold: true, maxFrames: true }),
  keyframes: optionNames<KeyframeOptions>({ every: true, motionThreshold: true, sceneCutThreshold: true }),
  jpeg: optionNames<NonNullable<SegmentVideosOptions['jpeg']>>({ quality: true, maxWidth: true }),
} as const;

/** Names of {@link OutputFiles}. */
export const fileNames = optionNames<OutputFiles>({
  overlay: true,
  jsonl: true,
  coco: true,
  csv: true,
  pngFolder: true,
});
/** Names of {@link SegmentVideoOptions}. */
export const optionsOfOne: ReadonlySet<string> = new Set([...names, ...fileNames]);

/** @throws {TypeError} when a file is no path. */
export function checkFiles(files: OutputFiles): void {
  for (const name of fileNames as ReadonlySet<keyof OutputFiles>) {
    const path: unknown = files[name];
    checkKind(
      'segment video',
      name,
      path,
      path === undefined || (typeof path === 'string' && path !== ''),
      'be a path',
    );
  }
}

const outputs: readonly FrameOutput[] = ['rle', 'polygons', 'png', 'overlay', 'jpeg'];

/** @throws {TypeError | RangeError} when an option is of the wrong kind or out of range. */
export function resolveOptions(options: SegmentVideosOptions, sources: number): StreamPlan {
  checkOptions('segment video', options, names);
  for (const [name, known] of Object.entries(nested))
    checkOptions('segment video', options[name as keyof typeof nested], known, name);
  checkSelection(options);
  checkSignal('segment video', options.signal);
  for (const name of ['onProgress', 'onState', 'onEnd'] as const) checkCallback('segment video', name, options[name]);
  checkBooleans('segment video', options, ['loop', 'realTime', 'live', 'publicOnly', 'contour', 'legend']);
  checkKind(
    'segment video',
    'encoder',
    options.encoder,
    options.encoder === undefined || typeof options.encoder === 'string',
    'be a name',
  );
  checkKind(
    'segment video',
    'output',
    options.output,
    options.output === undefined || Array.isArray(options.output),
    'be a list',
  );
  const {
    maxInFlight = Math.max(4, 2 * sources),
    workers = defaultWorkers(),
    alpha = 0.5,
    maxStalenessSeconds = Infinity,
  } = options;
  for (const [name, value] of Object.entries({ maxInFlight, workers })) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(
        `Cannot segment video: ${name} must be a whole number of at least 1, got ${describeValue(value)}`,
      );
  }
  for (const [name, value = 0] of Object.entries({ alpha, threshold: options.threshold })) {
    if (!(typeof value === 'number' && value >= 0 && value <= 1))
      throw new RangeError(`Cannot segment video: ${name} must be between 0 and 1, got ${describeValue(value)}`);
  }
  const { quality, maxWidth } = jpegOf(options.jpeg);
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100))
    throw new RangeError(
      `Cannot segment video: jpeg.quality must be a whole number of 1 to 100, got ${describeValue(quality)}`,
    );
  if (!(Number.isInteger(maxWidth) && maxWidth >= 1))
    throw new RangeError(
      `Cannot segment video: jpeg.maxWidth must be a whole number of at least 1, got ${describeValue(maxWidth)}`,
    );
  if (!(typeof maxStalenessSeconds === 'number' && maxStalenessSeconds > 0))
    throw new RangeError(
      `Cannot segment video: maxStalenessSeconds must be above 0, got ${describeValue(maxStalenessSeconds)}`,
    );
  checkChoice('policy', options.policy, ['auto', 'every-frame', 'freshest']);
  checkChoice('onError', options.onError, ['throw', 'skip']);
  checkChoice('size', options.size, ['model', 'source']);
  for (const output of options.output ?? []) checkChoice('output', output, outputs);
  const { views = 1, threshold, smooth, hold, keyframes } = options;
  checkChoice('views', views, [1, 5]);
  if (smooth !== undefined) keyframeSmoothing(5, smooth);
  const work = {
    views,
    ...(threshold === undefined ? {} : { threshold }),
    ...(smooth === undefined ? {} : { smooth }),
    ...(hold === undefined ? {} : { hold }),
    ...(keyframes === undefined ? {} : { keyframes }),
  };
  return { options, work, maxInFlight, workers, maxStalenessSeconds };
}

function jpegOf({ quality = 80, maxWidth = 960 }: SegmentVideosOptions['jpeg'] = {}): NonNullable<
  RenderRequest['jpeg']
> {
  return { quality, maxWidth };
}

/** What is wanted of each frame of a source, by the caller and for the files. */
export function renderRequest(
  { size, output = [], alpha = 0.5, contour = false, legend = true, jpeg }: SegmentVideosOptions,
  files: OutputFiles,
): WorkOptions['render'] {
  const needs = needsOf(files);
  const wanted = new Set<FrameOutput>(output);
  for (const name of ['rle', 'png', 'overlay'] as const) if (needs[name] === true) wanted.add(name);
  if (needs.mapSize === 'source' && size === 'model')
    throw new RangeError(`Cannot segment video: size must be 'source' with coco or pngFolder, got 'model'`);
  const mapSize = needs.mapSize ?? size;
  const request: Partial<RenderRequest> = {
    ...(mapSize === undefined ? {} : { mapSize }),
    ...(wanted.has('rle') ? { rle: true } : {}),
    ...(wanted.has('polygons') ? { polygons: true } : {}),
    ...(wanted.has('png') ? { png: true } : {}),
    ...(wanted.has('overlay') || wanted.has('jpeg') ? { overlay: { alpha, contour, legend } } : {}),
    ...(wanted.has('jpeg') ? { jpeg: jpegOf(jpeg) } : {}),
  };
  return request;
}

function checkChoice<Choice>(name: string, value: Choice | undefined, choices: readonly Choice[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new RangeError(
    `Cannot segment video: ${name} must be one of ${choices.join(', ')}, got ${describeValue(value)}`,
  );
}
