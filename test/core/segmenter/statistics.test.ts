/** Statistics of normalization in place of a checkpoint's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter, type SegmenterOptions } from '@synseg/core';
import { expect, it } from 'vitest';
import { openCheckpoint } from '../../../packages/core/src/checkpoint/checkpoint.ts';
import { withStatistics } from '../../../packages/core/src/checkpoint/model-config.ts';
import { STATISTICS } from '../../../packages/core/src/checkpoint/statistics.ts';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const cacheFolder = join(root, 'cache');

async function activations(folder: string, options: SegmenterOptions = {}) {
  await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder, ...options });
  const labels = await segmenter.labels(['road', 'car']);
  const result = await segmenter.segment(picture(32, 32, 1), labels, { output: ['activations'] });
  return { statistics: segmenter.statistics, activations: [...result.activations] };
}

it('are those of the folder, or those that are asked for', async () => {
  const imagenet = writeTinyClipseg(join(root, 'imagenet'));
  const clip = writeTinyClipseg(join(root, 'clip'));
  const path = join(clip, 'preprocessor_config.json');
  const { mean: image_mean, std: image_std } = STATISTICS.clip;
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), image_mean, image_std }));
  const [own, asked, other] = [
    await activations(clip),
    await activations(imagenet, { statistics: 'clip' }),
    await activations(imagenet),
  ];
  expect(asked).toEqual(own);
  expect(own.statistics).toEqual(STATISTICS.clip);
  expect(other.statistics).toEqual(STATISTICS.imagenet);
  expect(other.activations).not.toEqual(own.activations);
});

it('cannot be chosen for a ready-made trunk', async () => {
  const { config } = await openCheckpoint(writeTinyClipseg(join(root, 'ready')));
  const ready = { ...config, trunk: { kind: 'onnx', file: 'vision.onnx', patchSize: 8 } } as const;
  expect(() => withStatistics(ready, 'clip')).toThrow(
    new RangeError('Cannot load checkpoint: statistics must be left out for a ready-made ONNX trunk, got "clip"'),
  );
});
