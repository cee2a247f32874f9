/**
 * What operators compute, on the CPU runtime, against formulas written out in float64 here.
 *
 * Tolerance 1e-6 + 1e-6·|expected| unless a test says otherwise: float32 keeps seven digits, and these graphs are one
 * to three operations deep.
 */
import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../packages/core/src/graph/graph.ts';
import * as arithmetic from '../../../packages/core/src/graph/ops.ts';
import * as shaping from '../../../packages/core/src/graph/shape-ops.ts';
import type { Shape } from '../../../packages/core/src/graph/tensor-type.ts';
import type { TensorData } from '../../../packages/core/src/session/graph-session.ts';
import { gaussians } from '../../support/random.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

const ops = { ...arithmetic, ...shaping };

/** Runs `build` on one input. */
async function compute(
  data: Float32Array,
  shape: readonly number[],
  build: (x: Value) => Value,
  declared: Shape = shape,
): Promise<TensorData> {
  const graph = new Graph('test');
  graph.output('y', build(graph.input('x', 'float32', declared)));
  return (await runGraph(graph, { x: { data, shape } }))['y'] as TensorData;
}

function expectClose(actual: TensorData, expected: readonly number[], absolute = 1e-6): void {
  const { excess, index, error } = worstExcess(actual.data as Float32Array, expected, absolute, 1e-6);
  expect(excess, `error ${String(error)} at ${String(index)}`).toBeLessThanOrEqual(0);
}

const row = gaussians(24, 1, 2);

/** erf by its Maclaurin series in float64: below |x| = 5 it converges long before 100 terms. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe('elementwise', () => {
  it('quickGelu is x / (1 + e^(−1.702 x))', async () => {
    expectClose(
      await compute(row, [24], ops.quickGelu),
      [...row].map((x) => x / (1 + Math.exp(-1.702 * x))),
    );
  });

  it('gelu is x/2 · (1 + erf(x / √2))', async () => {
    // The runtime's erf is a float32 polynomial good to about 1e-6 of the result's scale.
    expectClose(
      await compute(row, [24], ops.gelu),
      [...row].map((x) => (x / 2) * (1 + erf(x / Math.SQRT2))),
      3e-6,
    );
  });

  it('sigmoid saturates without overflow', async () => {
    const { data } = await compute(Float32Array.of(-3e38, -200, 0, 200, 3e38), [5], ops.sigmoid);
    expect([...data]).toEqual([0, expect.closeTo(0), 0.5, 1, 1]);
  });

  it('round goes to the even neighbour on a tie', async () => {
    expect([...(await compute(Float32Array.of(0.5, 1.5, 2.5, 2.4, 2.6), [5], ops.round)).data]).toEqual([
      0, 2, 2, 2, 3,
    ]);
  });

  it('exp, log, sqrt, abs, sign and softplus are what their names say', async () => {
    const positive = row.map((x) => Math.abs(x) + 0.1);
    expectClose(await compute(row, [24], ops.exp), [...row].map(Math.exp));
    expectClose(await compute(positive, [24], ops.log), [...positive].map(Math.log));
    expectClose(await compute(positive, [24], ops.sqrt), [...positive].map(Math.sqrt));
    expectClose(await compute(row, [24], ops.abs), [...row].map(Math.abs));
    expectClose(await compute(row, [24], ops.sign), [...row].map(Math.sign));
    expectClose(
      await compute(row, [24], ops.softplus),
      [...row].map((x) => Math.log1p(Math.exp(x))),
    );
  });

  it('softplus of a large number is that number', async () => {
    expect([...(await compute(Float32Array.of(-1000, 1000), [2], ops.softplus)).data]).toEqual([0, 1000]);
  });

  it('minimum and greater compare with broadcasting', async () => {
    const { data } = await compute(Float32Array.of(-1, 2, -3, 4), [2, 2], (x) =>
      ops.where(ops.greater(x, ops.scalar(x, 2)), x, ops.minimum(x, x.graph.floats([0, 1]))),
    );
    expect([...data]).toEqual([-1, 1, -3, 4]);
  });

  it('reduceMax takes the largest over axes', async () => {
    const { data, shape } = await compute(Float32Array.of(1, 5, 2, 8, 3, 4), [2, 3], (x) =>
      ops.concat([ops.reduceMax(x, [1], true), ops.expand(ops.reshape(ops.reduceMax(x, [0, 1]), [1, 1]), [2, 1])], 1),
    );
    expect([shape, [...data]]).toEqual([
      [2, 2],
      [5, 8, 8, 8],
    ]);
  });

  it('broadcasts a column against a row', async () => {
    const { data, shape } = await compute(Float32Array.of(1, 2, 3), [3, 1], (x) =>
      ops.add(x, x.graph.floats([10, 20])),
    );
    expect([shape, [...data]]).toEqual([
      [3, 2],
      [11, 21, 12, 22, 13, 23],
    ]);
  });

  it('and is true where both are', async () => {
    const { data } = await compute(Float32Array.of(-1, 2, 7, 4), [2, 2], (x) =>
      ops.cast(ops.and(ops.greater(x, ops.scalar(x, 0)), ops.greater(x.graph.floats([5, 3]), x)), 'float32'),
    );
    expect([...data]).toEqual([0, 1, 0, 0]);
  });

  it('where picks by a broadcast condition', async () => {
    const { data } = await compute(Float32Array.of(-1, 2, -3, 4), [2, 2], (x) =>
      ops.where(ops.greaterOrEqual(x, ops.scalar(x, 0)), x, ops.scalar(x, 7)),
    );
    expect([...data]).toEqual([7, 2, 7, 4]);
  });
});

describe('softmax', () => {
  it.each([0, 1, -1])('along axis %i is e^x over its sum', async (axis) => {
    const value = (i: number, j: number): number => Math.exp(row[i * 6 + j] as number);
    const expected = Array.from({ length: 24 }, (_, index) => {
      const [i, j] = [Math.floor(index / 6), index % 6];
      let sum = 0;
      for (let other = 0; other < (axis === 0 ? 4 : 6); other++) sum += axis === 0 ? value(other, j) : value(i, other);
      return value(i, j) / sum;
    });
    expectClose(await compute(row, [4, 6], (x) => ops.softmax(x, axis)), expected);
  });

  it('of large numbers stays finite', async () => {
    expect([...(await compute(Float32Array.of(1000, 1000, -1000), [3], (x) => ops.softmax(x))).data]).toEqual([
      0.5, 0.5, 0,
    ]);
  });
});

it('layerNorm subtracts the mean and divides by √(variance + ε), variance over n', async () => {
  const [scale, bias] = [gaussians(6, 2), gaussians(6, 3)];
  const expected = [...row].map((x, index) => {
    const values = [...row.slice(Math.floor(index / 6) * 6, Math.floor(index / 6) * 6 + 6)];
    const mean = values.reduce((sum, v) => sum + v, 0) / 6;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 6;
    return ((x - mean) / Math.sqrt(variance + 0.1)) * (scale[index % 6] as number) + (bias[index % 6] as number);
  });
  expectClose(
    await compute(row, [4, 6], (x) => ops.layerNorm(x, x.graph.floats(scale), x.graph.floats(bias), 0.1)),
    expected,
  );
});

describe('products', () => {
  it('affine is x · weightᵀ + bias', async () => {
    const [weight, bias] = [gaussians(18, 4), gaussians(3, 5)];
    const expected = Array.from({ length: 12 }, (_, index) => {
      const [n, o] = [Math.floor(index / 3), index % 3];
      let sum = bias[o] as number;
      for (let k = 0; k < 6; k++) sum += (row[n * 6 + k] as number) * (weight[o * 6 + k] as number);
      return sum;
    });
    const build = (x: Value): Value => ops.affine(x, x.graph.floats(weight, [3, 6]), x.graph.floats(bias));
    expectClose(await compute(row, [4, 6], build), expected, 3e-6);
  });
});

describe('arranging', () => {
  it('pad appends slices of a value', async () => {
    const { data, shape } = await compute(Float32Array.of(1, 2, 3, 4), [2, 2], (x) =>
      ops.pad(x, 0, 1, ops.scalar(x, 9)),
    );
    expect([shape, [...data]]).toEqual([
      [3, 2],
      [1, 2, 3, 4, 9, 9],
    ]);
  });

  it('gather picks rows in the given order, also twice', async () => {
    const { data } = await compute(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2], (x) =>
      ops.gather(x, x.graph.integers([2, 0, 2]), 0),
    );
    expect([...data]).toEqual([5, 6, 1, 2, 5, 6]);
  });

  it('argMax takes the first of equals', async () => {
    const { data } = await compute(Float32Array.of(1, 5, 5, 0, 2, 2, 7, 7, 7), [3, 3], (x) =>
      ops.cast(ops.argMax(x, 1), 'float32'),
    );
    expect([...data]).toEqual([1, 1, 0]);
  });

  it('reshape merges open dimensions and splits them again', async () => {
    const build = (x: Value): Value => {
      const merged = ops.reshape(x, ['2*batch*labels']);
      return ops.transpose(ops.reshape(merged, ['batch', 'labels', 2]), [1, 0, 2]);
    };
    const { data, shape } = await compute(
      Float32Array.from({ length: 12 }, (_, index) => index),
      [2, 3, 2],
      build,
      ['batch', 'labels', 2],
    );
    expect([shape, [...data]]).toEqual([
      [3, 2, 2],
      [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11],
    ]);
  });

  it('expand, slice, squeeze, concat and reduceSum keep row-major order', async () => {
    const build = (x: Value): Value => {
      const rows = ops.expand(ops.slice(x, 1, 1, 3), ['batch', 2]);
      return ops.concat(
        [ops.reduceSum(rows, [1], true), rows, ops.reshape(ops.squeeze(ops.slice(x, 1, 0, 1), [1]), ['batch', 1])],
        1,
      );
    };
    const { data, shape } = await compute(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], build, ['batch', 3]);
    expect([shape, [...data]]).toEqual([
      [2, 4],
      [5, 2, 3, 1, 11, 5, 6, 4],
    ]);
  });

  it('range counts from start to end', async () => {
    const { data } = await compute(Float32Array.of(0), [1], (x) =>
      ops.cast(ops.range(x.graph.integers([2], []), x.graph.integers([6], []), 'n'), 'float32'),
    );
    expect([...data]).toEqual([2, 3, 4, 5]);
  });
});
