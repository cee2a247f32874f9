/**
 * Element type and shape of a graph value.
 *
 * A dimension is a number, or a name (`'batch'`) that stands for one unknown number wherever it occurs in the graph.
 */

/** Element types a graph can hold, in ONNX's order of use here. */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'float64' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool';

/** A dimension: a number ≥ 0, or the name of a number known only when the graph runs. */
export type Dimension = number | string;

/** Row-major dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly Dimension[];

/** Bytes per element of each {@link DType}. */
export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  uint8: 1,
  int8: 1,
  bool: 1,
};

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

/** `float32 [2, batch, 3]`, as error messages print it. */
export function describe(type: { readonly dtype: DType; readonly shape: Shape }): string {
  return `${type.dtype} [${type.shape.join(', ')}]`;
}

/** True when both shapes have the same rank and the same dimension, number or name, on every axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/**
 * The shape two operands take together under NumPy broadcasting.
 *
 * @throws RangeError when an axis differs and neither side is 1, naming both shapes.
 */
export function broadcastShapes(action: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new RangeError(`Cannot ${action}: shapes must broadcast, got [${a.join(', ')}] and [${b.join(', ')}]`);
    }
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/** The product of dimensions: a number when all are known, else a canonical name such as `2*batch*labels`. */
export function productOf(dimensions: Shape): Dimension {
  let known = 1;
  const names: string[] = [];
  for (const dimension of dimensions) {
    if (typeof dimension === 'number') known *= dimension;
    else {
      for (const factor of dimension.split('*')) {
        if (/^\d+$/.test(factor)) known *= Number(factor);
        else names.push(factor);
      }
    }
  }
  if (names.length === 0 || known === 0) return known;
  names.sort();
  return known === 1 ? names.join('*') : `${known}*${names.join('*')}`;
}

/** A non-negative axis index. @throws RangeError when the axis is outside the rank. */
export function normalizeAxis(action: string, axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(index) || index < 0 || index >= rank) {
    throw new RangeError(`Cannot ${action}: axis must be an integer in [${-rank}, ${rank}), got ${axis}`);
  }
  return index;
}
