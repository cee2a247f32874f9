/** From a drawn sample to its place in a batch: the categories that are kept, and the decoded bytes. */
import { messageOf } from '@synseg/core/guards';
import type { PictureLimits } from '../image/picture.ts';
import type { Augmentation } from './data-options.ts';
import { drawNumbers, type Drawn } from './dataset.ts';
import type { DecodePool } from './decode-pool.ts';
import { Random, permutation } from './random.ts';

/** Outcome of preparing a sample. */
type Outcome = 'usable' | 'corrupt' | 'withoutPhrases' | 'withoutMask';

/** A sample ready for a batch, or the reason why it is not. */
export interface Prepared {
  readonly drawn: Drawn;
  readonly outcome: Outcome;
  /** Problem of a corrupt sample. */
  readonly problem?: string;
  readonly categories: readonly string[];
  /** All known categories, of which `categories` were chosen. */
  readonly said: readonly string[];
  /** Categories left out as unknown. */
  readonly unknown: readonly string[];
  /** Number of categories left out as too many. */
  readonly truncated: number;
  /** Pixels `[height, width, 3]`, where asked for, then the mask `[height, width]`, where there is one. */
  readonly decoded?: ArrayBuffer | undefined;
}

/** Options of {@link SamplePreparer}. */
export interface PrepareOptions {
  readonly pixels: boolean;
  readonly masks: boolean | 'required';
  readonly inputSize: readonly [height: number, width: number];
  readonly seed: number;
  readonly augmentation: Augmentation;
  readonly maxCategories: number;
  readonly known: (category: string) => boolean;
  readonly ignoreIndex: number | undefined;
  readonly limits: PictureLimits;
}

/** Prepares samples for batches. */
export class SamplePreparer {
  readonly #pool: DecodePool | undefined;
  readonly #options: PrepareOptions;

  constructor(pool: DecodePool | undefined, options: PrepareOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** Chooses categories and decodes; a sample that is left out is not decoded. */
  async prepare(drawn: Drawn): Promise<Prepared> {
    const { known, masks, maxCategories, seed } = this.#options;
    const { sample } = drawn;
    const all = sample.categories.filter((category) => known(category));
    const unknown = sample.categories.filter((category) => !known(category));
    const categories = choose(all, maxCategories, new Random(seed, ...drawNumbers(drawn), 'categories'));
    const parts = { drawn, categories, said: all, unknown, truncated: all.length - categories.length };
    let mask: string | Uint8Array | undefined;
    try {
      mask = masks === false ? undefined : await sample.mask;
    } catch (error) {
      return { ...parts, outcome: 'corrupt', problem: messageOf(error) }; // instances that cannot be painted
    }
    if (masks === 'required' && mask === undefined) return { ...parts, outcome: 'withoutMask' };
    if (categories.length === 0 && mask === undefined) return { ...parts, outcome: 'withoutPhrases' };
    const decoded = await this.#decode(drawn, mask);
    if (typeof decoded === 'string') return { ...parts, outcome: 'corrupt', problem: decoded };
    return { ...parts, outcome: 'usable', decoded };
  }

  /** The bytes, or the problem. */
  async #decode(drawn: Drawn, mask: string | Uint8Array | undefined): Promise<ArrayBuffer | string | undefined> {
    const { sample } = drawn;
    const { pixels, inputSize, seed, augmentation, ignoreIndex, limits } = this.#options;
    if (this.#pool === undefined || (!pixels && mask === undefined)) return undefined;
    const [height, width] = inputSize;
    const result = await this.#pool.run({
      name: sample.key,
      width,
      height,
      augmentation,
      seed: [seed, ...drawNumbers(drawn)],
      limits,
      ...(pixels ? { image: sample.image } : {}),
      mask,
      ignoreIndex,
      maskValues: sample.maskValues,
    });
    return result instanceof ArrayBuffer ? result : result.problem;
  }
}

/** `count` of the names at random, in their order. */
function choose(names: readonly string[], count: number, random: Random): readonly string[] {
  if (names.length <= count) return names;
  const chosen = permutation(names.length, random).subarray(0, count).sort();
  return Array.from(chosen, (index) => names[index]!);
}
