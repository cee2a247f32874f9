/**
 * Operators on graph values: each checks its operands' types, infers its result's, and adds one node (or the few that
 * spell it). Only standard ONNX operators whose form is the same from opset 17 to 21, so every execution provider and
 * an inlined trunk of a newer opset can share a graph; the one exception is the int8 product, a contrib operator.
 */
import type { Attribute, Graph, Value } from './graph.ts';
import { broadcastShapes, describe, normaliseAxis, productOf, sameShape, type Dimension, type DType, type Shape } from './tensor-type.ts';

function sameDType(action: string, a: Value, b: Value): DType {
  if (a.dtype !== b.dtype) throw new RangeError(`Cannot ${action}: dtypes must be equal, got ${a.toString()} and ${b.toString()}`);
  return a.dtype;
}

function expectOperand(action: string, name: string, value: Value, dtype: DType, shape: Shape): void {
  if (value.dtype !== dtype || !sameShape(value.shape, shape)) {
    throw new RangeError(`Cannot ${action}: ${name} must be ${describe({ dtype, shape })}, got ${value.toString()}`);
  }
}

function elementwise(operator: string, a: Value, b: Value, dtype?: DType): Value {
  const action = operator.toLowerCase();
  const common = sameDType(action, a, b);
  return a.graph.node(operator, [a, b], { dtype: dtype ?? common, shape: broadcastShapes(action, a.shape, b.shape) });
}

function unary(operator: string, x: Value, attributes?: Record<string, Attribute>): Value {
  return x.graph.node(operator, [x], x, attributes);
}

export const add = (a: Value, b: Value): Value => elementwise('Add', a, b);
export const subtract = (a: Value, b: Value): Value => elementwise('Sub', a, b);
export const multiply = (a: Value, b: Value): Value => elementwise('Mul', a, b);
export const divide = (a: Value, b: Value): Value => elementwise('Div', a, b);
export const maximum = (a: Value, b: Value): Value => elementwise('Max', a, b);
export const minimum = (a: Value, b: Value): Value => elementwise('Min', a, b);
export const greaterOrEqual = (a: Value, b: Value): Value => elementwise('GreaterOrEqual', a, b, 'bool');
export const equal = (a: Value, b: Value): Value => elementwise('Equal', a, b, 'bool');
export const sigmoid = (x: Value): Value => unary('Sigmoid', x);
export const relu = (x: Value): Value => unary('Relu', x);
export const floor = (x: Value): Value => unary('Floor', x);
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

/** ONNX's TensorProto.DataType numbers. */
export const ONNX_DTYPE: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** `condition ? a : b`, elementwise with broadcasting. */
export function where(condition: Value, a: Value, b: Value): Value {
  if (condition.dtype !== 'bool') throw new RangeError(`Cannot choose: condition must be bool, got ${condition.toString()}`);
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
  if (x.shape.length !== 2 || weight.shape.length !== 2 || n === undefined || out === undefined || features !== inner || !biasFits) {
    const sides = [x, weight, bias].map((value) => value?.toString() ?? 'no bias').join(', ');
    throw new RangeError(`Cannot apply linear layer: it must take [n, in], [out, in], [out], got ${sides}`);
  }
  return x.graph.node('Gemm', bias === undefined ? [x, weight] : [x, weight, bias], { dtype: sameDType('apply linear layer', x, weight), shape: [n, out] }, { transB: { int: 1 } });
}

/**
 * `a · b` with `a` quantised to uint8 per call and `b` int8 `[k, n]` with one scale per column (zero point 0).
 * @see onnxruntime contrib operator `DynamicQuantizeMatMul`
 */
export function quantisedMatmul(a: Value, b: Value, scale: Value, zeroPoint: Value, bias: Value): Value {
  const result = { dtype: a.dtype, shape: productShape(a, b) };
  const columns = result.shape.slice(-1);
  for (const [name, value, dtype] of [['scale', scale, 'float32'], ['zeroPoint', zeroPoint, 'int8'], ['bias', bias, 'float32']] as const) {
    expectOperand('multiply matrices', name, value, dtype, columns);
  }
  return a.graph.node('DynamicQuantizeMatMul', [a, b, scale, zeroPoint, bias], result, {}, 'com.microsoft');
}

function productShape(a: Value, b: Value): Shape {
  const [m, k] = a.shape.slice(-2);
  const [rows, n] = b.shape.slice(-2);
  if (m === undefined || k === undefined || rows === undefined || n === undefined || k !== rows) {
    throw new RangeError(`Cannot multiply matrices: inner dimensions must agree, got ${a.toString()} and ${b.toString()}`);
  }
  return [...broadcastShapes('multiply matrices', a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
}

/** `exp(x) / Σ exp(x)` along an axis. */
export function softmax(x: Value, axis = -1): Value {
  return unary('Softmax', x, { axis: { int: normaliseAxis('apply softmax', axis, x.shape.length) } });
}

/** `(x − mean) / √(variance + ε) · scale + bias` over the last axis. */
export function layerNorm(x: Value, scale: Value, bias: Value, epsilon: number): Value {
  const width = x.shape.at(-1);
  for (const [name, parameter] of [['scale', scale], ['bias', bias]] as const) expectOperand('normalise', name, parameter, x.dtype, [width ?? 0]);
  return x.graph.node('LayerNormalization', [x, scale, bias], x, { axis: { int: -1 }, epsilon: { float: epsilon } });
}

/** Sum over axes. */
export function reduceSum(x: Value, axes: readonly number[], keepDimensions = false): Value {
  const reduced = axes.map((axis) => normaliseAxis('sum', axis, x.shape.length));
  const shape = x.shape.flatMap((dimension, axis) => (reduced.includes(axis) ? (keepDimensions ? [1] : []) : [dimension]));
  return x.graph.node('ReduceSum', [x, x.graph.integers(reduced)], { dtype: x.dtype, shape }, { keepdims: { int: keepDimensions ? 1 : 0 } });
}

/** Index of the largest element along an axis, the first one on a tie: int64. */
export function argMax(x: Value, axis: number): Value {
  const index = normaliseAxis('take argmax', axis, x.shape.length);
  const shape = x.shape.filter((_, other) => other !== index);
  return x.graph.node('ArgMax', [x], { dtype: 'int64', shape }, { axis: { int: index }, keepdims: { int: 0 } });
}

/** Reorders axes. @throws RangeError when `order` is not a permutation. */
export function transpose(x: Value, order: readonly number[]): Value {
  if (order.length !== x.shape.length || [...order].sort((a, b) => a - b).some((axis, index) => axis !== index)) {
    throw new RangeError(`Cannot transpose: order must be a permutation of ${String(x.shape.length)} axes, got [${order.join(', ')}] for ${x.toString()}`);
  }
  const shape = order.map((axis) => x.shape[axis] as Dimension);
  return x.graph.node('Transpose', [x], { dtype: x.dtype, shape }, { perm: { ints: order } });
}

/**
 * Same elements in another shape. Named dimensions may be merged (`batch*labels`) and split again.
 * @throws RangeError when the element counts differ, naming both shapes.
 */
export function reshape(x: Value, shape: Shape): Value {
  if (productOf(x.shape) !== productOf(shape)) {
    throw new RangeError(`Cannot reshape: element counts must agree, got ${x.toString()} and target [${shape.join(', ')}]`);
  }
  const names = shape.filter((dimension) => typeof dimension === 'string');
  const target =
    names.length <= 1
      ? x.graph.integers(shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)))
      : dimensionsOf(x.graph, shape);
  return x.graph.node('Reshape', [x, target], { dtype: x.dtype, shape });
}

/** The dimensions of a shape as an int64 vector, names read from the graph's inputs when it runs. */
export function dimensionsOf(graph: Graph, shape: Shape): Value {
  if (shape.every((dimension) => typeof dimension === 'number')) return graph.integers(shape);
  return concat(shape.map((dimension) => (typeof dimension === 'number' ? graph.integers([dimension]) : runtimeDimension(graph, dimension))), 0);
}

function runtimeDimension(graph: Graph, name: string): Value {
  const factors = name.split('*').map((factor) => {
    if (/^\d+$/.test(factor)) return graph.integers([Number(factor)]);
    for (const input of graph.inputs) {
      const axis = input.shape.indexOf(factor);
      if (axis < 0) continue;
      const sizes = graph.node('Shape', [input], { dtype: 'int64', shape: [input.shape.length] });
      return gather(sizes, graph.integers([axis]), 0);
    }
    throw new RangeError(`Cannot read dimension: "${factor}" must be a dimension of an input of graph "${graph.name}"`);
  });
  return factors.reduce((product, factor) => multiply(product, factor));
}

/** Repeats size-1 axes up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  broadcastShapes('expand', x.shape, shape);
  return x.graph.node('Expand', [x, dimensionsOf(x.graph, shape)], { dtype: x.dtype, shape });
}

/** Joins values along an axis; all other dimensions must agree. */
export function concat(parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  if (first === undefined) throw new RangeError('Cannot concatenate: parts must not be empty, got 0');
  if (parts.length === 1) return first;
  const index = normaliseAxis('concatenate', axis, first.shape.length);
  for (const part of parts) {
    if (part.dtype !== first.dtype || part.shape.length !== first.shape.length || part.shape.some((d, other) => other !== index && d !== first.shape[other])) {
      throw new RangeError(`Cannot concatenate along axis ${String(index)}: parts must agree elsewhere, got ${first.toString()} and ${part.toString()}`);
    }
  }
  const sizes = parts.map((part) => part.shape[index] as Dimension);
  const total = sizes.every((size) => typeof size === 'number') ? sizes.reduce<number>((sum, size) => sum + (size), 0) : sizes.join('+');
  const shape = first.shape.map((dimension, other) => (other === index ? total : dimension));
  return first.graph.node('Concat', parts, { dtype: first.dtype, shape }, { axis: { int: index } });
}

/** Elements `[start, end)` of one axis of known length. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const index = normaliseAxis('slice', axis, x.shape.length);
  const size = x.shape[index];
  if (typeof size !== 'number' || start < 0 || end > size || start >= end) {
    throw new RangeError(`Cannot slice axis ${String(index)} of ${x.toString()}: range must lie within it, got [${String(start)}, ${String(end)})`);
  }
  const shape = x.shape.map((dimension, other) => (other === index ? end - start : dimension));
  const { graph } = x;
  return graph.node('Slice', [x, graph.integers([start]), graph.integers([end]), graph.integers([index])], { dtype: x.dtype, shape });
}

/** Picks entries of one axis by integer index. */
export function gather(x: Value, indices: Value, axis: number): Value {
  const index = normaliseAxis('gather', axis, x.shape.length);
  const shape = [...x.shape.slice(0, index), ...indices.shape, ...x.shape.slice(index + 1)];
  return x.graph.node('Gather', [x, indices], { dtype: x.dtype, shape }, { axis: { int: index } });
}

/** The integers `start … end − 1` of two int64 scalars, as `length` (a name of the caller's choice) of them. */
export function range(start: Value, end: Value, length: Dimension): Value {
  return start.graph.node('Range', [start, end, start.graph.integers([1], [])], { dtype: 'int64', shape: [length] });
}

/** Resampling of `[n, c, h, w]` to `shape` with half-pixel centres, without anti-aliasing. */
export function resize(x: Value, shape: Shape, mode: 'linear' | 'cubic'): Value {
  return resizeTo(x, dimensionsOf(x.graph, shape), shape, mode);
}

/** {@link resize} to a size known only when the graph runs: `sizes` is int64 [4], `shape` names its unknowns. */
export function resizeTo(x: Value, sizes: Value, shape: Shape, mode: 'linear' | 'cubic'): Value {
  if (x.shape.length !== 4 || shape.length !== 4 || x.shape[0] !== shape[0] || x.shape[1] !== shape[1]) {
    throw new RangeError(`Cannot resize: only the last two of four axes may change, got ${x.toString()} and target [${shape.join(', ')}]`);
  }
  return x.graph.node('Resize', [x, undefined, undefined, sizes], { dtype: x.dtype, shape }, {
    mode: { string: mode },
    coordinate_transformation_mode: { string: 'half_pixel' },
    ...(mode === 'cubic' ? { cubic_coeff_a: { float: -0.75 } } : {}),
  });
}

/** Appends `count` slices filled with a scalar at the end of an axis. */
export function pad(x: Value, axis: number, count: number, fill: Value): Value {
  const index = normaliseAxis('pad', axis, x.shape.length);
  const pads = x.graph.integers([...x.shape.map(() => 0), ...x.shape.map((_, other) => (other === index ? count : 0))]);
  const shape = x.shape.map((dimension, other) => {
    if (other !== index) return dimension;
    return typeof dimension === 'number' ? dimension + count : `${dimension}+${String(count)}`;
  });
  return x.graph.node('Pad', [x, pads, fill], { dtype: sameDType('pad', x, fill), shape });
}

/** Drops axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const dropped = axes.map((axis) => normaliseAxis('squeeze', axis, x.shape.length));
  for (const axis of dropped) {
    if (x.shape[axis] !== 1) throw new RangeError(`Cannot squeeze: axis ${String(axis)} must have size 1, got ${x.toString()}`);
  }
  const shape = x.shape.filter((_, axis) => !dropped.includes(axis));
  return x.graph.node('Squeeze', [x, x.graph.integers(dropped)], { dtype: x.dtype, shape });
}

/** 2-D convolution `[n, c, h, w]` with kernel `[o, c, k, k]`, stride 1 or k, and equal zero padding on all sides. */
export function conv(x: Value, kernel: Value, bias: Value | undefined, options: { readonly stride: number; readonly padding: number }): Value {
  const [n, channels, height, width] = x.shape;
  const [out, inner, kernelHeight, kernelWidth] = kernel.shape;
  if (n === undefined || out === undefined || channels !== inner || kernelHeight !== kernelWidth || typeof kernelHeight !== 'number') {
    throw new RangeError(`Cannot convolve: kernel must be square over the value's channels, got ${x.toString()} and ${kernel.toString()}`);
  }
  if (bias !== undefined) expectOperand('convolve', 'bias', bias, x.dtype, [out]);
  const { stride, padding } = options;
  const size = (dimension: Dimension | undefined): Dimension => {
    if (typeof dimension !== 'number') throw new RangeError(`Cannot convolve: height and width must be known, got ${x.toString()}`);
    return Math.floor((dimension + 2 * padding - kernelHeight) / stride) + 1;
  };
  return x.graph.node('Conv', [x, kernel, bias], { dtype: sameDType('convolve', x, kernel), shape: [n, out, size(height), size(width)] }, {
    kernel_shape: { ints: [kernelHeight, kernelHeight] },
    strides: { ints: [stride, stride] },
    pads: { ints: [padding, padding, padding, padding] },
  });
}
