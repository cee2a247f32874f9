import { readFileSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
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
/** The same, and windows' embeddings of four numbers. */
const DIMS = [2, 3, 4];
/** How much larger, each way, pictures are that windows are cut from. */
const ZOOM = 4;
const open = (set: string): Promise<Dataset> => openDataset(set, { phrases: () => [], onWarning: () => undefined });

/** Counts what it encodes; taps and windows that tell the picture. */
class Encoder {
  pictures = 0;
  enlarged = 0;

  encode = (pixels: Uint8Array): Promise<Float32Array[]> => {
    const pictures = cut(pixels, HEIGHT * WIDTH * 3);
    this.pictures += pictures.length;
    return Promise.resolve([4, 6].map((length) => Float32Array.from(pictures.flatMap((picture) => Array.from({ length }, (_, at) => (picture[at * length] as number) / 3)))));
  };

  encodeWindows = (pixels: Uint8Array): Promise<Float32Array> => {
    const pictures = cut(pixels, HEIGHT * WIDTH * 3 * ZOOM ** 2);
    this.enlarged += pictures.length;
    return Promise.resolve(Float32Array.from(pictures.flatMap((picture) => Array.from({ length: 8 }, (_, at) => (picture[140 * at] as number) / 7))));
  };
}

function cut(pixels: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: pixels.length / size }, (_, index) => pixels.slice(index * size, (index + 1) * size));
}

/** What {@link Encoder} makes of pictures that are decoded one by one, without a cache, by sample: taps, then windows. */
async function encodedAlone(dataset: Dataset, count: number): Promise<ReadonlyMap<number, readonly Float32Array[]>> {
  const encoder = new Encoder();
  const found = new Map<number, readonly Float32Array[]>();
  const sizes: (readonly [number, (pixels: Uint8Array) => Promise<readonly Float32Array[]>])[] = [[1, encoder.encode], [ZOOM, async (pixels) => [await encoder.encodeWindows(pixels)]]];
  for (const [zoom, encode] of sizes) {
    await using loader = BatchLoader.open(dataset, { inputSize: [zoom * HEIGHT, zoom * WIDTH], batchSize: 1, seed: 4 + zoom, workers: 1, onWarning: () => undefined });
    for (let seen = 0; seen < count; seen++) {
      const { indices, pixels } = await loader.next();
      found.set(indices[0] as number, [...(found.get(indices[0] as number) ?? []), ...(await encode(pixels as Uint8Array))]);
    }
  }
  return found;
}

/** Each sample's own, one after the other, rounded to fp16. */
function expectKept(kept: readonly Float32Array[], indices: readonly number[], alone: ReadonlyMap<number, readonly Float32Array[]>): void {
  kept.forEach((values, index) => {
    const expected = indices.flatMap((sample) => [...(alone.get(sample)?.[index] as Float32Array)]);
    expect(values).toHaveLength(expected.length);
    // fp16 has 11 bits: within half a unit of the last place.
    values.forEach((value, at) => expect(Math.abs(value - (expected[at] as number))).toBeLessThanOrEqual((expected[at] as number) * 2 ** -11));
  });
}

interface Opened {
  readonly cache: FeatureCache;
  readonly encoder: Encoder;
  readonly progress: number[][];
  readonly warnings: DataWarning[];
}

async function openCache(dataset: Dataset, folder: string, { windows = false, ...changes }: Partial<FeatureCacheOptions> & { readonly windows?: boolean } = {}): Promise<Opened> {
  const [encoder, progress, warnings] = [new Encoder(), [] as number[][], [] as DataWarning[]];
  const cache = await FeatureCache.open({
    dataset,
    config,
    dims: windows ? DIMS : config.tapDims,
    trunkKey: 'trunk',
    folder,
    workers: 1,
    maxCategories: 32,
    masks: false,
    encode: encoder.encode,
    encodeWindows: windows ? encoder.encodeWindows : undefined,
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
    expect(await encoded({ dims: [3, 2], encode: new Encoder().encode })).toBe(0);
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

  it.each([['taps', false], ['taps and windows', true]] as const)('leaves nothing behind when it is aborted (%s)', async (_, windows) => {
    const { set, folder } = newSet();
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
    const { set, folder } = newSet(2);
    const shards: Dataset = { ...(await open(set.tags)), description: 'shards a to z', size: undefined };
    expect(await failureOf(openCache(shards, folder))).toBe('RangeError: Cannot cache features: data must be a set of known size for cacheFeatures and features "windows", got shards a to z');
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

describe('FeatureCache.open() with windows', () => {
  it('keeps what windows are embedded as beside the taps, rounded to fp16, and gives it back in any order', async () => {
    const { set, folder } = newSet();
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
    expect([progress[0], progress.at(-1)]).toEqual([[0, COUNT, COUNT * 36], [COUNT, COUNT, COUNT * 36]]);
    expect(statSync(join(folder, features(folder)[0] as string)).size).toBe(COUNT * 36);
    await cache[Symbol.asyncDispose]();
  });

  it('is apart from one without, and each encodes once', async () => {
    const { set, folder } = newSet(3);
    const dataset = await open(set.tags);
    const counts: number[][] = [];
    const taps: (readonly Float32Array[])[] = [];
    for (const windows of [false, true, false, true]) {
      const { cache, encoder } = await openCache(dataset, folder, { windows });
      taps.push(await cache.read([2, 0, 1]));
      counts.push([encoder.pictures, encoder.enlarged, taps.at(-1)?.length as number, features(folder).length]);
      await cache[Symbol.asyncDispose]();
    }
    expect(counts).toEqual([[3, 0, 2, 1], [3, 3, 3, 2], [0, 0, 2, 2], [0, 0, 3, 2]]);
    expect(taps[1]?.slice(0, 2)).toEqual(taps[0]);
    expect(taps.slice(2)).toEqual(taps.slice(0, 2));
  });

  it('leaves a picture that cannot be read out of both, says so as without windows, and keeps the others each with its own', async () => {
    const { set, folder } = newSet(12);
    for (const place of [2, 9]) writeFileSync(set.pictures[place] as string, 'no picture');
    const dataset = await open(set.tags);
    const [{ cache, warnings }, plain] = [await openCache(dataset, folder, { windows: true }), await openCache(dataset, folder)];
    const keys = (await samplesOf(dataset)).map(({ key }) => key);
    const broken = ['images/02.png', 'images/09.png'].map((key) => keys.indexOf(key));
    const whole = keys.map((_, sample) => sample).filter((sample) => !broken.includes(sample));
    expect(keys.map((_, sample) => cache.has(sample))).toEqual(keys.map((_, sample) => !broken.includes(sample)));
    expectKept(await cache.read(whole), whole, await encodedAlone(dataset, whole.length));
    expect(new Set(warnings.map(({ message }) => message.split(': ')[1]))).toEqual(new Set(['images/02.png', 'images/09.png']));
    expect(warnings).toEqual(plain.warnings);
    await plain.cache[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
  });

  it('refuses pictures that break while they are read, and leaves nothing behind', async () => {
    const { set, folder } = newSet(12);
    const dataset = await open(set.tags);
    const keys = (await samplesOf(dataset)).map(({ key }) => key);
    let readings = 0;
    // Read for the name of the cache, for the taps, and for the windows.
    const breaking: Dataset = {
      ...dataset,
      draw: async function* (...where) {
        const broken = ++readings === 3;
        for await (const drawn of dataset.draw(...where)) yield broken && drawn.sample.key === keys[0] ? { ...drawn, sample: { ...drawn.sample, image: Buffer.from('no picture') } } : drawn;
      },
    };
    expect(await failureOf(openCache(breaking, folder, { windows: true }))).toMatch(/^DATASET_FORMAT: Cannot cache features: pictures must not change while they are encoded, got images\/\d\d\.png for images\/\d\d\.png on second reading$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['without categories', 'whose mask cannot be read'] as const)('keeps pictures each with its own beside one %s, where masks count', async (kind) => {
    const { set, folder } = newSet(12);
    if (kind === 'without categories') writeFileSync(set.masked, readFileSync(set.masked, 'utf8').replace(/("images\/05\.png"),"tags":\[.*?\]/, '$1'));
    else writeFileSync(join(set.folder, 'labels/05.png'), 'no mask');
    const dataset = await open(set.masked);
    const { cache } = await openCache(dataset, folder, { windows: true, masks: true });
    const keys = (await samplesOf(dataset)).map(({ key }) => key);
    const whole = keys.flatMap((key, sample) => (kind === 'whose mask cannot be read' && key === 'images/05.png' ? [] : [sample]));
    expect(keys.flatMap((_, sample) => (cache.has(sample) ? [sample] : []))).toEqual(whole);
    expectKept(await cache.read(whole), whole, await encodedAlone(await open(set.tags), 12));
    await cache[Symbol.asyncDispose]();
  });
});
