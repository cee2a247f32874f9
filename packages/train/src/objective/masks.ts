/**
 * Cross-entropy against masks, where there are some: of each label by itself, which calibrates thresholds, and of the
 * labels of a picture against each other, which learns boundaries between labels sooner.
 */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { withGradient } from '../autodiff/gradients.ts';
import { binaryCrossEntropy, sharesWithinImages, total } from './rows.ts';

const { add, cast, divide, equal, greaterOrEqual, matmul, maximum, multiply, reduceSum, scalar, sigmoid } = ops;
const { subtract } = ops;
const { concat, reshape, slice } = shapeOps;

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
  /** `[rows, pixels]`: what a pixel counts; 0 where the picture is not labeled. */
  readonly pixelWeight: Value;
  /** `[rows, images]`, one-hot for rows whose label is a class of the masks. */
  readonly supervised: Value;
}

/**
 * Masks as targets of rows.
 *
 * @param assignment - `[rows, images]`, one-hot
 * @param outlineWeight - weight of pixels beside another class, in pixels of the others
 */
export function maskTargets(assignment: Value, { masks, classOfRow }: MaskInputs, outlineWeight = 1): MaskTargets {
  const [rows] = classOfRow.shape as readonly [Dimension];
  const [images, height, width] = masks.shape as readonly [number, number, number];
  const column = reshape(classOfRow, [rows, 1]);
  const ofRow = (perImage: Value): Value => matmul(assignment, reshape(perImage, [images, height * width]));
  const classes = cast(masks, 'float32');
  const perRow = ofRow(classes);
  const labeled = subtract(scalar(perRow, 1), cast(equal(perRow, scalar(perRow, IGNORED)), 'float32'));
  const hasClass = cast(greaterOrEqual(column, scalar(column, 0)), 'float32');
  return {
    target: cast(equal(perRow, column), 'float32'),
    pixelWeight: outlineWeight === 1 ? labeled : multiply(labeled, ofRow(weighedOutlines(classes, outlineWeight))),
    supervised: multiply(assignment, hasClass),
  };
}

/** `outlineWeight` at pixels of `[images, height, width]` beside, above or below one of another value, else 1. */
function weighedOutlines(classes: Value, outlineWeight: number): Value {
  const differences = [1, 2].flatMap((axis) => {
    const size = classes.shape[axis] as number;
    const [first, rest] = [slice(classes, axis, 0, size - 1), slice(classes, axis, 1, size)];
    const differs = subtract(scalar(classes, 1), cast(equal(first, rest), 'float32'));
    const line = multiply(slice(classes, axis, 0, 1), scalar(classes, 0));
    return [concat([differs, line], axis), concat([line, differs], axis)];
  });
  const isOutline = differences.reduce(maximum);
  return add(scalar(isOutline, 1), multiply(isOutline, scalar(isOutline, outlineWeight - 1)));
}

/**
 * `log(1 + exp(z)) − z y`, the weighted mean over each row's labeled pixels, then over each image's rows, then over
 * images.
 *
 * @param logits - `[rows, height, width]`
 * @param batchImages - images of the whole batch, of which this graph may see a part
 */
export function maskLoss(logits: Value, targets: MaskTargets, batchImages: number): Value {
  const { target, pixelWeight, supervised } = targets;
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const images = supervised.shape[1] as number;
  const z = reshape(logits, [rows, height * width]);
  const one = scalar(z, 1);
  const losses = binaryCrossEntropy(z, target);
  const pixels = maximum(reduceSum(pixelWeight, [1], true), one);
  const count = matmul(supervised, reshape(reduceSum(supervised, [0]), [images, 1]));
  const weight = divide(reduceSum(supervised, [1], true), multiply(maximum(count, one), scalar(count, batchImages)));
  const counted = multiply(pixelWeight, divide(weight, pixels));
  const loss = total(multiply(losses, counted));
  // d/dz (log(1 + e^z) − z y) = σ(z) − y
  return withGradient(loss, [logits], (gradient) => {
    const slope = multiply(multiply(subtract(sigmoid(z), target), counted), gradient);
    return [reshape(slope, logits.shape)];
  });
}

/**
 * `−log softmax(z)_y` over the rows of a picture, the weighted mean over its pixels whose class has a row, then over
 * images.
 * Labels compete as they do for the label map; pixels of none of them, such as the background, do not count.
 *
 * @param logits - `[rows, height, width]`
 * @param batchImages - images of the whole batch, of which this graph may see a part
 */
export function maskShareLoss(logits: Value, targets: MaskTargets, batchImages: number): Value {
  const { target, pixelWeight, supervised } = targets;
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const isSupervised = reduceSum(supervised, [1], true);
  const { sameImage, share, logShare } = sharesWithinImages(
    reshape(logits, [rows, height * width]),
    supervised,
    'common',
  );
  const answered = matmul(sameImage, target);
  const answers = maximum(reduceSum(multiply(answered, pixelWeight), [1], true), scalar(answered, 1));
  const counted = multiply(pixelWeight, divide(isSupervised, multiply(answers, scalar(answers, batchImages))));
  const losses = multiply(multiply(logShare, scalar(logShare, -1)), target);
  const loss = total(multiply(losses, counted));
  // d/dz of −log softmax = softmax − y, at pixels where one of the picture's rows is the answer.
  return withGradient(loss, [logits], (gradient) => {
    const slope = multiply(multiply(subtract(multiply(share, answered), target), counted), gradient);
    return [reshape(slope, logits.shape)];
  });
}
