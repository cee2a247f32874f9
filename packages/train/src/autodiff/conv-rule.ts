/**
 * The gradients of a square 2-D convolution `Y = X ∗ W + b`, for any stride, padding, dilation and groups.
 *
 * Each form is the fastest of those measured in onnxruntime's CPU provider at the shapes of MobileNetV2 (8 pictures of
 * 352 × 352). The kernel of a plain convolution: products of matrices. One in groups or with a stride: a convolution
 * with the gradient as kernel, a fifth to a tenth of the time of a product and a sum per cell. The picture: a
 * convolution with the turned kernel, a half to a third of the time of the transposed convolution. With a stride it
 * would run over inserted zeros and take twice the time, so there it is the transposed convolution.
 */
import { ops, pictureOps, shapeOps, productOf, type Dimension, type GraphNode, type Value } from '@synseg/core/graph';
import { integer, integers } from './node-parts.ts';

const { cast, matmul, reduceSum, scalar } = ops;
const { conv, convTranspose } = pictureOps;
const { concat, expand, gather, pad, reshape, slice, transpose } = shapeOps;

/** Settings of the convolution whose gradients are asked for. */
interface Settings {
  readonly side: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;
}

/** Rule of `Conv`: gradients of the picture, the kernel and the bias. */
export function convRule(node: GraphNode, gradient: Value, needed: readonly boolean[]): readonly (Value | undefined)[] {
  const [x, kernel] = node.inputs as readonly [Value, Value];
  const first = (name: string): number => integers(node, name)[0] as number;
  const settings: Settings = {
    side: first('kernel_shape'),
    stride: first('strides'),
    padding: first('pads'),
    dilation: node.attributes['dilations'] === undefined ? 1 : first('dilations'),
    groups: node.attributes['group'] === undefined ? 1 : integer(node, 'group'),
  };
  const toBias = needed[2] === true ? reduceSum(gradient, [0, 2, 3]) : undefined;
  if (arePatches(x, gradient, settings)) return [...patchGradients(x, kernel, gradient, settings.side, needed), toBias];
  return [
    needed[0] === true ? pictureGradient(x, kernel, gradient, settings) : undefined,
    needed[1] === true ? kernelGradient(x, kernel, gradient, settings) : undefined,
    toBias,
  ];
}

/** True when windows of more than one cell fill the picture without overlap. */
function arePatches(x: Value, gradient: Value, { side, stride, padding, dilation, groups }: Settings): boolean {
  const fills = [2, 3].every((axis) => x.shape[axis] === (gradient.shape[axis] as number) * side);
  return side > 1 && stride === side && padding === 0 && dilation === 1 && groups === 1 && fills;
}

/** `dX`: the gradient convolved with the turned kernel, or, with a stride, spread by the transposed convolution. */
function pictureGradient(x: Value, kernel: Value, gradient: Value, settings: Settings): Value {
  const { side, stride, padding, dilation, groups } = settings;
  const border = dilation * (side - 1) - padding;
  if (stride === 1 && border >= 0)
    return conv(gradient, turned(kernel, side, groups), undefined, { stride, padding: border, dilation, groups });
  const size = x.shape.slice(2) as [number, number];
  return convTranspose(gradient, kernel, size, { stride, padding, dilation, groups });
}

/** `[g · o, c, k, k]` → `[g · c, o, k, k]`, each kernel turned by half a turn. */
function turned(kernel: Value, side: number, groups: number): Value {
  const [out, inner] = kernel.shape as readonly [number, number];
  const swapped = transpose(reshape(kernel, [groups, out / groups, inner, side * side]), [0, 2, 1, 3]);
  const backwards = Array.from({ length: side * side }, (_, cell) => side * side - 1 - cell);
  const cells = side === 1 ? swapped : gather(swapped, kernel.graph.integers(backwards), 3);
  return reshape(cells, [groups * inner, out / groups, side, side]);
}

/** `dW[o, c, i, j] = Σ G[n, o, y, x] · X[n, c, s y + d i − p, s x + d j − p]`. */
function kernelGradient(x: Value, kernel: Value, gradient: Value, settings: Settings): Value {
  return settings.stride === 1 && settings.groups === 1
    ? kernelGradientByProducts(x, kernel, gradient, settings)
    : kernelGradientByConvolution(x, kernel, gradient, settings);
}

/** One product per picture and cell of the kernel; a kernel of one cell needs no shifted copy of the picture. */
function kernelGradientByProducts(x: Value, kernel: Value, gradient: Value, settings: Settings): Value {
  const { side, padding, dilation } = settings;
  const [n, channels] = x.shape as readonly [Dimension, number];
  const [, out, rows, columns] = gradient.shape as readonly [Dimension, number, number, number];
  const padded = padBorder(x, padding);
  const upstream = reshape(gradient, [n, out, rows * columns]);
  const parts = Array.from({ length: side * side }, (_, cell) => {
    const [top, left] = [dilation * Math.floor(cell / side), dilation * (cell % side)];
    const shifted = side === 1 ? padded : slice(slice(padded, 2, top, top + rows), 3, left, left + columns);
    const flat = transpose(reshape(shifted, [n, channels, rows * columns]), [0, 2, 1]);
    return reshape(reduceSum(matmul(upstream, flat), [0]), [out, channels, 1]);
  });
  return reshape(concat(parts, 2), kernel.shape);
}

/**
 * The sum over y and x is a convolution of X with G as its kernel, in which stride and dilation change places. Its
 * result is the kernel's few cells, and nearly all of its time would go into finding the operands of each. So the
 * columns of G are taken in blocks of B, and column b of every block makes a kernel of its own, dilated by B. The
 * result then holds all distances of such a kernel from X's columns; a product with zeros and ones sums those wanted.
 *
 * Pictures become groups, so that it sums over one picture at a time; when their number is known only when the graph
 * runs, they become channels of a group instead, which takes a third longer.
 */
function kernelGradientByConvolution(x: Value, kernel: Value, gradient: Value, settings: Settings): Value {
  const { side, stride, padding, dilation, groups } = settings;
  const [n, , height, width] = x.shape as readonly [Dimension, number, number, number];
  const [, out, rows, columns] = gradient.shape as readonly [Dimension, number, number, number];
  const inner = kernel.shape[1] as number;
  const blocks = Math.max(1, Math.min(columns, Math.round((columns * (out / groups)) / KERNELS_PER_GROUP)));
  const block = Math.ceil(columns / blocks);
  const spare = blocks * block - columns;
  const filled = spare === 0 ? gradient : pad(gradient, 3, spare, scalar(gradient, 0));
  const cut = reshape(filled, [n, out, rows, blocks, block]);
  const grouped = reshape(x, [n, groups, inner, height, width]);
  const apart = typeof n === 'number';
  const pictures = inner === 1 && apart ? grouped : transpose(grouped, apart ? [2, 0, 1, 3, 4] : [2, 1, 0, 3, 4]);
  const kernels = block === 1 && apart ? cut : transpose(cut, apart ? [0, 1, 4, 2, 3] : [1, 4, 0, 2, 3]);
  // Cells that no window reaches need no padding after them.
  const unread = [height, width].map((length) => (length + 2 * padding - dilation * (side - 1) - 1) % stride);
  const [below, right] = [padding - (unread[0] as number), padding - (unread[1] as number) + stride * spare];
  const down = side + Math.floor(Math.max(0, -below) / dilation);
  const across = stride * (block - 1) + dilation * (side - 1) + 1 + Math.max(0, -right);
  const result = x.graph.node(
    'Conv',
    [
      reshape(pictures, [inner, productOf([n, groups]), height, width]),
      reshape(kernels, apart ? [n * out * block, 1, rows, blocks] : [out * block, n, rows, blocks]),
    ],
    { dtype: x.dtype, shape: [inner, (apart ? n : 1) * out * block, down, across] },
    {
      kernel_shape: { ints: [rows, blocks] },
      strides: { ints: [dilation, 1] },
      dilations: { ints: [stride, stride * block] },
      pads: { ints: [padding, padding, Math.max(0, below), Math.max(0, right)] },
      group: { int: apart ? n * groups : groups },
    },
  );
  const wanted = placesOfCells(side, [block, down, across], [stride, dilation]);
  const choice = cast(x.graph.floats(wanted, [block * down * across, side * side]), x.dtype);
  const perPicture = matmul(reshape(result, [inner, apart ? n : 1, out, block * down * across]), choice);
  return reshape(transpose(reduceSum(perPicture, [1]), [1, 0, 2]), kernel.shape);
}

/** About so many kernels of a group were fastest: four took up to a third longer, 22 up to 1.8 times as long. */
const KERNELS_PER_GROUP = 11;

/** `[block · down · across, side²]`: 1 where a column of a block is as far from one of X as a cell of the kernel. */
function placesOfCells(
  side: number,
  [block, down, across]: readonly [number, number, number],
  [stride, dilation]: readonly [number, number],
): Float32Array {
  const places = new Float32Array(block * down * across * side * side);
  for (let column = 0; column < block; column++)
    for (let cell = 0; cell < side * side; cell++) {
      const distance = stride * column + dilation * (cell % side);
      const place = (column * down + Math.floor(cell / side)) * across + distance;
      places[place * side * side + cell] = 1;
    }
  return places;
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
  const [n, channels] = x.shape as readonly [Dimension, number];
  const [, out, rows, columns] = gradient.shape as readonly [Dimension, number, number, number];
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
