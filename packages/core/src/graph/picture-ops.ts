/**
 * Operators on pictures `[n, c, h, w]`: convolution, clipping, pooling and resampling. See `ops.ts` for the rules all
 * operators follow.
 */
import { expectOperand, sameDType, type Attribute, type Value } from './graph.ts';
import { scalar } from './ops.ts';
import { dimensionsOf } from './shape-ops.ts';
import type { Dimension, Shape } from './tensor-type.ts';

/** Settings of {@link conv}, the same along both axes. */
export interface ConvOptions {
  /** Distance of neighbouring windows, in cells of the operand. */
  readonly stride: number;
  /** Rows and columns of zeros on each of the four sides. */
  readonly padding: number;
  /** Distance of neighbouring cells of the kernel, in cells of the operand. @default 1 */
  readonly dilation?: number;
  /** Parts into which the channels are divided, each convolved by itself. @default 1 */
  readonly groups?: number;
}

/**
 * 2-D convolution of `[n, c, h, w]` with a square kernel `[o, c / groups, k, k]` and a bias `[o]`: gives
 * `[n, o, h', w']` with `h' = ⌊(h + 2 padding − dilation (k − 1) − 1) / stride⌋ + 1`, and `w'` in the same way.
 *
 * @throws RangeError when an operand does not fit, a setting is out of range, or the height or width is not known
 */
export function conv(x: Value, kernel: Value, bias: Value | undefined, options: ConvOptions): Value {
  const { stride, padding, dilation = 1, groups = 1 } = options;
  for (const [name, value, least] of [
    ['stride', stride, 1],
    ['padding', padding, 0],
    ['dilation', dilation, 1],
    ['groups', groups, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`Cannot convolve: ${name} must be an integer of at least ${least}, got ${value}`);
  }
  const [n, channels, height, width] = x.shape;
  const [out, inner, side, kernelWidth] = kernel.shape;
  if (
    n === undefined ||
    typeof out !== 'number' ||
    typeof inner !== 'number' ||
    typeof side !== 'number' ||
    channels !== inner * groups ||
    side !== kernelWidth
  ) {
    const parts = groups === 1 ? '' : ` in ${groups} groups`;
    throw new RangeError(
      `Cannot convolve: kernel must be square over the value's channels${parts}, got ${x.toString()} and ` +
        kernel.toString(),
    );
  }
  if (out % groups !== 0)
    throw new RangeError(`Cannot convolve: groups must divide the ${out} channels of the result, got ${groups}`);
  if (bias !== undefined) expectOperand('convolve', 'bias', bias, x.dtype, [out]);
  const reach = dilation * (side - 1) + 1;
  const size = (dimension: Dimension | undefined): Dimension => {
    if (typeof dimension !== 'number')
      throw new RangeError(`Cannot convolve: height and width must be known, got ${x.toString()}`);
    if (dimension + 2 * padding < reach) {
      throw new RangeError(
        `Cannot convolve: kernel must fit into the padded picture, got a reach of ${reach} cells and ${x.toString()} ` +
          `with padding ${padding}`,
      );
    }
    return Math.floor((dimension + 2 * padding - reach) / stride) + 1;
  };
  const result = { dtype: sameDType('convolve', x, kernel), shape: [n, out, size(height), size(width)] };
  return x.graph.node('Conv', [x, kernel, bias], result, convAttributes(side, options));
}

function convAttributes(side: number, options: ConvOptions): Record<string, Attribute> {
  const { stride, padding, dilation = 1, groups = 1 } = options;
  return {
    kernel_shape: { ints: [side, side] },
    strides: { ints: [stride, stride] },
    pads: { ints: [padding, padding, padding, padding] },
    // Not written where they are ONNX's own: graphs without them stay what they were, byte by byte.
    ...(dilation === 1 ? {} : { dilations: { ints: [dilation, dilation] } }),
    ...(groups === 1 ? {} : { group: { int: groups } }),
  };
}

/**
 * The transpose of {@link conv} as a linear map: spreads each element of `[n, o, h', w']` over the window it would have
 * been computed from, weighted with the kernel `[o, c / groups, k, k]`, and gives `[n, c, h, w]`.
 *
 * @param size - height and width of the result, from which the convolution makes those of `x`
 * @throws RangeError when the convolution of a picture of that size does not have the shape of `x`
 */
export function convTranspose(
  x: Value,
  kernel: Value,
  size: readonly [rows: number, columns: number],
  options: ConvOptions,
): Value {
  const { stride, padding, dilation = 1, groups = 1 } = options;
  const [n, out, ...inputSize] = x.shape;
  const [kernels, inner, side] = kernel.shape as readonly [number, number, number];
  const spare = size.map((length) => length + 2 * padding - dilation * (side - 1) - 1);
  const expected = spare.map((length) => Math.floor(length / stride) + 1);
  if (n === undefined || out !== kernels || kernels % groups !== 0 || expected.join() !== inputSize.join()) {
    throw new RangeError(
      `Cannot spread: value must be what the convolution makes of ${size.join(' × ')} cells ` +
        `([n, ${kernels}, ${expected.join(', ')}]), got ${x.toString()}`,
    );
  }
  return x.graph.node(
    'ConvTranspose',
    [x, kernel],
    { dtype: sameDType('spread', x, kernel), shape: [n, inner * groups, ...size] },
    { ...convAttributes(side, options), output_padding: { ints: spare.map((length) => length % stride) } },
  );
}

/** `min(max(x, least), most)` with two constants; ReLU6 is `clip(x, 0, 6)`. */
export function clip(x: Value, least: number, most: number): Value {
  if (!(least <= most)) throw new RangeError(`Cannot clip: least must not exceed most, got ${least} and ${most}`);
  return x.graph.node('Clip', [x, scalar(x, least), scalar(x, most)], x);
}

/** The mean of each channel over the whole picture: `[n, c, h, w] → [n, c, 1, 1]`. */
export function globalAverage(x: Value): Value {
  const [n, channels] = x.shape;
  if (x.shape.length !== 4 || n === undefined || channels === undefined)
    throw new RangeError(`Cannot average: value must have four axes, got ${x.toString()}`);
  return x.graph.node('GlobalAveragePool', [x], { dtype: x.dtype, shape: [n, channels, 1, 1] });
}

/** `[n, c, h, w]` with `count` rows and columns more on each of the four sides, which repeat the nearest cell. */
export function padEdges(x: Value, count: number): Value {
  const [n, channels, height, width] = x.shape;
  if (x.shape.length !== 4 || typeof height !== 'number' || typeof width !== 'number')
    throw new RangeError(`Cannot pad: value must have four axes of known height and width, got ${x.toString()}`);
  const pads = x.graph.integers([0, 0, count, count, 0, 0, count, count]);
  const shape = [n!, channels!, height + 2 * count, width + 2 * count];
  return x.graph.node('Pad', [x, pads], { dtype: x.dtype, shape }, { mode: { string: 'edge' } });
}

/**
 * Resampling of `[n, c, h, w]` to `shape` without anti-aliasing.
 *
 * @param centers - cells whose centers lie on each other: those of whole pictures, or those in their corners
 */
export function resize(
  x: Value,
  shape: Shape,
  mode: 'linear' | 'cubic',
  centers: 'half_pixel' | 'align_corners' = 'half_pixel',
): Value {
  return resizeTo(x, dimensionsOf(x.graph, shape), shape, mode, centers);
}

/** {@link resize} to a size known only when the graph runs: `sizes` is int64 [4], `shape` names its unknowns. */
export function resizeTo(
  x: Value,
  sizes: Value,
  shape: Shape,
  mode: 'linear' | 'cubic',
  centers: 'half_pixel' | 'align_corners' = 'half_pixel',
): Value {
  if (x.shape.length !== 4 || shape.length !== 4 || x.shape[0] !== shape[0] || x.shape[1] !== shape[1]) {
    throw new RangeError(
      `Cannot resize: only the last two of four axes may change, got ${x.toString()} and target [${shape.join(', ')}]`,
    );
  }
  return x.graph.node(
    'Resize',
    [x, undefined, undefined, sizes],
    { dtype: x.dtype, shape },
    {
      mode: { string: mode },
      coordinate_transformation_mode: { string: centers },
      ...(mode === 'cubic' ? { cubic_coeff_a: { float: -0.75 } } : {}),
    },
  );
}
