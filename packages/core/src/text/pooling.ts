/** Several sentences about one label, pooled into one embedding. */
import { choice, type Option } from '../guard/options.ts';

/**
 * The mean of the embeddings as they are; or the mean of their directions, with the mean of their lengths, so that a
 * long embedding counts no more than a short one. Where only directions count, as in a cosine, pooling ends in one; the
 * decoders here were trained with embeddings of their own length, which is kept.
 */
export type Pooling = (typeof POOLINGS)[number];

const POOLINGS = ['mean', 'directions'] as const;

/** The option for pooling. */
export function poolingOption(): Option<Pooling> {
  return choice(POOLINGS);
}

/** Embeddings of some labels, pooled as they come. */
export class PooledEmbeddings {
  readonly #pooling: Pooling;
  readonly #dimension: number;
  readonly #sums: Float32Array;
  readonly #lengths: Float64Array;
  readonly #counts: readonly number[];

  /** @param counts - sentences of each label */
  constructor(counts: readonly number[], dimension: number, pooling: Pooling) {
    this.#pooling = pooling;
    this.#dimension = dimension;
    this.#counts = counts;
    this.#sums = new Float32Array(counts.length * dimension);
    this.#lengths = new Float64Array(counts.length);
  }

  /** Adds the embedding of one of a label's sentences. */
  add(label: number, embedding: Float32Array): void {
    const length = this.#pooling === 'mean' ? 1 : Math.hypot(...embedding);
    const share = 1 / this.#counts[label]!;
    this.#lengths[label]! += share * length;
    const weight = length === 0 ? 0 : share / length;
    const start = label * this.#dimension;
    for (let i = 0; i < this.#dimension; i++) this.#sums[start + i]! += weight * embedding[i]!;
  }

  /** The pooled embeddings, float32 `[labels, dimension]`, flat. To be called once. */
  result(): Float32Array {
    if (this.#pooling === 'mean') return this.#sums;
    for (const [label, length] of this.#lengths.entries()) {
      const sum = this.#sums.subarray(label * this.#dimension, (label + 1) * this.#dimension);
      const direction = Math.hypot(...sum);
      if (direction > 0) sum.forEach((value, i) => (sum[i] = (value * length) / direction));
    }
    return this.#sums;
  }
}
