import { readFileSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Dataset } from '../../../packages/train/src/data/dataset.ts';
import type { FeatureCacheOptions } from '../../../packages/train/src/trainer/feature-cache.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, samplesOf } from '../data/fixtures.ts';
import { COUNT, Encoder, encodedAlone, expectKept, features, newSet, open, openCache } from './cached-set.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<{ readonly statfs: typeof statfs }>();
  return { ...original, statfs: vi.fn(original.statfs) };
});

const root = temporaryFolder();

describe('FeatureCache.open()', () => {
  it('encodes each picture once and gives its taps back, rounded to fp16, in any order', async () => {
    const { set, folder } = newSet(root);
    const dataset = await open(set.tags);
    const { cache, encoder, progress } = await openCache(dataset, folder);
    const indices = [7, 0, 10, 7];
    const taps = await cache.read(indices);
    expectKept(taps, indices, await encodedAlone(dataset, COUNT));
    expect(taps.map(({ length }) => length)).toEqual([16, 24]);
    expect(taps[0]?.slice(0, 4)).toEqual(taps[0]?.slice(12));
    expect([...Array(COUNT).keys()].every((sample) => cache.has(sample))).toBe(true);
    expect(cache.has(COUNT)).toBe(false);
    expect(encoder.pictures).toBeGreaterThanOrEqual(COUNT);
    expect(encoder.pictures).toBeLessThan(COUNT + 8);
    // Before it starts it says how much it will write: 10 numbers of 2 bytes a picture.
    expect(progress[0]).toEqual([0, COUNT, COUNT * 20]);
    expect(progress.at(-1)).toEqual([COUNT, COUNT, COUNT * 20]);
    expect(statSync(join(folder, features(folder)[0] as string)).size).toBe(COUNT * 20);
    await cache[Symbol.asyncDispose]();
  });

  it('encodes nothing when the set was encoded before', async () => {
    const { set, folder } = newSet(root, 3);
    const first = await openCache(await open(set.tags), folder);
    const taps = await first.cache.read([0, 1, 2]);
    await first.cache[Symbol.asyncDispose]();
    const again = await openCache(await open(set.tags), folder);
    expect(again.encoder.pictures).toBe(0);
    expect(again.progress).toEqual([]);
    expect(await again.cache.read([0, 1, 2])).toEqual(taps);
    await again.cache[Symbol.asyncDispose]();
  });

  it('encodes anew when a picture, the trunk or the size of its input changed', async () => {
    const { set, folder } = newSet(root, 3);
    const dataset = await open(set.tags);
    const encoded = async (changes: Partial<FeatureCacheOptions> = {}): Promise<number> => {
      const { cache, encoder } = await openCache(dataset, folder, changes);
      await cache[Symbol.asyncDispose]();
      return encoder.pictures;
    };
    expect(await encoded()).toBe(3);
    utimesSync(set.pictures[1] as string, new Date(1e12), new Date(1e12));
    expect(await encoded()).toBe(3);
    expect(await encoded({ trunkKey: 'another' })).toBe(3);
    expect(await encoded({ dims: [3, 2], encode: new Encoder().encode })).toBe(0);
    expect(features(folder)).toHaveLength(4);
    expect(await encoded()).toBe(0);
  });

  it('leaves a picture that cannot be read out, and says so', async () => {
    const { set, folder } = newSet(root, 9);
    writeFileSync(set.pictures[4] as string, 'no picture');
    const dataset = await open(set.tags);
    const { cache, warnings } = await openCache(dataset, folder);
    const keys = (await samplesOf(dataset)).map(({ key }) => key);
    const broken = keys.indexOf('images/04.png');
    expect(keys.map((_, sample) => cache.has(sample))).toEqual(keys.map((_, sample) => sample !== broken));
    expect(warnings.map(({ kind, message }) => [kind, message])).toContainEqual([
      'broken-image',
      expect.stringContaining('Sample left out: images/04.png: '),
    ]);
    expect((await cache.read(keys.map((_, sample) => sample).filter((sample) => sample !== broken)))[0]?.length).toBe(
      8 * 4,
    );
    await cache[Symbol.asyncDispose]();
    const again = await openCache(dataset, folder);
    expect([again.encoder.pictures, again.cache.has(broken)]).toEqual([0, false]);
    await again.cache[Symbol.asyncDispose]();
  });

  it('has pictures that nothing is known of: words may come later', async () => {
    const { set, folder } = newSet(root, 3);
    const masks = join(set.folder, 'masks.jsonl');
    writeFileSync(
      masks,
      ['00', '01', '02']
        .map((name) => JSON.stringify({ image: `images/${name}.png`, mask: `labels/${name}.png` }))
        .join('\n'),
    );
    const { cache } = await openCache(await open(masks), folder);
    expect([0, 1, 2].map((sample) => cache.has(sample))).toEqual([true, true, true]);
    await cache[Symbol.asyncDispose]();
  });

  it.each([
    ['taps', false],
    ['taps and windows', true],
  ] as const)('leaves nothing behind when it is aborted (%s)', async (_, windows) => {
    const { set, folder } = newSet(root);
    const controller = new AbortController();
    const reason = new Error('enough');
    const opening = openCache(await open(set.tags), folder, {
      windows,
      signal: controller.signal,
      onProgress: (done) => {
        if (done > 0) controller.abort(reason);
      },
    });
    await expect(opening).rejects.toBe(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a set whose size is not known', async () => {
    const { set, folder } = newSet(root, 2);
    const shards: Dataset = { ...(await open(set.tags)), description: 'shards a to z', size: undefined };
    expect(await failureOf(openCache(shards, folder))).toBe(
      'RangeError: Cannot cache features: data must be a set of known size, so no shards, with recipe ' +
        '"dense-captions" or cacheFeatures, got shards a to z',
    );
  });

  it('refuses to fill the disk', async () => {
    const { set, folder } = newSet(root, 2);
    vi.mocked(statfs).mockResolvedValueOnce({ bavail: 1, bsize: 30 } as never);
    expect(await failureOf(openCache(await open(set.tags), folder))).toBe(
      `RUN_FOLDER: Cannot cache features: disk must have 0 MB free for 2 pictures, got 0 MB in ${folder}`,
    );
  });

  it('says when records are cut short', async () => {
    const { set, folder } = newSet(root, 2);
    const { cache } = await openCache(await open(set.tags), folder);
    truncateSync(join(folder, features(folder)[0] as string), 30);
    const failures = await Promise.all([0, 1].map((sample) => failureOf(cache.read([sample]))));
    expect(failures.filter((failure) => failure !== 'no error')).toEqual([
      expect.stringMatching(
        /^DATASET_FORMAT: Cannot read features: record of sample [01] must have 20 bytes, got 10; start again, and features are encoded anew$/,
      ),
    ]);
    await cache[Symbol.asyncDispose]();
    const again = await openCache(await open(set.tags), folder);
    expect(again.encoder.pictures).toBe(2);
    await again.cache[Symbol.asyncDispose]();
  });

  it('never uses a record or an index that was damaged', async () => {
    const { set, folder } = newSet(root, 2);
    const opened = async (): Promise<Awaited<ReturnType<typeof openCache>>> => openCache(await open(set.tags), folder);
    const first = await opened();
    const taps = await first.cache.read([0, 1]);
    const path = join(folder, features(folder)[0] as string);
    const bytes = readFileSync(path);
    bytes[25]! ^= 1;
    writeFileSync(path, bytes);
    const failures = await Promise.all([0, 1].map((sample) => failureOf(first.cache.read([sample]))));
    expect(failures.filter((failure) => failure !== 'no error')).toEqual([
      expect.stringMatching(
        /^DATASET_FORMAT: Cannot read features: record of sample [01] must be as it was written, got another checksum; start again/,
      ),
    ]);
    await first.cache[Symbol.asyncDispose]();
    for (const text of [undefined, '[', '{}', '[[0]]', 'null']) {
      if (text !== undefined) writeFileSync(`${path}.json`, text);
      const { cache, encoder } = await opened();
      expect([encoder.pictures, await cache.read([0, 1])]).toEqual([2, taps]);
      await cache[Symbol.asyncDispose]();
    }
  });

  it('can be opened twice at once', async () => {
    const { set, folder } = newSet(root, 9);
    const dataset = await open(set.tags);
    const [one, two] = await Promise.all([openCache(dataset, folder), openCache(dataset, folder)]);
    const all = [...Array(9).keys()];
    expect(await one.cache.read(all)).toEqual(await two.cache.read(all));
    await Promise.all([one.cache[Symbol.asyncDispose](), two.cache[Symbol.asyncDispose]()]);
  });
});
