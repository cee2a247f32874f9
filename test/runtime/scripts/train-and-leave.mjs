/**
 * `train-and-leave.mjs DEVICE MODEL FOLDER`: trains to the end, starts once more, and leaves while the thread is inside
 * the runtime: on WebGPU shaders are compiled first, which takes seconds. Prints the loss of each step, then that it
 * leaves.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { encodePNG } from '@synseg/core/runtime';
import { train } from '@synseg/train';

const [device = '', init = '', folder = ''] = process.argv.slice(2);
const data = join(folder, 'data');
mkdirSync(data, { recursive: true });
const rows = [
  ['car', 'road'],
  ['tree', 'sky', 'dog'],
].map((tags, index) => ({ image: `${index}.png`, tags }));
for (const [index, { image }] of rows.entries()) {
  writeFileSync(
    join(data, image),
    await encodePNG(
      Uint8Array.from({ length: 24 * 24 * 3 }, (_, byte) => (byte * (7 + index)) % 256),
      24,
      24,
    ),
  );
}
writeFileSync(join(data, 'tags.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));

const options = {
  data: join(data, 'tags.jsonl'),
  init,
  device,
  cacheFolder: join(folder, 'cache'),
  recipe: 'tags',
  steps: 3,
  batchSize: 2,
  advanced: { projectorSteps: 3, workers: 1 },
};
for await (const { total } of train({ ...options, out: join(folder, 'first') })) console.log(total);

void train({ ...options, out: join(folder, 'second') }).next();
setTimeout(() => {
  console.log('leaving');
  process.exit(0);
}, 1_500);
