/** Multi-head self-attention and the transformer blocks built on it, as plain products and softmax. */
import type { Value } from '../graph/graph.ts';
import { add, gelu, matmul, multiply, quickGelu, relu, scalar, softmax } from '../graph/ops.ts';
import { reshape, slice, transpose } from '../graph/shape-ops.ts';
import type { Activation } from '../checkpoint/model-config.ts';
import { linear, norm, type Parameters } from './parameters.ts';

/** Sizes of one transformer block. */
export interface BlockSizes {
  readonly width: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
}

/**
 * `softmax(Q Kᵀ / √d_head + mask) V`, then the output projection.
 *
 * @param x - `[rows, tokens, width]`
 * @param mask - added to the scores, broadcast to `[rows, heads, asking, tokens]`
 * @param asking - the tokens whose results are wanted, `[rows, asking, width]`; @default all of `x`
 * @returns `[rows, asking, width]`
 */
function selfAttention(
  parameters: Parameters,
  name: string,
  x: Value,
  sizes: BlockSizes,
  mask?: Value,
  asking = x,
): Value {
  const { width, heads } = sizes;
  const headWidth = width / heads;
  const project = (which: string, from: Value): Value => linear(parameters, `${name}.${which}`, from, width, width);
  const split = (value: Value, order: readonly number[]): Value =>
    transpose(reshape(value, [...value.shape.slice(0, 2), heads, headWidth]), order);
  const query = split(multiply(project('q_proj', asking), scalar(x, headWidth ** -0.5)), [0, 2, 1, 3]);
  const key = split(project('k_proj', x), [0, 2, 3, 1]);
  const value = split(project('v_proj', x), [0, 2, 1, 3]);
  const scores = matmul(query, key);
  const weights = softmax(mask === undefined ? scores : add(scores, mask));
  const merged = reshape(transpose(matmul(weights, value), [0, 2, 1, 3]), asking.shape);
  return linear(parameters, `${name}.out_proj`, merged, width, width);
}

/** Two linear layers with the activation between them. */
function feedForward(parameters: Parameters, name: string, x: Value, sizes: BlockSizes): Value {
  const hidden = activate(linear(parameters, `${name}.fc1`, x, sizes.width, sizes.intermediateSize), sizes.activation);
  return linear(parameters, `${name}.fc2`, hidden, sizes.intermediateSize, sizes.width);
}

/**
 * CLIP's block: `x + attention(norm(x))`, then `x + mlp(norm(x))`.
 *
 * @param count - how many tokens, the first ones, are wanted; the others are still attended to. @default all
 */
export function preNormBlock(
  parameters: Parameters,
  name: string,
  x: Value,
  sizes: BlockSizes,
  mask?: Value,
  count?: number,
): Value {
  const { width, layerNormEpsilon: epsilon } = sizes;
  const wanted = (value: Value): Value => (count === undefined ? value : slice(value, 1, 0, count));
  const normed = norm(parameters, `${name}.layer_norm1`, x, width, epsilon);
  const attended = add(wanted(x), selfAttention(parameters, `${name}.self_attn`, normed, sizes, mask, wanted(normed)));
  return add(
    attended,
    feedForward(parameters, `${name}.mlp`, norm(parameters, `${name}.layer_norm2`, attended, width, epsilon), sizes),
  );
}

/** The decoder's block: `norm(x + attention(x))`, then `norm(x + mlp(x))`. */
export function postNormBlock(parameters: Parameters, name: string, x: Value, sizes: BlockSizes): Value {
  const { width, layerNormEpsilon: epsilon } = sizes;
  const attended = norm(
    parameters,
    `${name}.layer_norm1`,
    add(x, selfAttention(parameters, `${name}.self_attn`, x, sizes)),
    width,
    epsilon,
  );
  return norm(
    parameters,
    `${name}.layer_norm2`,
    add(attended, feedForward(parameters, `${name}.mlp`, attended, sizes)),
    width,
    epsilon,
  );
}

function activate(x: Value, activation: Activation): Value {
  switch (activation) {
    case 'quick_gelu':
      return quickGelu(x);
    case 'gelu':
      return gelu(x);
    case 'relu':
      return relu(x);
  }
}
