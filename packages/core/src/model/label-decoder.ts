/** The decoder of a checkpoint, of either kind: maps of pictures and text embeddings → logits of labels. */
import type { Value } from '../graph/graph.ts';
import type { ModelConfig } from '../checkpoint/model-config.ts';
import { decodeMaps } from './convolution-decoder.ts';
import { decode, upsampleToLogits } from './decoder.ts';
import type { Parameters } from './parameters.ts';

/** Rows of (picture, label) after the decoder. */
export interface DecodedLabels {
  /** Post-decoder features, `[rows, cells, reduceDim]`. */
  readonly features: Value;
  /** Logits, `[rows, height, width]`: of the trunk's input, or with a convolution decoder of its finer map. */
  readonly logits: () => Value;
}

/**
 * Decodes labels.
 *
 * @param maps - what the trunk makes of pictures, see `pictureMaps()`
 * @param text - text embeddings `[labels, embeddingDim]`
 * @param assignment - `[rows, images]`, one-hot; without it every label meets every picture, labels within pictures
 */
export function decodeLabels(
  parameters: Parameters,
  maps: readonly Value[],
  text: Value,
  { decoder, patchGrid }: ModelConfig,
  assignment?: Value,
): DecodedLabels {
  if (decoder.kind === 'convolution') return decodeMaps(parameters, maps, text, decoder, assignment);
  const { features } = decode(parameters, maps, text, decoder, assignment);
  return { features, logits: () => upsampleToLogits(parameters, features, patchGrid, decoder) };
}
