/** Initial values of training: the tensors of a checkpoint, or seeded random ones. */
import { readFloats, type FloatTensor, type Weights } from '@synseg/core/checkpoint';
import { Random } from '../data/random.ts';
import type { Layout, ParameterSpec } from './layout.ts';

/**
 * Values of every tensor: from the checkpoint where it has one, else random; of a projector all or none.
 *
 * Random values are PyTorch's defaults for a linear layer, `U(−1/√fan_in, 1/√fan_in)` for weight and bias; norms start
 * as the identity. Each tensor has a generator of its own, seeded by its name: leaving one out changes no other.
 *
 * @param weights - the checkpoint to start from, or undefined for none
 * @param taken - the tensors that are taken from it; all by default
 * @returns the values, and the names of the random ones
 */
export async function initialValues(
  specs: readonly ParameterSpec[],
  weights: Weights | undefined,
  seed: number,
  taken: (name: string) => boolean = () => true,
): Promise<{ tensors: Map<string, FloatTensor>; random: string[] }> {
  const tensors = new Map<string, FloatTensor>();
  const random: string[] = [];
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  // A projector of other shapes belongs to another choice of features: all of it starts anew.
  const keepsProjector = weights !== undefined && projectorOf(specs) === projectorOf(weights.entries());
  for (const { name, shape } of specs) {
    const stored =
      weights?.has(name) === true && taken(name) && (!name.startsWith('projector.') || keepsProjector)
        ? weights
        : undefined;
    if (stored === undefined) random.push(name);
    tensors.set(name, {
      shape,
      data: stored === undefined ? randomValues(name, shape, shapes, seed) : await readFloats(stored.get(name, shape)),
    });
  }
  return { tensors, random };
}

/** Names and shapes of the projector's tensors. */
function projectorOf(specs: readonly ParameterSpec[]): string {
  const own = specs.filter(({ name }) => name.startsWith('projector.'));
  return own
    .map(({ name, shape }) => `${name} ${shape.join('×')}`)
    .sort()
    .join();
}

function randomValues(
  name: string,
  shape: readonly number[],
  shapes: ReadonlyMap<string, readonly number[]>,
  seed: number,
): Float32Array {
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  if (name.includes('layer_norm')) return new Float32Array(length).fill(name.endsWith('.weight') ? 1 : 0);
  const weight = shapes.get(name.replace(/\.bias$/, '.weight')) ?? shape;
  const bound = 1 / Math.sqrt(fanIn(name, weight));
  const random = new Random(seed, name);
  return Float32Array.from({ length }, () => bound * (2 * random.next() - 1));
}

/** Numbers that enter one result: a transposed convolution stores `[in, out, k, k]` and reads `in` of them. */
function fanIn(name: string, weight: readonly number[]): number {
  const [first = 1, second = 1, ...kernel] = weight;
  if (weight.length === 2) return second;
  const transposed =
    name.startsWith('decoder.transposed_convolution') && !name.startsWith('decoder.transposed_convolution.0.');
  return transposed ? first : second * kernel.reduce((product, side) => product * side, 1);
}

/** One flat vector in the layout's order. */
export function flatten({ entries, length }: Layout, tensors: ReadonlyMap<string, FloatTensor>): Float32Array {
  const flat = new Float32Array(length);
  for (const { name, offset } of entries) flat.set((tensors.get(name) as FloatTensor).data, offset);
  return flat;
}

/** The named tensors of a flat vector. */
export function unflatten({ entries }: Layout, flat: Float32Array): Map<string, FloatTensor> {
  return new Map(
    entries.map(({ name, shape, offset, length }) => [name, { shape, data: flat.slice(offset, offset + length) }]),
  );
}
