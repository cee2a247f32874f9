/** What the temporal bench counts: flicker where the picture stands still, differences, and the confusion matrix. */
import { BACKGROUND } from '@synseg/core';
import type { Picture } from '../../packages/video/src/temporal/motion.ts';

/** What a variant did in one sequence. */
export interface Tally {
  readonly views: { 0: number; 1: number; 5: number };
  milliseconds: number;
  frames: number;
  /** Label changes on pixels that stand still, of so many. */
  changes: number;
  still: number;
  /** Pixels that differ from `off`, of so many: all, and those that move. */
  differing: number;
  pixels: number;
  differingMoving: number;
  moving: number;
  /** Pixels that differ from five views in every frame. */
  unlikeFive: number;
  readonly confusion: Float64Array;
}

/** Nothing counted yet, for so many labels. */
export function emptyTally(labels: number): Tally {
  return {
    ...{ views: { 0: 0, 1: 0, 5: 0 }, milliseconds: 0, frames: 0, changes: 0, still: 0, differing: 0, pixels: 0 },
    ...{ differingMoving: 0, moving: 0, unlikeFive: 0, confusion: new Float64Array(labels * labels) },
  };
}

/** Mean of the luminance over 3×3 pixels: what is compared to say which pixels stand still. */
export function softLuminance({ data, width, height }: Picture): Float32Array {
  const luminance = Float32Array.from(
    { length: width * height },
    (_, pixel) => 0.299 * data[3 * pixel]! + 0.587 * data[3 * pixel + 1]! + 0.114 * data[3 * pixel + 2]!,
  );
  const rows = luminance.map((value, pixel) =>
    pixel % width === 0 || pixel % width === width - 1
      ? value
      : (luminance[pixel - 1]! + value + luminance[pixel + 1]!) / 3,
  );
  return rows.map((value, pixel) =>
    pixel < width || pixel >= width * (height - 1) ? value : (rows[pixel - width]! + value + rows[pixel + width]!) / 3,
  );
}

/** Difference of {@link softLuminance}, of 255, up to which a pixel stands still from one frame to the next. */
export const STILL = 3;

/** What a label map is compared with. */
export interface Comparison {
  readonly map: Uint8Array;
  /** The same variant's map of the frame before; undefined at the first. */
  readonly last: Uint8Array | undefined;
  /** Maps of this frame without any option, and of five views. */
  readonly off: Uint8Array;
  readonly five: Uint8Array;
  /** 1 where the picture stands still; undefined at the first frame. */
  readonly still: ArrayLike<number> | undefined;
}

/** Counts one frame. */
export function compare(tally: Tally, { map, last, off, five, still }: Comparison): void {
  for (let pixel = 0; pixel < map.length; pixel++) {
    const label = map[pixel]!;
    const differs = label === off[pixel] ? 0 : 1;
    tally.pixels++;
    tally.differing += differs;
    if (label !== five[pixel]) tally.unlikeFive++;
    if (last === undefined || still === undefined) continue;
    if (still[pixel] === 1) {
      tally.still++;
      if (label !== last[pixel]) tally.changes++;
    } else {
      tally.moving++;
      tally.differingMoving += differs;
    }
  }
}

/** Counts a frame's pixels per class and label. */
export function countPixels(confusion: Float64Array, map: Uint8Array, truth: Uint8Array, count: number): void {
  for (let pixel = 0; pixel < map.length; pixel++)
    if (truth[pixel] !== BACKGROUND) confusion[truth[pixel]! * count + map[pixel]!]!++;
}

/** Mean intersection over union, 0 to 1, of the classes that occur. */
export function meanIoU(confusion: Float64Array): number {
  const count = Math.sqrt(confusion.length);
  const scores: number[] = [];
  for (let label = 0; label < count; label++) {
    let union = -confusion[label * count + label]!;
    for (let other = 0; other < count; other++)
      union += confusion[label * count + other]! + confusion[other * count + label]!;
    if (union > 0) scores.push(confusion[label * count + label]! / union);
  }
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
