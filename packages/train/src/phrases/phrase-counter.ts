/**
 * Counts of phrases in bounded memory.
 *
 * Up to `limit` different phrases, counts are exact. Beyond, the frequent-items rule of Misra and Gries applies: when
 * the table is full, the median count is subtracted from every phrase, and those left with nothing are dropped. A
 * phrase's true count then lies between its count here and that plus {@link PhraseCounter.error}, and every phrase seen
 * more often than `error` times is in the table. The number of distinct phrases is estimated by HyperLogLog.
 */

const REGISTER_BITS = 14;
const REGISTERS = 1 << REGISTER_BITS;

/** A phrase and its count. */
export interface PhraseCount {
  readonly phrase: string;
  readonly count: number;
}

/** Counts phrases. */
export class PhraseCounter {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();
  #sketch: Uint8Array | undefined;
  #error = 0;
  #total = 0;

  /** @param limit - different phrases kept, about 100 bytes each */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(phrase: string): void {
    this.#total++;
    if (this.#sketch !== undefined) note(this.#sketch, phrase);
    this.#counts.set(phrase, (this.#counts.get(phrase) ?? 0) + 1);
    if (this.#counts.size > this.#limit) this.#shrink();
  }

  /** Phrases counted, with repetitions. */
  get total(): number {
    return this.#total;
  }

  /** Amount by which a count may be too low; 0 while counts are exact. */
  get error(): number {
    return this.#error;
  }

  /** Different phrases: exact while {@link exact} is true, then within about 2 %. */
  get distinct(): number {
    return this.#sketch === undefined ? this.#counts.size : Math.round(estimate(this.#sketch));
  }

  /** True while every phrase has been kept. */
  get exact(): boolean {
    return this.#sketch === undefined;
  }

  /** The phrases in the table, most frequent first; equal ones in alphabetical order. */
  frequent(count = Infinity): PhraseCount[] {
    const all = [...this.#counts].map(([phrase, seen]) => ({ phrase, count: seen }));
    all.sort((a, b) => b.count - a.count || (a.phrase < b.phrase ? -1 : 1));
    return all.slice(0, count);
  }

  #shrink(): void {
    if (this.#sketch === undefined) {
      this.#sketch = new Uint8Array(REGISTERS);
      for (const phrase of this.#counts.keys()) note(this.#sketch, phrase);
    }
    const sorted = Float64Array.from(this.#counts.values()).sort();
    const median = sorted[sorted.length >> 1] as number;
    for (const [phrase, seen] of this.#counts) {
      if (seen > median) this.#counts.set(phrase, seen - median);
      else this.#counts.delete(phrase);
    }
    this.#error += median;
  }
}

/** HyperLogLog (Flajolet et al. 2007): a register keeps the longest run of zeros among the hashes that fall to it. */
function note(registers: Uint8Array, phrase: string): void {
  const [low, high] = hash(phrase);
  const index = low & (REGISTERS - 1);
  const rank = Math.clz32(high) + 1;
  if (rank > (registers[index] as number)) registers[index] = rank;
}

function estimate(registers: Uint8Array): number {
  let sum = 0;
  let empty = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) empty++;
  }
  const raw = ((0.7213 / (1 + 1.079 / REGISTERS)) * (REGISTERS * REGISTERS)) / sum;
  return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw;
}

/** Two independent 32-bit hashes (cyrb53's mixing). */
function hash(text: string): [number, number] {
  let first = 0xdeadbeef;
  let second = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const letter = text.charCodeAt(index);
    first = Math.imul(first ^ letter, 2654435761);
    second = Math.imul(second ^ letter, 1597334677);
  }
  first = Math.imul(first ^ (first >>> 16), 2246822507) ^ Math.imul(second ^ (second >>> 13), 3266489909);
  second = Math.imul(second ^ (second >>> 16), 2246822507) ^ Math.imul(first ^ (first >>> 13), 3266489909);
  return [first >>> 0, second >>> 0];
}
