/** Per-label binary cross-entropy against masks: the objective for teams that do have some. */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/internals';
import { withGradient } from '../autodiff/gradients.ts';

const { abs, add, cast, divide, equal, exp, greaterOrEqual, log, matmul, maximum, multiply, reduceSum, relu, scalar, sigmoid, subtract } = ops;
const { reshape } = shapeOps;

/** Pixel of a mask that is not labelled. */
export const IGNORED = 255;

/** Graph inputs of the mask objective. */
export interface MaskInputs {
  /** uint8 `[images, height, width]`: class of each pixel, 255 where it is not labelled. */
  readonly masks: Value;
  /** float32 `[rows]`: the class of each row's label in the masks, −1 for a row without one. */
  readonly classOfRow: Value;
}

/**
 * `log(1 + exp(z)) − z y`, the mean over each row's labelled pixels, then over each image's rows, then over images.
 *
 * @param logits - `[rows, height, width]`
 * @param assignment - `[rows, images]`, one-hot
 * @param batchImages - images of the whole batch, of which this graph may see a part
 */
export function maskLoss(logits: Value, assignment: Value, { masks, classOfRow }: MaskInputs, batchImages: number): Value {
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const [images] = masks.shape as readonly [number];
  const pixels = height * width;
  const column = reshape(classOfRow, [rows, 1]);
  const perRow = matmul(assignment, reshape(cast(masks, 'float32'), [images, pixels]));
  const target = cast(equal(perRow, column), 'float32');
  const labelled = subtract(scalar(target, 1), cast(equal(perRow, scalar(perRow, IGNORED)), 'float32'));
  const z = reshape(logits, [rows, pixels]);
  const one = scalar(z, 1);
  const softplus = add(relu(z), log(add(one, exp(multiply(abs(z), scalar(z, -1))))));
  const losses = multiply(subtract(softplus, multiply(z, target)), labelled);
  const labelledCount = maximum(reduceSum(labelled, [1], true), one);
  const hasClass = cast(greaterOrEqual(column, scalar(column, 0)), 'float32');
  const supervised = multiply(assignment, hasClass);
  const count = matmul(supervised, reshape(reduceSum(supervised, [0]), [images, 1]));
  const weight = divide(reduceSum(supervised, [1], true), multiply(maximum(count, scalar(count, 1)), scalar(count, batchImages)));
  const pixelWeight = divide(weight, labelledCount);
  const loss = reduceSum(multiply(reduceSum(losses, [1], true), pixelWeight), [0, 1]);
  // d/dz (log(1 + e^z) − z y) = σ(z) − y
  return withGradient(loss, [logits], (gradient) => {
    const slope = multiply(multiply(subtract(sigmoid(z), target), labelled), multiply(pixelWeight, gradient));
    return [reshape(slope, logits.shape)];
  });
}
