/**
 * Tolerances: the graph computes in float32, the reference in float64 from the same float32 numbers. Values within 1e-5
 * relative, gradients within 1e-4 relative in norm: some dozens of roundings of 6e-8 and the sums over them.
 */
import { Graph, ops, type TensorData, type Value } from '@synseg/core/internals';
import { describe, expect, it } from 'vitest';
import { localFeatures, tapFeatures } from '../../../packages/train/src/objective/patch-scores.ts';
import { runOnce } from '../autodiff/numeric.ts';
import { dot, expectGradients, feed, randomMatrix, rowOf, valueAndGradients } from './numeric.ts';

const IMAGES = 2;

describe('tapFeatures()', () => {
  it('puts the patches of all taps side by side, standardised, and leaves the class tokens out', async () => {
    const inputs: Record<string, TensorData> = {
      shallow: feed([90, 91, 1, 2, 3, 4], [1, 3, 2]),
      deep: feed([92, 5, 6], [1, 3, 1]),
      mean: feed([1, 0, 4], [3]),
      deviation: feed([2, 0.5, 1], [3]),
      pick: feed([1, 10, 100, 1000, 10_000, 100_000], [1, 2, 3]),
    };
    // As digits of one number: (1 − 1) / 2, 2 / 0.5, 5 − 4; (3 − 1) / 2, 4 / 0.5, 6 − 4.
    const { value } = await valueAndGradients(inputs, ['shallow'], ({ shallow, deep, mean, deviation, pick }) =>
      ops.reduceSum(ops.multiply(tapFeatures([shallow as Value, deep as Value], mean as Value, deviation as Value), pick as Value), [0, 1, 2]),
    );
    expect(value).toBe(0 + 40 + 100 + 1000 + 80_000 + 200_000);
  });
});

describe('localFeatures()', () => {
  const [ROWS, COLUMNS, WIDTH, FOUND] = [3, 4, 3, 2];
  const tap = randomMatrix(IMAGES * ROWS * COLUMNS, WIDTH, 6, -2, 2);
  const kernel = randomMatrix(FOUND, WIDTH * 9, 7);
  const offset = randomMatrix(1, FOUND, 8);
  const inputs: Record<string, TensorData> = {
    tap: feed(tap.data, [IMAGES, ROWS * COLUMNS, WIDTH]),
    kernel: feed(kernel.data, [FOUND, WIDTH, 3, 3]),
    offset: feed(offset.data, [FOUND]),
  };
  const build = ({ tap: features, kernel: weights, offset: constant }: Readonly<Record<string, Value>>): Value => localFeatures(features as Value, [ROWS, COLUMNS], weights as Value, constant as Value);

  /** `max(0, b_o + Σ_cij K[o, c, i, j] · x[row + i − 1, column + j − 1, c])`, 0 beyond the picture's border. */
  function expected(): Float64Array {
    const found = (image: number, row: number, column: number, channel: number): number => {
      let sum = offset.data[channel] as number;
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          const [y, x] = [row + i - 1, column + j - 1];
          if (y < 0 || y >= ROWS || x < 0 || x >= COLUMNS) continue;
          const patch = rowOf(tap, (image * ROWS + y) * COLUMNS + x);
          for (let c = 0; c < WIDTH; c++) sum += (rowOf(kernel, channel)[(c * 3 + i) * 3 + j] as number) * (patch[c] as number);
        }
      }
      return Math.max(0, sum);
    };
    return Float64Array.from({ length: IMAGES * ROWS * COLUMNS * FOUND }, (_, at) => {
      const patch = Math.floor(at / FOUND);
      return found(Math.floor(patch / (ROWS * COLUMNS)), Math.floor(patch / COLUMNS) % ROWS, patch % COLUMNS, at % FOUND);
    });
  }

  it('are what a convolution finds at each patch and beside it, nothing beyond the border', async () => {
    const graph = new Graph('local');
    graph.output('found', build(Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, graph.input(name, 'float32', shape)]))));
    const { found } = await runOnce(graph, inputs);
    expect(found?.shape).toEqual([IMAGES, ROWS * COLUMNS, FOUND]);
    const values = expected();
    expect(Math.max(...Array.from(values, (value, at) => Math.abs(value - Number(found?.data[at]))))).toBeLessThan(1e-5);
    // The ReLU has something to do, and leaves something.
    expect(values.filter((value) => value === 0).length).toBeGreaterThan(5);
    expect(values.filter((value) => value > 0).length).toBeGreaterThan(5);
  });

  it('have the gradients of the formula', async () => {
    const pick = randomMatrix(IMAGES * ROWS * COLUMNS, FOUND, 9);
    const { gradients } = await valueAndGradients({ ...inputs, pick: feed(pick.data, [IMAGES, ROWS * COLUMNS, FOUND]) }, ['kernel', 'offset'], (values) => ops.reduceSum(ops.multiply(build(values), values['pick'] as Value), [0, 1, 2]));
    expectGradients(gradients, () => dot(pick.data, expected()), { kernel, offset });
  });
});

