import { describe, expect, it } from 'vitest';
import { deviation, mean, meanAndDeviation, percent } from '../../bench/support/statistics.ts';

describe('mean and deviation', () => {
  it('are those of a sample', () => {
    expect([mean([2, 4, 9]), deviation([2, 4, 9])]).toEqual([5, Math.sqrt((9 + 1 + 16) / 2)]);
    expect(deviation([7, 7])).toBe(0);
    expect(deviation([7])).toBeNaN();
  });

  it('stand beside each other; one sample has no deviation, none has nothing', () => {
    expect([
      meanAndDeviation([2, 4, 9]),
      meanAndDeviation([2, 4, 9], 2),
      meanAndDeviation([3.14]),
      meanAndDeviation([]),
    ]).toEqual(['5.0 ± 3.6', '5.00 ± 3.61', '3.1', '']);
  });
});

describe('percent()', () => {
  it('is the share as a number of percent', () => {
    expect([percent(0.4657), percent(0.4657, 2), percent(1)]).toEqual(['46.6', '46.57', '100.0']);
  });
});
