import { readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig } from '@synseg/core/internals';
import { describe, expect, it, vi } from 'vitest';
import { BatchLoader } from '../../../packages/train/src/data/batch-loader.ts';
import type { DataWarning } from '../../../packages/train/src/data/data-warning.ts';
import { openDataset, type Dataset } from '../../../packages/train/src/data/dataset.ts';
import { FeatureCache, type FeatureCacheOptions } from '../../../packages/train/src/trainer/feature-cache.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, samplesOf } from '../data/fixtures.ts';
import { writeTinySet, type TinySet } from './tiny-set.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<{ readonly statfs: typeof statfs }>();
  return { ...original, statfs: vi.fn(original.statfs) };
});

const root = temporaryFolder();
const COUNT = 11;
const [HEIGHT, WIDTH] = [4, 6];
/** Two taps of a class token and one patch. */
const config = { inputSize: [HEIGHT, WIDTH], patchGrid: [1, 1], tapDims: [2, 3] } as unknown as ModelConfig;
const open = (set: string): Promise<Dataset> => openDataset(set, { phrases: () => [], onWarning: () => undefined });

/** Counts what it encodes; taps that tell the picture. */
class Encoder {
  pictures = 0;

  encode = (pixels: Uint8Array): Promise<Float32Array[]> => {
    const size = HEIGHT * WIDTH * 3;
    const pictures = Array.from({ length: pixels.length / size }, (_, index) => pixels.slice(index * size, (index + 1) * size));
    this.pictures += pictures.length;
    return Promise.resolve([4, 6].map((length) => Float32Array.from(pictures.flatMap((picture) => Array.from({ length }, (_, at) => (picture[at * length] as number) / 3)))));
  };
}

interface Opened {
  readonly cache: FeatureCache;
  readonly encoder: Encoder;
  readonly progress: number[][];
  readonly warnings: DataWarning[];
}

async function openCache(dataset: Dataset, folder: string, changes: Partial<FeatureCacheOptions> = {}): Promise<Opened> {
  const [encoder, progress, warnings] = [new Encoder(), [] as number[][], [] as DataWarning[]];
  const cache = await FeatureCache.open({
    dataset,
    config,
    trunkKey: 'trunk',
    folder,
    workers: 1,
    maxCategories: 32,
    masks: false,
    encode: encoder.encode,
    onProgress: (...numbers) => progress.push(numbers),
    onWarning: (warning) => warnings.push(warning),
    signal: undefined,
    ...changes,
  });
  return { cache, encoder, progress, warnings };
}

let sets = 0;
function newSet(count = COUNT): { set: TinySet; folder: string } {
  const base = join(root, String(sets++));
  return { set: writeTinySet(join(base, 'set'), count), folder: join(base, 'features') };
}

const features = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.f16'));

describe('FeatureCache.open()', () => {
  it('encodes each picture once and gives its taps back, rounded to fp16, in any order', async () => {
    const { set, folder } = newSet();
    const dataset = await open(set.tags);
    const { cache, encoder, progress } = await openCache(dataset, folder);
    const indices = [7, 0, 10, 7];
    const taps = await cache.read(indices);
    // The same pictures, decoded and encoded without a cache.
    const alone = new Map<number, readonly Float32Array[]>();
    await using loader = BatchLoader.open(dataset, { inputSize: [HEIGHT, WIDTH], batchSize: COUNT, seed: 5, workers: 1, onWarning: () => undefined });
    const batch = await loader.next();
    const direct = await new Encoder().encode(batch.pixels as Uint8Array);
    batch.indices.forEach((sample, row) => alone.set(sample, direct.map((tap) => tap.slice((row * tap.length) / COUNT, ((row + 1) * tap.length) / COUNT))));
    indices.forEach((sample, row) =>
      taps.forEach((tap, index) => {
        const expected = alone.get(sample)?.[index] as Float32Array;
        // fp16 has 11 bits: within half a unit of the last place.
        tap.slice(row * expected.length, (row + 1) * expected.length).forEach((value, at) => expect(Math.abs(value - (expected[at] as number))).toBeLessThanOrEqual((expected[at] as number) * 2 ** -11));
      }),
    );
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
    const { set, folder } = newSet(3);
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
    const { set, folder } = newSet(3);
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
    expect(await encoded({ config: { ...config, tapDims: [3, 2] }, encode: new Encoder().encode })).toBe(0);
    expect(features(folder)).toHaveLength(4);
    expect(await encoded()).toBe(0);
  });

  it('leaves a picture that cannot be read out, and says so', async () => {
    const { set, folder } = newSet(9);
    writeFileSync(set.pictures[4] as string, 'no picture');
    const dataset = await open(set.tags);
    const { cache, warnings } = await openCache(dataset, folder);
    const keys = (await samplesOf(dataset)).map(({ key }) => key);
    const broken = keys.indexOf('images/04.png');
    expect(keys.map((_, sample) => cache.has(sample))).toEqual(keys.map((_, sample) => sample !== broken));
    expect(warnings.map(({ kind, message }) => [kind, message])).toContainEqual(['broken-image', expect.stringContaining('Sample left out: images/04.png: ')]);
    expect((await cache.read(keys.map((_, sample) => sample).filter((sample) => sample !== broken)))[0]?.length).toBe(8 * 4);
    await cache[Symbol.asyncDispose]();
    const again = await openCache(dataset, folder);
    expect([again.encoder.pictures, again.cache.has(broken)]).toEqual([0, false]);
    await again.cache[Symbol.asyncDispose]();
  });

  it('has pictures with a mask and no category, where masks count', async () => {
    const { set, folder } = newSet(3);
    const masks = join(set.folder, 'masks.jsonl');
    writeFileSync(masks, ['00', '01', '02'].map((name) => JSON.stringify({ image: `images/${name}.png`, mask: `labels/${name}.png` })).join('\n'));
    const { cache } = await openCache(await open(masks), folder, { masks: true });
    expect([0, 1, 2].map((sample) => cache.has(sample))).toEqual([true, true, true]);
    await cache[Symbol.asyncDispose]();
  });

  it('leaves nothing behind when it is aborted', async () => {
    const { set, folder } = newSet();
    const controller = new AbortController();
    const reason = new Error('enough');
    const opening = openCache(await open(set.tags), folder, {
      signal: controller.signal,
      onProgress: (done) => {
        if (done > 0) controller.abort(reason);
      },
    });
    await expect(opening).rejects.toBe(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a set whose size is not known', async () => {
    const { set, folder } = newSet(2);
    const shards: Dataset = { ...(await open(set.tags)), description: 'shards a to z', size: undefined };
    expect(await failureOf(openCache(shards, folder))).toBe('RangeError: Cannot cache features: data must be a set of known size, got shards a to z');
  });

  it('refuses to fill the disk', async () => {
    const { set, folder } = newSet(2);
    vi.mocked(statfs).mockResolvedValueOnce({ bavail: 1, bsize: 30 } as never);
    expect(await failureOf(openCache(await open(set.tags), folder))).toBe(`RUN_FOLDER: Cannot cache features: disk must have 0 MB free for 2 pictures, got 0 MB in ${folder}`);
  });

  it('says when records are cut short', async () => {
    const { set, folder } = newSet(2);
    const { cache } = await openCache(await open(set.tags), folder);
    truncateSync(join(folder, features(folder)[0] as string), 30);
    const failures = await Promise.all([0, 1].map((sample) => failureOf(cache.read([sample]))));
    expect(failures.filter((failure) => failure !== 'no error')).toEqual([expect.stringMatching(/^DATASET_FORMAT: Cannot read features: record of sample [01] must have 20 bytes, got 10; delete the cache folder's features$/)]);
    await cache[Symbol.asyncDispose]();
  });

  it('can be opened twice at once', async () => {
    const { set, folder } = newSet(9);
    const dataset = await open(set.tags);
    const [one, two] = await Promise.all([openCache(dataset, folder), openCache(dataset, folder)]);
    const all = [...Array(9).keys()];
    expect(await one.cache.read(all)).toEqual(await two.cache.read(all));
    await Promise.all([one.cache[Symbol.asyncDispose](), two.cache[Symbol.asyncDispose]()]);
  });
});
