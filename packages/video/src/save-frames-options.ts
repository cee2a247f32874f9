/** Options of `saveFrames()`. */
import { abortSignal, callback, choice, flag, integer, number, PIXEL_LIMIT, value } from '@synseg/core/guards';
import { withDefault, type OptionsOf } from '@synseg/core/guards';
import type { DecodeEnd } from './decode/decode-options.ts';
import { SELECTION_OPTIONS } from './decode/selection.ts';
import { LIVE_OPTIONS, type SourceStateChange } from './live/reader-options.ts';
import { DECODING_OPTIONS, OPENING_OPTIONS } from './source/input-options.ts';
import { isStem } from './source/stems.ts';

/** A frame that has been saved. */
export interface FrameSaved {
  readonly path: string;
  /** 0-based number of the frame in the source. */
  readonly index: number;
  /** Presentation time of the frame, on the source's clock. */
  readonly timeSeconds: number;
  /** Frames saved so far. */
  readonly frames: number;
  /** Frames left out so far because too little had changed: `leastChange`. */
  readonly leftOut: number;
  /** Frames expected, where the source says how long it is. */
  readonly total?: number;
}

const isText = (given: unknown): boolean => typeof given === 'string';

/** Options of `saveFrames()`. */
export const SAVE_FRAMES_OPTIONS = {
  ...SELECTION_OPTIONS,
  /** Takes every n-th frame, beginning with the first. @default 30; 1 with `fps`, and for image sequences */
  every: integer(),
  /** Ends after this many pictures. @default none */
  limit: integer(),
  /**
   * Leaves out a frame in which no patch differs by as much from the frame saved last, as a mean of absolute
   * differences from 0 to 1: 0.03 leaves out what is the same but for noise. @default none is left out
   */
  leastChange: number({ above: 0, most: 1 }),
  /** Format of the pictures. @default 'jpg' */
  format: withDefault(choice(['jpg', 'png']), 'jpg'),
  /** Quality of JPEG, from 1 (smallest) to 100 (best). @default 90 */
  quality: withDefault(integer({ least: 1, most: 100 }), 90),
  /** Longest side of the pictures: larger ones are shrunk, their shape kept, pixels. @default the source's size */
  maxSide: integer(),
  /**
   * Beginning of the files' names, before the number of the frame; of image sequences each file has the name that the
   * picture has. @default the name of the source's file, without its ending
   */
  stem: value<string>('be a file name without an ending', isText, isStem, { fromText: String, placeholder: 'name' }),
  /** Replaces files of the same names. Without it, the first of them is an error, before anything is decoded. */
  overwrite: withDefault(flag(), false),
  ...OPENING_OPTIONS,
  ...DECODING_OPTIONS,
  ...LIVE_OPTIONS,
  ...PIXEL_LIMIT,
  /** Ends the work: `saveFrames()` rejects with the signal's reason, and what is saved stays. */
  signal: abortSignal(),
  /** Called after each picture. What this or another callback throws ends the work and is thrown. */
  onProgress: callback<(saved: FrameSaved) => void>(),
  /** Called when a source connects, runs, stalls, reconnects, ends or fails. */
  onState: callback<(change: SourceStateChange) => void>(),
  /** Called when the source has been read to its end, with ffmpeg's complaints about a damaged file. */
  onEnd: callback<(end: DecodeEnd & { readonly source: string }) => void>(),
};
export type SaveFramesOptions = OptionsOf<typeof SAVE_FRAMES_OPTIONS>;
