/**
 * Pixel-adaptive mask refinement (Araslanov & Roth, CVPR 2020, section 3.3): scores flow between pixels of like color.
 *
 * Each pixel takes the mean of its eight neighbors at each of some distances, weighted by
 * `softmax(−mean over the colors of |x − x'| / (0.1 σ + 1e−8))`, where `x'` is the neighbor and σ the deviation of the
 * color among all neighbors and the pixel itself, which counts once per distance. Pixels outside repeat the nearest
 * inside. Follows the authors' published code where the paper is silent: σ is of a sample (divided by count − 1).
 */
import type { Value } from '../graph/graph.ts';
import { abs, add, cast, divide, multiply, reduceSum, scalar, softmax, sqrt, subtract } from '../graph/ops.ts';
import { conv, padEdges, resize } from '../graph/picture-ops.ts';
import { concat, reshape, slice, transpose } from '../graph/shape-ops.ts';
import type { Dimension } from '../graph/tensor-type.ts';

/** Course of a refinement. */
export interface Refinement {
  /** Times that every pixel takes its neighbors' mean. */
  readonly iterations: number;
  /** Distances of the neighbors, pixels. */
  readonly dilations: readonly number[];
}

/** Cells of a 3 × 3 kernel. */
const CELLS = Array.from({ length: 9 }, (_, cell) => cell);
const CENTER = 4;
const NEIGHBORS = CELLS.filter((cell) => cell !== CENTER);
const SHARPNESS = 0.1;
const LEAST_DEVIATION = 1e-8;

/**
 * Refines scores by the colors of a picture.
 *
 * @param pixels - uint8 `[height, width, 3]`, resampled to the size of the scores
 * @param scores - float32 `[labels, 1, rows, columns]`
 */
export function refineScores(pixels: Value, scores: Value, { iterations, dilations }: Refinement): Value {
  const [height, width] = pixels.shape as readonly [number, number];
  const [, , rows, columns] = scores.shape as readonly [Dimension, 1, number, number];
  const planes = reshape(transpose(cast(pixels, 'float32'), [2, 0, 1]), [3, 1, height, width]);
  const weights = affinity(resize(planes, [3, 1, rows, columns], 'linear', 'align_corners'), dilations);
  const shares = dilations.map((_, at) => slice(weights, 1, at * NEIGHBORS.length, (at + 1) * NEIGHBORS.length));
  let refined = scores;
  for (let turn = 0; turn < iterations; turn++)
    refined = dilations
      .map((dilation, at) => reduceSum(multiply(shifted(refined, NEIGHBORS, dilation), shares[at] as Value), [1], true))
      .reduce(add);
  return refined;
}

/** Weights of the neighbors of every pixel: `[1, dilations · 8, rows, columns]`, 1 in sum. */
function affinity(colors: Value, dilations: readonly number[]): Value {
  const all = concat(
    dilations.map((dilation) => shifted(colors, CELLS, dilation)),
    1,
  );
  const count = dilations.length * CELLS.length;
  const mean = divide(reduceSum(all, [1], true), scalar(all, count));
  const apart = subtract(all, mean);
  const variance = divide(reduceSum(multiply(apart, apart), [1], true), scalar(all, count - 1));
  const neighbors = concat(
    dilations.map((dilation) => shifted(colors, NEIGHBORS, dilation)),
    1,
  );
  const unit = add(multiply(sqrt(variance), scalar(all, SHARPNESS)), scalar(all, LEAST_DEVIATION));
  const distances = divide(abs(subtract(neighbors, colors)), unit);
  return softmax(divide(reduceSum(distances, [0], true), scalar(all, -3)), 1);
}

/** Each plane `[n, 1, rows, columns]` as it looks from neighbors at a distance: `[n, cells, rows, columns]`. */
function shifted(planes: Value, cells: readonly number[], dilation: number): Value {
  const { graph } = planes;
  const picks = cells.flatMap((picked) => CELLS.map((cell) => (cell === picked ? 1 : 0)));
  const kernel = graph.floats(picks, [cells.length, 1, 3, 3]);
  return conv(padEdges(planes, dilation), kernel, undefined, { stride: 1, padding: 0, dilation });
}
