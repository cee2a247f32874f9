/**
 * Losses for tags, and for captions that name a few things among many others: grounding and distillation. Not in the
 * SynSeg paper; measured in `bench/RESULTS.md`.
 *
 * A linear projector on the trunk's unconditioned taps scores each patch against each label of the batch. The labels
 * compete for the patch, with a constant for none of them; a label's score for the picture is the mean of its patches'
 * scores, weighted by what it won (normalized global weighted pooling, Araslanov & Roth 2020). Whether the label is
 * stated is then a binary cross-entropy, in which the other pictures' labels are the negatives. The decoder learns from
 * the projector: per patch, its rows of one picture are to share as the projector's scores do.
 */
import { ops, productOf, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { stopGradient } from '../../autodiff/gradients.ts';
import { binaryCrossEntropy, sharesWithinImages, standardized, total } from '../rows.ts';
import type { LabelBank } from './label-bank.ts';

const { add, cast, divide, equal, exp, matmul, maximum, multiply, reduceMax, reduceSum, scalar, subtract } = ops;
const { dimensionsOf, expand, range, reshape } = shapeOps;

/** Score of no label in the competition for a patch. */
const NONE_SCORE = 1;
/** Divides the standardized scores that the decoder is to share patches by. */
const TEMPERATURE = 0.5;

/** `−Σ_c log p(stated_c)` over the labels that count for an image, the mean over images. */
export function groundingLoss(scores: Value, { stated, valid }: LabelBank, batchImages: number): Value {
  const [images, patches] = scores.shape as readonly [number, number, Dimension];
  const none = expand(scalar(scores, NONE_SCORE), [images, patches, 1]);
  const largest = stopGradient(maximum(reduceMax(scores, [2], true), none));
  const claims = exp(subtract(scores, largest));
  const share = divide(claims, add(reduceSum(claims, [2], true), exp(subtract(none, largest))));
  const pooled = divide(reduceSum(multiply(scores, share), [1]), add(reduceSum(share, [1]), scalar(share, 1)));
  const losses = multiply(binaryCrossEntropy(pooled, stated), valid);
  return multiply(total(losses), scalar(losses, 1 / batchImages));
}

/**
 * Cross-entropy, per patch, between how the projector's scores – each label's standardized over the picture, or one
 * that is always stated would win everywhere – and the decoder's logits share it among the stated labels of the
 * picture; the mean over patches, then over images. No gradient reaches the projector.
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
  const sharpened = multiply(standardized(rowScores(scores, labelOfRow, stated)), scalar(scores, 1 / TEMPERATURE));
  const { share: target } = sharesWithinImages(stopGradient(sharpened), stated);
  const losses = multiply(target, sharesWithinImages(logits, stated).logShare);
  return multiply(total(losses), scalar(losses, -1 / (patches * batchImages)));
}

/** Each row's scores, picked from its picture's and its label's: `[rows, patches]`. */
function rowScores(scores: Value, labelOfRow: Value, assignment: Value): Value {
  const [images, patches, labels] = scores.shape as readonly [number, number, Dimension];
  const [rows] = labelOfRow.shape as readonly [Dimension];
  const { graph } = scores;
  const byImage = matmul(assignment, reshape(scores, [images, productOf([patches, labels])]));
  const numbers = range(graph.integers([0], []), reshape(dimensionsOf(graph, [labels]), []), labels);
  // WebGPU compares int32, not int64.
  const chosen = equal(reshape(labelOfRow, [rows, 1]), reshape(cast(numbers, 'int32'), [1, labels]));
  const picked = matmul(
    reshape(byImage, [rows, patches, labels]),
    reshape(cast(chosen, scores.dtype), [rows, labels, 1]),
  );
  return reshape(picked, [rows, patches]);
}
