/** Derivatives that are written by hand, and those that are stopped. */
import { Graph, ops, type Value } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { gradients, stopGradient, withGradient } from '../../../packages/train/src/autodiff/gradients.ts';
import { runOnce } from './numeric.ts';

const { add, exp, multiply, reduceSum, scalar } = ops;

/** The gradient of `Σ build(x)` at x = [1, 2, 3]. */
async function gradientOf(build: (x: Value) => Value): Promise<number[]> {
  const graph = new Graph('g');
  const x = graph.input('x', 'float32', [3]);
  const [gradient] = gradients(reduceSum(build(x), [0]), [x]);
  graph.output('gradient', gradient as Value);
  const results = await runOnce(graph, { x: { data: Float32Array.of(1, 2, 3), shape: [3] } });
  return [...(results['gradient']?.data as Float32Array)];
}

describe('stopGradient()', () => {
  it('is the same value', async () => {
    const graph = new Graph('g');
    graph.output('y', stopGradient(graph.input('x', 'float32', [2])));
    expect([
      ...((await runOnce(graph, { x: { data: Float32Array.of(0.1, -7), shape: [2] } }))['y']?.data as Float32Array),
    ]).toEqual([Math.fround(0.1), -7]);
  });

  it('passes nothing on: of a product with itself, stopped on one side, only the other side counts', async () => {
    expect(await gradientOf((x) => multiply(x, x))).toEqual([2, 4, 6]);
    expect(await gradientOf((x) => multiply(x, stopGradient(x)))).toEqual([1, 2, 3]);
  });

  it('stops what lies behind it too, however it is reached', async () => {
    expect(await gradientOf((x) => add(x, stopGradient(exp(multiply(x, x)))))).toEqual([1, 1, 1]);
  });
});

describe('withGradient()', () => {
  it('gives the derivative it was given in place of the operators’ own, once per use of the value', async () => {
    const tenfold = (x: Value): Value =>
      withGradient(exp(x), [x], (gradient) => [multiply(gradient, scalar(gradient, 10))]);
    expect(await gradientOf(tenfold)).toEqual([10, 10, 10]);
    expect(await gradientOf((x) => multiply(tenfold(x), scalar(x, 3)))).toEqual([30, 30, 30]);
    expect(
      await gradientOf((x) => {
        const y = tenfold(x);
        return add(add(y, y), x);
      }),
    ).toEqual([21, 21, 21]);
  });

  it('gives nothing to a source that no derivative is asked of', async () => {
    const graph = new Graph('g');
    const [x, other] = [graph.input('x', 'float32', [1]), graph.input('other', 'float32', [1])];
    const y = withGradient(multiply(x, other), [x, other], (gradient) => [
      gradient,
      multiply(gradient, scalar(gradient, 5)),
    ]);
    const [toX] = gradients(reduceSum(y, [0]), [x]);
    graph.output('x', toX as Value);
    const one = { data: Float32Array.of(1), shape: [1] };
    expect([...((await runOnce(graph, { x: one, other: one }))['x']?.data as Float32Array)]).toEqual([1]);
  });

  it('must give each gradient the shape of its source', () => {
    const x = new Graph('g').input('x', 'float32', [2]);
    const y = withGradient(exp(x), [x], (gradient) => [reduceSum(gradient, [0])]);
    expect(() => gradients(reduceSum(y, [0]), [x])).toThrow(
      /^internal: gradient of x: float32 \[2\] must have its shape, got \w+: float32 \[\]$/,
    );
  });
});
