/**
 * What the loader's runtime test starts under each runtime: two batches of a JSONL file with masks, then disposal. It
 * prints their hash and ends by itself.
 *
 * Usage: loader-script.ts LIST.jsonl
 */
import { createHash } from 'node:crypto';
import { BatchLoader } from '../../../packages/train/src/data/batch-loader.ts';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';

const onWarning = ({ message }: { message: string }): void => console.error(message);
const dataset = await openDataset(process.argv[2] ?? '', { phrases: () => [], onWarning });
const loader = BatchLoader.open(dataset, {
  inputSize: [12, 16],
  batchSize: 3,
  seed: 7,
  masks: true,
  augmentation: { flip: true, crop: [0.3, 0.9] },
  workers: 2,
  onWarning,
});
const hash = createHash('sha256');
for (let batch = 0; batch < 2; batch++) {
  const { pixels, masks, keys, after } = await loader.next();
  hash
    .update(pixels ?? '')
    .update(masks ?? '')
    .update(JSON.stringify([keys, after]));
}
await loader[Symbol.asyncDispose]();
console.log(hash.digest('hex'));
