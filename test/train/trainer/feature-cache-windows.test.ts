import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../packages/train/src/data/dataset.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, samplesOf } from '../data/fixtures.ts';
import { COUNT, encodedAlone, expectKept, features, newSet, open, openCache } from './cached-set.ts';

const root = temporaryFolder();

describe('FeatureCache.open() with windows', () => {
  it('keeps embeddings of windows beside the taps, rounded to fp16, and gives them back in any order', async () => {
    const { set, folder } = newSet(root);
    const dataset = await open(set.tags);
    const { cache, encoder, progress } = await openCache(dataset, folder, { windows: true });
    const alone = await encodedAlone(dataset, COUNT);
    for (const indices of [[7, 0, 10, 7], [...Array(COUNT).keys()]]) {
      const kept = await cache.read(indices);
      expect(kept.map(({ length }) => length)).toEqual([4, 6, 8].map((length) => length * indices.length));
      expectKept(kept, indices, alone);
    }
    // No two pictures are alike: each sample has its own.
    expect(new Set([...alone.values()].map((parts) => parts[2]?.join())).size).toBe(COUNT);
    expect(encoder.enlarged).toBe(encoder.pictures);
    // 18 numbers of 2 bytes a picture.
    expect([progress[0], progress.at(-1)]).toEqual([
      [0, COUNT, COUNT * 36],
      [COUNT, COUNT, COUNT * 36],
    ]);
    expect(statSync(join(folder, features(folder)[0] as string)).size).toBe(COUNT * 36);
    await cache[Symbol.asyncDispose]();
  });

  it('is apart from one without, and each encodes once', async () => {
    const { set, folder } = newSet(root, 3);
    const dataset = await open(set.tags);
    const counts: number[][] = [];
    const taps: (readonly Float32Array[])[] = [];
    for (const windows of [false, true, false, true]) {
      const { cache, encoder } = await openCache(dataset, folder, { windows });
      taps.push(await cache.read([2, 0, 1]));
      counts.push([encoder.pictures, encoder.enlarged, taps.at(-1)?.length as number, features(folder).length]);
      await cache[Symbol.asyncDispose]();
    }
    expect(counts).toEqual([
      [3, 0, 2, 1],
      [3, 3, 3, 2],
      [0, 0, 2, 2],
      [0, 0, 3, 2],
    ]);
    expect(taps[1]?.slice(0, 2)).toEqual(taps[0]);
    expect(taps.slice(2)).toEqual(taps.slice(0, 2));
  });

  it(
    'leaves a picture that cannot be read out of both, says so as without windows, and keeps the others each with ' +
      'its own',
    async () => {
      const { set, folder } = newSet(root, 12);
      for (const place of [2, 9]) writeFileSync(set.pictures[place] as string, 'no picture');
      const dataset = await open(set.tags);
      const [{ cache, warnings }, plain] = [
        await openCache(dataset, folder, { windows: true }),
        await openCache(dataset, folder),
      ];
      const keys = (await samplesOf(dataset)).map(({ key }) => key);
      const broken = ['images/02.png', 'images/09.png'].map((key) => keys.indexOf(key));
      const whole = keys.map((_, sample) => sample).filter((sample) => !broken.includes(sample));
      expect(keys.map((_, sample) => cache.has(sample))).toEqual(keys.map((_, sample) => !broken.includes(sample)));
      expectKept(await cache.read(whole), whole, await encodedAlone(dataset, whole.length));
      expect(new Set(warnings.map(({ message }) => message.split(': ')[1]))).toEqual(
        new Set(['images/02.png', 'images/09.png']),
      );
      expect(warnings).toEqual(plain.warnings);
      await plain.cache[Symbol.asyncDispose]();
      await cache[Symbol.asyncDispose]();
    },
  );

  it('refuses pictures that break while they are read, and leaves nothing behind', async () => {
    const { set, folder } = newSet(root, 12);
    const dataset = await open(set.tags);
    const keys = (await samplesOf(dataset)).map(({ key }) => key);
    let readings = 0;
    // Read for the name of the cache, for the taps, and for the windows.
    const breaking: Dataset = {
      ...dataset,
      draw: async function* (...where) {
        const broken = ++readings === 3;
        for await (const drawn of dataset.draw(...where))
          yield broken && drawn.sample.key === keys[0]
            ? { ...drawn, sample: { ...drawn.sample, image: Buffer.from('no picture') } }
            : drawn;
      },
    };
    expect(await failureOf(openCache(breaking, folder, { windows: true }))).toMatch(
      /^DATASET_FORMAT: Cannot cache features: pictures must not change while they are encoded, got images\/\d\d\.png for images\/\d\d\.png on second reading$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['without categories', 'whose mask cannot be read'] as const)(
    'keeps pictures each with its own beside one %s, which may be mended later',
    async (kind) => {
      const { set, folder } = newSet(root, 12);
      if (kind === 'without categories')
        writeFileSync(set.masked, readFileSync(set.masked, 'utf8').replace(/("images\/05\.png"),"tags":\[.*?\]/, '$1'));
      else writeFileSync(join(set.folder, 'labels/05.png'), 'no mask');
      const dataset = await open(set.masked);
      const { cache } = await openCache(dataset, folder, { windows: true });
      const keys = (await samplesOf(dataset)).map(({ key }) => key);
      const whole = keys.map((_, sample) => sample);
      expect(keys.flatMap((_, sample) => (cache.has(sample) ? [sample] : []))).toEqual(whole);
      expectKept(await cache.read(whole), whole, await encodedAlone(await open(set.tags), 12));
      await cache[Symbol.asyncDispose]();
    },
  );
});
