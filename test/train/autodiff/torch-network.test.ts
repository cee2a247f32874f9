/**
 * Loss and gradients of a small network of inverted residuals against PyTorch's, which `torch-network.py` wrote
 * into `torch-network.json`.
 */
import { readFileSync } from 'node:fs';
import { Graph, ops, pictureOps, shapeOps, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradients } from '../../../packages/train/src/autodiff/gradients.ts';
import { uniform } from '../../support/random.ts';
import { worstExcess } from '../../support/tensors.ts';
import { runOnce } from './numeric.ts';

const { add, multiply, reduceSum, scalar, softplus, subtract } = ops;
const { clip, conv, globalAverage, resize } = pictureOps;
const { concat, expand } = shapeOps;

const reference = JSON.parse(readFileSync(new URL('torch-network.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly number[]>
>;

/** Results, channels of a group and side of each kernel, in the order in which the numbers are drawn. */
const kernels = {
  'stem': [4, 3, 3],
  'first.expand': [6, 4, 1],
  'first.depthwise': [6, 1, 3],
  'first.project': [4, 6, 1],
  'second.expand': [6, 4, 1],
  'second.depthwise': [6, 1, 3],
  'second.project': [4, 6, 1],
  'local': [3, 4, 1],
  'pool': [3, 4, 1],
  'out': [2, 6, 1],
} as const;

/** The numbers of pixels, parameters and truth, the same as in PyTorch's run. */
function drawn(): Record<string, TensorData> {
  const next = uniform(7);
  const draw = (shape: readonly number[], reach: number): { data: Float32Array; shape: readonly number[] } => {
    const length = shape.reduce((product, size) => product * size);
    return { data: Float32Array.from({ length }, () => reach * (2 * next() - 1)), shape };
  };
  const feeds: Record<string, TensorData> = { pixels: draw([2, 3, 19, 16], 2) };
  for (const [name, [out, inner, side]] of Object.entries(kernels)) {
    feeds[`${name}.weight`] = draw([out, inner, side, side], 4 / (inner * side * side) ** 0.5);
    feeds[`${name}.bias`] = draw([out], 0.5);
  }
  const { data, shape } = draw([2, 2, 19, 16], 1);
  return { ...feeds, truth: { data: data.map((value) => (value > 0 ? 1 : 0)), shape } };
}

/**
 * A stem with stride 2, a block with stride 2, a block with dilation 2 and a residual, the global average beside the
 * cells, and the logits in the size of the pictures: mean binary cross-entropy.
 */
function lossOf(value: (name: string) => Value): Value {
  const apply = (x: Value, name: string, settings: Partial<pictureOps.ConvOptions> = {}): Value =>
    conv(x, value(`${name}.weight`), value(`${name}.bias`), { stride: 1, padding: 0, ...settings });
  const relu6 = (x: Value): Value => clip(x, 0, 6);
  const block = (x: Value, name: string, settings: pictureOps.ConvOptions): Value => {
    const wide = relu6(apply(x, `${name}.expand`));
    return apply(relu6(apply(wide, `${name}.depthwise`, { ...settings, groups: 6 })), `${name}.project`);
  };
  const stem = relu6(apply(value('pixels'), 'stem', { stride: 2, padding: 1 }));
  const first = block(stem, 'first', { stride: 2, padding: 1 });
  const second = add(first, block(first, 'second', { stride: 1, padding: 2, dilation: 2 }));
  const local = relu6(apply(second, 'local'));
  const pool = expand(relu6(apply(globalAverage(second), 'pool')), local.shape);
  const logits = resize(apply(concat([pool, local], 1), 'out'), [2, 2, 19, 16], 'linear');
  const terms = subtract(softplus(logits), multiply(logits, value('truth')));
  return multiply(reduceSum(terms, [0, 1, 2, 3]), scalar(terms, 1 / (2 * 2 * 19 * 16)));
}

/**
 * Tolerance 1e-5 of the loss, and of each tensor's largest gradient: both compute in float32 and sum in another order.
 * PyTorch's gradients differ from its own in float64 by up to 2e-6 of the largest; five times that is allowed.
 * No value that ReLU6 is applied to lies within 5e-4 of a bend, so none is on another side of it.
 */
describe('a network of inverted residuals', () => {
  let results: Record<string, TensorData>;

  beforeAll(async () => {
    const feeds = drawn();
    const graph = new Graph('network');
    const values = new Map(
      Object.entries(feeds).map(([name, { shape }]) => [name, graph.input(name, 'float32', shape)] as const),
    );
    const loss = lossOf((name) => values.get(name) as Value);
    const names = Object.keys(reference).filter((name) => name !== 'loss');
    graph.output('loss', loss);
    gradients(
      loss,
      names.map((name) => values.get(name) as Value),
    ).forEach((gradient, index) => graph.output(`to ${names[index] as string}`, gradient));
    results = await runOnce(graph, feeds);
  });

  it('has the loss that PyTorch has', () => {
    const { excess } = worstExcess(
      results['loss']?.data as Float32Array,
      reference['loss'] as readonly number[],
      0,
      1e-5,
    );
    expect(excess).toBeLessThanOrEqual(0);
  });

  it.each(Object.keys(reference).filter((name) => name !== 'loss'))(
    'has the gradient of %s that PyTorch has',
    (name) => {
      const expected = reference[name] as readonly number[];
      const largest = Math.max(...expected.map(Math.abs));
      const { excess, error } = worstExcess(results[`to ${name}`]?.data as Float32Array, expected, 1e-5 * largest, 0);
      expect(excess, `error ${String(error)} of ${String(largest)}`).toBeLessThanOrEqual(0);
    },
  );
});
