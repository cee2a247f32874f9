import { describe, expect, it } from 'vitest';
import { backoffSeconds, checkReconnect, refusedSeconds } from '../../../packages/video/src/live/backoff.ts';

describe('backoffSeconds()', () => {
  it('doubles its bound with each failure, up to the longest', () => {
    const bound = (failures: number): number => backoffSeconds(failures, { random: () => 1 });
    expect([1, 2, 3, 4, 5, 6, 7, 8, 2000].map(bound)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(backoffSeconds(3, { minDelaySeconds: 0.1, maxDelaySeconds: 0.3, random: () => 1 })).toBe(0.3);
  });

  it('waits any part of it', () => {
    expect([0, 0.25, 0.999].map((chance) => backoffSeconds(3, { random: () => chance }))).toEqual([0, 0.5, 1.998]);
    const waits = Array.from({ length: 200 }, () => backoffSeconds(4, {}));
    expect(Math.min(...waits)).toBeLessThan(1);
    expect(Math.max(...waits)).toBeGreaterThan(3);
    expect(Math.max(...waits)).toBeLessThan(4);
  });
});

describe('refusedSeconds()', () => {
  it('is some steps ahead, and never short', () => {
    const waits = (chance: number): number[] =>
      [1, 2, 3].map((failures) => refusedSeconds(failures, { random: () => chance }));
    expect([waits(0), waits(1)]).toEqual([
      [4, 8, 15],
      [8, 16, 30],
    ]);
  });
});

it('checkReconnect() refuses other kinds, names and numbers', () => {
  expect(() => checkReconnect(3 as never)).toThrow(
    new TypeError('Cannot read source: reconnect must be an object, got 3'),
  );
  expect(() => checkReconnect({ maxAttempt: 2 } as never)).toThrow(
    'Cannot read source: reconnect must have known names, got "maxAttempt" (did you mean "maxAttempts"?)',
  );
  expect(() => checkReconnect({ maxAttempts: Symbol('x') as never })).toThrow(
    'Cannot read source: maxAttempts must be a whole number of at least 1, got a symbol',
  );
  expect(() => checkReconnect({ minDelaySeconds: {} as never })).toThrow(
    'Cannot read source: minDelaySeconds must be a number of seconds of at least 0, got an object',
  );
});
