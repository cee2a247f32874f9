/**
 * Random numbers that follow from their purpose, such as (seed, epoch, sample), and not from earlier draws, so that a
 * position in the data suffices to resume. sfc32, seeded through murmur3's mixing.
 */

const WARM_UP = 12;

/**
 * Uniform random numbers; equal seeds give equal numbers on every machine.
 *
 * @example
 * ```ts
 * import { Random } from './random.ts';
 * console.assert(new Random(42, 'flip').next() === new Random(42, 'flip').next());
 * console.assert(new Random(42, 'flip').next() !== new Random(43, 'flip').next());
 * ```
 */
export class Random {
  readonly #state = Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 1);

  constructor(...seed: readonly (number | string)[]) {
    for (const part of seed) {
      for (const word of wordsOf(part)) {
        for (let index = 0; index < 3; index++) this.#state[index] = mixed(this.#state[index]! + index, word);
      }
    }
    for (let round = 0; round < WARM_UP; round++) this.#step();
  }

  /** The next number, 0 ≤ x < 1. */
  next(): number {
    return this.#step() / 2 ** 32;
  }

  /** The next integer, 0 ≤ x < `end`. */
  integer(end: number): number {
    return Math.floor(this.next() * end);
  }

  #step(): number {
    const state = this.#state;
    const [a, b, c, counter] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + result;
    state[3] = counter + 1;
    return result;
  }
}

/** The numbers 0 … `size` − 1 in random order (Fisher–Yates). */
export function permutation(size: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
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
