/**
 * Cross-entropy against masks, where there are some: of each label by itself, which calibrates thresholds, and of the
 * labels of a picture against each other, which learns boundaries between labels sooner.
 */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { withGradient } from '../autodiff/gradients.ts';
import { binaryCrossEntropy, sharesWithinImages, total } from './rows.ts';

const { cast, divide, equal, greaterOrEqual, matmul, maximum, multiply, reduceSum, scalar, sigmoid, subtract } = ops;
const { reshape } = shapeOps;

/** Value of an unlabeled pixel of a mask. */
export const IGNORED = 255;

/** Graph inputs of the mask objective. */
export interface MaskInputs {
  /** uint8 `[images, height, width]`: class of each pixel, 255 where it is unlabeled. */
  readonly masks: Value;
  /** float32 `[rows]`: the class of each row's label in the masks, −1 for a row without one. */
  readonly classOfRow: Value;
}

/** Targets of both mask losses, one row of pixels per (image, label). */
export interface MaskTargets {
  /** `[rows, pixels]`: 1 where the row's label is. */
  readonly target: Value;
  /** `[rows, pixels]`: 1 where the picture is labeled. */
  readonly labeled: Value;
  /** `[rows, images]`, one-hot for rows whose label is a class of the masks. */
  readonly supervised: Value;
}

/** Masks as targets of rows. @param assignment - `[rows, images]`, one-hot */
export function maskTargets(assignment: Value, { masks, classOfRow }: MaskInputs): MaskTargets {
  const [rows] = classOfRow.shape as readonly [Dimension];
  const [images, height, width] = masks.shape as readonly [number, number, number];
  const column = reshape(classOfRow, [rows, 1]);
  const perRow = matmul(assignment, reshape(cast(masks, 'float32'), [images, height * width]));
  const labeled = subtract(scalar(perRow, 1), cast(equal(perRow, scalar(perRow, IGNORED)), 'float32'));
  const hasClass = cast(greaterOrEqual(column, scalar(column, 0)), 'float32');
  return { target: cast(equal(perRow, column), 'float32'), labeled, supervised: multiply(assignment, hasClass) };
}

/**
 * `log(1 + exp(z)) − z y`, the mean over each row's labeled pixels, then over each image's rows, then over images.
 *
 * @param logits - `[rows, height, width]`
 * @param batchImages - images of the whole batch, of which this graph may see a part
 */
export function maskLoss(logits: Value, { target, labeled, supervised }: MaskTargets, batchImages: number): Value {
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const images = supervised.shape[1] as number;
  const z = reshape(logits, [rows, height * width]);
  const one = scalar(z, 1);
  const losses = multiply(binaryCrossEntropy(z, target), labeled);
  const labeledCount = maximum(reduceSum(labeled, [1], true), one);
  const count = matmul(supervised, reshape(reduceSum(supervised, [0]), [images, 1]));
  const weight = divide(reduceSum(supervised, [1], true), multiply(maximum(count, one), scalar(count, batchImages)));
  const pixelWeight = divide(weight, labeledCount);
  const loss = total(multiply(reduceSum(losses, [1], true), pixelWeight));
  // d/dz (log(1 + e^z) − z y) = σ(z) − y
  return withGradient(loss, [logits], (gradient) => {
    const slope = multiply(multiply(subtract(sigmoid(z), target), labeled), multiply(pixelWeight, gradient));
    return [reshape(slope, logits.shape)];
  });
}

/**
 * `−log softmax(z)_y` over the rows of a picture, the mean over its pixels whose class has a row, then over images.
 * Labels compete as they do for the label map; pixels of none of them, such as the background, do not count.
 *
 * @param logits - `[rows, height, width]`
 * @param batchImages - images of the whole batch, of which this graph may see a part
 */
export function maskShareLoss(logits: Value, { target, supervised }: MaskTargets, batchImages: number): Value {
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const isSupervised = reduceSum(supervised, [1], true);
  const { sameImage, share, logShare } = sharesWithinImages(
    reshape(logits, [rows, height * width]),
    supervised,
    'common',
  );
  const answered = matmul(sameImage, target);
  const answers = maximum(reduceSum(answered, [1], true), scalar(answered, 1));
  const pixelWeight = divide(isSupervised, multiply(answers, scalar(answers, batchImages)));
  const losses = multiply(multiply(logShare, scalar(logShare, -1)), target);
  const loss = total(multiply(reduceSum(losses, [1], true), pixelWeight));
  // d/dz of −log softmax = softmax − y, at pixels where one of the picture's rows is the answer.
  return withGradient(loss, [logits], (gradient) => {
    const slope = multiply(subtract(multiply(share, answered), target), multiply(pixelWeight, gradient));
    return [reshape(slope, logits.shape)];
  });
}
