/**
 * Partial labels: each patch is one of the labels that are stated of the picture, and each of those has some patches.
 *
 * A projector on the trunk's taps scores each patch against each label of the batch, and a softmax makes them shares of the
 * patch. What is stated says which labels those may be (learning from partial labels, Cour, Sapp & Taskar 2011); without
 * the second half, the commonest label would take all.
 *
 * The decoder learns from the projector: per patch, its rows of one picture, of which some are not stated, are to share as
 * the projector's scores do. Not in the SynSeg paper; measured in `bench/RESULTS.md`. Beside `grounding.ts` it is better where
 * all of a picture is something that captions name, and worse where most of it is not.
 */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/internals';
import { stopGradient } from '../autodiff/gradients.ts';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import type { LabelBank } from './patch-scores.ts';
import { sharesWithinImages, total } from './rows.ts';

const { add, divide, exp, log, matmul, maximum, minimum, multiply, reduceMax, reduceSum, scalar, subtract } = ops;
const { gather, reshape, transpose } = shapeOps;

/** Taken from the score of a label that is not stated: it may be there, though nobody said so. */
const UNSTATED = 4;
/** Weight of each stated label's having some of the picture, beside each patch's being one of the stated labels. */
const COVERAGE = 0.7;
/** Multiplies the scores that the decoder is to share patches by. */
const SHARPNESS = 2;
/** Weight of each logit by itself, beside their sharing. */
const ALONE = 0.05;

/**
 * `−1/P Σ_p log Σ_c w_c π_pc − 0.7/N Σ_{c stated} log(1/P Σ_p π_pc)`, the mean over images, with `π_p = softmax_c(scores)` and
 * `w_c = 1` for the N stated labels, `e^−4` for the others. A picture of which nothing is stated adds nothing.
 */
export function partialLabelLoss(scores: Value, bank: LabelBank, batchImages: number): Value {
  const [images, patches, labels] = scores.shape as readonly [number, number, Dimension];
  const shares = subtract(scores, logSum(scores, 2));
  const candidates = reduceSum(reshape(logSum(subtract(shares, doubt(bank)), 2), [images, patches]), [1], true);
  const coverage = subtract(reshape(logSum(shares, 1), [images, labels]), scalar(scores, Math.log(patches)));
  const stated = statedOf(bank);
  const count = reduceSum(stated, [1], true);
  const one = scalar(count, 1);
  const covered = divide(reduceSum(multiply(coverage, stated), [1], true), maximum(count, one));
  const perImage = add(multiply(candidates, scalar(candidates, 1 / patches)), multiply(covered, scalar(covered, COVERAGE)));
  return multiply(total(multiply(perImage, minimum(count, one))), scalar(scores, -1 / batchImages));
}

/**
 * What the decoder is to learn: per patch, a picture's rows share it by a softmax of twice the projector's scores, those of
 * labels that are not stated with 4 less. Of this, two cross-entropies, each the mean over patches, then over images: of how
 * the decoder's logits share the patch, which the label map goes by, and, the mean over rows at a twentieth, of each logit
 * by itself, which a threshold goes by; with more of it, a random decoder's maps go flat before they learn to differ. No
 * gradient reaches the projector.
 *
 * @param logits - the decoder's, a mean per patch: `[rows, patches]`
 * @param assignment - `[rows, images]`, one-hot; zero for a row that fills the bucket
 */
export function sharingLoss(logits: Value, scores: Value, bank: LabelBank, assignment: Value, batchImages: number): Value {
  const patches = logits.shape[1] as number;
  const images = assignment.shape[1] as number;
  const evidence = ofRows(subtract(scores, doubt(bank)), bank.labelOfRow, assignment);
  const wanted = sharesWithinImages(stopGradient(multiply(evidence, scalar(evidence, SHARPNESS))), assignment);
  const given = sharesWithinImages(logits, assignment);
  const belongs = reduceSum(assignment, [1], true);
  const target = multiply(divide(wanted.claims, wanted.sums), belongs);
  const shared = multiply(target, subtract(multiply(given.relative, belongs), log(given.sums)));
  const rowsOfImage = matmul(assignment, reshape(reduceSum(assignment, [0]), [images, 1]));
  const weight = divide(multiply(belongs, scalar(belongs, ALONE)), maximum(rowsOfImage, scalar(belongs, 1)));
  const alone = multiply(binaryCrossEntropy(logits, target), weight);
  return multiply(total(subtract(alone, shared)), scalar(logits, 1 / (patches * batchImages)));
}

/** `[images, labels]`: 1 for the labels that are stated of a picture, exactly 0 for what only fills the bank. */
function statedOf({ stated, valid }: LabelBank): Value {
  const [labels] = valid.shape as readonly [Dimension];
  return multiply(stated, reshape(valid, [1, labels]));
}

/** What is taken from each score, `[images, 1, labels]`. */
function doubt(bank: LabelBank): Value {
  const stated = statedOf(bank);
  const [images, labels] = stated.shape as readonly [number, Dimension];
  return reshape(multiply(subtract(scalar(stated, 1), stated), scalar(stated, UNSTATED)), [images, 1, labels]);
}

/** `log Σ e^x` along an axis, which stays. */
function logSum(x: Value, axis: number): Value {
  const largest = stopGradient(reduceMax(x, [axis], true));
  return add(log(reduceSum(exp(subtract(x, largest)), [axis], true)), largest);
}

/** What each row's picture and label have: `[images, patches, labels]` → `[rows, patches]`. */
function ofRows(x: Value, labelOfRow: Value, assignment: Value): Value {
  const [rows, images] = assignment.shape as readonly [Dimension, number];
  // Few labels of each picture, before all but one picture's are dropped.
  const byRow = transpose(gather(x, labelOfRow, 2), [2, 0, 1]);
  return reduceSum(multiply(byRow, reshape(assignment, [rows, images, 1])), [1]);
}
