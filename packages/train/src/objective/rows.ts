/**
 * Who is who among the rows of a batch. A row is one (image, label) pair; the batch's images have different numbers of
 * them, and rows that only fill a bucket belong to no image and weigh nothing, exactly.
 */
import { ops, shapeOps, type Dimension, type Graph, type Value } from '@synseg/core/graph';
import { stopGradient } from '../autodiff/gradients.ts';

const { add, cast, divide, equal, exp, matmul, maximum, multiply, reduceMax, reduceSum, scalar, subtract } = ops;
const { reshape, transpose } = shapeOps;

/** Graph inputs that say what each row is. */
export interface RowInputs {
  /** int32 `[rows]`: the row's image, −1 for a row that fills the bucket. */
  readonly imageOfRow: Value;
  /** float32 `[rows]`: 0, 1, 2, … */
  readonly rowNumber: Value;
  /** float32 `[rows]`: 1 when the label is said of the image, 0 for one that is not (or may not be). */
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

/** So far below every number that adding to it leaves it as it is. */
const LOWEST = -1e30;

/**
 * Rows that do not count set to {@link LOWEST}, exactly, so that no maximum and no softmax over rows sees what was in
 * them.
 *
 * @param x - `[rows, n]`
 * @param counts - `[rows, 1]`: 1 for rows that count, else 0
 */
export function excluding(x: Value, counts: Value): Value {
  return add(x, multiply(subtract(scalar(counts, 1), counts), scalar(counts, LOWEST)));
}

/**
 * Rows as they enter a softmax over the rows of their picture: less the picture's mean, which that softmax does not see
 * and without which one picture's large numbers would drown another's, and {@link excluding} those that do not count.
 *
 * @param x - `[rows, n]`
 * @param membership - `[rows, images]`, one-hot, zero for rows that do not count
 */
export function competing(x: Value, membership: Value): Value {
  const sameImage = matmul(membership, transpose(membership, [1, 0]));
  const mean = divide(matmul(sameImage, x), maximum(reduceSum(sameImage, [1], true), scalar(x, 1)));
  return excluding(subtract(x, stopGradient(mean)), reduceSum(membership, [1], true));
}

/** How the rows of each picture share a place: a softmax over the rows of one picture, in parts. */
export interface RowShares {
  /** `[rows, rows]`: 1 for two rows of one picture that both count. */
  readonly sameImage: Value;
  /** What enters the exponential, at most 0: `[rows, n]` */
  readonly relative: Value;
  /** `exp(relative)` */
  readonly claims: Value;
  /** Σ of the claims of the row's picture; 1 for a row that does not count. */
  readonly sums: Value;
}

/**
 * The parts of `softmax(x)` over the rows of each picture: the share is `claims / sums`, its logarithm
 * `relative − log(sums)`, far below 0 for a row that does not count.
 *
 * @param x - `[rows, n]`
 * @param membership - `[rows, images]`, one-hot, zero for rows that do not count
 */
export function sharesWithinImages(x: Value, membership: Value): RowShares {
  const rivals = competing(x, membership);
  const relative = subtract(rivals, stopGradient(reduceMax(rivals, [0], true)));
  const claims = exp(relative);
  const sameImage = matmul(membership, transpose(membership, [1, 0]));
  const sums = matmul(sameImage, claims);
  return { sameImage, relative, claims, sums: add(sums, cast(equal(sums, scalar(sums, 0)), sums.dtype)) };
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
