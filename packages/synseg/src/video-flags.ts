/** What the commands that read videos have in common: their flags, sources, and what is said of sources on the way. */
import {
  choice,
  either,
  value,
  encodedLogin,
  flag,
  integer,
  number,
  text,
  type OptionsOf,
  withDefault,
  group,
} from '@synseg/core/guards';
import { SEGMENT_OPTIONS } from '@synseg/core/options';
import { describeSource, type SegmentVideosOptions, type SourceReport, type VideoSource } from '@synseg/video';
import type { Context } from './context.ts';
import { LABEL_FLAGS, MODEL_FLAGS, NAMES } from './model.ts';

const unit = number({ least: 0, most: 1 });

const attempts = group({ maxAttempts: integer() });
const RECONNECT = {
  ...either(
    'be false or an object',
    value<false>('be false', (given) => given === false),
    attempts,
  ),
  options: { maxAttempts: integer() },
};

/** Options of `segmentVideos()`. */
export const SEGMENT_VIDEOS_OPTIONS = {
  views: SEGMENT_OPTIONS.views,
  /** Frames per second at most. */
  fps: number({ above: 0 }),
  /**
   * Takes each n-th frame.
   * @default 1
   */
  every: integer(),
  /** First time, inclusive, seconds. */
  start: number(),
  /** Last time, exclusive, seconds. */
  end: number(),
  /**
   * When frames come too fast: wait, or drop and count.
   * @default auto, freshest for live sources
   */
  policy: choice(['auto', 'every-frame', 'freshest']),
  /** Drops live frames whose result is older than this. */
  maxStalenessSeconds: number({ above: 0 }),
  /**
   * Connects again to a live source that sends nothing for this long; raise it for slow ones.
   * @default 5
   */
  stallTimeoutSeconds: number({ above: 0 }),
  /** How a live source that broke is opened again; --no-reconnect ends with it. */
  reconnect: RECONNECT,
  /**
   * Cuts jumps of the clock that are longer.
   * @default 10
   */
  maxGapSeconds: number({ above: 0 }),
  /** Pixels of the largest picture to decode. */
  maxPixels: integer(),
  /** Plays files again and again. */
  loop: withDefault(flag(), false),
  /** Plays files at their own speed. */
  realTime: withDefault(flag(), false),
  /** Rate at which image sequences and cameras are read. */
  frameRate: number({ above: 0 }),
  /** ffmpeg's hardware decoding: auto, cuda, vaapi, videotoolbox, … */
  hardwareAcceleration: text(),
  /** Steadies masks where the picture stands still. */
  smooth: group({ weight: unit, motionThreshold: unit, sceneCutThreshold: unit, betweenWeight: unit }),
  /** Skips the model while the picture changes less than this. */
  hold: group({ threshold: unit, maxFrames: integer() }),
  /** Five views every so many frames, one between. */
  keyframes: group({ every: integer(), motionThreshold: unit, sceneCutThreshold: unit }),
  /** Threads for masks and overlays, at most. */
  workers: integer(),
  /** Weight of the colors in overlays. */
  alpha: unit,
  /** Draws borders in full color in overlays. */
  contour: withDefault(flag(), false),
  /** Names in the corner of overlays. */
  legend: withDefault(flag(), true),
  /**
   * What happens to frames that cannot be segmented: the end, or they are passed over and counted.
   * @default throw
   */
  onError: choice(['throw', 'skip']),
  /** Size of masks and label maps. */
  size: choice(['model', 'source']),
  /** ffmpeg's H.264 encoder for --out. */
  encoder: text(),
};

const { size: _size, encoder: _encoder, ...SHARED_OPTIONS } = SEGMENT_VIDEOS_OPTIONS;

/** Flags of `synseg video` and `synseg serve`. */
export const VIDEO_FLAGS = {
  /** Names of the classes, separated by commas. */
  labels: NAMES,
  ...MODEL_FLAGS,
  ...LABEL_FLAGS,
  ...SHARED_OPTIONS,
  /** Options for ffmpeg before -i, separated by spaces, such as "-rtsp_flags listen". */
  inputOptions: { ...text(), placeholder: 'text' },
};
export type VideoFlags = OptionsOf<typeof VIDEO_FLAGS, 'labels'>;

/** The sources, with ffmpeg's own options where there are some. */
export function sourcesOf(
  sources: readonly string[],
  { inputOptions }: Pick<VideoFlags, 'inputOptions'>,
): VideoSource[] {
  if (inputOptions === undefined) return [...sources];
  const words = inputOptions.split(/\s+/).filter((word) => word !== '');
  return sources.map((source) => {
    const { kind, name } = describeSource(source);
    // With a format of the caller's the words after `-i` are the format's business; else they are a path or an address.
    const url = words.includes('-f') ? source : kind === 'network' ? encodedLogin(source) : source;
    return {
      url: kind === 'file' && !words.includes('-f') ? source.replace(/^(?!file:)/, 'file:') : url,
      inputOptions: words,
      name,
    };
  });
}

/** What is said of sources on the way: a camera that is away is told of once, not at each attempt. */
export function sourceNotes(
  note: Context['note'],
  maxGapSeconds = 10,
): { readonly [Name in 'onState' | 'onEnd']: NonNullable<SegmentVideosOptions[Name]> } {
  const told = new Map<string, string>();
  return {
    onState: ({ source, state, reason, retryInSeconds }) => {
      if (state === 'running' && told.delete(source)) note(`${source}: running again`);
      // That one has failed is said at the end, even where all else is quiet.
      if ((state !== 'stalled' && state !== 'reconnecting') || told.get(source) === (reason ?? '')) return;
      told.set(source, reason ?? '');
      const again = retryInSeconds === undefined ? '' : `, trying again in ${retryInSeconds.toFixed(1)} s`;
      note(`${source}: ${state}${reason === undefined ? '' : ` (${reason})`}${again}`);
    },
    onEnd: ({ source, frames, complaints, gaps }) => {
      if (gaps > 0)
        note(
          `${source}: its clock jumped ${gaps === 1 ? 'once' : `${gaps} times`}; what came after follows at once ` +
            `(--max-gap-seconds ${maxGapSeconds})`,
        );
      if (complaints !== '') note(`${source}: after ${frames} frames ffmpeg had complained:\n${complaints}`);
    },
  };
}

/** Says which sources failed and which files are unfinished, even where all else is quiet. */
export function warnOfFailures(sources: readonly SourceReport[], warn: Context['warn']): boolean {
  const failed = sources.filter(({ failure }) => failure !== undefined);
  for (const { source, failure } of failed) warn(`synseg: ${source} failed: ${failure ?? ''}`);
  for (const path of sources.flatMap(({ unfinished }) => unfinished)) warn(`synseg: left unfinished: ${path}`);
  return failed.length > 0;
}
