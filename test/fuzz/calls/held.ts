/** What calls need and would be dear to make for each: a segmenter of a tiny checkpoint, and what it gives. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter, type LabelSet, type Segmentation } from '@synseg/core';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

export interface Held {
  readonly checkpoint: string;
  readonly segmenter: Segmenter;
  readonly labels: LabelSet;
  readonly segmentation: Segmentation;
}

/** Makes them, and a few files in the folder: `a.png`, `captions.tsv`, `labels.safetensors`. */
export async function hold(folder: string): Promise<Held> {
  const checkpoint = writeTinyClipseg(join(folder, 'tiny'));
  writeFileSync(join(folder, 'a.png'), await encodePNG(new Uint8Array(16 * 16 * 3).fill(77), 16, 16));
  writeFileSync(join(folder, 'captions.tsv'), 'image\tcaption\na.png\ta red car on the road\n');
  const segmenter = await Segmenter.load(checkpoint, { device: 'cpu', threads: 1 });
  const labels = await segmenter.labels(['road', 'car']);
  await labels.save(join(folder, 'labels.safetensors'));
  const segmentation = await segmenter.segment(
    { data: new Uint8Array(8 * 6 * 3).fill(50), width: 8, height: 6 },
    labels,
    { output: ['labels', 'activations'] },
  );
  return { checkpoint, segmenter, labels, segmentation };
}
