/**
 * 8 bits for a convolution trunk: maps are uint8 with one step each, kernels int8 with one step per output channel.
 *
 * The range of most maps is known, for ReLU6 ends them; that of the others is measured. The decoder stays in float32.
 */
import { checkpointError } from '../checkpoint/checkpoint-error.ts';
import { readFloatsNow } from '../checkpoint/safetensors.ts';
import type { Weights } from '../checkpoint/weights.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { abs, reduceMax } from '../graph/ops.ts';
import { dequantize, quantize } from '../graph/quantize-ops.ts';
import type { CheckpointParameters, ConvolutionWeights, Parameters } from './parameters.ts';

/** Largest magnitudes of maps, by name. */
export type Ranges = ReadonlyMap<string, number>;

/** Steps of a map in 8 bits. */
const STEPS = 255;
/** Largest magnitude of a kernel in 8 bits. */
const LEVELS = 127;
/**
 * Largest sum of two neighbours of a kernel: processors with AVX2 and without VNNI add their products with uint8 in 16
 * bits. 128 fits; rounding adds at most 1.
 */
const PAIR = 127.4;

/** Checkpoint parameters, with a trunk's convolutions in 8 bits. */
export class QuantizedConvolutions implements Parameters {
  readonly graph: Graph;
  readonly #parameters: CheckpointParameters;
  readonly #weights: Weights;
  readonly #ranges: Ranges;
  /** The step of each map in 8 bits. */
  readonly #steps = new Map<Value, number>();

  constructor(parameters: CheckpointParameters, weights: Weights, ranges: Ranges) {
    [this.#parameters, this.#weights, this.#ranges] = [parameters, weights, ranges];
    this.graph = parameters.graph;
  }

  get(name: string, shape: readonly number[]): Value {
    return this.#parameters.get(name, shape);
  }

  stored(name: string, map: Value, bounds?: readonly [least: number, most: number]): Value {
    const range = bounds === undefined ? (this.#ranges.get(name) as number) : 0;
    const [least, most] = bounds ?? [-range, range];
    const step = (most - least || 1) / STEPS;
    const scale = this.graph.floats([step], []);
    const zero = this.#bytes(`${name}.zero`, 'uint8', [], Uint8Array.of(Math.round(-least / step)));
    const result = dequantize(quantize(map, scale, zero), scale, zero);
    this.#steps.set(result, step);
    return result;
  }

  convolution(name: string, shape: readonly number[], x: Value): ConvolutionWeights | undefined {
    const mapStep = this.#steps.get(x);
    if (mapStep === undefined) return undefined;
    const channels = shape[0] as number;
    const kernel = readFloatsNow(this.#weights.get(`${name}.weight`, shape));
    const bias = readFloatsNow(this.#weights.get(`${name}.bias`, [channels]));
    if (![...kernel, ...bias].every(Number.isFinite))
      throw checkpointError('load checkpoint', `numbers of "${name}" must be finite for int8, got others`);
    const { levels, steps } = quantizeKernel(kernel, shape);
    const biasSteps = steps.map((step) => step * mapStep);
    const biasLevels = Int32Array.from(bias, (value, channel) => Math.round(value / (biasSteps[channel] as number)));
    const zeros = (of: string, dtype: 'int8' | 'int32', bytes: number): Value =>
      this.#bytes(`${name}.${of}.zero`, dtype, [channels], new Uint8Array(bytes * channels));
    return {
      kernel: dequantize(
        this.#bytes(`${name}.weight.int8`, 'int8', shape, levels),
        this.graph.floats(steps),
        zeros('weight', 'int8', 1),
      ),
      bias: dequantize(
        this.#bytes(`${name}.bias.int32`, 'int32', [channels], biasLevels),
        this.graph.floats(biasSteps),
        zeros('bias', 'int32', 4),
      ),
    };
  }

  #bytes(
    name: string,
    dtype: 'uint8' | 'int8' | 'int32',
    shape: readonly number[],
    data: Uint8Array | Int8Array | Int32Array,
  ): Value {
    return this.graph.constant(name, dtype, shape, { kind: 'inline', bytes: new Uint8Array(data.buffer) });
  }
}

/** Parameters of a graph whose outputs are the magnitudes that {@link QuantizedConvolutions} needs. */
export class RangeRecorder implements Parameters {
  readonly graph: Graph;
  readonly #parameters: Parameters;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
    this.graph = parameters.graph;
  }

  get(name: string, shape: readonly number[]): Value {
    return this.#parameters.get(name, shape);
  }

  stored(name: string, map: Value, bounds?: readonly [number, number]): Value {
    if (bounds === undefined) this.graph.output(name, reduceMax(abs(map), [0, 1, 2, 3]));
    return map;
  }
}

/**
 * A kernel `[out, in, side, side]` in int8, and the step of each output channel: `w ≈ level · step`.
 *
 * The sum of a depthwise kernel is kept to half a step: neighbours of a map are alike, and a kernel that takes their
 * difference would else answer with their sum. Neighbours in the runtime's order, channels last, are kept to {@link
 * PAIR}.
 */
export function quantizeKernel(
  kernel: Float32Array,
  [out, inner, side]: readonly number[],
): { levels: Int8Array; steps: Float32Array } {
  const levels = new Int8Array(kernel.length);
  const steps = new Float32Array(out as number);
  const size = kernel.length / steps.length;
  const cells = (side as number) ** 2;
  for (let channel = 0; channel < steps.length; channel++) {
    const weights = kernel.subarray(channel * size, (channel + 1) * size);
    const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    const pair = inner === 1 ? 0 : largestPair(weights, cells);
    const step = Math.fround(Math.max(largest / LEVELS, pair / PAIR)) || 1;
    steps[channel] = step;
    const rounded = weights.map((weight) => Math.round(weight / step));
    if (inner === 1) keepSum(rounded, weights, step);
    levels.set(rounded, channel * size);
  }
  return { levels, steps };
}

/** The largest magnitude that two neighbours add up to, in the order of cells, then channels. */
function largestPair(weights: Float32Array, cells: number): number {
  const channels = weights.length / cells;
  const at = (place: number): number => weights[(place % channels) * cells + Math.floor(place / channels)] ?? 0;
  let largest = 0;
  for (let place = 0; place < weights.length; place += 2) {
    const [a, b] = [at(place), place + 1 < weights.length ? at(place + 1) : 0];
    largest = Math.max(largest, Math.max(a, 0) + Math.max(b, 0), Math.max(-a, 0) + Math.max(-b, 0));
  }
  return largest;
}

/** Rounds those weights the other way whose rounding cost most, until the sum is right to half a step. */
function keepSum(rounded: Float32Array, weights: Float32Array, step: number): void {
  const missing = weights.map((weight, place) => weight / step - (rounded[place] as number));
  const total = missing.reduce((sum, part) => sum + part, 0);
  const sign = Math.sign(total);
  const order = [...missing.keys()].sort((a, b) => sign * ((missing[b] as number) - (missing[a] as number)));
  for (const place of order.slice(0, Math.round(Math.abs(total))))
    rounded[place] = Math.max(-LEVELS, Math.min(LEVELS, (rounded[place] as number) + sign));
}
