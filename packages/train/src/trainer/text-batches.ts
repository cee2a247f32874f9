/** Batches of texts: every epoch each text once, in an order that follows from seed and epoch. */
import { promptBatch } from '@synseg/core/checkpoint';
import { START, type DatasetPosition } from '../data/dataset.ts';
import { Random, permutation } from '../data/random.ts';
import type { BatchSource, PreparedBatch } from './batch-source.ts';
import type { TextBatch } from './protocol.ts';

/** A text as the encoder takes it, and the place of its vector. */
export interface TokenizedText {
  readonly text: string;
  readonly ids: readonly number[];
  readonly row: number;
}

/** Texts whose names a message holds. */
const NAMED = 8;

/** A batch as the step graph takes it, which asks for one length of all texts. */
export function textBatch(
  texts: readonly TokenizedText[],
  tokens: number,
  vectors: Float32Array,
  dim: number,
): TextBatch {
  const targets = new Float32Array(texts.length * dim);
  texts.forEach(({ row }, index) => targets.set(vectors.subarray(row * dim, (row + 1) * dim), index * dim));
  return {
    texts: texts.length,
    prompts: promptBatch(
      texts.map(({ ids }) => ids),
      tokens,
    ),
    targets,
  };
}

/**
 * Draws texts without end. Drawn by text and not by name: what is not seen is not learned, and of a name with 500 texts
 * a draw of names would show each text once in 500 epochs.
 */
export class TextBatches implements BatchSource {
  readonly #texts: readonly TokenizedText[];
  readonly #compose: (texts: readonly TokenizedText[]) => TextBatch;
  readonly #size: number;
  readonly #seed: number;
  #position: DatasetPosition;
  #order: Uint32Array;

  /** @param compose - makes the batch of the texts drawn */
  constructor(
    texts: readonly TokenizedText[],
    compose: (texts: readonly TokenizedText[]) => TextBatch,
    { batchSize, seed, from = START }: { batchSize: number; seed: number; from?: DatasetPosition | undefined },
  ) {
    this.#texts = texts;
    this.#compose = compose;
    this.#size = batchSize;
    this.#seed = seed;
    this.#position = from;
    this.#order = this.#orderOf(from.epoch);
  }

  next(): Promise<PreparedBatch> {
    const drawn = Array.from({ length: this.#size }, () => this.#draw());
    const keys = drawn.slice(0, NAMED).map(({ text }) => text);
    return Promise.resolve({ micro: [this.#compose(drawn)], keys, after: this.#position });
  }

  #draw(): TokenizedText {
    let { epoch, consumed } = this.#position;
    if (consumed === this.#texts.length) {
      [epoch, consumed] = [epoch + 1, 0];
      this.#order = this.#orderOf(epoch);
    }
    this.#position = { epoch, consumed: consumed + 1 };
    return this.#texts[this.#order[consumed] as number] as TokenizedText;
  }

  #orderOf(epoch: number): Uint32Array {
    return permutation(this.#texts.length, new Random(this.#seed, 'texts', epoch));
  }
}
