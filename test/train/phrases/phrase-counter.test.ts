/** Counting phrases: exact while they fit, bounded and honest beyond. */
import { describe, expect, it } from 'vitest';
import { PhraseCounter } from '../../../packages/train/src/phrases/phrase-counter.ts';
import { uniform } from '../../support/random.ts';

describe('PhraseCounter', () => {
  it('counts exactly up to its limit', () => {
    const counter = new PhraseCounter(3);
    for (const phrase of ['b', 'a', 'c', 'a']) counter.add(phrase);
    expect(counter.frequent()).toEqual([
      { phrase: 'a', count: 2 },
      { phrase: 'b', count: 1 },
      { phrase: 'c', count: 1 },
    ]);
    expect(counter.frequent(1)).toEqual([{ phrase: 'a', count: 2 }]);
    expect([counter.total, counter.distinct, counter.exact, counter.error]).toEqual([4, 3, true, 0]);
  });

  it('keeps every true count between its count and that plus the error, in bounded memory', () => {
    const limit = 1000;
    const counter = new PhraseCounter(limit);
    const truth = new Map<string, number>();
    // Frequency of the n-th phrase falls as 1/n, as in language; seeded.
    const next = uniform(42);
    for (let step = 0; step < 200_000; step++) {
      const phrase = `phrase ${Math.floor(Math.exp(next() * Math.log(50_000)))}`;
      truth.set(phrase, (truth.get(phrase) ?? 0) + 1);
      counter.add(phrase);
    }
    const kept = counter.frequent();
    expect(kept.length).toBeLessThanOrEqual(limit);
    expect(counter.exact).toBe(false);
    expect(counter.total).toBe(200_000);
    expect(counter.error).toBeLessThan((2 * 200_000) / limit);
    for (const { phrase, count } of kept) {
      const seen = truth.get(phrase) as number;
      expect(count).toBeLessThanOrEqual(seen);
      expect(count + counter.error).toBeGreaterThanOrEqual(seen);
    }
    const names = new Set(kept.map(({ phrase }) => phrase));
    for (const [phrase, seen] of truth) expect(seen <= counter.error || names.has(phrase)).toBe(true);
    const order = [...truth].sort((a, b) => b[1] - a[1]).map(([phrase]) => phrase);
    expect(kept.slice(0, 10).map(({ phrase }) => phrase)).toEqual(order.slice(0, 10));
  });

  it.each([2_000, 30_000, 300_000])('estimates %i different phrases within 3 %%', (different) => {
    const counter = new PhraseCounter(500);
    for (let index = 0; index < different; index++) counter.add(`phrase ${index}`);
    expect(Math.abs(counter.distinct / different - 1)).toBeLessThan(0.03);
  });
});
