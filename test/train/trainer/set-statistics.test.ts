import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import { START, type Dataset } from '../../../packages/train/src/data/dataset.ts';
import type { Batch, BatchLoaderOptions } from '../../../packages/train/src/data/batch-loader.ts';
import type { CategoryTexts } from '../../../packages/train/src/trainer/category-texts.ts';
import { STATISTICS, measureSet } from '../../../packages/train/src/trainer/set-statistics.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { meanOf } from '../objective/numeric.ts';
import { writeTinySet } from './tiny-set.ts';

const { folder, tags, pictures } = writeTinySet(join(temporaryFolder(), 'set'), 4);
const [HEIGHT, WIDTH] = [6, 8];
const loading: BatchLoaderOptions = {
  inputSize: [HEIGHT, WIDTH],
  batchSize: 3,
  seed: 9,
  workers: 1,
  from: { epoch: 2, consumed: 1 },
  augmentation: { flip: true },
  onWarning: () => undefined,
};

/** Two taps of a class token and two patches, made of a picture's first bytes. */
const tapsOf = (picture: Uint8Array): [number[][], number[][]] => [
  [
    [1e6, 1e6],
    [picture[0] as number, 5],
    [picture[3] as number, 5],
  ],
  [[-1e6], [(picture[1] as number) / 100], [(picture[9] as number) / 100]],
];

describe('measureSet()', () => {
  it('tells mean and deviation of each channel over patches without class tokens, and what texts share', async () => {
    const dataset: Dataset = await openDataset(tags, { phrases: () => [], onWarning: () => undefined });
    const seen: [number[][], number[][]][] = [];
    const asked: string[][] = [];
    const texts = {
      center: (categories: readonly string[]) => Promise.resolve((asked.push([...categories]), Float32Array.of(7, 8))),
    } as unknown as CategoryTexts;
    const read = ({ pixels = new Uint8Array() }: Batch): Promise<Float32Array[]> => {
      const size = HEIGHT * WIDTH * 3;
      const pictures = Array.from({ length: pixels.length / size }, (_, index) =>
        tapsOf(pixels.subarray(index * size, (index + 1) * size)),
      );
      seen.push(...pictures);
      return Promise.resolve(
        [0, 1].map((tap) => Float32Array.from(pictures.flatMap((picture) => (picture[tap] as number[][]).flat()))),
      );
    };
    const statistics = await measureSet(dataset, loading, texts, read, [2, 1], ['wall']);
    // 64 pictures: each of the four 16 times.
    expect(seen).toHaveLength(64);
    expect(new Set(seen.map((picture) => JSON.stringify(picture))).size).toBe(4);
    const channels = [
      [0, 0],
      [0, 1],
      [1, 0],
    ].map(([tap, channel]) =>
      seen.flatMap((picture) =>
        (picture[tap as number] as number[][]).slice(1).map((patch) => patch[channel as number] as number),
      ),
    );
    expect(Object.keys(statistics).sort()).toEqual([...STATISTICS].sort());
    channels.forEach((values, index) => {
      const mean = meanOf(values);
      const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
      expect(Math.abs((statistics.tapMean[index] as number) / mean - 1)).toBeLessThan(1e-6);
      // A channel that does not move keeps a deviation to be divided by.
      if (index === 1) expect(statistics.tapDeviation[index]).toBeCloseTo(1e-3, 8);
      else expect(Math.abs((statistics.tapDeviation[index] as number) / deviation - 1)).toBeLessThan(1e-5);
    });
    expect([...statistics.textCentre]).toEqual([7, 8]);
    expect(asked).toEqual([expect.arrayContaining(['wall', 'road', 'car'])]);
  });

  it('is the same whatever part of the set the run stands at, without augmentation', async () => {
    const dataset = await openDataset(tags, { phrases: () => [], onWarning: () => undefined });
    const texts = { center: () => Promise.resolve(Float32Array.of(0)) } as unknown as CategoryTexts;
    const read = ({ pixels = new Uint8Array() }: Batch): Promise<Float32Array[]> =>
      Promise.resolve([
        Float32Array.from(
          { length: (pixels.length / (HEIGHT * WIDTH * 3)) * 2 },
          (_, index) => pixels[Math.floor(index / 2) * HEIGHT * WIDTH * 3] as number,
        ),
      ]);
    const [one, two] = [
      await measureSet(dataset, loading, texts, read, [1]),
      await measureSet(dataset, { ...loading, from: START, augmentation: {} }, texts, read, [1]),
    ];
    expect(one).toEqual(two);
  });

  it('decodes no picture where the run decodes none: what is known of one is read by its number', async () => {
    const dataset = await openDataset(tags, { phrases: () => [], onWarning: () => undefined });
    const texts = { center: () => Promise.resolve(Float32Array.of(0)) } as unknown as CategoryTexts;
    const read = ({ pixels, indices }: Batch): Promise<Float32Array[]> => {
      expect(pixels).toBeUndefined();
      return Promise.resolve([Float32Array.from(indices.flatMap((sample) => [1e6, sample]))]);
    };
    const { tapMean, tapDeviation } = await measureSet(dataset, { ...loading, pixels: false }, texts, read, [1]);
    // 0, 1, 2 and 3, each as often as the others.
    expect([tapMean[0], tapDeviation[0]]).toEqual([1.5, Math.fround(Math.sqrt(1.25))]);
  });

  it('takes what texts have in common over all that is said, chosen for a row or not, each once', async () => {
    // 64 pictures with a row each cannot choose all of these.
    const tagsOf = (picture: number): string[] =>
      Array.from({ length: 30 }, (_, index) => `thing ${String(20 * picture + index)}`);
    const path = join(folder, 'many.jsonl');
    writeFileSync(
      path,
      pictures
        .map((picture, index) => JSON.stringify({ image: relative(folder, picture), tags: tagsOf(index) }))
        .join('\n'),
    );
    const dataset = await openDataset(path, { phrases: () => [], onWarning: () => undefined });
    const read = ({ images }: Batch): Promise<Float32Array[]> => Promise.resolve([new Float32Array(images * 2)]);
    const asked: string[] = [];
    const texts = {
      center: (categories: readonly string[]) => Promise.resolve((asked.push(...categories), Float32Array.of(0))),
    } as unknown as CategoryTexts;
    await measureSet(dataset, { ...loading, maxCategories: 1 }, texts, read, [1]);
    expect(asked.sort()).toEqual([...new Set(pictures.flatMap((_, index) => tagsOf(index)))].sort());
  });
});
