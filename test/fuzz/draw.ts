/**
 * Random choices of one case. They follow from seed, subject and number of the case alone, so that each can be
 * repeated.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';

type Generate = ReturnType<typeof fc.gen> extends fc.Arbitrary<infer Value> ? Value : never;

/** Draws what a case is made of. */
export class Draw {
  readonly #next: Generate;

  constructor(seed: number, subject: string, number: number) {
    const bytes = createHash('sha256')
      .update(`${String(seed)} ${subject} ${String(number)}`)
      .digest();
    [this.#next] = fc.sample(fc.gen(), { seed: bytes.readInt32LE(0), numRuns: 1 }) as [Generate];
  }

  /** An integer, ends included. */
  integer(least: number, most: number): number {
    return this.#next(fc.integer, { min: least, max: most });
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.integer(1, times) === 1;
  }

  pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.integer(0, choices.length - 1)] as Choice;
  }

  /**
   * A short text: letters, any characters of Unicode, or halves of characters. No slash, so that as a path it leads
   * nowhere else.
   */
  text(): string {
    const drawn = this.#next(fc.string, {
      unit: this.pick(['grapheme-ascii', 'binary', 'grapheme'] as const),
      maxLength: 12,
    });
    return drawn.replace(/[/\\]|\.\./g, '_');
  }

  number(): number {
    return this.once(2) ? this.#next(fc.double) : this.integer(-(2 ** 31), 2 ** 31 - 1);
  }

  /** Any value of the language, nested or not. */
  anything(): unknown {
    const value = this.#next(fc.anything, {
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      maxDepth: 2,
      maxKeys: 4,
    });
    return typeof value === 'string' ? this.text() : value;
  }

  bytes(length: number): Uint8Array {
    return this.#next(fc.uint8Array, { minLength: length, maxLength: length });
  }
}
