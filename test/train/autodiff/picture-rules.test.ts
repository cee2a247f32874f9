/** Gradients of operators on pictures against central differences. */
import { Graph, ops, pictureOps, type Value } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../../packages/train/src/autodiff/gradients.ts';
import { gradientError, runOnce, type Case } from './numeric.ts';

const { multiply, reduceSum } = ops;
const { clip, conv, globalAverage, resize } = pictureOps;

/**
 * float32, for want of float64 kernels. These operators are linear in each operand, so central differences of step 0.5
 * have no truncation error and only float32's rounding is left.
 */
const linear = { dtype: 'float32', step: 0.5 } as const;

type Size = readonly [rows: number, columns: number];

const convolution = (
  channels: number,
  out: number,
  side: number,
  [rows, columns]: Size,
  settings: pictureOps.ConvOptions,
): Case => ({
  shapes: [[2, channels, rows, columns], [out, channels / (settings.groups ?? 1), side, side], [out]],
  build: (x, kernel, bias) => conv(x, kernel, bias, settings),
  ...linear,
});

const cases: Record<string, Case> = {};

for (const [form, channels, out, groups] of [
  ['plain', 3, 4, 1],
  ['depthwise', 4, 4, 4],
  ['in 2 groups', 4, 6, 2],
] as const)
  for (const stride of [1, 2])
    for (const dilation of [1, 2])
      for (const size of [
        [7, 6],
        [6, 9],
      ] as const)
        cases[`Conv 3×3 ${form}, stride ${stride}, dilation ${dilation}, ${size.join(' × ')}`] = convolution(
          channels,
          out,
          3,
          size,
          { stride, padding: dilation, dilation, groups },
        );

Object.assign(cases, {
  'Conv 3×3 without padding': convolution(2, 3, 3, [5, 5], { stride: 1, padding: 0 }),
  'Conv 3×3 with more padding than the kernel reaches': convolution(2, 3, 3, [3, 4], { stride: 1, padding: 3 }),
  'Conv 3×3 depthwise, two results per channel': convolution(2, 4, 3, [5, 6], { stride: 2, padding: 1, groups: 2 }),
  'Conv 3×3 with stride 3 and padding': convolution(2, 3, 3, [7, 8], { stride: 3, padding: 1 }),
  // Wide enough for several blocks of columns, the last of them not full.
  'Conv 3×3 depthwise, 23 columns': convolution(2, 2, 3, [3, 23], { stride: 1, padding: 1, groups: 2 }),
  'Conv 3×3 depthwise with dilation 2, 25 columns': convolution(2, 2, 3, [3, 25], {
    ...{ stride: 1, padding: 2, dilation: 2, groups: 2 },
  }),
  'Conv 3×3 with stride 2, 14 columns of the result': convolution(1, 2, 3, [4, 28], { stride: 2, padding: 1 }),
  'Conv 3×3 depthwise with stride 2 and dilation 3, 38 columns': convolution(2, 4, 3, [5, 38], {
    ...{ stride: 2, padding: 1, dilation: 3, groups: 2 },
  }),
  'Conv 1×1 depthwise with stride 3, 50 columns': convolution(2, 2, 1, [2, 50], { stride: 3, padding: 0, groups: 2 }),
  'Conv 5×5 with stride 2': convolution(2, 3, 5, [8, 7], { stride: 2, padding: 2 }),
  'Conv 1×1': convolution(3, 4, 1, [4, 3], { stride: 1, padding: 0 }),
  'Conv 1×1 with stride 2, which leaves rows unread': convolution(3, 4, 1, [6, 5], { stride: 2, padding: 0 }),
  'Conv 1×1 depthwise with stride 3, which leaves rows unread': convolution(2, 2, 1, [6, 8], {
    stride: 3,
    padding: 0,
    groups: 2,
  }),
  'Conv of patches': convolution(3, 5, 2, [4, 6], { stride: 2, padding: 0 }),
  'Conv of patches that do not fill the picture': convolution(3, 5, 2, [5, 7], { stride: 2, padding: 0 }),
  'Conv of one cell in each picture': convolution(3, 4, 1, [1, 1], { stride: 1, padding: 0 }),
  'GlobalAveragePool': {
    shapes: [[2, 3, 4, 5]],
    build: (x) => multiply(globalAverage(x), x),
    dtype: 'float32',
    step: 1e-2,
  },
  'Resize linear, up to a multiple': {
    shapes: [[2, 2, 3, 2]],
    build: (x) => resize(x, [2, 2, 12, 8], 'linear'),
    ...linear,
  },
  'Resize linear, up to odd sizes': {
    shapes: [[1, 2, 4, 3]],
    build: (x) => resize(x, [1, 2, 9, 7], 'linear'),
    ...linear,
  },
  'Resize linear, down': { shapes: [[1, 2, 9, 8]], build: (x) => resize(x, [1, 2, 4, 2], 'linear'), ...linear },
  'Resize linear, down and up': { shapes: [[1, 2, 9, 3]], build: (x) => resize(x, [1, 2, 5, 8], 'linear'), ...linear },
  'Resize linear of one cell': { shapes: [[2, 3, 1, 1]], build: (x) => resize(x, [2, 3, 4, 5], 'linear'), ...linear },
  'Resize cubic, up and down': { shapes: [[1, 2, 4, 9]], build: (x) => resize(x, [1, 2, 7, 5], 'cubic'), ...linear },
} satisfies Record<string, Case>);

describe('a rule gives what central differences give', () => {
  it.each(Object.entries(cases))('%s', async (_, testCase) => {
    expect(await gradientError(testCase)).toBeLessThan(1e-3);
  });

  it('Clip, in float64', async () => {
    expect(await gradientError({ shapes: [[3, 8]], build: (x) => multiply(clip(x, -1, 0.5), x) })).toBeLessThan(1e-7);
  });
});

/** Gradients of `Σ y²` by x and kernel, for pictures whose number is declared as `n`. */
async function ofSquares(n: number | string, settings: pictureOps.ConvOptions, inner: number): Promise<number[]> {
  const graph = new Graph('g');
  const [x, kernel] = [graph.input('x', 'float32', [n, 4, 5, 26]), graph.input('kernel', 'float32', [4, inner, 3, 3])];
  const y = conv(x, kernel, undefined, settings);
  const [toX, toKernel] = gradients(reduceSum(multiply(y, y), [0, 1, 2, 3]), [x, kernel]) as [Value, Value];
  graph.output('toX', toX);
  graph.output('toKernel', toKernel);
  const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, at) => Math.sin(at * at));
  const results = await runOnce(graph, {
    x: { data: wave(2 * 4 * 5 * 26), shape: [2, 4, 5, 26] },
    kernel: { data: wave(4 * inner * 9), shape: [4, inner, 3, 3] },
  });
  return [...(results['toX']?.data as Float32Array), ...(results['toKernel']?.data as Float32Array)];
}

describe('gradients()', () => {
  it.each([
    ['plain', 4, { stride: 1, padding: 1 }],
    ['with a stride', 4, { stride: 2, padding: 1 }],
    ['depthwise', 1, { stride: 1, padding: 1, groups: 4 }],
    ['in 2 groups with a stride', 2, { stride: 2, padding: 1, groups: 2 }],
  ] as const)(
    'of a convolution are the same when the number of pictures is not known: %s',
    async (_, inner, settings) => {
      const known = await ofSquares(2, settings, inner);
      const open = await ofSquares('n', settings, inner);
      // The sums run in another order: a few units of float32's seventh digit.
      const scale = Math.max(...known.map(Math.abs));
      expect(Math.max(...known.map((value, at) => Math.abs(value - (open[at] as number)))) / scale).toBeLessThan(1e-6);
    },
  );

  it('pass Clip between its bounds and not at them', async () => {
    const graph = new Graph('g');
    const x = graph.input('x', 'float32', [5]);
    const [gradient] = gradients(reduceSum(clip(x, 0, 6), [0]), [x]) as [Value];
    graph.output('gradient', gradient);
    const results = await runOnce(graph, { x: { data: Float32Array.of(-1, 0, 1, 6, 7), shape: [5] } });
    expect([...(results['gradient']?.data as Float32Array)]).toEqual([0, 0, 1, 0, 0]);
  });

  it('refuses the mean and the resampling of pictures whose size is not known', () => {
    const graph = new Graph('g');
    const x = graph.input('x', 'float32', [1, 2, 'rows', 4]);
    const message = 'Cannot differentiate: height and width must be known, got x: float32 [1, 2, rows, 4]';
    for (const y of [globalAverage(x), resize(x, [1, 2, 8, 8], 'linear')])
      expect(() => gradients(reduceSum(y, [0, 1, 2, 3]), [x])).toThrow(message);
  });
});
