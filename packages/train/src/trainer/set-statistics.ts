/**
 * Statistics of a few pictures of the set, measured once before the first step: mean and deviation of each channel, and
 * the center of its categories' embeddings.
 */
import { BatchLoader, type Batch, type BatchLoaderOptions } from '../data/batch-loader.ts';
import { START, type Dataset } from '../data/dataset.ts';
import type { CategoryTexts } from './category-texts.ts';

/** Pictures measured. */
const PICTURES = 64;
const BATCH = 8;
/** Least deviation, so that a nearly constant channel is not amplified. */
const LEAST_DEVIATION = 1e-3;

/** Float32 vectors by name. */
export interface SetStatistics extends Readonly<Record<string, Float32Array>> {
  /** Of each channel over patches, `[ΣD_i]`. */
  readonly tapMean: Float32Array;
  readonly tapDeviation: Float32Array;
  /** `[embeddingDim]` */
  readonly textCentre: Float32Array;
}

/** Names of a set's statistics; runs are saved with them, so their spelling stays. */
export const STATISTICS = ['tapMean', 'tapDeviation', 'textCentre'] as const;

/**
 * Measures a set.
 *
 * @param options - as the run's own loader has them
 * @param read - features of a batch's pictures, float32 `[n, 1 + patches, D_i]` each
 * @param dims - the `D_i`
 */
export async function measureSet(
  dataset: Dataset,
  options: BatchLoaderOptions,
  texts: CategoryTexts,
  read: (batch: Batch) => Promise<readonly Float32Array[]>,
  dims: readonly number[],
): Promise<SetStatistics> {
  const { augmentation: _, ...rest } = options;
  const batchSize = Math.min(BATCH, dataset.size ?? BATCH);
  await using loader = BatchLoader.open(dataset, { ...rest, from: START, batchSize });
  const sums = dims.map((channels) => ({
    channels,
    count: 0,
    sum: new Float64Array(channels),
    squares: new Float64Array(channels),
  }));
  const categories = new Set<string>();
  for (let seen = 0; seen < PICTURES; seen += batchSize) {
    const batch = await loader.next();
    for (const category of batch.said.flat()) categories.add(category);
    (await read(batch)).forEach((tap, index) => addPatches(sums[index] as (typeof sums)[number], tap, batch.images));
  }
  const all = (read: (entry: (typeof sums)[number], channel: number) => number): Float32Array =>
    Float32Array.from(
      sums.flatMap((entry) => Array.from({ length: entry.channels }, (_, channel) => read(entry, channel))),
    );
  const mean = (entry: (typeof sums)[number], channel: number): number => (entry.sum[channel] as number) / entry.count;
  return {
    tapMean: all(mean),
    tapDeviation: all((entry, channel) =>
      Math.max(
        LEAST_DEVIATION,
        Math.sqrt(Math.max(0, (entry.squares[channel] as number) / entry.count - mean(entry, channel) ** 2)),
      ),
    ),
    textCentre: await texts.center([...categories]),
  };
}

/** Adds the patches of some pictures, their class tokens left out. */
function addPatches(
  into: { channels: number; count: number; sum: Float64Array; squares: Float64Array },
  tap: Float32Array,
  images: number,
): void {
  const { channels, sum, squares } = into;
  const perImage = tap.length / images;
  for (let at = 0; at < tap.length; at++) {
    if (at % perImage < channels) continue;
    const value = tap[at] as number;
    const channel = at % channels;
    sum[channel] = (sum[channel] as number) + value;
    squares[channel] = (squares[channel] as number) + value * value;
  }
  into.count += tap.length / channels - images;
}
