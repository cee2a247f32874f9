/**
 * Logits of twice as many rows and columns, along the outlines of a picture: each is a mean of the nine logits around
 * it, with weights that a picture's maps give and all its labels share (convex upsampling: Teed and Deng 2020, "RAFT",
 * arXiv 2003.12039, section 3.3).
 */
import type { Value } from '../graph/graph.ts';
import { add, multiply, reduceSum, relu, softmax } from '../graph/ops.ts';
import { conv } from '../graph/picture-ops.ts';
import { concat, reshape, slice, transpose } from '../graph/shape-ops.ts';
import type { Dimension } from '../graph/tensor-type.ts';
import { convolution } from './convolution-trunk.ts';
import { pair } from './pairing.ts';
import type { Parameters } from './parameters.ts';

/** Rows and columns of a cell's results. */
const TIMES = 2;
/** Rows and columns of the logits that a result is a mean of. */
const AROUND = 3;

/** Where logits belong, and what shows outlines there. */
export interface OutlineMaps {
  /** Features that all labels share, `[images, width, rows, columns]`. */
  readonly shared: Value;
  /** `[images, C, 2·rows, 2·columns]` */
  readonly finest: Value;
  readonly text: Value;
  readonly assignment: Value | undefined;
}

/**
 * Logits along outlines.
 *
 * @param logits - `[rows of (picture, label), rows, columns]`
 * @returns `[rows of (picture, label), 2·rows, 2·columns]`
 */
export function alongOutlines(
  parameters: Parameters,
  logits: Value,
  { shared, finest, text, assignment }: OutlineMaps,
): Value {
  const [pairs, height, width] = logits.shape as readonly [Dimension, number, number];
  const cells = height * width;
  const [images] = shared.shape as readonly [Dimension];
  const inner = [AROUND ** 2, TIMES ** 2, cells];
  const { state, perImage } = pair(images, inner, text, assignment);
  const weights = perImage(softmax(reshape(outlineScores(parameters, shared, finest), [images, ...inner]), 1));
  const around = reshape(neighbors(logits), [...state.slice(0, -3), AROUND ** 2, 1, cells]);
  const axis = state.length - 3;
  const means = reshape(reduceSum(multiply(weights, around), [axis]), [pairs, TIMES, TIMES, height, width]);
  return reshape(transpose(means, [0, 3, 1, 4, 2]), [pairs, TIMES * height, TIMES * width]);
}

/** Scores of the nine logits around for each of a cell's results: `[images, 9·4, rows, columns]`. */
function outlineScores(parameters: Parameters, shared: Value, finest: Value): Value {
  const [, width] = shared.shape as readonly [Dimension, number];
  const kernel = parameters.get('decoder.outlines.finest.weight', [width, finest.shape[1] as number, TIMES, TIMES]);
  const bias = parameters.get('decoder.outlines.finest.bias', [width]);
  const seen = conv(finest, kernel, bias, { stride: TIMES, padding: 0 });
  const joined = relu(add(seen, convolution(parameters, 'decoder.outlines.shared', shared, width)));
  const depthwise = { side: AROUND, groups: width };
  const around = relu(convolution(parameters, 'decoder.outlines.depthwise', joined, width, depthwise));
  return convolution(parameters, 'decoder.outlines.project', around, AROUND ** 2 * TIMES ** 2);
}

/**
 * Each cell's 3×3 neighbors, row by row; beyond an edge the one at the edge: `[n, h, w]` → `[n, 9, h·w]`. Of slices,
 * not `padEdges()`: training goes through it, and Pad has no gradient.
 */
function neighbors(x: Value): Value {
  const [n, height, width] = x.shape as readonly [Dimension, number, number];
  const edged = (value: Value, axis: number, size: number): Value =>
    concat([slice(value, axis, 0, 1), value, slice(value, axis, size - 1, size)], axis);
  const padded = edged(edged(x, 1, height), 2, width);
  const shifted = Array.from({ length: AROUND ** 2 }, (_, at) => {
    const [down, right] = [Math.floor(at / AROUND), at % AROUND];
    const window = slice(slice(padded, 1, down, down + height), 2, right, right + width);
    return reshape(window, [n, 1, height * width]);
  });
  return concat(shifted, 1);
}
