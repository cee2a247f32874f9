/** CLIP's text transformer: token ids to the embedding that conditions the decoder. */
import type { Value } from '../graph/graph.ts';
import { add, greaterOrEqual, scalar, where } from '../graph/ops.ts';
import { gather, reshape } from '../graph/shape-ops.ts';
import { productOf, type Dimension } from '../graph/tensor-type.ts';
import type { ClipTextConfig } from '../checkpoint/model-config.ts';
import { preNormBlock } from './attention.ts';
import { linear, norm, type Parameters } from './parameters.ts';

const PREFIX = 'clip.text_model';

/**
 * Text embeddings, not normalized, as CLIPSeg's FiLM takes them.
 *
 * The mask is causal, so tokens after the end of a prompt cannot change it: prompts run at their own length, padded
 * only to the longest of the call.
 *
 * @param ids - int64 `[prompts, tokens]`
 * @param positions - int64 `[tokens]`, the numbers 0 … tokens − 1
 * @param ends - int64 `[prompts]`, index of each prompt's end token among all `prompts·tokens`
 * @returns `[prompts, embeddingDim]`
 */
export function textEmbeddings(
  parameters: Parameters,
  ids: Value,
  positions: Value,
  ends: Value,
  config: ClipTextConfig,
  embeddingDim: number,
): Value {
  const { hiddenSize: width } = config;
  const [prompts, tokens] = ids.shape as readonly [Dimension, Dimension];
  const words = gather(
    parameters.get(`${PREFIX}.embeddings.token_embedding.weight`, [config.vocabularySize, width]),
    ids,
    0,
  );
  const places = gather(
    parameters.get(`${PREFIX}.embeddings.position_embedding.weight`, [config.maxTokens, width]),
    positions,
    0,
  );
  const seen = greaterOrEqual(reshape(positions, [tokens, 1]), reshape(positions, [1, tokens]));
  const mask = where(seen, scalar(words, 0), scalar(words, -10_000));
  let x = add(words, places);
  for (let layer = 0; layer < config.layers; layer++) {
    x = preNormBlock(parameters, `${PREFIX}.encoder.layers.${layer}`, x, { ...config, width }, mask);
  }
  const states = norm(parameters, `${PREFIX}.final_layer_norm`, x, width, config.layerNormEpsilon);
  const pooled = gather(reshape(states, [productOf([prompts, tokens]), width]), ends, 0);
  return linear(parameters, 'clip.text_projection', pooled, width, embeddingDim, false);
}
