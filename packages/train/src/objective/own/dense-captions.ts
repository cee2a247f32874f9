/**
 * Losses for captions that name nearly everything in a picture: partial labels and sharing. Not in the SynSeg paper;
 * measured in `bench/RESULTS.md`: better than those of `tags.ts` where all of a picture is something that captions
 * name, and worse where most of it is not.
 *
 * A projector on features of the frozen encoder scores each patch against each label of the batch, and a softmax makes
 * them shares of the patch. Each patch is one of the labels that the captions state (learning from partial
 * labels, Cour, Sapp & Taskar 2011), and each of those has some patches; without the second half, the commonest label
 * would take all. The decoder learns from the projector: per patch, its rows of one picture, of which some are not
 * stated, are to share as the projector's scores do.
 */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { stopGradient } from '../../autodiff/gradients.ts';
import { binaryCrossEntropy, logSum, sharesWithinImages, total, unit } from '../rows.ts';
import type { LabelBank } from './label-bank.ts';

const { add, cast, divide, greaterOrEqual, matmul, maximum, minimum, multiply, reduceSum, scalar, sigmoid, subtract } =
  ops;
const { gather, reshape, transpose } = shapeOps;

/** Taken from the score of a label neither stated nor kin to a stated one: it may be there, though nobody said so. */
const UNSTATED = 4;
/** Cosine from which labels are kin, as "birch" and "tree" are: what one says of a picture, the other does not deny. */
const KIN = 0.9;
/** Weight of each stated label's having some of the picture, beside each patch's being one of the stated labels. */
const COVERAGE = 0.7;
/** Multiplies the scores that the decoder is to share patches by. */
const SHARPNESS = 2;
/** Weight of each logit by itself, beside their sharing: of a random decoder, and of one with maps to keep. */
const ALONE = 0.05;
const ALONE_WITH_PRIOR = 0.5;

/** Output of the decoder that training started from. */
export interface Prior {
  /** A mean per patch, `[rows, patches]`. */
  readonly logits: Value;
  /** Their weight in the target, above 0. */
  readonly weight: number;
}

/**
 * `−1/P Σ_p log Σ_c w_c π_pc − 0.7/N Σ_{c stated} log(1/P Σ_p π_pc)`, the mean over images, with
 * `π_p = softmax_c(scores)` and `w_c = 1` for the N stated labels and their kin, `e^−4` for the others. A picture of
 * which nothing is stated adds nothing.
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
  const perImage = add(
    multiply(candidates, scalar(candidates, 1 / patches)),
    multiply(covered, scalar(covered, COVERAGE)),
  );
  return multiply(total(multiply(perImage, minimum(count, one))), scalar(scores, -1 / batchImages));
}

/**
 * The decoder's target: per patch, a picture's rows share it by a softmax of twice the projector's scores,
 * those of labels that are neither stated nor kin to those with 4 less. Of this, two cross-entropies, each the mean
 * over patches, then over images: of how the decoder's logits share the patch, which the label map goes by, and, the
 * mean over rows at a twentieth, of each logit by itself, which a threshold goes by; with more of it, a random
 * decoder's maps go flat before they learn to differ. No gradient reaches the projector.
 *
 * With a prior the softmax is of its logits too, times their weight, a product of two experts: patches that the start
 * decoder is sure of stay with their label, and captions decide over the others. By itself each logit then counts half,
 * and is to reach what it reached at the start where that is more than its share: synonyms share a patch, yet each is
 * there.
 *
 * @param logits - the decoder's, a mean per patch: `[rows, patches]`
 * @param assignment - `[rows, images]`, one-hot; zero for a row that fills the bucket
 */
export function sharingLoss(
  logits: Value,
  scores: Value,
  bank: LabelBank,
  assignment: Value,
  batchImages: number,
  prior?: Prior,
): Value {
  const patches = logits.shape[1] as number;
  const images = assignment.shape[1] as number;
  const evidence = ofRows(subtract(scores, doubt(bank)), bank.labelOfRow, assignment);
  const sharpened = multiply(evidence, scalar(evidence, SHARPNESS));
  const posterior =
    prior === undefined ? sharpened : add(sharpened, multiply(prior.logits, scalar(prior.logits, prior.weight)));
  const { share: target } = sharesWithinImages(stopGradient(posterior), assignment);
  const shared = multiply(target, sharesWithinImages(logits, assignment).logShare);
  const belongs = reduceSum(assignment, [1], true);
  const rowsOfImage = matmul(assignment, reshape(reduceSum(assignment, [0]), [images, 1]));
  const weight = divide(
    multiply(belongs, scalar(belongs, prior === undefined ? ALONE : ALONE_WITH_PRIOR)),
    maximum(rowsOfImage, scalar(belongs, 1)),
  );
  const present = prior === undefined ? target : maximum(target, stopGradient(sigmoid(prior.logits)));
  const alone = multiply(binaryCrossEntropy(logits, present), weight);
  return multiply(total(subtract(alone, shared)), scalar(logits, 1 / (patches * batchImages)));
}

/** `[images, labels]`: 1 for the labels that a picture's captions state, 0 for those that only fill the bank. */
function statedOf({ stated, valid }: LabelBank): Value {
  return multiply(stated, valid);
}

/** The amount subtracted from each score, `[images, 1, labels]`. */
function doubt(bank: LabelBank): Value {
  const stated = statedOf(bank);
  const [images, labels] = stated.shape as readonly [number, Dimension];
  const one = scalar(stated, 1);
  const directions = unit(bank.text);
  const kin = cast(greaterOrEqual(matmul(directions, transpose(directions, [1, 0])), scalar(stated, KIN)), 'float32');
  const meant = maximum(stated, minimum(matmul(stated, kin), one));
  return reshape(multiply(subtract(one, meant), scalar(stated, UNSTATED)), [images, 1, labels]);
}

/** The values of each row's picture and label: `[images, patches, labels]` → `[rows, patches]`. */
function ofRows(x: Value, labelOfRow: Value, assignment: Value): Value {
  const [rows, images] = assignment.shape as readonly [Dimension, number];
  // Few labels of each picture, before all but one picture's are dropped.
  const byRow = transpose(gather(x, labelOfRow, 2), [2, 0, 1]);
  return reduceSum(multiply(byRow, reshape(assignment, [rows, images, 1])), [1]);
}
