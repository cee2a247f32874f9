/**
 * What operators on pictures compute, on the CPU runtime, against sums written out in float64 here.
 *
 * Tolerance 5e-6 + 1e-6·|expected| unless a test says otherwise: float32 keeps seven digits, and a result is a sum of
 * at most 36 products.
 */
import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../packages/core/src/graph/graph.ts';
import { clip, conv, convTranspose, globalAverage, resize } from '../../../packages/core/src/graph/picture-ops.ts';
import type { TensorData } from '../../../packages/core/src/session/graph-session.ts';
import { gaussians } from '../../support/random.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

/** Runs `build` on one input. */
async function compute(data: Float32Array, shape: readonly number[], build: (x: Value) => Value): Promise<TensorData> {
  const graph = new Graph('test');
  graph.output('y', build(graph.input('x', 'float32', shape)));
  return (await runGraph(graph, { x: { data, shape } }))['y'] as TensorData;
}

function expectClose(actual: TensorData, expected: readonly number[], absolute = 5e-6): void {
  const { excess, index, error } = worstExcess(actual.data as Float32Array, expected, absolute, 1e-6);
  expect(excess, `error ${String(error)} at ${String(index)}`).toBeLessThanOrEqual(0);
}

/** The convolution of one picture `[channels, rows, columns]`, cell by cell. */
function slowConv(
  image: Float32Array,
  [channels, rows, columns]: readonly [number, number, number],
  kernel: Float32Array,
  [out, inner, side]: readonly [number, number, number],
  bias: readonly number[],
  { stride, padding, dilation = 1 }: { stride: number; padding: number; dilation?: number },
): { shape: number[]; data: number[] } {
  const groupSize = out / (channels / inner);
  const size = (length: number): number => Math.floor((length + 2 * padding - dilation * (side - 1) - 1) / stride) + 1;
  const at = (c: number, y: number, x: number): number =>
    y < 0 || y >= rows || x < 0 || x >= columns ? 0 : (image[(c * rows + y) * columns + x] as number);
  const data: number[] = [];
  for (let o = 0; o < out; o++) {
    const first = Math.floor(o / groupSize) * inner;
    for (let y = 0; y < size(rows); y++) {
      for (let x = 0; x < size(columns); x++) {
        let sum = bias[o] as number;
        for (let c = 0; c < inner; c++)
          for (let j = 0; j < side; j++)
            for (let i = 0; i < side; i++)
              sum +=
                at(first + c, y * stride + j * dilation - padding, x * stride + i * dilation - padding) *
                (kernel[((o * inner + c) * side + j) * side + i] as number);
        data.push(sum);
      }
    }
  }
  return { shape: [1, out, size(rows), size(columns)], data };
}

describe('conv', () => {
  it.each([
    ['3×3 over all channels', [4, 5, 4], [3, 4, 3], { stride: 1, padding: 1 }],
    ['1×1', [4, 5, 4], [3, 4, 1], { stride: 1, padding: 0 }],
    ['3×3 with stride 2 on an odd and an even side', [4, 7, 6], [3, 4, 3], { stride: 2, padding: 1 }],
    ['3×3 with dilation 2', [4, 7, 6], [3, 4, 3], { stride: 1, padding: 2, dilation: 2 }],
    ['3×3 in 2 groups', [4, 5, 4], [6, 2, 3], { stride: 1, padding: 1, groups: 2 }],
    [
      '3×3 depthwise with stride 2 and dilation 2',
      [4, 9, 8],
      [4, 1, 3],
      { stride: 2, padding: 2, dilation: 2, groups: 4 },
    ],
    ['3×3 depthwise with two results per channel', [3, 5, 4], [6, 1, 3], { stride: 1, padding: 1, groups: 3 }],
  ] as const)('%s is the sum of the products under each window', async (_, size, [out, inner, side], settings) => {
    const image = gaussians(size[0] * size[1] * size[2], 6);
    const kernel = gaussians(out * inner * side * side, 7);
    const bias = [0.5, -1, 2, 0.1, -0.2, 3].slice(0, out);
    const expected = slowConv(image, size, kernel, [out, inner, side], bias, settings);
    const result = await compute(image, [1, ...size], (x) =>
      conv(x, x.graph.floats(kernel, [out, inner, side, side]), x.graph.floats(bias), settings),
    );
    expect(result.shape).toEqual(expected.shape);
    expectClose(result, expected.data);
  });

  it('with stride = kernel takes each patch once', async () => {
    const image = Float32Array.from({ length: 16 }, (_, index) => index);
    const result = await compute(image, [1, 1, 4, 4], (x) =>
      conv(x, x.graph.floats([1, 1, 1, 1], [1, 1, 2, 2]), undefined, { stride: 2, padding: 0 }),
    );
    expect([result.shape, [...result.data]]).toEqual([
      [1, 1, 2, 2],
      [10, 18, 42, 50],
    ]);
  });
});

it.each([
  ['stride 2 on an odd and an even side', [4, 7, 6], [3, 4, 3], { stride: 2, padding: 1 }],
  ['stride 2 with rows that no window reads', [2, 6, 8], [2, 2, 1], { stride: 2, padding: 0 }],
  ['2 groups and dilation 2', [4, 6, 5], [6, 2, 3], { stride: 1, padding: 1, dilation: 2, groups: 2 }],
] as const)('convTranspose is the transpose of conv: %s', async (_, size, [out, inner, side], settings) => {
  const [channels, rows, columns] = size;
  const kernel = gaussians(out * inner * side * side, 7);
  const zeros = new Array<number>(out).fill(0);
  const columnsOfMatrix = Array.from({ length: channels * rows * columns }, (_, at) => {
    const unit = Float32Array.from({ length: channels * rows * columns }, (_, other) => (other === at ? 1 : 0));
    return slowConv(unit, size, kernel, [out, inner, side], zeros, settings);
  });
  const shape = columnsOfMatrix[0]?.shape as number[];
  const y = gaussians(
    shape.reduce((product, length) => product * length),
    8,
  );
  const result = await compute(y, shape, (value) =>
    convTranspose(value, value.graph.floats(kernel, [out, inner, side, side]), [rows, columns], settings),
  );
  expect(result.shape).toEqual([1, ...size]);
  expectClose(
    result,
    columnsOfMatrix.map(({ data }) => data.reduce((sum, weight, at) => sum + weight * (y[at] as number), 0)),
  );
});

it('clip keeps what lies between two numbers and moves the rest to the nearer one', async () => {
  const { data, shape } = await compute(Float32Array.of(-1e30, -0.5, 0, 0.5, 6, 7), [2, 3], (x) => clip(x, 0, 6));
  expect([shape, [...data]]).toEqual([
    [2, 3],
    [0, 0, 0, 0.5, 6, 6],
  ]);
});

it('globalAverage is the mean of each channel', async () => {
  const result = await compute(Float32Array.of(1, 2, 3, 6, -1, -1, -1, 5, 0, 0, 0, 0), [1, 3, 2, 2], globalAverage);
  expect([result.shape, [...result.data]]).toEqual([
    [1, 3, 1, 1],
    [3, 0.5, 0],
  ]);
});

describe('resize', () => {
  /** Weights of the source samples around an output position, half-pixel centres, edges repeated. */
  const kernels = {
    linear: (t: number): number => Math.max(0, 1 - Math.abs(t)),
    // Keys' cubic with a = −0.75.
    cubic: (t: number): number => {
      const [a, d] = [-0.75, Math.abs(t)];
      if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
      return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
    },
  };
  const resample = (samples: readonly number[], out: number, kernel: (t: number) => number): number[] =>
    Array.from({ length: out }, (_, index) => {
      const position = ((index + 0.5) * samples.length) / out - 0.5;
      let sum = 0;
      for (let tap = Math.floor(position) - 1; tap <= Math.floor(position) + 2; tap++) {
        sum += kernel(position - tap) * (samples[Math.min(Math.max(tap, 0), samples.length - 1)] as number);
      }
      return sum;
    });

  it.each([
    ['linear', 9, 13],
    ['linear', 2, 3],
    ['cubic', 7, 9],
    ['cubic', 3, 5],
  ] as const)('%s to %i × %i has half-pixel centres', async (mode, rows, columns) => {
    const image = [...gaussians(4 * 6, 8)];
    const wide = Array.from({ length: 4 }, (_, y) => resample(image.slice(y * 6, y * 6 + 6), columns, kernels[mode]));
    const tall = Array.from({ length: columns }, (_, x) =>
      resample(
        wide.map((line) => line[x] as number),
        rows,
        kernels[mode],
      ),
    );
    const expected = Array.from(
      { length: rows * columns },
      (_, index) => (tall[index % columns] as number[])[Math.floor(index / columns)] as number,
    );
    expectClose(
      await compute(Float32Array.from(image), [1, 1, 4, 6], (x) => resize(x, [1, 1, rows, columns], mode)),
      expected,
      2e-6,
    );
  });
});
