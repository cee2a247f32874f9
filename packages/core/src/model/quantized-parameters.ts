/**
 * 8-bit weights for the trunk's linear layers: symmetric about 128, one scale per output channel, activations quantized
 * per call.
 *
 * The embeddings, norms, the decoder and the text encoder stay in float32: they are a few per cent of the work, and the
 * decoder's logits are what the user sees.
 */
import { readFloatsNow } from '../checkpoint/safetensors.ts';
import type { Weights } from '../checkpoint/weights.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { dequantize } from '../graph/quantize-ops.ts';
import type { CheckpointParameters, Parameters, QuantizedMatrix } from './parameters.ts';

const QUANTIZED = /^clip\.vision_model\.encoder\.layers\.\d+\..*\.weight$/;

/** Largest distance of a quantized weight from {@link ZERO}. */
const LEVELS = 127;
/** The quantized weight that stands for 0. */
const ZERO = 128;

/** Checkpoint parameters and the weights that they come from. */
abstract class ReadParameters {
  readonly graph: Graph;
  readonly #parameters: CheckpointParameters;
  readonly #weights: Weights;

  constructor(parameters: CheckpointParameters, weights: Weights) {
    this.graph = parameters.graph;
    this.#parameters = parameters;
    this.#weights = weights;
  }

  get(name: string, shape: readonly number[]): Value {
    return this.#parameters.get(name, shape);
  }

  /** A matrix in 8 bits, see {@link quantizeRows}. */
  protected rowsOf(name: string, [rows, columns]: readonly [number, number]): ReturnType<typeof quantizeRows> {
    return quantizeRows(readFloatsNow(this.#weights.get(name, [rows, columns])), rows, columns);
  }
}

/** Checkpoint parameters, with the trunk's matrices also in 8 bits. */
export class QuantizedParameters extends ReadParameters implements Parameters {
  quantized(name: string, shape: readonly number[]): QuantizedMatrix | undefined {
    if (!QUANTIZED.test(name)) return undefined;
    const [rows, columns] = shape as readonly [number, number];
    const { matrix, scale } = this.rowsOf(name, [rows, columns]);
    const inline = (
      suffix: string,
      dtype: 'uint8' | 'float32',
      dimensions: readonly number[],
      data: Uint8Array | Float32Array,
    ): Value =>
      this.graph.constant(`${name}.${suffix}`, dtype, dimensions, {
        kind: 'inline',
        bytes: new Uint8Array(data.buffer),
      });
    return {
      matrix: inline('int8', 'uint8', [columns, rows], matrix),
      scale: inline('scale', 'float32', [rows], scale),
      zeroPoint: inline('zero', 'uint8', [rows], new Uint8Array(rows).fill(ZERO)),
    };
  }
}

/**
 * Checkpoint parameters of which the trunk's matrices are int8 with one scale per output channel, for a runtime that
 * makes one product of a `DequantizeLinear` and what follows.
 */
export class DequantizedParameters extends ReadParameters implements Parameters {
  override get(name: string, shape: readonly number[]): Value {
    // Norms have one-dimensional weights.
    if (!QUANTIZED.test(name) || shape.length !== 2) return super.get(name, shape);
    const [rows, columns] = shape as readonly [number, number];
    const { matrix, scale } = this.rowsOf(name, [rows, columns]);
    const levels = new Uint8Array(matrix.length);
    // From [in, out] about 128 to [out, in] about 0.
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        levels[row * columns + column] = (matrix[column * rows + row] as number) - ZERO;
    const inline = (suffix: string, of: readonly number[], bytes: Uint8Array): Value =>
      this.graph.constant(`${name}.${suffix}`, 'int8', of, { kind: 'inline', bytes });
    return dequantize(
      inline('int8', shape, levels),
      this.graph.floats([...scale], [rows]),
      inline('zero', [rows], new Uint8Array(rows)),
    );
  }
}

/** `[out, in]` floats → uint8 `[in, out]` and a scale per output: `w ≈ (q − 128) · scale`, `scale = max |w| / 127`. */
export function quantizeRows(
  weight: Float32Array,
  rows: number,
  columns: number,
): { matrix: Uint8Array; scale: Float32Array } {
  const matrix = new Uint8Array(rows * columns);
  const scale = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let column = 0; column < columns; column++)
      largest = Math.max(largest, Math.abs(weight[row * columns + column] as number));
    const step = largest === 0 ? 1 : largest / LEVELS;
    scale[row] = step;
    for (let column = 0; column < columns; column++)
      matrix[column * rows + row] = ZERO + Math.round((weight[row * columns + column] as number) / step);
  }
  return { matrix, scale };
}
