/**
 * Grounding: where in the picture a stated label is, learned from its being stated.
 *
 * A linear projector on the trunk's taps, before any label bears on them, scores each patch against each label of the
 * batch. The labels compete for the patch, with a constant for none of them; a label's score for the picture is the mean
 * of its patches' scores, weighted by what it won (normalised global weighted pooling, Araslanov & Roth 2020). Whether
 * the label is stated is then a binary cross-entropy, in which the other pictures' labels are the negatives.
 *
 * The decoder learns from the projector by distillation: per patch, its rows of one picture are to share as the
 * projector's scores do. Not in the SynSeg paper; measured in `bench/RESULTS.md`.
 */
import { ops, productOf, shapeOps, type Dimension, type Value } from '@synseg/core/internals';
import { stopGradient } from '../autodiff/gradients.ts';
import { unit } from './contrastive.ts';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import { rowMean, sharesWithinImages, total } from './rows.ts';

const { add, cast, divide, equal, exp, log, matmul, maximum, multiply, reduceMax, reduceSum, scalar, sqrt, subtract } = ops;
const { concat, dimensionsOf, expand, range, reshape, slice, transpose } = shapeOps;

/** Score of no label in the competition for a patch, and what is added to every label's: at the start few are claimed. */
const NONE_SCORE = 1;
const LABEL_BIAS = -2;
/** Divides the standardised scores that the decoder is to share patches by. */
const TEMPERATURE = 0.5;
/** Score of what only fills the bank. */
const EXCLUDED = -1e4;

/** The labels of a batch, each once. */
export interface LabelBank {
  /** Text embeddings less their centre, float32 `[labels, D]`. */
  readonly text: Value;
  /** float32 `[images, labels]`: 1 where the label is stated of the image. */
  readonly stated: Value;
  /** float32 `[labels]`: 1, or 0 for what only fills the bank. */
  readonly valid: Value;
  /** int32 `[rows]`: each row's label, by its place in the bank. */
  readonly labelOfRow: Value;
}

/** A tap without its class token. */
export function patchesOf(tap: Value): Value {
  return slice(tap, 1, 1, tap.shape[1] as number);
}

/**
 * Patches of all taps side by side, each channel standardised: `[images, patches, ΣD_i]`.
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
  const directions = unit(text);
  // Labels are few: W is applied to them, not to the patches.
  const byLabel = transpose(matmul(directions, weight), [1, 0]);
  const offset = reshape(matmul(directions, reshape(bias, [dim, 1])), [labels]);
  const excluded = multiply(subtract(scalar(valid, 1), valid), scalar(valid, EXCLUDED));
  return add(matmul(features, byLabel), add(add(offset, excluded), scalar(offset, LABEL_BIAS)));
}

/** `−Σ_c log p(stated_c)` over the bank, the mean over images. */
export function groundingLoss(scores: Value, { stated, valid }: LabelBank, batchImages: number): Value {
  const [images, patches, labels] = scores.shape as readonly [number, number, string];
  const none = expand(scalar(scores, NONE_SCORE), [images, patches, 1]);
  const largest = stopGradient(maximum(reduceMax(scores, [2], true), none));
  const claims = exp(subtract(scores, largest));
  const share = divide(claims, add(reduceSum(claims, [2], true), exp(subtract(none, largest))));
  const pooled = divide(reduceSum(multiply(scores, share), [1]), add(reduceSum(share, [1]), scalar(share, 1)));
  const losses = multiply(binaryCrossEntropy(pooled, stated), reshape(valid, [1, labels]));
  return multiply(total(losses), scalar(losses, 1 / batchImages));
}

/**
 * Cross-entropy, per patch, between how the projector's scores – each label's standardised over the picture – and the
 * decoder's logits share it among the stated labels of the picture; the mean over patches, then over images. No gradient reaches the projector.
 *
 * @param logits - the decoder's, a mean per patch: `[rows, patches]`
 * @param stated - `[rows, images]`, one-hot, zero for rows that are not stated
 */
export function distillationLoss(logits: Value, scores: Value, { labelOfRow }: LabelBank, stated: Value, batchImages: number): Value {
  const patches = logits.shape[1] as number;
  const sharpened = multiply(standardised(rowScores(scores, labelOfRow, stated)), scalar(scores, 1 / TEMPERATURE));
  const target = exp(logShares(stopGradient(sharpened), stated));
  const losses = multiply(multiply(target, logShares(logits, stated)), reduceSum(stated, [1], true));
  return multiply(total(losses), scalar(losses, -1 / (patches * batchImages)));
}

/** Each row less its mean over patches, over its standard deviation: a label that is always stated would win everywhere. */
function standardised(x: Value): Value {
  const centred = subtract(x, rowMean(x));
  return divide(centred, sqrt(add(rowMean(multiply(centred, centred)), scalar(x, 1e-6))));
}

/** Each row's scores, picked from its picture's and its label's: `[rows, patches]`. */
function rowScores(scores: Value, labelOfRow: Value, assignment: Value): Value {
  const [images, patches, labels] = scores.shape as readonly [number, number, Dimension];
  const [rows] = labelOfRow.shape as readonly [Dimension];
  const byImage = reshape(matmul(assignment, reshape(scores, [images, productOf([patches, labels])])), [rows, patches, labels]);
  const { graph } = scores;
  const numbers = range(graph.integers([0], []), reshape(dimensionsOf(graph, [labels]), []), labels);
  // WebGPU compares int32, not int64.
  const chosen = cast(equal(reshape(labelOfRow, [rows, 1]), reshape(cast(numbers, 'int32'), [1, labels])), scores.dtype);
  return reshape(matmul(byImage, reshape(chosen, [rows, labels, 1])), [rows, patches]);
}

/** Log of each row's softmax share among the stated rows of its picture, per patch; that of other rows is far below 0. */
function logShares(x: Value, stated: Value): Value {
  const { relative, sums } = sharesWithinImages(x, stated);
  return subtract(relative, log(sums));
}
