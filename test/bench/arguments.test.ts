import { describe, expect, it } from 'vitest';
import { countOf, oneOf, rateOf, someOf } from '../../bench/support/arguments.ts';

describe('arguments of a bench', () => {
  it('are counts', () => {
    expect([countOf('steps', '12'), countOf('seed', '0', 0)]).toEqual([12, 0]);
    for (const given of ['0', '1.5', 'x', ''])
      expect(() => countOf('steps', given)).toThrow(
        `Cannot run bench: --steps must be an integer from 1, got ${given}`,
      );
    expect(() => countOf('seed', '', 0)).toThrow('Cannot run bench: --seed must be an integer from 0, got ');
  });

  it('are rates', () => {
    expect(rateOf('learning-rate', '1e-4')).toBe(1e-4);
    for (const given of ['0', '-1', 'x', 'Infinity'])
      expect(() => rateOf('learning-rate', given)).toThrow(
        `Cannot run bench: --learning-rate must be a number above 0, got ${given}`,
      );
  });

  it('are one of several words, or some of them in their own order', () => {
    const words = ['one', 'two', 'three'] as const;
    expect([
      oneOf('words', 'two', words),
      someOf('words', 'three, one', words),
      someOf('words', undefined, words),
    ]).toEqual(['two', ['one', 'three'], ['one', 'two', 'three']]);
    expect(() => oneOf('words', 'four', words)).toThrow(
      'Cannot run bench: --words must be one of one, two, three, got four',
    );
    expect(() => someOf('words', 'one,four', words)).toThrow(
      'Cannot run bench: --words must be one of one, two, three, got four',
    );
  });
});
