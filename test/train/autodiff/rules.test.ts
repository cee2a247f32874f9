import { Graph, addForeignModel, ops, shapeOps, writeOnnx, type Value } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../../packages/train/src/autodiff/gradients.ts';
import { gradientError, runOnce, type Case } from './numeric.ts';

const { add, divide, layerNorm, matmul, maximum, minimum, multiply, reduceMax, reduceSum, softmax, subtract } = ops;
const { concat, expand, gather, reshape, slice, squeeze, transpose } = shapeOps;

const halfTrue = (x: Value, shape: readonly number[]): Value => {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const bits = x.graph.floats(
    Array.from({ length: count }, (_, index) => index % 2),
    shape,
  );
  return ops.greater(bits, x.graph.floats([0.5], []));
};

/**
 * float64: truncation error of central differences with step 1e-6 is about 1e-12, rounding about 1e-9. A cast to
 * float32,
 * and LayerNormalization's statistics, which are float32 always, leave 1e-7 of rounding: 1e-5 is asked of those.
 */
const float64: Record<string, Case> = {
  'Add, broadcast on both sides': {
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    build: (a, b) => add(a, b),
  },
  'Sub, broadcast': { shapes: [[3], [2, 3]], build: (a, b) => subtract(a, b) },
  'Mul, broadcast': {
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
    build: (a, b) => multiply(a, b),
  },
  'Mul of a value with itself': { shapes: [[2, 3]], build: (a) => multiply(a, a) },
  'Div, broadcast': { shapes: [[2, 3], [3]], build: (a, b) => divide(a, b), range: [0.5, 2] },
  'Max': { shapes: [[2, 3], [3]], build: (a, b) => maximum(a, b) },
  'Min': {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (a, b) => minimum(a, b),
  },
  'Abs': { shapes: [[6]], build: (x) => ops.abs(x) },
  'Exp': { shapes: [[6]], build: (x) => ops.exp(x) },
  'Log': { shapes: [[6]], build: (x) => ops.log(x), range: [0.2, 3] },
  'Sqrt': { shapes: [[6]], build: (x) => ops.sqrt(x), range: [0.2, 3] },
  'Relu': { shapes: [[9]], build: (x) => ops.relu(x) },
  'Sigmoid': { shapes: [[6]], build: (x) => ops.sigmoid(x) },
  'Where, broadcast': { shapes: [[2, 3], [3]], build: (a, b) => ops.where(halfTrue(a, [2, 3]), a, b) },
  'MatMul of matrices': {
    shapes: [
      [3, 4],
      [4, 2],
    ],
    build: (a, b) => matmul(a, b),
  },
  'MatMul of stacks': {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    build: (a, b) => matmul(a, b),
  },
  'MatMul, one matrix for a stack': {
    shapes: [
      [2, 2, 3, 4],
      [4, 5],
    ],
    build: (a, b) => matmul(a, b),
  },
  'MatMul, stacks broadcast': {
    shapes: [
      [3, 1, 2, 4],
      [2, 4, 3],
    ],
    build: (a, b) => matmul(a, b),
  },
  'Gemm with bias': { shapes: [[5, 4], [3, 4], [3]], build: (x, weight, bias) => ops.affine(x, weight, bias) },
  'Softmax over the last axis': { shapes: [[2, 5]], build: (x) => softmax(x) },
  'Softmax over another axis': { shapes: [[3, 4]], build: (x) => softmax(x, 0) },
  'softmax(S) V, the attention of a block': {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    build: (scores, value) => matmul(softmax(scores), value),
  },
  'softmax(S) V with weights that are read twice': {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    build: (scores, value) => {
      const weights = softmax(scores);
      return concat([matmul(weights, value), weights], 2);
    },
  },
  'LayerNormalization': { shapes: [[2, 3, 5], [5], [5]], build: (x, scale, bias) => layerNorm(x, scale, bias, 1e-5) },
  'ReduceSum, axes dropped': { shapes: [[2, 3, 4]], build: (x) => reduceSum(x, [0, 2]) },
  'ReduceSum, axes kept': { shapes: [[2, 3, 4]], build: (x) => multiply(x, reduceSum(x, [1], true)) },
  'ReduceMax': { shapes: [[2, 3, 4]], build: (x) => reduceMax(x, [2]) },
  'Reshape': { shapes: [[2, 6]], build: (x) => multiply(reshape(x, [3, 4]), reshape(x, [3, 4])) },
  'Squeeze': { shapes: [[2, 1, 3]], build: (x) => squeeze(x, [1]) },
  'Expand': { shapes: [[2, 1]], build: (x) => expand(x, [3, 2, 4]) },
  'Transpose': { shapes: [[2, 3, 4]], build: (x) => transpose(x, [2, 0, 1]) },
  'Slice of the middle': { shapes: [[2, 5]], build: (x) => slice(x, 1, 1, 4) },
  'Slice of the end': { shapes: [[4, 2]], build: (x) => slice(x, 0, 2, 4) },
  'Gather of rows, some of them twice and one of them never': {
    shapes: [[4, 3]],
    build: (x) =>
      multiply(gather(x, x.graph.integers([2, 0, 2, 2, 3, 0], [2, 3]), 0), gather(x, x.graph.integers([0]), 0)),
  },
  'Concat': {
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    build: (a, b, c) => multiply(concat([a, b, c], 1), concat([c, b, a], 1)),
  },
  'Cast to float32 and back': { shapes: [[4]], build: (x) => ops.cast(ops.cast(x, 'float32'), 'float64'), step: 1e-2 },
};

/** float32, for want of float64 kernels: both are curved, so the step is small. */
const float32: Record<string, Case> = {
  Erf: { shapes: [[5]], build: (x) => ops.gelu(x), step: 1e-2 },
  Softplus: { shapes: [[5]], build: (x) => ops.softplus(x), step: 1e-2 },
};

describe('a rule gives what central differences give', () => {
  it.each(Object.entries(float64))('%s', async (name, testCase) => {
    expect(await gradientError(testCase)).toBeLessThan(
      name.startsWith('Cast') || name.startsWith('LayerN') ? 1e-5 : 1e-7,
    );
  });

  it.each(Object.entries(float32))('%s, in float32', async (_, testCase) => {
    expect(await gradientError({ dtype: 'float32', ...testCase })).toBeLessThan(1e-3);
  });
});

describe('gradients()', () => {
  it('sends the gradient of a tie to the first operand of Max and in equal shares through ReduceMax', async () => {
    const graph = new Graph('tie');
    const [a, b] = [graph.input('a', 'float32', [2]), graph.input('b', 'float32', [2])];
    const loss = add(reduceSum(maximum(a, b), [0]), reduceMax(a, [0]));
    gradients(loss, [a, b]).forEach((gradient, index) => graph.output(`g${String(index)}`, gradient));
    const tie = { data: Float32Array.of(1, 1), shape: [2] };
    const { g0, g1 } = await runOnce(graph, { a: tie, b: tie });
    expect([...(g0?.data ?? [])]).toEqual([1.5, 1.5]);
    expect([...(g1?.data ?? [])]).toEqual([0, 0]);
  });

  it('differentiates with a dimension known only when the graph runs', async () => {
    const graph = new Graph('open');
    const x = graph.input('x', 'float32', ['rows', 3]);
    const weight = graph.input('weight', 'float32', [2, 3]);
    const y = ops.affine(x, weight, undefined);
    const [toX, toWeight] = gradients(reduceSum(multiply(y, y), [0, 1]), [x, weight]) as [Value, Value];
    graph.output('x', toX);
    graph.output('weight', toWeight);
    const { x: gx, weight: gw } = await runOnce(graph, {
      x: { data: Float32Array.of(1, 2, 3), shape: [1, 3] },
      weight: { data: Float32Array.of(1, 0, 0, 0, 1, 0), shape: [2, 3] },
    });
    expect([...(gx?.data ?? [])]).toEqual([2, 4, 0]);
    expect([...(gw?.data ?? [])]).toEqual([2, 4, 6, 4, 8, 12]);
  });

  it('refuses a loss that is not a scalar', () => {
    const x = new Graph('g').input('x', 'float32', [2]);
    expect(() => gradients(x, [x])).toThrow('Cannot differentiate: loss must be a scalar, got x: float32 [2]');
  });

  it('refuses a source the loss does not depend on', () => {
    const graph = new Graph('g');
    const [x, y] = [graph.input('x', 'float32', [2]), graph.input('y', 'float32', [2])];
    expect(() => gradients(reduceSum(x, [0]), [y])).toThrow(
      'Cannot differentiate: loss must depend on y: float32 [2], got a graph in which it does not',
    );
  });

  it('refuses an operator without a rule, and an inlined model, by name', () => {
    const graph = new Graph('g');
    const x = graph.input('x', 'float32', [2, 2]);
    expect(() => gradients(reduceSum(ops.round(x), [0, 1]), [x])).toThrow(
      /^Cannot differentiate: operator must have a rule \(Add, .*\), got Round$/,
    );
    const inner = new Graph('inner');
    inner.output('y', ops.relu(inner.input('x', 'float32', [2, 2])));
    const [y] = addForeignModel(graph, writeOnnx(inner).bytes, {
      input: { name: 'x', value: x },
      outputs: [{ name: 'out.y', dtype: 'float32', shape: [2, 2] }],
    }) as [Value];
    expect(() => gradients(reduceSum(y, [0, 1]), [x])).toThrow(/got \w+ \(an inlined model\)$/);
  });

  it('refuses a gather along another axis, and from an axis of unknown size', () => {
    const graph = new Graph('g');
    const [x, open] = [graph.input('x', 'float32', [2, 2]), graph.input('open', 'float32', ['n', 2])];
    const loss = (value: Value): Value => reduceSum(value, [0, 1]);
    expect(() => gradients(loss(gather(x, graph.integers([1]), 1)), [x])).toThrow(
      'Cannot differentiate: gather must pick from a first axis of known size, got axis 1 of x: float32 [2, 2]',
    );
    expect(() => gradients(loss(gather(open, graph.integers([1]), 0)), [open])).toThrow(
      'Cannot differentiate: gather must pick from a first axis of known size, got axis 0 of open: float32 [n, 2]',
    );
  });
});
