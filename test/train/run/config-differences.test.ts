import { describe, expect, it } from 'vitest';
import { configDifferences, formatDifference } from '../../../packages/train/src/run/config-differences.ts';

describe('configDifferences()', () => {
  it('lists changed, new and missing fields by their path', () => {
    const before = { seed: 42, loss: { weights: [1, 1], gate: 0.1 }, ema: 0.99 };
    const after = { seed: 42, loss: { weights: [1, 2], gate: 0.1, epsilon: 1e-6 } };
    expect(configDifferences(before, after).map(formatDifference)).toEqual([
      'loss.weights: [1,1] → [1,2]',
      'loss.epsilon: nothing → 0.000001',
      'ema: 0.99 → nothing',
    ]);
  });

  it('compares what JSON keeps: undefined fields and the order of fields do not count', () => {
    expect(configDifferences({ a: 1, b: 2 }, { b: 2, a: 1, c: undefined })).toEqual([]);
    expect(configDifferences({ a: null }, { a: NaN })).toEqual([]);
  });

  it('tells a list from an object and null from nothing', () => {
    expect(configDifferences({ a: [] }, { a: {} })).toEqual([{ field: 'a', before: [], after: {} }]);
    expect(configDifferences({ a: null }, {})).toEqual([{ field: 'a', before: null, after: undefined }]);
    expect(configDifferences(undefined, { a: 1 })).toEqual([{ field: '', before: undefined, after: { a: 1 } }]);
  });
});
