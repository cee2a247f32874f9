/**
 * Symmetric InfoNCE of pictures and captions (Radford et al. 2021, "Learning transferable visual models from natural
 * language supervision", figure 3): each picture is to find its caption among those of the batch, and each caption its
 * picture.
 */
import { ops, shapeOps, type Value } from '@synseg/core/graph';
import { stopGradient } from '../autodiff/gradients.ts';
import { LOWEST, total, unit } from './rows.ts';

const {
  add,
  cast,
  equal,
  exp,
  greaterOrEqual,
  log,
  matmul,
  minimum,
  multiply,
  reduceMax,
  reduceSum,
  scalar,
  subtract,
} = ops;
const { reshape, transpose } = shapeOps;

/** The logit scale never exceeds this (section 2.5): beyond it training is unstable. */
export const LARGEST_SCALE = 100;
/** Logarithm of the scale that training starts from, `1 / 0.07`. */
export const INITIAL_LOG_SCALE = Math.log(1 / 0.07);

/** The loss and what the report says of it; all scalars. */
export interface PairLoss {
  readonly loss: Value;
  /** Pictures whose own caption has the largest logit: a count. */
  readonly hits: Value;
  /** `exp(logScale)`, at most {@link LARGEST_SCALE}. */
  readonly scale: Value;
}

/**
 * `l_ij = scale · cos(image_i, text_j)`; `L = −1/(2B) Σ_i [log softmax_j(l_ij)_i + log softmax_j(l_ji)_i]`.
 *
 * Pictures with the same caption are no negatives of each other: the caption is as true of the one as of the other, so
 * both pairs are left out of the other's softmax.
 *
 * @param image - `[B, D]`
 * @param text - `[B, D]`
 * @param captions - int64 `[B]`: equal numbers for equal captions
 * @param logScale - `[]`
 */
export function infoNCE(image: Value, text: Value, captions: Value, logScale: Value): PairLoss {
  const batch = image.shape[0] as number;
  const scale = exp(minimum(logScale, scalar(logScale, Math.log(LARGEST_SCALE))));
  const similarity = matmul(unit(image), transpose(unit(text), [1, 0]));
  const numbers = image.graph.integers(Array.from({ length: batch }, (_, index) => index));
  const same = (x: Value): Value =>
    cast(equal(reshape(cast(x, 'int32'), [batch, 1]), reshape(cast(x, 'int32'), [1, batch])), image.dtype);
  const own = same(numbers);
  const logits = add(multiply(similarity, scale), multiply(subtract(same(captions), own), scalar(image, LOWEST)));
  const ownLogits = reduceSum(multiply(logits, own), [1], true);
  const largest = reduceMax(logits, [1], true);
  const terms = [0, 1].map((axis) => {
    const relative = subtract(logits, stopGradient(reduceMax(logits, [axis], true)));
    const normalizer = total(log(reduceSum(exp(relative), [axis])));
    return subtract(total(multiply(relative, own)), normalizer);
  });
  return {
    loss: multiply(add(terms[0] as Value, terms[1] as Value), scalar(image, -1 / (2 * batch))),
    hits: total(cast(greaterOrEqual(ownLogits, largest), image.dtype)),
    scale,
  };
}
