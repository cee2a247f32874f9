import { describe, expect, it } from 'vitest';
import { Random, permutation } from '../../../packages/train/src/data/random.ts';

const first = (...seed: readonly (number | string)[]): number => new Random(...seed).next();

describe('Random', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    const random = new Random(42, 3, 'view');
    expect([random.next(), random.next(), random.integer(1000)]).toEqual([
      0.20548498560674489, 0.8526256217155606, 962,
    ]);
  });

  it('gives other numbers for every other seed, also far above 32 bits', () => {
    const seeds: (readonly (number | string)[])[] = [
      [0],
      [1],
      [2 ** 32],
      [2 ** 32 + 1],
      [0, 0],
      [0, 1],
      [1, 0],
      ['a'],
      ['b'],
      [0, 'a'],
      ['a', 0],
      [-1],
      ['ab'],
      ['a', 'b'],
    ];
    expect(new Set(seeds.map((seed) => first(...seed))).size).toBe(seeds.length);
  });

  it('is uniform over neighboring seeds, as samples of an epoch have them', () => {
    const bins = new Array<number>(10).fill(0);
    for (let index = 0; index < 20_000; index++) bins[Math.floor(first(42, 0, index) * 10)]! += 1;
    for (const count of bins) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(2000));
  });

  it('is uniform within one seed', () => {
    const random = new Random(7);
    let [sum, squares] = [0, 0];
    for (let index = 0; index < 20_000; index++) {
      const value = random.next();
      sum += value;
      squares += value * value;
    }
    expect(sum / 20_000).toBeCloseTo(0.5, 1.7);
    expect(squares / 20_000).toBeCloseTo(1 / 3, 1.7);
  });
});

describe('permutation()', () => {
  it('holds every number once, in an order of its own for each seed', () => {
    const order = permutation(100, new Random(1));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(order).toEqual(permutation(100, new Random(1)));
    expect(order).not.toEqual(permutation(100, new Random(2)));
    expect([...permutation(0, new Random(1))]).toEqual([]);
  });

  it('puts each number in each place equally often', () => {
    const counts = new Array<number>(5).fill(0);
    for (let seed = 0; seed < 5000; seed++) counts[permutation(5, new Random(seed))[0]!]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});
