/** Options of `segmentVideo()` and `segmentVideos()`. */
import { callback, choice, flag, group, integer, list, number, text, value, withDefault } from '@synseg/core/guards';
import type { OptionsOf, Resolved } from '@synseg/core/guards';
import { JPEG_OPTIONS, LOOK_OPTIONS } from '@synseg/core/masks';
import { SOURCE_OPTIONS, type DecodeEnd } from './decode/decode-options.ts';
import { LIVE_OPTIONS, type SourceStateChange } from './live/reader-options.ts';
import { HOLD_OPTIONS } from './temporal/hold.ts';
import { KEYFRAME_OPTIONS } from './temporal/keyframes.ts';
import { SMOOTHING_OPTIONS } from './temporal/smoothing.ts';

const isText = (given: unknown): boolean => typeof given === 'string';
const isNamed = (path: string): boolean => path !== '';
const filePath = value('be a path', isText, isNamed, { fromText: String, placeholder: 'file' });
const folderPath: typeof filePath = { ...filePath, placeholder: 'folder' };

/**
 * Files written for one source. Each grows under a name of its own, `.name.….partial.ext`, and is put in place when it
 * is whole; what was there stays until then. None may be a file that is read, or another of them.
 */
export const OUTPUT_FILES = {
  /** Writes the overlay as a video: H.264 with the source's sound, to this .mp4, .m4v or .mov. */
  overlay: filePath,
  /** Writes masks as JSON lines, one line a frame. */
  jsonl: filePath,
  /** Writes the masks of all frames as one COCO JSON file, at the source's size. */
  coco: filePath,
  /** Writes the share of the picture per label and frame, as CSV. */
  csv: filePath,
  /** Writes one palette PNG a frame into this folder, at the source's size. */
  pngFolder: folderPath,
};
export type OutputFiles = OptionsOf<typeof OUTPUT_FILES>;
/** The same after they were read. */
export type GivenFiles = Partial<Resolved<typeof OUTPUT_FILES>>;

/** Progress of a video. */
export interface VideoProgress {
  /** Frames done, of all sources. */
  readonly frames: number;
  /** Frames expected of all sources, by their containers; known once all have been opened, and not for every source. */
  readonly total?: number;
  /** Time of the frame done last, on its source's clock. */
  readonly timeSeconds: number;
  /** Mean speed since the first frame was asked for. */
  readonly framesPerSecond: number;
  /** Frames dropped so far, of all sources. */
  readonly dropped: number;
}

/** Options of a frame's JPEG. */
export const FRAME_JPEG_OPTIONS = {
  ...JPEG_OPTIONS,
  /** A wider picture is shrunk to this width, its shape kept, pixels. @default 960 */
  maxWidth: withDefault(integer(), 960),
};

/** Options of `segmentVideos()`. */
export const SEGMENT_VIDEOS_OPTIONS = {
  ...SOURCE_OPTIONS,
  ...LIVE_OPTIONS,
  /**
   * Treatment of frames that arrive faster than they are segmented: `every-frame` lets the source wait, `freshest`
   * takes the newest frame and counts the others as dropped.
   * @default 'auto', which is freshest for cameras and live streams, else every-frame
   */
  policy: withDefault(choice(['auto', 'every-frame', 'freshest']), 'auto'),
  /**
   * Age in seconds from which a frame is dropped and counted although its result is ready; only under `freshest`.
   * @default no bound
   */
  maxStalenessSeconds: withDefault(number({ above: 0, endless: true }), Infinity),
  /** 1: the whole picture; 5: the whole and its four quadrants, finer and five times the work. @default 1 */
  views: withDefault(choice([1, 5]), 1),
  /** Activation that a pixel must reach, for every label; overrides the label set's. */
  threshold: number({ least: 0, most: 1 }),
  /**
   * Resolution of the label maps: the network's own, or the source's.
   * @default 'source' with `coco` and `pngFolder`, else 'model'
   */
  size: choice(['model', 'source']),
  /** Forms of each frame that are made in the pool's threads. @default none but what the files need */
  render: withDefault(list(choice(['rle', 'polygons', 'png', 'overlay', 'jpeg']), { least: 0 }), []),
  /** Smooths activation maps over time where the picture stands still. */
  smooth: group(SMOOTHING_OPTIONS),
  /** Skips the model while the picture stands still. */
  hold: group(HOLD_OPTIONS),
  /**
   * Key frames with five views, and one view between them, instead of `views`. Use it with `smooth`, whose weights
   * then differ; without it, the masks flicker.
   */
  keyframes: group(KEYFRAME_OPTIONS),
  ...LOOK_OPTIONS,
  /** Names the labels in the corner of overlays. @default true */
  legend: withDefault(flag(), true),
  /** H.264 encoder of ffmpeg for the overlay's file. @default 'libx264' */
  encoder: withDefault(text(), 'libx264'),
  /** Quality and width of `render: ['jpeg']`. */
  jpeg: group(FRAME_JPEG_OPTIONS),
  /** Most frames under way at a time, of all sources. @default 4, and at least 2 for each source */
  maxInFlight: integer(),
  /** Most threads for the work on frames; they start as they are needed. @default processors less one, 1 to 4 */
  workers: integer(),
  /**
   * Treatment of a frame that cannot be segmented: `throw` ends the video, `skip` leaves it out and counts it.
   * @default 'throw'
   */
  onError: withDefault(choice(['throw', 'skip']), 'throw'),
  /**
   * Called after each frame. What this or another callback throws, or rejects with, ends the work and is thrown by the
   * iterator.
   */
  onProgress: callback<(progress: VideoProgress) => void>(),
  /** Called when a source connects, runs, stalls, reconnects, ends or fails. */
  onState: callback<(change: SourceStateChange) => void>(),
  /** Called when a source has been read to its end, with ffmpeg's complaints about damaged files. */
  onEnd: callback<(end: DecodeEnd & { readonly source: string }) => void>(),
};
export type SegmentVideosOptions = OptionsOf<typeof SEGMENT_VIDEOS_OPTIONS>;
/** The same after they were read. */
export type StreamSettings = Resolved<typeof SEGMENT_VIDEOS_OPTIONS>;

/** Options of `segmentVideo()`. */
export const SEGMENT_VIDEO_OPTIONS = { ...SEGMENT_VIDEOS_OPTIONS, ...OUTPUT_FILES };
export type SegmentVideoOptions = OptionsOf<typeof SEGMENT_VIDEO_OPTIONS>;
