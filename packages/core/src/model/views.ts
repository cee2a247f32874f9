/** One or five views of a picture, and their logits merged into one map (SynSeg method, "Inference"). */
import type { Value } from '../graph/graph.ts';
import { add, cast, maximum, multiply, reduceSum, round, scalar } from '../graph/ops.ts';
import { resize } from '../graph/picture-ops.ts';
import { concat, reshape, slice, transpose } from '../graph/shape-ops.ts';
import { productOf, type Dimension } from '../graph/tensor-type.ts';

/** Number of views of each picture that the trunk sees: the whole, or the whole and its four quadrants. */
export type ViewCount = 1 | 5;

/** Rule that merges the whole view and the stitched quadrants into one map. */
export type MergeRule = 'mean' | 'max';

/** Side of the picture to hand in, for a trunk that takes `size`: five views need twice the resolution. */
export function pictureSize(
  [height, width]: readonly [number, number],
  views: ViewCount,
): readonly [height: number, width: number] {
  return views === 1 ? [height, width] : [2 * height, 2 * width];
}

/**
 * Splits pictures into five views. Quadrants are exact crops; the whole view is the mean of 2×2 pixels, which is what
 * half-pixel bilinear resampling to half the size computes.
 *
 * @param pixels - uint8 `[n, 2·height, 2·width, 3]`
 * @returns uint8 `[5·n, height, width, 3]`; per picture: whole, top left, top right, bottom left, bottom right
 */
export function splitViews(pixels: Value): Value {
  const [n, fullHeight, fullWidth] = pixels.shape as readonly [Dimension, number, number];
  const [height, width] = [fullHeight / 2, fullWidth / 2];
  const blocks = reshape(cast(pixels, 'float32'), [n, height, 2, width, 2, 3]);
  const mean = multiply(reduceSum(blocks, [2, 4]), scalar(blocks, 0.25));
  const whole = reshape(cast(round(mean), 'uint8'), [n, 1, height, width, 3]);
  const quadrants = transpose(reshape(pixels, [n, 2, height, 2, width, 3]), [0, 1, 3, 2, 4, 5]);
  const all = concat([whole, reshape(quadrants, [n, 4, height, width, 3])], 1);
  return reshape(all, [productOf([n, 5]), height, width, 3]);
}

/**
 * Merges the logits of all views of each picture.
 *
 * @param logits - `[n·views·labels, height, width]`, views within pictures, labels within views
 * @returns `[n, labels, height, width]` for one view, `[n, labels, 2·height, 2·width]` for five
 */
export function mergeViews(logits: Value, n: Dimension, labels: Dimension, views: ViewCount, rule: MergeRule): Value {
  const [, height, width] = logits.shape as readonly [Dimension, number, number];
  if (views === 1) return reshape(logits, [n, labels, height, width]);
  const byView = reshape(logits, [n, 5, labels, height, width]);
  const full = [n, labels, 2 * height, 2 * width] as const;
  const rows = productOf([n, labels]);
  const whole = reshape(slice(byView, 1, 0, 1), [rows, 1, height, width]);
  const enlarged = reshape(resize(whole, [rows, 1, 2 * height, 2 * width], 'linear'), full);
  const quadrants = reshape(slice(byView, 1, 1, 5), [n, 2, 2, labels, height, width]);
  const stitched = reshape(transpose(quadrants, [0, 3, 1, 4, 2, 5]), full);
  return rule === 'max' ? maximum(enlarged, stitched) : multiply(add(enlarged, stitched), scalar(stitched, 0.5));
}
