/** Against a plain float64 implementation: within 1e-6 relative after three steps, the optimizer being float32. */
import { Graph, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { adamw, biasCorrections, clipToNorm, globalNorm } from '../../../packages/train/src/optimizer/adamw.ts';
import { runOnce } from '../autodiff/numeric.ts';
import { feed, lengthOf, randomMatrix, relativeError } from '../objective/numeric.ts';

const LENGTH = 12;
const SETTINGS = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
const start = randomMatrix(1, LENGTH, 1).data;
/** A gradient that changes from step to step, one number of it always zero. */
const gradientAt = (step: number): Float64Array =>
  randomMatrix(1, LENGTH, 10 + step, -3, 3).data.map((value, index) => (index === 4 ? 0 : value));

interface State {
  readonly parameters: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** AdamW as Loshchilov & Hutter write it, number by number. */
function expectedStep(
  { parameters, mean, variance }: State,
  gradient: Float64Array,
  step: number,
  learningRate: number,
  decay: readonly number[],
): State {
  const m = mean.map((value, index) => SETTINGS.beta1 * value + (1 - SETTINGS.beta1) * (gradient[index] as number));
  const v = variance.map(
    (value, index) => SETTINGS.beta2 * value + (1 - SETTINGS.beta2) * (gradient[index] as number) ** 2,
  );
  return {
    parameters: parameters.map((value, index) => {
      const mHat = (m[index] as number) / (1 - SETTINGS.beta1 ** step);
      const vHat = (v[index] as number) / (1 - SETTINGS.beta2 ** step);
      return (
        value -
        learningRate * (decay[index] as number) * value -
        (learningRate * mHat) / (Math.sqrt(vHat) + SETTINGS.epsilon)
      );
    }),
    mean: m,
    variance: v,
  };
}

async function threeSteps(
  decay: readonly number[],
  rates: readonly number[],
): Promise<{ actual: Record<string, Float32Array>; expected: State }> {
  const graph = new Graph('adamw');
  const vector = (name: string): Value => graph.input(name, 'float32', [LENGTH]);
  const number = (name: string): Value => graph.input(name, 'float32', []);
  const inputs = {
    parameters: vector('parameters'),
    mean: vector('mean'),
    variance: vector('variance'),
    gradient: vector('gradient'),
    learningRate: number('learningRate'),
    meanCorrection: number('meanCorrection'),
    varianceCorrection: number('varianceCorrection'),
  };
  const uniform = new Set(decay).size === 1;
  const next = adamw(
    { ...inputs, decay: uniform ? graph.floats([decay[0] as number], []) : graph.floats(decay) },
    SETTINGS,
  );
  for (const [name, value] of Object.entries(next)) graph.output(name, value as Value);
  let expected: State = { parameters: start, mean: new Float64Array(LENGTH), variance: new Float64Array(LENGTH) };
  let state: Record<string, TensorData> = Object.fromEntries(
    Object.entries(expected).map(([name, data]) => [name, feed(data as Float64Array, [LENGTH])]),
  );
  for (const [index, learningRate] of rates.entries()) {
    const step = index + 1;
    const { meanCorrection, varianceCorrection } = biasCorrections(step, SETTINGS);
    expected = expectedStep(expected, gradientAt(step), step, learningRate, decay);
    state = await runOnce(graph, {
      ...state,
      gradient: feed(gradientAt(step), [LENGTH]),
      learningRate: feed([learningRate], []),
      meanCorrection: feed([meanCorrection], []),
      varianceCorrection: feed([varianceCorrection], []),
    });
  }
  return {
    actual: Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, data as Float32Array])),
    expected,
  };
}

describe('adamw()', () => {
  it.each([
    ['one decay for all', Array.from({ length: LENGTH }, () => 0.1)],
    ['no decay', Array.from({ length: LENGTH }, () => 0)],
    ['a decay of each number', Array.from({ length: LENGTH }, (_, index) => (index < 5 ? 0.5 : index < 9 ? 0 : 0.02))],
  ])('is AdamW over three steps with %s and a changing learning rate', async (_, decay) => {
    const { actual, expected } = await threeSteps(decay, [0.1, 0.05, 0.2]);
    for (const [name, values] of Object.entries(expected))
      expect(relativeError(actual[name] as Float32Array, values as Float64Array), name).toBeLessThan(1e-6);
  });

  it('moves a number without gradient by its decay alone', async () => {
    const { actual } = await threeSteps(
      Array.from({ length: LENGTH }, (_, index) => (index === 4 ? 0.5 : 0)),
      [0.1, 0.1, 0.1],
    );
    expect(actual['parameters']?.[4]).toBeCloseTo((start[4] as number) * 0.95 ** 3, 6);
    expect((await threeSteps(new Array<number>(LENGTH).fill(0), [0.1, 0.1, 0.1])).actual['parameters']?.[4]).toBe(
      start[4],
    );
  });

  it('moves each number by the learning rate in the first step, whatever the size of its gradient', async () => {
    const { actual } = await threeSteps(new Array<number>(LENGTH).fill(0), [0.01]);
    gradientAt(1).forEach((slope, index) =>
      expect(actual['parameters']?.[index]).toBeCloseTo((start[index] as number) - 0.01 * Math.sign(slope), 6),
    );
  });
});

describe('biasCorrections()', () => {
  it('undo what starting from zero does to running means', () => {
    expect(biasCorrections(1, { beta1: 0.9, beta2: 0.999, epsilon: 0 })).toEqual({
      meanCorrection: 1 / (1 - 0.9),
      varianceCorrection: 1 / (1 - 0.999),
    });
    expect(biasCorrections(2, { beta1: 0.5, beta2: 0.75, epsilon: 0 })).toEqual({
      meanCorrection: 1 / 0.75,
      varianceCorrection: 1 / (1 - 0.5625),
    });
    expect(biasCorrections(100_000, { beta1: 0.9, beta2: 0.999, epsilon: 0 })).toEqual({
      meanCorrection: 1,
      varianceCorrection: 1,
    });
  });
});

describe('globalNorm() and clipToNorm()', () => {
  const clipped = async (values: readonly number[], maximum: number): Promise<{ norm: number; gradient: number[] }> => {
    const graph = new Graph('clip');
    const gradient = graph.input('g', 'float32', [values.length]);
    const norm = globalNorm(gradient);
    graph.output('norm', norm);
    graph.output('clipped', clipToNorm(gradient, norm, maximum));
    const results = await runOnce(graph, { g: feed(values, [values.length]) });
    return { norm: Number(results['norm']?.data[0]), gradient: [...(results['clipped']?.data as Float32Array)] };
  };

  it('scale a gradient down to the norm, its direction kept', async () => {
    const { norm, gradient } = await clipped([3, 0, -4], 1);
    expect(norm).toBe(5);
    expect(lengthOf(gradient)).toBeCloseTo(1, 6);
    expect(relativeError(gradient, [0.6, 0, -0.8])).toBeLessThan(1e-6);
  });

  it('leave a smaller gradient as it is, bit for bit, and zero at zero', async () => {
    expect((await clipped([0.3, -0.4], 1)).gradient).toEqual([Math.fround(0.3), Math.fround(-0.4)]);
    expect(await clipped([0, 0], 1)).toEqual({ norm: 0, gradient: [0, 0] });
  });
});
