/** One training example, before decoding. */

/** A picture with its categories and mask. */
export interface Sample {
  /** Stable name for messages: a path, or `shard.tar/key`. */
  readonly key: string;
  /** Path, or the bytes of the file. */
  readonly image: string | Uint8Array;
  /** Unique noun phrases or tags: lower case, trimmed, in the order given. */
  readonly categories: readonly string[];
  /** Index mask as 8-bit PNG of the picture's size: path, or the bytes of the file, which may be made on demand. */
  readonly mask?: string | Uint8Array | Promise<Uint8Array>;
  /** Place of its set among those of the dataset; undefined where there is one alone. */
  readonly set?: number;
  /** `Int16Array, [256]`: the class that each mask value stands for, 255 for none; below 0 where it must not occur. */
  readonly maskValues?: Int16Array;
}

/** A sample whose mask is made when it is read: training on captions alone does not pay for it. */
export function withLazyMask(sample: Omit<Sample, 'mask'>, make: () => Promise<Uint8Array>): Sample {
  return {
    ...sample,
    get mask(): Promise<Uint8Array> {
      return make();
    },
  };
}

/**
 * Lower-cases and trims names, drops empty ones and repeats, keeps the order.
 *
 * @example
 * ```ts
 * import { uniqueCategories } from './sample.ts';
 * console.assert(uniqueCategories(['Dress ', 'red  shoe', 'dress', '']).join() === 'dress,red shoe');
 * ```
 */
export function uniqueCategories(names: Iterable<string>): string[] {
  const cleaned = Array.from(names, (name) => name.trim().replace(/\s+/g, ' ').toLowerCase());
  return [...new Set(cleaned)].filter((name) => name !== '');
}
