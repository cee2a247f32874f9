/** The text encoder of a checkpoint on a batch of texts, for distillation from vectors. */
import { SynsegError } from '@synseg/core';
import type { ClipTextConfig, ModelConfig } from '@synseg/core/checkpoint';
import { textEmbeddings, type Dimension, type Parameters, type Value } from '@synseg/core/graph';

/** The text encoder's sizes. @throws SynsegError `CHECKPOINT_FORMAT` for a checkpoint with a vocabulary */
export function textEncoderOf({ text }: ModelConfig): ClipTextConfig {
  if (text.kind === 'clip') return text;
  throw new SynsegError('CHECKPOINT_FORMAT', 'Cannot train: checkpoint must have a text encoder, got a vocabulary');
}

/**
 * Embeddings of texts, not of length one: `[texts, embeddingDim]`.
 *
 * Inputs, as `promptBatch()` makes them: `ids` int64 `[texts, tokens]`, filled up with the end token,
 * `positions` int64 `[tokens]`, `ends` int64 `[texts]`: the place of each text's end token among all ids.
 */
export function encodeTexts(config: ModelConfig, parameters: Parameters, texts: Dimension, tokens: Dimension): Value {
  const { graph } = parameters;
  return textEmbeddings(
    parameters,
    graph.input('ids', 'int64', [texts, tokens]),
    graph.input('positions', 'int64', [tokens]),
    graph.input('ends', 'int64', [texts]),
    textEncoderOf(config),
    config.embeddingDim,
  );
}
