/**
 * Random numbers that follow from what they are for, and from nothing drawn before: a scene is the same alone, in a
 * worker, or as the thousandth of a run. sfc32, seeded through murmur3's mixing; 32-bit integers only, so that every
 * platform gets the same bits. Tests and benches draw from it too. The trainer has its own, which may change without
 * changing a picture.
 */

const WARM_UP = 12;

/**
 * Uniform random numbers; equal seeds give equal numbers on every machine.
 *
 * @example
 * ```ts
 * import { Random } from './random.ts';
 * console.assert(new Random('tree', 7).next() === new Random('tree', 7).next());
 * ```
 */
export class Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c = 0xb7e15162;
  #counter = 1;

  constructor(...seed: readonly (number | string)[]) {
    for (const part of seed) {
      for (const word of wordsOf(part)) {
        this.#a = mixed(this.#a, word);
        this.#b = mixed(this.#b + 1, word);
        this.#c = mixed(this.#c + 2, word);
      }
    }
    for (let round = 0; round < WARM_UP; round++) this.bits();
  }

  /** The next 32 bits, 0 … 2³² − 1. */
  bits(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    return result;
  }

  /** The next number, 0 ≤ x < 1. */
  next(): number {
    return this.bits() / 2 ** 32;
  }

  /** The next number, `low` ≤ x < `high`. */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** The next integer, `low` ≤ x ≤ `high`. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the entries, each as likely. @throws RangeError when there is none */
  pick<Entry>(entries: readonly Entry[]): Entry {
    if (entries.length === 0) throw new RangeError('Cannot pick: entries must not be empty, got an empty list');
    return entries[Math.floor(this.next() * entries.length)]!;
  }

  /** One of the keys, as likely as its weight says. */
  weighted<Key extends string>(weights: Readonly<Partial<Record<Key, number>>>): Key {
    const entries = Object.entries(weights) as [Key, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return this.pick(entries)[0];
  }

  /** The entries in random order (Fisher–Yates). */
  shuffled<Entry>(entries: readonly Entry[]): Entry[] {
    const order = [...entries];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.integer(0, last);
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }
}

function mixed(hash: number, word: number): number {
  let value = (hash ^ word) >>> 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** A number as two 32-bit words, a text as its length and code points. */
function wordsOf(part: number | string): number[] {
  if (typeof part === 'number') return [part >>> 0, Math.floor(part / 2 ** 32) >>> 0];
  return [part.length, ...Array.from(part, (letter) => letter.codePointAt(0)!)];
}
