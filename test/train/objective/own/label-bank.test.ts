import { ops, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { tapFeatures } from '../../../../packages/train/src/objective/own/label-bank.ts';
import { feed, valueAndGradients } from '../numeric.ts';

describe('tapFeatures()', () => {
  it('puts the patches of all taps side by side, standardized, and leaves the class tokens out', async () => {
    const inputs: Record<string, TensorData> = {
      shallow: feed([90, 91, 1, 2, 3, 4], [1, 3, 2]),
      deep: feed([92, 5, 6], [1, 3, 1]),
      mean: feed([1, 0, 4], [3]),
      deviation: feed([2, 0.5, 1], [3]),
      pick: feed([1, 10, 100, 1000, 10_000, 100_000], [1, 2, 3]),
    };
    // As digits of one number: (1 − 1) / 2, 2 / 0.5, 5 − 4; (3 − 1) / 2, 4 / 0.5, 6 − 4.
    const { value } = await valueAndGradients(inputs, ['shallow'], ({ shallow, deep, mean, deviation, pick }) =>
      ops.reduceSum(
        ops.multiply(tapFeatures([shallow as Value, deep as Value], mean as Value, deviation as Value), pick as Value),
        [0, 1, 2],
      ),
    );
    expect(value).toBe(0 + 40 + 100 + 1000 + 80_000 + 200_000);
  });
});
