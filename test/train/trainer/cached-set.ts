/** A set and an encoder that tell the pictures apart, for the tests of the feature cache. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '@synseg/core/checkpoint';
import { expect } from 'vitest';
import { BatchLoader } from '../../../packages/train/src/data/batch-loader.ts';
import type { DataWarning } from '../../../packages/train/src/data/data-warning.ts';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import type { Dataset } from '../../../packages/train/src/data/dataset.ts';
import { FeatureCache, type FeatureCacheOptions } from '../../../packages/train/src/trainer/feature-cache.ts';
import { writeTinySet, type TinySet } from './tiny-set.ts';

export const COUNT = 11;
const [HEIGHT, WIDTH] = [4, 6];
/** Two taps of a class token and one patch. */
const config = { inputSize: [HEIGHT, WIDTH], patchGrid: [1, 1], tapDims: [2, 3] } as unknown as ModelConfig;
/** The same, and windows' embeddings of four numbers. */
const DIMS = [2, 3, 4];
/** How much larger, each way, pictures are that windows are cut from. */
const ZOOM = 4;
export const open = (set: string): Promise<Dataset> =>
  openDataset(set, { phrases: () => [], onWarning: () => undefined });

/** Counts what it encodes; taps and windows that tell the picture. */
export class Encoder {
  pictures = 0;
  enlarged = 0;

  encode = (pixels: Uint8Array): Promise<Float32Array[]> => {
    const pictures = cut(pixels, HEIGHT * WIDTH * 3);
    this.pictures += pictures.length;
    return Promise.resolve(
      [4, 6].map((length) =>
        Float32Array.from(
          pictures.flatMap((picture) => Array.from({ length }, (_, at) => (picture[at * length] as number) / 3)),
        ),
      ),
    );
  };

  encodeWindows = (pixels: Uint8Array): Promise<Float32Array> => {
    const pictures = cut(pixels, HEIGHT * WIDTH * 3 * ZOOM ** 2);
    this.enlarged += pictures.length;
    return Promise.resolve(
      Float32Array.from(
        pictures.flatMap((picture) => Array.from({ length: 8 }, (_, at) => (picture[140 * at] as number) / 7)),
      ),
    );
  };
}

function cut(pixels: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: pixels.length / size }, (_, index) => pixels.slice(index * size, (index + 1) * size));
}

/**
 * What {@link Encoder} makes of pictures that are decoded one by one, without a cache, by sample: taps, then windows.
 */
export async function encodedAlone(
  dataset: Dataset,
  count: number,
): Promise<ReadonlyMap<number, readonly Float32Array[]>> {
  const encoder = new Encoder();
  const found = new Map<number, readonly Float32Array[]>();
  const sizes: (readonly [number, (pixels: Uint8Array) => Promise<readonly Float32Array[]>])[] = [
    [1, encoder.encode],
    [ZOOM, async (pixels) => [await encoder.encodeWindows(pixels)]],
  ];
  for (const [zoom, encode] of sizes) {
    await using loader = BatchLoader.open(dataset, {
      inputSize: [zoom * HEIGHT, zoom * WIDTH],
      batchSize: 1,
      seed: 4 + zoom,
      workers: 1,
      onWarning: () => undefined,
    });
    for (let seen = 0; seen < count; seen++) {
      const { indices, pixels } = await loader.next();
      found.set(indices[0] as number, [
        ...(found.get(indices[0] as number) ?? []),
        ...(await encode(pixels as Uint8Array)),
      ]);
    }
  }
  return found;
}

/** Each sample's own, one after the other, rounded to fp16. */
export function expectKept(
  kept: readonly Float32Array[],
  indices: readonly number[],
  alone: ReadonlyMap<number, readonly Float32Array[]>,
): void {
  kept.forEach((values, index) => {
    const expected = indices.flatMap((sample) => [...(alone.get(sample)?.[index] as Float32Array)]);
    expect(values).toHaveLength(expected.length);
    // fp16 has 11 bits: within half a unit of the last place.
    values.forEach((value, at) =>
      expect(Math.abs(value - (expected[at] as number))).toBeLessThanOrEqual((expected[at] as number) * 2 ** -11),
    );
  });
}

interface Opened {
  readonly cache: FeatureCache;
  readonly encoder: Encoder;
  readonly progress: number[][];
  readonly warnings: DataWarning[];
}

export async function openCache(
  dataset: Dataset,
  folder: string,
  { windows = false, ...changes }: Partial<FeatureCacheOptions> & { readonly windows?: boolean } = {},
): Promise<Opened> {
  const [encoder, progress, warnings] = [new Encoder(), [] as number[][], [] as DataWarning[]];
  const cache = await FeatureCache.open({
    dataset,
    config,
    dims: windows ? DIMS : config.tapDims,
    trunkKey: 'trunk',
    folder,
    workers: 1,
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
export function newSet(root: string, count = COUNT): { set: TinySet; folder: string } {
  const base = join(root, String(sets++));
  return { set: writeTinySet(join(base, 'set'), count), folder: join(base, 'features') };
}

export const features = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.f16'));
