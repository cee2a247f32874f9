/** Options of `decodeFrames()`, and what it gives. */
import { abortSignal, callback, flag, group, integer, number, PIXEL_LIMIT, withDefault } from '@synseg/core/guards';
import type { OptionsOf, Resolved } from '@synseg/core/guards';
import { NETWORK_OPTIONS, PLAYING_OPTIONS } from '../source/input-options.ts';
import { usualMaxGapSeconds, type FrameTime } from './frame-clock.ts';
import { SELECTION_OPTIONS } from './selection.ts';

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
   * for. Of a pushed frame it equals `data`.
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

/** Frames as they are decoded. */
export type Frames = AsyncGenerator<VideoFrame, void, undefined>;

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

/** The end of decoding: truncated files yield what can be decoded and then say so here. */
export interface DecodeEnd {
  /** Number of frames delivered. */
  readonly frames: number;
  /** ffmpeg's complaints, last lines only, without secrets; empty for a sound file. */
  readonly complaints: string;
  /** Damaged packets and frames that ffmpeg reported. */
  readonly corrupt: number;
  /** Number of jumps of the clock, ahead or back, that were cut. */
  readonly gaps: number;
}

/** Options of a source's frames, decoded or segmented. */
export const SOURCE_OPTIONS = {
  ...SELECTION_OPTIONS,
  ...PLAYING_OPTIONS,
  /**
   * Longest time between two frames that is believed, seconds. Where a clock jumps further, or falls, the next frame
   * follows the one before, and `gaps` counts it. `start` and `end` count on the clock of a file as it is.
   * @default 10
   */
  maxGapSeconds: withDefault(number({ least: 0, endless: true }), usualMaxGapSeconds),
  ...PIXEL_LIMIT,
  /** Ends the work: the iterator throws the signal's reason. */
  signal: abortSignal(),
};

/** Width and height in pixels. */
const pixelSize = group({ width: integer(), height: integer() }, ['width', 'height']);

/** Options of `decodeFrames()`; `size` is needed. */
export const DECODE_OPTIONS = {
  ...SOURCE_OPTIONS,
  ...NETWORK_OPTIONS,
  /** Size of `data`. Pushed frames are delivered as they are. */
  size: pixelSize,
  /** Delivers the picture at the source's size as well. */
  fullResolution: withDefault(flag(), false),
  /** Size of `full`, and of what is called the source's size. @default the first picture's */
  fullSize: pixelSize,
  /** Called once, before the first frame is delivered. */
  onOpen: callback<(info: OpenedSource) => void>(),
  /** Called when ffmpeg has reported damage, with the number of damaged packets and frames up to then. */
  onCorrupt: callback<(corrupt: number) => void>(),
  /** Called once when the source has been read to its end. */
  onEnd: callback<(end: DecodeEnd) => void>(),
};
export type DecodeOptions = OptionsOf<typeof DECODE_OPTIONS, 'size'>;
/** The same after they were read. */
export type DecodeSettings = Resolved<typeof DECODE_OPTIONS, 'size'>;
