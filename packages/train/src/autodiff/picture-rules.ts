/** Rules of the operators on pictures `[n, c, h, w]` other than convolution: clipping, pooling and resampling. */
import { ops, shapeOps, type GraphNode, type Value } from '@synseg/core/graph';
import { operand, result, text } from './node-parts.ts';

const { and, cast, greater, matmul, multiply, scalar } = ops;
const { expand } = shapeOps;

/**
 * The gradient passes where the result lies between the bounds, and not where it is one of them, as of ReLU6 in
 * PyTorch. It reads the result and not the operand, so that the runtime can clip in the convolution before it.
 */
export function clipRule(node: GraphNode, gradient: Value): readonly [Value] {
  const y = result(node);
  const between = and(greater(y, operand(node, 1)), greater(operand(node, 2), y));
  return [multiply(gradient, cast(between, gradient.dtype))];
}

/** Each cell of a picture has the same part in its mean. */
export function globalAverageRule(node: GraphNode, gradient: Value): readonly [Value] {
  const x = operand(node, 0);
  const [rows, columns] = sizeOf(x);
  return [expand(multiply(gradient, scalar(gradient, 1 / (rows * columns))), x.shape)];
}

/** `Y = A X Bᵀ` with the weights of resampling along each axis, so `dX = Aᵀ G B`. */
export function resizeRule(node: GraphNode, gradient: Value): readonly [Value] {
  const mode = text(node, 'mode') as keyof typeof KERNELS;
  const [rows, columns] = sizeOf(operand(node, 0));
  const [outRows, outColumns] = sizeOf(gradient);
  const constant = (data: Float32Array, shape: readonly number[]): Value =>
    cast(gradient.graph.floats(data, shape), gradient.dtype);
  const across = constant(resamplingWeights(columns, outColumns, mode), [outColumns, columns]);
  const down = constant(transposed(resamplingWeights(rows, outRows, mode), rows), [rows, outRows]);
  return [matmul(down, matmul(gradient, across))];
}

/** Weight of a sample at a distance, in samples. */
const KERNELS = {
  linear: (distance: number): number => Math.max(0, 1 - distance),
  // Keys' cubic with a = −0.75, as the operator has it.
  cubic: (distance: number): number => {
    if (distance <= 1) return (1.25 * distance - 2.25) * distance ** 2 + 1;
    return distance < 2 ? -0.75 * (((distance - 5) * distance + 8) * distance - 4) : 0;
  },
};

/** Weights `[out, size]` of resampling with half-pixel centers: samples beyond an edge are the one at the edge. */
function resamplingWeights(size: number, out: number, mode: keyof typeof KERNELS): Float32Array {
  const weights = new Float32Array(out * size);
  for (let row = 0; row < out; row++) {
    const position = ((row + 0.5) * size) / out - 0.5;
    for (let tap = Math.floor(position) - 1; tap <= Math.floor(position) + 2; tap++) {
      const sample = Math.min(Math.max(tap, 0), size - 1);
      const at = row * size + sample;
      weights[at] = (weights[at] as number) + KERNELS[mode](Math.abs(position - tap));
    }
  }
  return weights;
}

function transposed(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  return matrix.map((_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)] as number);
}

/** Height and width of pictures. */
function sizeOf(x: Value): readonly [rows: number, columns: number] {
  const [, , rows, columns] = x.shape;
  if (typeof rows !== 'number' || typeof columns !== 'number')
    throw new RangeError(`Cannot differentiate: height and width must be known, got ${x.toString()}`);
  return [rows, columns];
}
