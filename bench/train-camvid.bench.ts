/**
 * Training with masks, for teams that do have some: CamVid's 367 training images, a random decoder on the frozen trunk
 * of the road-scene checkpoint, scored on its 233 test images beside that checkpoint itself (46.57 as its card states).
 *
 *   npm run bench -- train-camvid [--steps 800] [--batch 4] [--recipe tags|paper]
 *
 * Needs the reference data beside the repository. The default takes about 20 minutes on two quiet cores.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluate, train, type RecipeName } from '@synseg/train';
import { circumstances } from './support/machine.ts';
import { percent, table } from './support/statistics.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '800' },
    batch: { type: 'string', default: '4' },
    recipe: { type: 'string', default: 'tags' },
  },
});
const shared = resolve(import.meta.dirname, '../../shared');
const street = join(shared, 'checkpoints/street');
const root = join(shared, 'data/camvid');
if (!existsSync(root)) throw new Error(`Cannot run bench: reference data must lie in ${root}, got none`);
const folder = mkdtempSync(join(tmpdir(), 'synseg-train-camvid-'));
const out = join(folder, 'run');
const cacheFolder = join(folder, 'cache');

try {
  const started = performance.now();
  for await (const report of train({
    data: { source: root, split: 'train' },
    init: 'random',
    trunk: street,
    out,
    objective: 'masks',
    recipe: values.recipe as RecipeName,
    ...(values.recipe === 'paper' ? { learningRate: 1e-3 } : {}),
    steps: Number(values.steps),
    batchSize: Number(values.batch),
    advanced: { clipNorm: 1, schedule: 'cosine' },
    cacheFeatures: true,
    cacheFolder,
    device: 'cpu',
    saveEvery: 100_000,
  })) {
    if (report.step % 50 === 0) process.stderr.write(`step ${String(report.step)}, ${JSON.stringify(report.losses)}\n`);
  }
  const seconds = (performance.now() - started) / 1000;
  const score = async (model: string): Promise<string[]> => {
    const { mIoU, pixelAccuracy } = await evaluate(model, {
      dataset: 'camvid',
      root,
      split: 'test',
      device: 'cpu',
      cacheFolder,
    });
    return [percent(mIoU, 2), percent(pixelAccuracy, 2)];
  };
  console.log(`\n${circumstances(['@synseg/train', 'onnxruntime-node', 'sharp'])}\n`);
  console.log(
    table(
      ['model', 'mIoU, %', 'pixel accuracy, %', 'training, s'],
      [
        [
          `\`objective: masks\`, \`recipe: ${values.recipe}\`, random decoder, ${values.steps} steps of ` +
            `${values.batch} images`,
          ...(await score(join(out, 'last'))),
          seconds.toFixed(0),
        ],
        ['the road-scene checkpoint', ...(await score(street)), ''],
      ],
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
