/**
 * Operators on graph values: each checks its operands' types, infers its result's, and adds one node (or the few that
 * spell it). Only standard ONNX operators whose form is the same from opset 17 to 21, so every execution provider and
 * an inlined trunk of a newer opset can share a graph; the one exception is the int8 product, a contrib operator.
 */
import { expectOperand, sameDType, type Attribute, type Value } from './graph.ts';
import { ONNX_DTYPE, broadcastShapes, normalizeAxis, type DType, type Shape } from './tensor-type.ts';

function elementwise(operator: string, a: Value, b: Value, dtype?: DType): Value {
  const action = operator.toLowerCase();
  const common = sameDType(action, a, b);
  return a.graph.node(operator, [a, b], { dtype: dtype ?? common, shape: broadcastShapes(action, a.shape, b.shape) });
}

function unary(operator: string, x: Value, attributes?: Record<string, Attribute>): Value {
  return x.graph.node(operator, [x], x, attributes);
}

/** `a + b`, broadcast. */
export const add = (a: Value, b: Value): Value => elementwise('Add', a, b);
/** `a − b`, broadcast. */
export const subtract = (a: Value, b: Value): Value => elementwise('Sub', a, b);
/** `a · b` elementwise, broadcast. */
export const multiply = (a: Value, b: Value): Value => elementwise('Mul', a, b);
/** `a / b`, broadcast. */
export const divide = (a: Value, b: Value): Value => elementwise('Div', a, b);
/** The larger of both, elementwise, broadcast. */
export const maximum = (a: Value, b: Value): Value => elementwise('Max', a, b);
/** The smaller of both, elementwise, broadcast. */
export const minimum = (a: Value, b: Value): Value => elementwise('Min', a, b);
/** `a > b` as bool, broadcast. */
export const greater = (a: Value, b: Value): Value => elementwise('Greater', a, b, 'bool');
/** `a ≥ b` as bool, broadcast. */
export const greaterOrEqual = (a: Value, b: Value): Value => elementwise('GreaterOrEqual', a, b, 'bool');
/** `a = b` as bool, broadcast. */
export const equal = (a: Value, b: Value): Value => elementwise('Equal', a, b, 'bool');
/** `1 / (1 + exp(−x))`. */
export const sigmoid = (x: Value): Value => unary('Sigmoid', x);
/** `max(x, 0)`. */
export const relu = (x: Value): Value => unary('Relu', x);
/** `exp(x)`. */
export const exp = (x: Value): Value => unary('Exp', x);
/** The natural logarithm. */
export const log = (x: Value): Value => unary('Log', x);
/** `√x`. */
export const sqrt = (x: Value): Value => unary('Sqrt', x);
/** `|x|`. */
export const abs = (x: Value): Value => unary('Abs', x);
/** −1, 0 or 1. */
export const sign = (x: Value): Value => unary('Sign', x);
/** `log(1 + exp(x))`, without overflow. */
export const softplus = (x: Value): Value => unary('Softplus', x);
/** The nearest integer, the even one of two. */
export const round = (x: Value): Value => unary('Round', x);

/** `x · sigmoid(1.702 x)`, CLIP's approximation of GELU. */
export const quickGelu = (x: Value): Value => multiply(x, sigmoid(multiply(x, scalar(x, 1.702))));

/** `x · Φ(x)` with the error function. */
export function gelu(x: Value): Value {
  const erf = unary('Erf', multiply(x, scalar(x, Math.SQRT1_2)));
  return multiply(multiply(x, scalar(x, 0.5)), add(erf, scalar(x, 1)));
}

/** A scalar constant of the same dtype as `like`. */
export function scalar(like: Value, value: number): Value {
  const constant = like.dtype === 'int64' ? like.graph.integers([value], []) : like.graph.floats([value], []);
  return cast(constant, like.dtype);
}

/** Converts the element type; a value that already has it is returned as it is. */
export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x;
  return x.graph.node('Cast', [x], { dtype, shape: x.shape }, { to: { int: ONNX_DTYPE[dtype] } });
}

/** True where both bools are, broadcast. */
export function and(a: Value, b: Value): Value {
  if (a.dtype !== 'bool' || b.dtype !== 'bool')
    throw new RangeError(`Cannot and: both values must be bool, got ${a.toString()} and ${b.toString()}`);
  return elementwise('And', a, b);
}

/** `condition ? a : b`, elementwise with broadcasting. */
export function where(condition: Value, a: Value, b: Value): Value {
  if (condition.dtype !== 'bool')
    throw new RangeError(`Cannot choose: condition must be bool, got ${condition.toString()}`);
  const dtype = sameDType('choose', a, b);
  const shape = broadcastShapes('choose', condition.shape, broadcastShapes('choose', a.shape, b.shape));
  return a.graph.node('Where', [condition, a, b], { dtype, shape });
}

/** Matrix product over the last two axes, leading axes broadcast: `[…, m, k] · […, k, n] → […, m, n]`. */
export function matmul(a: Value, b: Value): Value {
  return a.graph.node('MatMul', [a, b], { dtype: sameDType('multiply matrices', a, b), shape: productShape(a, b) });
}

/** `x · weightᵀ + bias` for `x [n, in]`, `weight [out, in]`, `bias [out]`, as one operator. */
export function affine(x: Value, weight: Value, bias: Value | undefined): Value {
  const [n, features] = x.shape;
  const [out, inner] = weight.shape;
  const biasFits = bias === undefined || (bias.shape.length === 1 && bias.shape[0] === out);
  if (
    x.shape.length !== 2 ||
    weight.shape.length !== 2 ||
    n === undefined ||
    out === undefined ||
    features !== inner ||
    !biasFits
  ) {
    const sides = [x, weight, bias].map((value) => value?.toString() ?? 'no bias').join(', ');
    throw new RangeError(`Cannot apply linear layer: it must take [n, in], [out, in], [out], got ${sides}`);
  }
  return x.graph.node(
    'Gemm',
    bias === undefined ? [x, weight] : [x, weight, bias],
    { dtype: sameDType('apply linear layer', x, weight), shape: [n, out] },
    { transB: { int: 1 } },
  );
}

/**
 * `a · b` with `a` quantized to uint8 per call and `b` uint8 `[k, n]` with one scale and zero point per column. Not
 * int8: processors with AVX2 and without VNNI add two products of uint8 and int8 in 16 bits, where large ones do not
 * fit.
 * @see onnxruntime contrib operator `DynamicQuantizeMatMul`
 */
export function quantizedMatmul(a: Value, b: Value, scale: Value, zeroPoint: Value, bias: Value): Value {
  const result = { dtype: a.dtype, shape: productShape(a, b) };
  const columns = result.shape.slice(-1);
  for (const [name, value, dtype] of [
    ['scale', scale, 'float32'],
    ['zeroPoint', zeroPoint, 'uint8'],
    ['bias', bias, 'float32'],
  ] as const) {
    expectOperand('multiply matrices', name, value, dtype, columns);
  }
  return a.graph.node('DynamicQuantizeMatMul', [a, b, scale, zeroPoint, bias], result, {}, 'com.microsoft');
}

function productShape(a: Value, b: Value): Shape {
  const [m, k] = a.shape.slice(-2);
  const [rows, n] = b.shape.slice(-2);
  if (m === undefined || k === undefined || rows === undefined || n === undefined || k !== rows) {
    throw new RangeError(
      `Cannot multiply matrices: inner dimensions must agree, got ${a.toString()} and ${b.toString()}`,
    );
  }
  return [...broadcastShapes('multiply matrices', a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
}

/** `exp(x) / Σ exp(x)` along an axis. */
export function softmax(x: Value, axis = -1): Value {
  return unary('Softmax', x, { axis: { int: normalizeAxis('apply softmax', axis, x.shape.length) } });
}

/** `(x − mean) / √(variance + ε) · scale + bias` over the last axis. */
export function layerNorm(x: Value, scale: Value, bias: Value, epsilon: number): Value {
  const width = x.shape.at(-1);
  for (const [name, parameter] of [
    ['scale', scale],
    ['bias', bias],
  ] as const)
    expectOperand('normalize', name, parameter, x.dtype, [width ?? 0]);
  return x.graph.node('LayerNormalization', [x, scale, bias], x, { axis: { int: -1 }, epsilon: { float: epsilon } });
}

/** Sum over axes. */
export function reduceSum(x: Value, axes: readonly number[], keepDimensions = false): Value {
  const reduced = axes.map((axis) => normalizeAxis('sum', axis, x.shape.length));
  const shape = x.shape.flatMap((dimension, axis) =>
    reduced.includes(axis) ? (keepDimensions ? [1] : []) : [dimension],
  );
  return x.graph.node(
    'ReduceSum',
    [x, x.graph.integers(reduced)],
    { dtype: x.dtype, shape },
    { keepdims: { int: keepDimensions ? 1 : 0 } },
  );
}

/** The largest element over axes. */
export function reduceMax(x: Value, axes: readonly number[], keepDimensions = false): Value {
  const reduced = axes.map((axis) => normalizeAxis('take maximum', axis, x.shape.length));
  const shape = x.shape.flatMap((dimension, axis) =>
    reduced.includes(axis) ? (keepDimensions ? [1] : []) : [dimension],
  );
  return x.graph.node(
    'ReduceMax',
    [x],
    { dtype: x.dtype, shape },
    { axes: { ints: reduced }, keepdims: { int: keepDimensions ? 1 : 0 } },
  );
}

/** Index of the largest element along an axis, the first one on a tie: int64. */
export function argMax(x: Value, axis: number): Value {
  const index = normalizeAxis('take argmax', axis, x.shape.length);
  const shape = x.shape.filter((_, other) => other !== index);
  return x.graph.node('ArgMax', [x], { dtype: 'int64', shape }, { axis: { int: index }, keepdims: { int: 0 } });
}
