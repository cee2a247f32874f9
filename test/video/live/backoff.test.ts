import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../packages/core/src/guard/options.ts';
import {
  backoffSeconds,
  RECONNECT_OPTIONS,
  refusedSeconds,
  type Backoff,
  type ReconnectOptions,
} from '../../../packages/video/src/live/backoff.ts';

const waits = (options: ReconnectOptions = {}): Backoff => readOptions('wait', RECONNECT_OPTIONS, options);

describe('backoffSeconds()', () => {
  it('doubles its bound with each failure, up to the longest', () => {
    const bound = (failures: number): number => backoffSeconds(failures, waits({ random: () => 1 }));
    expect([1, 2, 3, 4, 5, 6, 7, 8, 2000].map(bound)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(backoffSeconds(3, waits({ minDelaySeconds: 0.1, maxDelaySeconds: 0.3, random: () => 1 }))).toBe(0.3);
  });

  it('waits any part of it', () => {
    expect([0, 0.25, 0.999].map((chance) => backoffSeconds(3, waits({ random: () => chance })))).toEqual([
      0, 0.5, 1.998,
    ]);
    const drawn = Array.from({ length: 200 }, () => backoffSeconds(4, waits()));
    expect(Math.min(...drawn)).toBeLessThan(1);
    expect(Math.max(...drawn)).toBeGreaterThan(3);
    expect(Math.max(...drawn)).toBeLessThan(4);
  });
});

describe('refusedSeconds()', () => {
  it('is some steps ahead, and never short', () => {
    const seconds = (chance: number): number[] =>
      [1, 2, 3].map((failures) => refusedSeconds(failures, waits({ random: () => chance })));
    expect([seconds(0), seconds(1)]).toEqual([
      [4, 8, 15],
      [8, 16, 30],
    ]);
  });
});
