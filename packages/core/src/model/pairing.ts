/** Rows of (picture, label): every picture with every label, or one assigned picture per row. */
import { expectOperand, type Value } from '../graph/graph.ts';
import { matmul } from '../graph/ops.ts';
import { reshape } from '../graph/shape-ops.ts';
import { productOf, type Dimension } from '../graph/tensor-type.ts';

/** The pairing of a picture's values `[images, …inner]` with a label's `[labels, …]` in rows. */
export interface Pairing {
  readonly rows: Dimension;
  /** Shape of a row's values where they meet their picture's and their label's. */
  readonly state: readonly Dimension[];
  /** Gives a picture's values to each of its rows; broadcasts to {@link Pairing.state}. */
  readonly perImage: (x: Value) => Value;
  /** Gives a label's values, of as many axes as a row's, to each of its rows; broadcasts to {@link Pairing.state}. */
  readonly perLabel: (x: Value) => Value;
}

/**
 * Pairs pictures and labels.
 *
 * @param inner - shape of a picture's values
 * @param text - text embeddings `[labels, embeddingDim]`
 * @param assignment - `[rows, images]`, one-hot: row r is text r on that picture; without it every label meets every
 *   picture, labels within pictures. A row of zeros belongs to no picture.
 */
export function pair(images: Dimension, inner: readonly number[], text: Value, assignment: Value | undefined): Pairing {
  const [labels] = text.shape as readonly [Dimension];
  if (assignment === undefined) {
    return {
      rows: productOf([images, labels]),
      state: [images, labels, ...inner],
      perImage: (x) => reshape(x, [images, 1, ...inner]),
      perLabel: (x) => reshape(x, [1, ...x.shape]),
    };
  }
  expectOperand('decode', 'assignment', assignment, text.dtype, [labels, images]);
  const state = [labels, ...inner] as const;
  // A product with a one-hot matrix is exact, and its gradient is a product as well.
  return {
    rows: labels,
    state,
    perImage: (x) => reshape(matmul(assignment, reshape(x, [images, productOf(inner)])), state),
    perLabel: (x) => x,
  };
}
