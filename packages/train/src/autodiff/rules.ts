/**
 * Differentiation rules, one per operator: from the gradient of its result to the gradients of its operands.
 *
 * Only operators whose results are smooth enough to train through are here; an operator without a rule (an argmax, an
 * inlined trunk) is frozen, and reaching one is an error, never a silent zero.
 */
import { ops, productOf, shapeOps, type Dimension, type GraphNode, type Value } from '@synseg/core/graph';
import { reduceToShape } from './broadcast.ts';
import { convRule } from './conv-rule.ts';
import { layerNormRule } from './layer-norm-rule.ts';
import { constantIntegers, integer, integers, operand, result } from './node-parts.ts';
import { clipRule, globalAverageRule, resizeRule } from './picture-rules.ts';

const {
  cast,
  divide,
  equal,
  exp,
  greater,
  greaterOrEqual,
  matmul,
  multiply,
  reduceSum,
  scalar,
  sigmoid,
  subtract,
  where,
} = ops;
const { concat, expand, reshape, slice, transpose } = shapeOps;

/** Gradients of a node's inputs, by position; undefined where none is needed or none flows. */
export type Rule = (node: GraphNode, gradient: Value, needed: readonly boolean[]) => readonly (Value | undefined)[];

/** The rule of a node's operator. @throws RangeError when it has none */
export function ruleOf(node: GraphNode): Rule {
  const rule = node.model === undefined && node.domain === '' ? RULES.get(node.operator) : undefined;
  if (rule === undefined) {
    const name = node.model === undefined ? node.operator : `${node.operator} (an inlined model)`;
    throw new RangeError(
      `Cannot differentiate: operator must have a rule (${[...RULES.keys()].join(', ')}), got ${name}`,
    );
  }
  return rule;
}

const negate = (x: Value): Value => multiply(x, scalar(x, -1));

/** 1 where x > 0, else 0. Not by Sign: WebGPU has no such operator, and on the CPU it is slower. */
const isPositive = (x: Value): Value => cast(greater(x, scalar(x, 0)), x.dtype);

/** A rule for an operator of one operand: gradient times a factor. */
const elementwise =
  (factor: (x: Value, y: Value) => Value): Rule =>
  (node, gradient) => [multiply(gradient, factor(operand(node, 0), result(node)))];

/** Max and Min: the gradient goes to the operand that won; on a tie to the first. */
const choosing =
  (firstWins: (a: Value, b: Value) => Value): Rule =>
  (node, gradient, needed) => {
    const [a, b] = [operand(node, 0), operand(node, 1)];
    const share = cast(firstWins(a, b), gradient.dtype);
    return [
      needed[0] === true ? reduceToShape(multiply(gradient, share), a.shape) : undefined,
      needed[1] === true ? reduceToShape(multiply(gradient, subtract(scalar(share, 1), share)), b.shape) : undefined,
    ];
  };

/** Swaps the last two axes. */
function matrixTranspose(x: Value): Value {
  const rank = x.shape.length;
  return transpose(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
}

/** `dA = G Bᵀ`, `dB = Aᵀ G`. */
const matmulRule: Rule = (node, gradient, needed) => {
  const [a, b] = [operand(node, 0), operand(node, 1)];
  const toA = needed[0] === true ? reduceToShape(matmul(gradient, matrixTranspose(b)), a.shape) : undefined;
  if (needed[1] !== true) return [toA, undefined];
  // One matrix for many rows: flattening the rows is one product instead of a product per row and a sum.
  if (b.shape.length === 2 && a.shape.length > 2) {
    const flat = (x: Value): Value => reshape(x, [productOf(x.shape.slice(0, -1)), x.shape.at(-1) as Dimension]);
    return [toA, matmul(matrixTranspose(flat(a)), flat(gradient))];
  }
  return [toA, reduceToShape(matmul(matrixTranspose(a), gradient), b.shape)];
};

/** `y = x Wᵀ + b`: `dx = G W`, `dW = Gᵀ x`, `db = Σ G`. */
const gemmRule: Rule = (node, gradient, needed) => [
  needed[0] === true ? matmul(gradient, operand(node, 1)) : undefined,
  needed[1] === true ? matmul(matrixTranspose(gradient), operand(node, 0)) : undefined,
  needed[2] === true ? reduceSum(gradient, [0]) : undefined,
];

/** `dx = y ⊙ (G − Σ G ⊙ y)`. */
const softmaxRule: Rule = (node, gradient) => {
  const y = result(node);
  const axis = integer(node, 'axis');
  return [multiply(y, subtract(gradient, reduceSum(multiply(gradient, y), [axis], true)))];
};

/** The shape with 1 in place of each reduced axis. */
function keptShape(node: GraphNode, axes: readonly number[]): Dimension[] {
  return operand(node, 0).shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
}

/** Axes that a reduction dropped or set to 1, read from the shapes. */
function reducedAxes(node: GraphNode): number[] {
  const axes = node.inputs[1] === undefined ? integers(node, 'axes') : constantIntegers(node, 1);
  return [...axes];
}

const reduceSumRule: Rule = (node, gradient) => {
  const x = operand(node, 0);
  return [expand(reshape(gradient, keptShape(node, reducedAxes(node))), x.shape)];
};

/** The gradient goes to the largest elements, in equal shares on a tie. */
const reduceMaxRule: Rule = (node, gradient) => {
  const x = operand(node, 0);
  const axes = reducedAxes(node);
  const shape = keptShape(node, axes);
  const winners = cast(equal(x, reshape(result(node), shape)), x.dtype);
  return [multiply(winners, divide(reshape(gradient, shape), reduceSum(winners, axes, true)))];
};

/** Undoes a rearrangement that keeps all elements. */
const reshapeRule: Rule = (node, gradient) => [reshape(gradient, operand(node, 0).shape)];

const transposeRule: Rule = (node, gradient) => {
  const order = integers(node, 'perm');
  return [
    transpose(
      gradient,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ];
};

const sliceRule: Rule = (node, gradient) => {
  const x = operand(node, 0);
  const constants = [1, 2, 3].map((index) => constantIntegers(node, index)[0] as number);
  const [start, end, axis] = constants as [number, number, number];
  const zeros = (count: number): Value =>
    expand(
      scalar(x, 0),
      x.shape.map((dimension, other) => (other === axis ? count : dimension)),
    );
  const size = x.shape[axis] as number;
  const parts = [...(start > 0 ? [zeros(start)] : []), gradient, ...(end < size ? [zeros(size - end)] : [])];
  return [concat(parts, axis)];
};

const concatRule: Rule = (node, gradient, needed) => {
  const axis = integer(node, 'axis');
  let start = 0;
  return node.inputs.map((input, index) => {
    const from = start;
    start += (input as Value).shape[axis] as number;
    return needed[index] === true ? slice(gradient, axis, from, start) : undefined;
  });
};

const whereRule: Rule = (node, gradient, needed) => {
  const condition = operand(node, 0);
  const zero = scalar(gradient, 0);
  return [
    undefined,
    needed[1] === true ? reduceToShape(where(condition, gradient, zero), operand(node, 1).shape) : undefined,
    needed[2] === true ? reduceToShape(where(condition, zero, gradient), operand(node, 2).shape) : undefined,
  ];
};

/**
 * Gather along the first axis: `dTable = Hᵀ G` with the one-hot matrix `H[r, v] = (index_r = v)`. A product and not a
 * scatter: sums of rows that were gathered more than once then have one order, the same in every run.
 */
const gatherRule: Rule = (node, gradient) => {
  const [table, indices] = [operand(node, 0), operand(node, 1)];
  const [entries, ...rest] = table.shape;
  if (integer(node, 'axis') !== 0 || typeof entries !== 'number') {
    throw new RangeError(
      'Cannot differentiate: gather must pick from a first axis of known size, got axis ' +
        `${integer(node, 'axis')} of ${table.toString()}`,
    );
  }
  const [rows, width] = [productOf(indices.shape), productOf(rest)];
  const numbers = cast(
    table.graph.integers(
      Array.from({ length: entries }, (_, entry) => entry),
      [1, entries],
    ),
    'int32',
  );
  const oneHot = cast(equal(reshape(cast(indices, 'int32'), [rows, 1]), numbers), gradient.dtype);
  return [reshape(matmul(matrixTranspose(oneHot), reshape(gradient, [rows, width])), table.shape)];
};

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    'Add',
    (node, gradient) => [
      reduceToShape(gradient, operand(node, 0).shape),
      reduceToShape(gradient, operand(node, 1).shape),
    ],
  ],
  [
    'Sub',
    (node, gradient, needed) => [
      reduceToShape(gradient, operand(node, 0).shape),
      needed[1] === true ? reduceToShape(negate(gradient), operand(node, 1).shape) : undefined,
    ],
  ],
  [
    'Mul',
    (node, gradient, needed) => {
      const [a, b] = [operand(node, 0), operand(node, 1)];
      return [
        needed[0] === true ? reduceToShape(multiply(gradient, b), a.shape) : undefined,
        needed[1] === true ? reduceToShape(multiply(gradient, a), b.shape) : undefined,
      ];
    },
  ],
  [
    'Div',
    (node, gradient, needed) => {
      const [a, b] = [operand(node, 0), operand(node, 1)];
      const toA = divide(gradient, b);
      return [
        needed[0] === true ? reduceToShape(toA, a.shape) : undefined,
        needed[1] === true ? reduceToShape(negate(multiply(toA, result(node))), b.shape) : undefined,
      ];
    },
  ],
  ['Max', choosing(greaterOrEqual)],
  ['Min', choosing((a, b) => greaterOrEqual(b, a))],
  ['Abs', elementwise((x) => subtract(isPositive(x), isPositive(negate(x))))],
  ['Exp', elementwise((_, y) => y)],
  ['Log', (node, gradient) => [divide(gradient, operand(node, 0))]],
  ['Sqrt', (node, gradient) => [divide(multiply(gradient, scalar(gradient, 0.5)), result(node))]],
  ['Relu', elementwise((_, y) => isPositive(y))],
  ['Sigmoid', elementwise((_, y) => multiply(y, subtract(scalar(y, 1), y)))],
  ['Softplus', elementwise((x) => sigmoid(x))],
  // 2/√π exp(−x²)
  ['Erf', elementwise((x) => multiply(exp(negate(multiply(x, x))), scalar(x, 2 / Math.sqrt(Math.PI))))],
  ['Identity', (_, gradient) => [gradient]],
  ['Cast', (node, gradient) => [cast(gradient, operand(node, 0).dtype)]],
  ['Where', whereRule],
  ['MatMul', matmulRule],
  ['Gemm', gemmRule],
  ['Conv', convRule],
  ['Clip', clipRule],
  ['GlobalAveragePool', globalAverageRule],
  ['Resize', resizeRule],
  ['Softmax', softmaxRule],
  ['LayerNormalization', layerNormRule],
  ['ReduceSum', reduceSumRule],
  ['ReduceMax', reduceMaxRule],
  ['Reshape', reshapeRule],
  ['Squeeze', reshapeRule],
  ['Expand', (node, gradient) => [reduceToShape(gradient, operand(node, 0).shape)]],
  ['Transpose', transposeRule],
  ['Slice', sliceRule],
  ['Gather', gatherRule],
  ['Concat', concatRule],
]);
