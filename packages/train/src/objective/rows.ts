/**
 * The rows of a batch. A row is one (image, label) pair; the batch's images have different numbers of them, and rows
 * that only fill a bucket belong to no image and weigh exactly nothing.
 */
import { ops, shapeOps, type Dimension, type Graph, type Value } from '@synseg/core/graph';
import { stopGradient } from '../autodiff/gradients.ts';

const { abs, add, cast, divide, equal, exp, log, matmul, maximum, multiply, reduceMax, reduceSum, relu, scalar, sqrt } =
  ops;
const { subtract } = ops;
const { reshape, transpose } = shapeOps;

/** Graph inputs that describe each row. */
export interface RowInputs {
  /** int32 `[rows]`: the row's image, −1 for a row that fills the bucket. */
  readonly imageOfRow: Value;
  /** float32 `[rows]`: 0, 1, 2, … */
  readonly rowNumber: Value;
  /** float32 `[rows]`: 1 when the image's captions state the label, 0 for one that they do not. */
  readonly stated: Value;
}

/** Declares the {@link RowInputs} of a graph. */
export function rowInputs(graph: Graph, rows: Dimension): RowInputs {
  return {
    imageOfRow: graph.input('imageOfRow', 'int32', [rows]),
    rowNumber: graph.input('rowNumber', 'float32', [rows]),
    stated: graph.input('stated', 'float32', [rows]),
  };
}

/** `[rows, images]`, 1 where the row belongs to the image. */
export function assignmentOf(imageOfRow: Value, images: number): Value {
  const [rows] = imageOfRow.shape as readonly [Dimension];
  const { graph } = imageOfRow;
  const numbers = cast(
    graph.integers(
      Array.from({ length: images }, (_, image) => image),
      [1, images],
    ),
    'int32',
  );
  return cast(equal(reshape(imageOfRow, [rows, 1]), numbers), 'float32');
}

/** Weights that turn sums over rows and pairs of rows into means per image and a mean over images. */
export interface RowWeights {
  /** `[rows, 1]`: `1 / (N · images)` for each of the N stated rows of an image, else 0. */
  readonly row: Value;
  /** `[rows, rows]`: `1 / (N (N − 1) · images)` for each ordered pair of stated rows of one image, else 0. */
  readonly pair: Value;
  /** `[rows, 1]`: 1 for stated rows, else 0. */
  readonly isStated: Value;
}

/**
 * @param assignment - from {@link assignmentOf}
 * @param batchImages - images of the whole batch, of which this graph may see a part
 */
export function rowWeights(assignment: Value, { rowNumber, stated }: RowInputs, batchImages: number): RowWeights {
  const [rows] = rowNumber.shape as readonly [Dimension];
  const column = (x: Value): Value => reshape(x, [rows, 1]);
  const one = scalar(assignment, 1);
  const statedAssignment = multiply(assignment, column(stated));
  const isStated = reduceSum(statedAssignment, [1], true);
  const sameImage = matmul(statedAssignment, transpose(statedAssignment, [1, 0]));
  const itself = cast(equal(column(rowNumber), reshape(rowNumber, [1, rows])), 'float32');
  const count = maximum(reduceSum(sameImage, [1], true), one);
  const others = maximum(subtract(count, one), one);
  const perImage = scalar(count, batchImages);
  const row = divide(isStated, multiply(count, perImage));
  const pair = divide(multiply(sameImage, subtract(one, itself)), multiply(multiply(count, others), perImage));
  return { row, pair, isStated };
}

/** So far below every number that adding it leaves nothing of the number, and its exponential is zero. */
export const LOWEST = -1e30;

/** Shares of the rows of each picture in a place: a softmax over the rows of one picture. */
export interface RowShares {
  /** `[rows, rows]`: 1 for two rows of one picture that both count. */
  readonly sameImage: Value;
  /** `[rows, n]`; 0 for a row that does not count. */
  readonly share: Value;
  /** Its logarithm; 0 for a row that does not count. */
  readonly logShare: Value;
}

/**
 * `softmax(x)` over the rows of each picture.
 *
 * A number of each picture's own is subtracted first, so that large values of one do not drown another. For `own` it is
 * the picture's peak, which needs `[rows, images, n]`; for `common`, where that is too much (pixels), it is the
 * picture's mean plus the largest distance from a mean over all pictures.
 *
 * @param x - `[rows, n]`
 * @param membership - `[rows, images]`, one-hot, zero for rows that do not count
 */
export function sharesWithinImages(x: Value, membership: Value, peak: 'own' | 'common' = 'own'): RowShares {
  const [rows, images] = membership.shape as readonly [Dimension, number];
  const [, n] = x.shape as readonly [Dimension, number];
  const sameImage = matmul(membership, transpose(membership, [1, 0]));
  const counts = reduceSum(membership, [1], true);
  const lowered = (value: Value, kept: Value): Value =>
    add(value, multiply(subtract(scalar(kept, 1), kept), scalar(kept, LOWEST)));
  const peakOf = (): Value => {
    if (peak === 'own') {
      const within = lowered(reshape(x, [rows, 1, n]), reshape(membership, [rows, images, 1]));
      return matmul(membership, reduceMax(within, [0], false));
    }
    const mean = divide(matmul(sameImage, x), maximum(reduceSum(sameImage, [1], true), scalar(x, 1)));
    return add(mean, reduceMax(lowered(subtract(x, mean), counts), [0], true));
  };
  const relative = multiply(subtract(x, stopGradient(peakOf())), counts);
  const claims = multiply(exp(relative), counts);
  const summed = matmul(sameImage, claims);
  const sums = add(summed, cast(equal(summed, scalar(summed, 0)), summed.dtype));
  return { sameImage, share: divide(claims, sums), logShare: subtract(relative, log(sums)) };
}

/** `log(1 + e^z) − z y`, elementwise, with `log(1 + e^z) = max(z, 0) + log(1 + e^−|z|)`, which loses no digits. */
export function binaryCrossEntropy(z: Value, target: Value): Value {
  const softplus = add(relu(z), log(add(scalar(z, 1), exp(multiply(abs(z), scalar(z, -1))))));
  return subtract(softplus, multiply(z, target));
}

/** `log Σ e^x` along an axis, which stays. */
export function logSum(x: Value, axis: number): Value {
  const largest = stopGradient(reduceMax(x, [axis], true));
  return add(log(reduceSum(exp(subtract(x, largest)), [axis], true)), largest);
}

/** Rows of length one: `x / max(‖x‖, 1e-12)`, as PyTorch's `normalize`. */
export function unit(x: Value): Value {
  return divide(x, sqrt(maximum(reduceSum(multiply(x, x), [1], true), scalar(x, 1e-24))));
}

/** Each row less its mean, over its standard deviation. */
export function standardized(x: Value): Value {
  const centered = subtract(x, rowMean(x));
  return divide(centered, sqrt(add(rowMean(multiply(centered, centered)), scalar(x, 1e-6))));
}

/** The mean of each row: `[rows, n]` → `[rows, 1]`. */
export function rowMean(x: Value): Value {
  return multiply(reduceSum(x, [1], true), scalar(x, 1 / (x.shape[1] as number)));
}

/** Σ of everything in a value, as a scalar. */
export function total(x: Value): Value {
  return reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );
}

/** Σ of several scalars. */
export function sum(terms: readonly Value[]): Value {
  const [first, ...rest] = terms;
  if (first === undefined) throw new RangeError('internal: a sum must have terms, got none');
  return rest.reduce((value, term) => add(value, term), first);
}
