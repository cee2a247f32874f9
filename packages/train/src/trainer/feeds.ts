/** Batches → inputs of the step graph, by name. */
import type { TensorData } from '@synseg/core/runtime';
import { encodersOf, tokensOf } from '../step-graph/encode-pairs.ts';
import { pictureDims, type StepSpec } from '../step-graph/step-spec.ts';
import type { MicroBatch, PairBatch, TextBatch } from './protocol.ts';

/** Inputs of a graph on rows. */
export function rowFeeds(
  { pictures, rows, text, imageOfRow, stated, bank, classOfRow, masks }: MicroBatch,
  spec: Pick<StepSpec, 'config' | 'features' | 'lambda' | 'images'>,
): Record<string, TensorData> {
  const { config, images } = spec;
  const [height, width] = config.inputSize;
  const tokens = tokensOf(config);
  const dims = pictureDims(spec);
  const feeds: Record<string, TensorData> = {
    text: { data: text, shape: [rows, config.embeddingDim] },
    imageOfRow: { data: imageOfRow, shape: [rows] },
    rowNumber: { data: Float32Array.from({ length: rows }, (_, row) => row), shape: [rows] },
    stated: { data: stated, shape: [rows] },
  };
  if ('pixels' in pictures) feeds['pixels'] = { data: pictures.pixels, shape: [images, height, width, 3] };
  else
    pictures.taps.forEach(
      (data, index) => (feeds[`tap${index}`] = { data, shape: [images, tokens, dims[index] as number] }),
    );
  if (bank !== undefined) {
    feeds['bank'] = { data: bank.text, shape: [bank.labels, config.embeddingDim] };
    feeds['bankStated'] = { data: bank.stated, shape: [images, bank.labels] };
    feeds['bankValid'] = { data: bank.valid, shape: [images, bank.labels] };
    feeds['labelOfRow'] = { data: bank.labelOfRow, shape: [rows] };
  }
  if (classOfRow !== undefined) feeds['classOfRow'] = { data: classOfRow, shape: [rows] };
  if (masks !== undefined) feeds['masks'] = { data: masks, shape: [images, height, width] };
  return feeds;
}

/** Inputs of a graph on pairs. */
export function pairFeeds(
  { pairs, pixels, ids, ends, captions, keptTokens }: PairBatch,
  { config }: Pick<StepSpec, 'config'>,
): Record<string, TensorData> {
  const [height, width] = config.inputSize;
  const tokens = tokensOf(config);
  return {
    pixels: { data: pixels, shape: [pairs, height, width, 3] },
    ids: { data: ids, shape: [pairs, encodersOf(config).text.maxTokens] },
    ends: { data: ends, shape: [pairs] },
    captions: { data: captions, shape: [pairs] },
    ...(keptTokens && { keptTokens: { data: keptTokens, shape: [keptTokens.length / tokens, tokens] } }),
  };
}

/** Inputs of a graph on texts. */
export function textFeeds(
  { texts, prompts, targets }: TextBatch,
  { config }: Pick<StepSpec, 'config'>,
): Record<string, TensorData> {
  return { ...prompts, targets: { data: targets, shape: [texts, config.embeddingDim] } };
}
