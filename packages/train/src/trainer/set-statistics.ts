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
 * @param names - of mask classes: the center is theirs and that of what the measured pictures' captions say
 */
export async function measureSet(
  dataset: Dataset,
  options: BatchLoaderOptions,
  texts: CategoryTexts,
  read: (batch: Batch) => Promise<readonly Float32Array[]>,
  dims: readonly number[],
  names: readonly string[] = [],
): Promise<SetStatistics> {
  const { augmentation: _, ...rest } = options;
  const batchSize = Math.min(BATCH, dataset.size ?? BATCH);
  await using loader = BatchLoader.open(dataset, { ...rest, from: START, batchSize });
  const zeros = (channels: number): Float64Array => new Float64Array(channels);
  const sums = dims.map((channels): Sums => ({ channels, count: 0, sum: zeros(channels), squares: zeros(channels) }));
  const categories = new Set(names);
  for (let seen = 0; seen < PICTURES; seen += batchSize) {
    const batch = await loader.next();
    for (const category of batch.said.flat()) categories.add(category);
    (await read(batch)).forEach((tap, index) => addPatches(sums[index] as Sums, tap, batch.images));
  }
  const mean = ({ sum, count }: Sums, channel: number): number => sum[channel]! / count;
  const deviation = (entry: Sums, channel: number): number =>
    Math.sqrt(Math.max(0, entry.squares[channel]! / entry.count - mean(entry, channel) ** 2));
  const all = (of: typeof mean): number[] => sums.flatMap((entry) => Array.from(entry.sum, (_, at) => of(entry, at)));
  return {
    tapMean: Float32Array.from(all(mean)),
    tapDeviation: Float32Array.from(all(deviation), (value) => Math.max(LEAST_DEVIATION, value)),
    textCentre: await texts.center([...categories]),
  };
}

/** Sums over patches, of each channel. */
interface Sums {
  readonly channels: number;
  count: number;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

/** Adds the patches of some pictures, their class tokens left out. */
function addPatches(into: Sums, tap: Float32Array, images: number): void {
  const { channels, sum, squares } = into;
  const perImage = tap.length / images;
  for (let at = 0; at < tap.length; at++) {
    if (at % perImage < channels) continue;
    sum[at % channels]! += tap[at]!;
    squares[at % channels]! += tap[at]! ** 2;
  }
  into.count += tap.length / channels - images;
}
