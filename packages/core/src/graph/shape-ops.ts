/**
 * Operators that move elements without computing on them, and what they need to know of dimensions: see `ops.ts` for
 * the rules all operators follow.
 */
import { sameDType, type Graph, type Value } from './graph.ts';
import { broadcastShapes, normalizeAxis, productOf, type Dimension, type Shape } from './tensor-type.ts';

/** Reorders axes. @throws RangeError when `order` is not a permutation. */
export function transpose(x: Value, order: readonly number[]): Value {
  if (order.length !== x.shape.length || [...order].sort((a, b) => a - b).some((axis, index) => axis !== index)) {
    throw new RangeError(
      `Cannot transpose: order must be a permutation of ${x.shape.length} axes, got [${order.join(', ')}] ` +
        `for ${x.toString()}`,
    );
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
    throw new RangeError(
      `Cannot reshape: element counts must agree, got ${x.toString()} and target [${shape.join(', ')}]`,
    );
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
  return concat(
    shape.map((dimension) =>
      typeof dimension === 'number' ? graph.integers([dimension]) : runtimeDimension(graph, dimension),
    ),
    0,
  );
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
  return factors.reduce((product, factor) => graph.node('Mul', [product, factor], product));
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
  const index = normalizeAxis('concatenate', axis, first.shape.length);
  for (const part of parts) {
    if (
      part.dtype !== first.dtype ||
      part.shape.length !== first.shape.length ||
      part.shape.some((d, other) => other !== index && d !== first.shape[other])
    ) {
      throw new RangeError(
        `Cannot concatenate along axis ${index}: parts must agree elsewhere, got ${first.toString()} and ` +
          `${part.toString()}`,
      );
    }
  }
  const sizes = parts.map((part) => part.shape[index] as Dimension);
  const total = sizes.every((size) => typeof size === 'number')
    ? sizes.reduce<number>((sum, size) => sum + size, 0)
    : sizes.join('+');
  const shape = first.shape.map((dimension, other) => (other === index ? total : dimension));
  return first.graph.node('Concat', parts, { dtype: first.dtype, shape }, { axis: { int: index } });
}

/** Elements `[start, end)` of one axis of known length. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const index = normalizeAxis('slice', axis, x.shape.length);
  const size = x.shape[index];
  if (typeof size !== 'number' || start < 0 || end > size || start >= end) {
    throw new RangeError(
      `Cannot slice axis ${index} of ${x.toString()}: range must lie within it, got [${start}, ` + `${end})`,
    );
  }
  const shape = x.shape.map((dimension, other) => (other === index ? end - start : dimension));
  const { graph } = x;
  return graph.node('Slice', [x, graph.integers([start]), graph.integers([end]), graph.integers([index])], {
    dtype: x.dtype,
    shape,
  });
}

/** Picks entries of one axis by integer index. */
export function gather(x: Value, indices: Value, axis: number): Value {
  const index = normalizeAxis('gather', axis, x.shape.length);
  const shape = [...x.shape.slice(0, index), ...indices.shape, ...x.shape.slice(index + 1)];
  return x.graph.node('Gather', [x, indices], { dtype: x.dtype, shape }, { axis: { int: index } });
}

/** The integers `start … end − 1` of two int64 scalars, as `length` (a name of the caller's choice) of them. */
export function range(start: Value, end: Value, length: Dimension): Value {
  return start.graph.node('Range', [start, end, start.graph.integers([1], [])], { dtype: 'int64', shape: [length] });
}

/** Appends `count` slices filled with a scalar at the end of an axis. */
export function pad(x: Value, axis: number, count: number, fill: Value): Value {
  const index = normalizeAxis('pad', axis, x.shape.length);
  const pads = x.graph.integers([...x.shape.map(() => 0), ...x.shape.map((_, other) => (other === index ? count : 0))]);
  const shape = x.shape.map((dimension, other) => {
    if (other !== index) return dimension;
    return typeof dimension === 'number' ? dimension + count : `${dimension}+${count}`;
  });
  return x.graph.node('Pad', [x, pads, fill], { dtype: sameDType('pad', x, fill), shape });
}

/** Drops axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const dropped = axes.map((axis) => normalizeAxis('squeeze', axis, x.shape.length));
  for (const axis of dropped) {
    if (x.shape[axis] !== 1) throw new RangeError(`Cannot squeeze: axis ${axis} must have size 1, got ${x.toString()}`);
  }
  const shape = x.shape.filter((_, axis) => !dropped.includes(axis));
  return x.graph.node('Squeeze', [x, x.graph.integers(dropped)], { dtype: x.dtype, shape });
}
