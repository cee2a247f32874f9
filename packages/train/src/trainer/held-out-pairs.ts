/** The pairs that a run is scored on: read once, before the first step. */
import { BatchLoader, type BatchLoaderOptions } from '../data/batch-loader.ts';
import { openDataset } from '../sources/open-dataset.ts';
import type { DataContext } from '../data/dataset.ts';
import { pairBatch, type Tokenize } from './pair-batch.ts';
import type { PairBatch } from './protocol.ts';
import type { EncodersPlan } from './train-plan.ts';

/** Letters of a caption that are read: more than a text encoder has tokens for. */
const MAX_LETTERS = 10_000;

/** Captions are texts as they are. */
export const WHOLE_CAPTIONS = {
  phrases: (caption: string): readonly string[] => [caption.slice(0, MAX_LETTERS)],
  captionsOnly: true,
} as const satisfies Partial<DataContext>;

/**
 * Reads the first pairs that the seed draws, each once, whole and as they are.
 *
 * @param training - how the run reads its own data
 */
export async function readHeldOut(
  { data, limit }: NonNullable<EncodersPlan['evaluation']>,
  training: BatchLoaderOptions,
  tokenize: Tokenize,
  maxTokens: number,
): Promise<PairBatch> {
  const { inputSize, seed, workers, onWarning, signal, limits = {} } = training;
  const reading = { limits, onWarning, signal };
  const dataset = await openDataset(data, { ...WHOLE_CAPTIONS, ...reading });
  const batchSize = Math.min(limit, dataset.size ?? limit);
  const once = { inputSize, seed, workers, batchSize, prefetch: 1, maxCategories: 1 };
  await using loader = BatchLoader.open(dataset, { ...reading, ...once });
  const { categories, indices, pixels } = await loader.next();
  // Where samples were left out as broken, the next epoch filled their places.
  const count = indices.findIndex((index, place) => indices.indexOf(index) < place);
  const pairs = count < 0 ? indices.length : count;
  const bytes = (pixels as Uint8Array).length / indices.length;
  const captions = categories.slice(0, pairs).map(([caption]) => caption as string);
  return pairBatch(captions, (pixels as Uint8Array).slice(0, pairs * bytes), tokenize, maxTokens);
}
