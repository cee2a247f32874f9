/** The gradients of a square 2-D convolution, as convolutions and products. */
import { ops, pictureOps, shapeOps, productOf, type Dimension, type GraphNode, type Value } from '@synseg/core/graph';

const { matmul, reduceSum, scalar } = ops;
const { conv } = pictureOps;
const { concat, expand, reshape, slice, transpose } = shapeOps;

/**
 * Rule of `Conv` with stride 1 (any padding) or with stride = kernel and no padding (patches).
 *
 * @throws RangeError for any other stride
 */
export function convRule(node: GraphNode, gradient: Value, needed: readonly boolean[]): readonly (Value | undefined)[] {
  const [x, kernel] = node.inputs as readonly [Value, Value];
  const [side] = (node.attributes['kernel_shape'] as { ints: readonly number[] }).ints as readonly [number];
  const [stride] = (node.attributes['strides'] as { ints: readonly number[] }).ints as readonly [number];
  const [padding] = (node.attributes['pads'] as { ints: readonly number[] }).ints as readonly [number];
  const toBias = needed[2] === true ? reduceSum(gradient, [0, 2, 3]) : undefined;
  if (stride === side && padding === 0) return [...patchGradients(x, kernel, gradient, side, needed), toBias];
  if (stride !== 1)
    throw new RangeError(
      'Cannot differentiate: convolution must have stride 1, or stride = kernel without padding, got stride ' +
        `${stride}, kernel ${side}, padding ${padding}`,
    );
  return [
    needed[0] === true
      ? conv(gradient, flipped(kernel, side), undefined, { stride: 1, padding: side - 1 - padding })
      : undefined,
    needed[1] === true ? kernelGradient(x, gradient, side, padding) : undefined,
    toBias,
  ];
}

/** `[o, c, k, k]` → `[c, o, k, k]`, turned by half a turn. */
function flipped(kernel: Value, side: number): Value {
  const [out, channels] = kernel.shape as readonly [number, number];
  const cells = transpose(reshape(kernel, [out, channels, side * side]), [1, 0, 2]);
  const reversed = Array.from({ length: side * side }, (_, cell) =>
    slice(cells, 2, side * side - 1 - cell, side * side - cell),
  );
  return reshape(concat(reversed, 2), [channels, out, side, side]);
}

/** `dW[o, c, i, j] = Σ G[n, o, y, x] · X[n, c, y + i − p, x + j − p]`: one product per cell of the kernel. */
function kernelGradient(x: Value, gradient: Value, side: number, padding: number): Value {
  const [n, channels] = x.shape as readonly [Dimension, number];
  const [, out, rows, columns] = gradient.shape as readonly [Dimension, number, number, number];
  const padded = padBorder(x, padding);
  const cells = productOf([n, rows * columns]);
  const upstream = reshape(transpose(gradient, [1, 0, 2, 3]), [out, cells]);
  const parts: Value[] = [];
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const shifted = slice(slice(padded, 2, i, i + rows), 3, j, j + columns);
      const flat = reshape(transpose(shifted, [0, 2, 3, 1]), [cells, channels]);
      parts.push(reshape(matmul(upstream, flat), [out, channels, 1]));
    }
  }
  return reshape(concat(parts, 2), [out, channels, side, side]);
}

function padBorder(x: Value, padding: number): Value {
  if (padding === 0) return x;
  return [2, 3].reduce((value, axis) => {
    const border = expand(
      scalar(x, 0),
      value.shape.map((dimension, other) => (other === axis ? padding : dimension)),
    );
    return concat([border, value, border], axis);
  }, x);
}

/** A convolution over patches that do not overlap is a product per patch. */
function patchGradients(
  x: Value,
  kernel: Value,
  gradient: Value,
  side: number,
  needed: readonly boolean[],
): readonly (Value | undefined)[] {
  const [n, channels, height, width] = x.shape as readonly [Dimension, number, number, number];
  const [, out, rows, columns] = gradient.shape as readonly [Dimension, number, number, number];
  if (height !== rows * side || width !== columns * side) {
    throw new RangeError(`Cannot differentiate: patches must fill the picture, got ${x.toString()} and kernel ${side}`);
  }
  const cells = productOf([n, rows * columns]);
  const upstream = reshape(transpose(gradient, [0, 2, 3, 1]), [cells, out]);
  const patchSize = channels * side * side;
  const toX = (): Value => {
    const patches = reshape(matmul(upstream, reshape(kernel, [out, patchSize])), [
      n,
      rows,
      columns,
      channels,
      side,
      side,
    ]);
    return reshape(transpose(patches, [0, 3, 1, 4, 2, 5]), x.shape);
  };
  const toKernel = (): Value => {
    const patches = transpose(reshape(x, [n, channels, rows, side, columns, side]), [0, 2, 4, 1, 3, 5]);
    return reshape(matmul(transpose(upstream, [1, 0]), reshape(patches, [cells, patchSize])), kernel.shape);
  };
  return [needed[0] === true ? toX() : undefined, needed[1] === true ? toKernel() : undefined];
}
