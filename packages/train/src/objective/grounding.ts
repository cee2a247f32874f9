/**
 * Grounding: where in the picture a stated label is, learned from its being stated.
 *
 * A linear projector on the trunk's taps, before any label bears on them, scores each patch against each label of the
 * batch. The labels compete for the patch, with a constant for none of them; a label's score for the picture is the
 * mean
 * of its patches' scores, weighted by what it won (normalised global weighted pooling, Araslanov & Roth 2020). Whether
 * the label is stated is then a binary cross-entropy, in which the other pictures' labels are the negatives.
 *
 * The decoder learns from the projector by distillation: per patch, its rows of one picture are to share as the
 * projector's scores do. Not in the SynSeg paper; measured in `bench/RESULTS.md`.
 */
import { ops, productOf, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { stopGradient } from '../autodiff/gradients.ts';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import type { LabelBank } from './patch-scores.ts';
import { rowMean, sharesWithinImages, total } from './rows.ts';

const { add, cast, divide, equal, exp, log, matmul, maximum, multiply, reduceMax, reduceSum, scalar, sqrt, subtract } =
  ops;
const { dimensionsOf, expand, range, reshape } = shapeOps;

/** Score of no label in the competition for a patch. */
const NONE_SCORE = 1;
/** Divides the standardised scores that the decoder is to share patches by. */
const TEMPERATURE = 0.5;

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
 * decoder's logits share it among the stated labels of the picture; the mean over patches, then over images. No
 * gradient reaches the projector.
 *
 * @param logits - the decoder's, a mean per patch: `[rows, patches]`
 * @param stated - `[rows, images]`, one-hot, zero for rows that are not stated
 */
export function distillationLoss(
  logits: Value,
  scores: Value,
  { labelOfRow }: LabelBank,
  stated: Value,
  batchImages: number,
): Value {
  const patches = logits.shape[1] as number;
  const sharpened = multiply(standardised(rowScores(scores, labelOfRow, stated)), scalar(scores, 1 / TEMPERATURE));
  const target = exp(logShares(stopGradient(sharpened), stated));
  const losses = multiply(multiply(target, logShares(logits, stated)), reduceSum(stated, [1], true));
  return multiply(total(losses), scalar(losses, -1 / (patches * batchImages)));
}

/**
 * Each row less its mean over patches, over its standard deviation: a label that is always stated would win everywhere.
 */
function standardised(x: Value): Value {
  const centred = subtract(x, rowMean(x));
  return divide(centred, sqrt(add(rowMean(multiply(centred, centred)), scalar(x, 1e-6))));
}

/** Each row's scores, picked from its picture's and its label's: `[rows, patches]`. */
function rowScores(scores: Value, labelOfRow: Value, assignment: Value): Value {
  const [images, patches, labels] = scores.shape as readonly [number, number, Dimension];
  const [rows] = labelOfRow.shape as readonly [Dimension];
  const byImage = reshape(matmul(assignment, reshape(scores, [images, productOf([patches, labels])])), [
    rows,
    patches,
    labels,
  ]);
  const { graph } = scores;
  const numbers = range(graph.integers([0], []), reshape(dimensionsOf(graph, [labels]), []), labels);
  // WebGPU compares int32, not int64.
  const chosen = cast(
    equal(reshape(labelOfRow, [rows, 1]), reshape(cast(numbers, 'int32'), [1, labels])),
    scores.dtype,
  );
  return reshape(matmul(byImage, reshape(chosen, [rows, labels, 1])), [rows, patches]);
}

/**
 * Log of each row's softmax share among the stated rows of its picture, per patch; that of other rows is far below 0.
 */
function logShares(x: Value, stated: Value): Value {
  const { relative, sums } = sharesWithinImages(x, stated);
  return subtract(relative, log(sums));
}
