/** Multi-head self-attention and the transformer blocks built on it, as plain products and softmax. */
import type { Value } from '../graph/graph.ts';
import { add, gelu, matmul, multiply, quickGelu, relu, scalar, softmax } from '../graph/ops.ts';
import { reshape, transpose } from '../graph/shape-ops.ts';
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
 * @param mask - added to the scores, broadcast to `[rows, heads, tokens, tokens]`
 */
export function selfAttention(parameters: Parameters, name: string, x: Value, sizes: BlockSizes, mask?: Value): Value {
  const { width, heads } = sizes;
  const headWidth = width / heads;
  const [rows, tokens] = x.shape as readonly [Value['shape'][number], Value['shape'][number], number];
  const project = (which: string): Value => linear(parameters, `${name}.${which}`, x, width, width);
  const split = (value: Value, order: readonly number[]): Value => transpose(reshape(value, [rows, tokens, heads, headWidth]), order);
  const query = split(multiply(project('q_proj'), scalar(x, headWidth ** -0.5)), [0, 2, 1, 3]);
  const key = split(project('k_proj'), [0, 2, 3, 1]);
  const value = split(project('v_proj'), [0, 2, 1, 3]);
  const scores = matmul(query, key);
  const weights = softmax(mask === undefined ? scores : add(scores, mask));
  const merged = reshape(transpose(matmul(weights, value), [0, 2, 1, 3]), [rows, tokens, width]);
  return linear(parameters, `${name}.out_proj`, merged, width, width);
}

/** Two linear layers with the activation between them. */
export function feedForward(parameters: Parameters, name: string, x: Value, sizes: BlockSizes): Value {
  const hidden = activate(linear(parameters, `${name}.fc1`, x, sizes.width, sizes.intermediateSize), sizes.activation);
  return linear(parameters, `${name}.fc2`, hidden, sizes.intermediateSize, sizes.width);
}

/** CLIP's block: `x + attention(norm(x))`, then `x + mlp(norm(x))`. */
export function preNormBlock(parameters: Parameters, name: string, x: Value, sizes: BlockSizes, mask?: Value): Value {
  const { width, layerNormEpsilon: epsilon } = sizes;
  const attended = add(x, selfAttention(parameters, `${name}.self_attn`, norm(parameters, `${name}.layer_norm1`, x, width, epsilon), sizes, mask));
  return add(attended, feedForward(parameters, `${name}.mlp`, norm(parameters, `${name}.layer_norm2`, attended, width, epsilon), sizes));
}

/** The decoder's block: `norm(x + attention(x))`, then `norm(x + mlp(x))`. */
export function postNormBlock(parameters: Parameters, name: string, x: Value, sizes: BlockSizes): Value {
  const { width, layerNormEpsilon: epsilon } = sizes;
  const attended = norm(parameters, `${name}.layer_norm1`, add(x, selfAttention(parameters, `${name}.self_attn`, x, sizes)), width, epsilon);
  return norm(parameters, `${name}.layer_norm2`, add(attended, feedForward(parameters, `${name}.mlp`, attended, sizes)), width, epsilon);
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
