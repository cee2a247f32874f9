/**
 * Named parameters, as model code asks for them. The same forward code serves inference, where a parameter is a
 * constant that points into the checkpoint's file, and training, where it is an input of the step graph.
 */
import type { Graph, Value } from '../graph/graph.ts';
import { affine, cast, layerNorm, quantizedMatmul } from '../graph/ops.ts';
import { reshape } from '../graph/shape-ops.ts';
import { productOf } from '../graph/tensor-type.ts';
import type { Weights } from '../checkpoint/weights.ts';

/** A weight matrix as the product of 8-bit integers needs it: `w ≈ (matrix − zeroPoint) · scale`. */
export interface QuantizedMatrix {
  /** uint8 [in, out] */
  readonly matrix: Value;
  /** float32 [out] */
  readonly scale: Value;
  /** uint8 [out] */
  readonly zeroPoint: Value;
}

/** What a convolution takes. */
export interface ConvolutionWeights {
  /** [out, in, side, side] */
  readonly kernel: Value;
  /** [out] */
  readonly bias: Value;
}

/** A source of named parameters, as values of one graph. */
export interface Parameters {
  readonly graph: Graph;
  /** The parameter of this name; implementations check the shape and fail naming both sides. */
  get(name: string, shape: readonly number[]): Value;
  /** The 8-bit form of a linear layer's weight `[out, in]`, where the precision asks for it. */
  quantized?(name: string, shape: readonly number[]): QuantizedMatrix | undefined;
  /**
   * A map of a convolution trunk as the precision keeps it: where this is missing, as it is.
   *
   * @param bounds - between which it lies, where a formula tells
   */
  stored?(name: string, map: Value, bounds?: readonly [least: number, most: number]): Value;
  /** Kernel and bias of a convolution in the precision in which its operand is stored; undefined: as they are. */
  convolution?(name: string, shape: readonly number[], x: Value): ConvolutionWeights | undefined;
}

/**
 * Parameters of an inference graph: constants that refer to the checkpoint's files, computed with in float32 or
 * float16.
 */
export class CheckpointParameters implements Parameters {
  readonly graph: Graph;
  readonly #weights: Weights;
  readonly #compute: 'float32' | 'float16';
  readonly #values = new Map<string, Value>();

  constructor(graph: Graph, weights: Weights, compute: 'float32' | 'float16' = 'float32') {
    this.graph = graph;
    this.#weights = weights;
    this.#compute = compute;
  }

  get(name: string, shape: readonly number[]): Value {
    let value = this.#values.get(name);
    if (value === undefined) {
      const entry = this.#weights.get(name, shape);
      const { path, offset, length } = entry;
      value = cast(
        this.graph.constant(name, entry.dtype, entry.shape, { kind: 'file', path, offset, length }),
        this.#compute,
      );
      this.#values.set(name, value);
    }
    return value;
  }
}

/** `x · Wᵀ + b` over the last axis, with PyTorch's `weight [out, in]`, `bias [out]`. */
export function linear(
  parameters: Parameters,
  name: string,
  x: Value,
  inFeatures: number,
  outFeatures: number,
  hasBias = true,
): Value {
  const bias = hasBias ? parameters.get(`${name}.bias`, [outFeatures]) : undefined;
  const quantized = parameters.quantized?.(`${name}.weight`, [outFeatures, inFeatures]);
  if (quantized !== undefined && bias !== undefined)
    return quantizedMatmul(x, quantized.matrix, quantized.scale, quantized.zeroPoint, bias);
  const weight = parameters.get(`${name}.weight`, [outFeatures, inFeatures]);
  const rows = reshape(x, [productOf(x.shape.slice(0, -1)), inFeatures]);
  return reshape(affine(rows, weight, bias), [...x.shape.slice(0, -1), outFeatures]);
}

/** LayerNorm over the last axis with `weight` and `bias` of that width. */
export function norm(parameters: Parameters, name: string, x: Value, width: number, epsilon: number): Value {
  return layerNorm(x, parameters.get(`${name}.weight`, [width]), parameters.get(`${name}.bias`, [width]), epsilon);
}
