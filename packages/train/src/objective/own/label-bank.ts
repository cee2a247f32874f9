/** Unconditioned patches of the trunk's taps, and the projector's score of each label on them. */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { LOWEST, unit } from '../rows.ts';

const { add, divide, matmul, multiply, scalar, subtract } = ops;
const { concat, reshape, slice, transpose } = shapeOps;

/** Added to every label's score: where labels compete with none of them, few are claimed at the start. */
const LABEL_BIAS = -2;
/** The labels of a batch, each once. */
export interface LabelBank {
  /** Text embeddings less their center, float32 `[labels, D]`. */
  readonly text: Value;
  /** float32 `[images, labels]`: 1 where the image's captions state the label. */
  readonly stated: Value;
  /**
   * float32 `[images, labels]`: 1 where the image's captions say whether the label is there; 0 for labels that only
   * fill the bank, for those of another set's masks, and for an image without captions.
   */
  readonly valid: Value;
  /** int32 `[rows]`: each row's label, by its place in the bank. */
  readonly labelOfRow: Value;
}

/** A tap without its class token. */
function patchesOf(tap: Value): Value {
  return slice(tap, 1, 1, tap.shape[1] as number);
}

/**
 * Patches of all taps side by side, each channel standardized: `[images, patches, ΣD_i]`.
 *
 * @param mean - of each channel over some pictures of the set, `[ΣD_i]`
 * @param deviation - likewise
 */
export function tapFeatures(taps: readonly Value[], mean: Value, deviation: Value): Value {
  return divide(subtract(concat(taps.map(patchesOf), 2), mean), deviation);
}

/**
 * Score of each label at each patch: `unit(t) · (W x + b) − 2`, `[images, patches, labels]`.
 *
 * @param features - from {@link tapFeatures}
 * @param weight - projector, `[D, channels]`
 * @param bias - projector, `[D]`
 */
export function patchScores(features: Value, { text, valid }: LabelBank, weight: Value, bias: Value): Value {
  const [labels, dim] = text.shape as readonly [Dimension, number];
  const [images] = valid.shape as readonly [number, Dimension];
  const directions = unit(text);
  // Labels are few: W is applied to them, not to the patches.
  const byLabel = transpose(matmul(directions, weight), [1, 0]);
  const offset = reshape(matmul(directions, reshape(bias, [dim, 1])), [labels]);
  const excluded = reshape(multiply(subtract(scalar(valid, 1), valid), scalar(valid, LOWEST)), [images, 1, labels]);
  return add(matmul(features, byLabel), add(add(offset, excluded), scalar(offset, LABEL_BIAS)));
}
