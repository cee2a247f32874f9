/** Both encoders of a checkpoint on pictures and captions, for contrastive training. */
import { SynsegError } from '@synseg/core';
import type { ClipTextConfig, ClipVisionConfig, ModelConfig } from '@synseg/core/checkpoint';
import {
  imageEmbeddings,
  normalizePixels,
  textEmbeddings,
  type Dimension,
  type Graph,
  type Parameters,
  type Value,
} from '@synseg/core/graph';

/** Name of the logarithm of the logit scale, as in published checkpoints. */
export const LOGIT_SCALE = 'clip.logit_scale';

/** Tokens of a picture: the class token and a token for each patch. */
export function tokensOf({ patchGrid: [rows, columns] }: Pick<ModelConfig, 'patchGrid'>): number {
  return 1 + rows * columns;
}

/** The two encoders' sizes. @throws SynsegError `CHECKPOINT_FORMAT` for a ready-made trunk or a vocabulary */
export function encodersOf({ trunk, text }: ModelConfig): {
  readonly vision: ClipVisionConfig;
  readonly text: ClipTextConfig;
} {
  if (trunk.kind === 'clip' && text.kind === 'clip') return { vision: trunk, text };
  const got = [
    ...(trunk.kind === 'clip' ? [] : ['a ready-made trunk']),
    ...(text.kind === 'clip' ? [] : ['a vocabulary']),
  ].join(' and ');
  throw new SynsegError(
    'CHECKPOINT_FORMAT',
    `Cannot train: checkpoint must have both encoders for objective "contrastive", got ${got}`,
  );
}

/**
 * Embeddings of pictures and of their captions, not of length one: `[pairs, embeddingDim]` each. Captions are filled up
 * to the longest that the text encoder takes; the filling after a caption's end has no effect.
 *
 * Inputs: `pixels` uint8 `[pairs, height, width, 3]`, `ids` int64 `[pairs, maxTokens]`, `ends` int64 `[pairs]`: the
 * place of each caption's end token among all ids; with `patchesKept` also `keptTokens` float32
 * `[1 + patchesKept, 1 + patches]`, one-hot.
 */
export function encodePairs(
  graph: Graph,
  config: ModelConfig,
  parameters: Parameters,
  pairs: Dimension,
  patchesKept?: number,
): { readonly image: Value; readonly text: Value } {
  const { vision, text } = encodersOf(config);
  const tokens = text.maxTokens;
  const pixels = graph.input('pixels', 'uint8', [pairs, ...config.inputSize, 3]);
  const kept =
    patchesKept === undefined ? undefined : graph.input('keptTokens', 'float32', [1 + patchesKept, tokensOf(config)]);
  const positions = graph.integers(Array.from({ length: tokens }, (_, position) => position));
  return {
    image: imageEmbeddings(
      parameters,
      normalizePixels(pixels, vision),
      vision,
      config.patchGrid,
      config.embeddingDim,
      kept,
    ),
    text: textEmbeddings(
      parameters,
      graph.input('ids', 'int64', [pairs, tokens]),
      positions,
      graph.input('ends', 'int64', [pairs]),
      text,
      config.embeddingDim,
    ),
  };
}
