/** What the cases of datasets share: opening one and drawing what an epoch has. */
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import type { DataOptions } from '../../../packages/train/src/data/data-options.ts';
import { START } from '../../../packages/train/src/data/dataset.ts';

const MOST_SAMPLES = 12;

/**
 * Opens a dataset and draws its first samples with their masks. A mask that cannot be painted is refused where it is
 * asked for.
 */
export async function drawSamples(data: DataOptions, seed: number): Promise<void> {
  const dataset = await openDataset(data, { phrases: (caption) => caption.split(' '), onWarning: () => undefined });
  let drawn = 0;
  for await (const { sample, after } of dataset.draw(START, seed)) {
    await sample.mask;
    if (++drawn === MOST_SAMPLES || drawn === dataset.size || after.epoch > 0) break;
  }
}
