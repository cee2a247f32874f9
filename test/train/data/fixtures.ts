/** Small pictures, shards and tables for the data tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { packTar } from 'modern-tar';
import sharp from 'sharp';
import { BatchLoader, type Batch, type BatchLoaderOptions } from '../../../packages/train/src/data/batch-loader.ts';
import type { DataWarning } from '../../../packages/train/src/data/data-warning.ts';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import type { DataOptions } from '../../../packages/train/src/data/data-options.ts';
import { START, type Dataset, type DatasetPosition, type Drawn } from '../../../packages/train/src/data/dataset.ts';
import type { LeftOut } from '../../../packages/train/src/data/left-out.ts';
import type { Sample } from '../../../packages/train/src/data/sample.ts';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';

/** A PNG of one color. */
export async function plainPicture(rgb: readonly [number, number, number], width = 8, height = 6): Promise<Uint8Array> {
  return encodePNG(
    Uint8Array.from({ length: width * height * 3 }, (_, index) => rgb[index % 3]!),
    width,
    height,
  );
}

/** A JPEG with a gradient, different for each seed. */
export async function jpeg(seed: number, width = 32, height = 24): Promise<Uint8Array> {
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7 + seed * 31) % 251);
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
}

export function write(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A tar file of these members, in order. */
export async function tar(path: string, members: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const encoder = new TextEncoder();
  const entries = Object.entries(members).map(([name, content]) => {
    const body = typeof content === 'string' ? encoder.encode(content) : content;
    return { header: { name, size: body.length, mtime: new Date(0) }, body };
  });
  return write(path, await packTar(entries));
}

/** Noun phrases, as the tests have it: the words between commas. */
export const phrases = (caption: string): string[] => caption.split(',');

/** Opens a dataset and collects what it warns of. */
export async function openWarned(data: string | DataOptions): Promise<{ dataset: Dataset; warnings: DataWarning[] }> {
  const warnings: DataWarning[] = [];
  const dataset = await openDataset(data, { phrases, onWarning: (warning) => warnings.push(warning) });
  return { dataset, warnings };
}

/** The next samples from a position. */
export async function draw(dataset: Dataset, count: number, from: DatasetPosition = START, seed = 1): Promise<Drawn[]> {
  const drawn: Drawn[] = [];
  for await (const next of dataset.draw(from, seed)) {
    drawn.push(next);
    if (drawn.length === count) break;
  }
  return drawn;
}

/** All samples of a dataset of known size, by their number. */
export async function samplesOf(dataset: Dataset): Promise<Sample[]> {
  const drawn = await draw(dataset, dataset.size ?? 0);
  return drawn.sort((a, b) => a.index - b.index).map(({ sample }) => sample);
}

/** The message of the error a promise rejects with, after its code if it has one. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => {
      const { code, name, message } = error as Error & { code?: string };
      return `${code ?? name}: ${message}`;
    },
  );
}

/** Of batches that a test makes. */
export const NOTHING_LEFT_OUT: LeftOut = { corrupt: 0, withoutPhrases: 0, withoutMask: 0, unknown: 0, truncated: 0 };

/** Height and width of the tests' batches. */
export const BATCH_SIZE = [12, 16] as const;

/** Loads batches with small defaults and disposes the loader. */
export async function load(
  dataset: Dataset,
  count: number,
  options: Partial<BatchLoaderOptions> = {},
): Promise<{ batches: Batch[]; counts: LeftOut & { samples: number }; warnings: DataWarning[] }> {
  const warnings: DataWarning[] = [];
  const loader = BatchLoader.open(dataset, {
    inputSize: BATCH_SIZE,
    batchSize: 2,
    seed: 3,
    workers: 1,
    onWarning: (warning) => warnings.push(warning),
    ...options,
  });
  const batches: Batch[] = [];
  try {
    while (batches.length < count) batches.push(await loader.next());
  } finally {
    await loader[Symbol.asyncDispose]();
  }
  const sum = (name: keyof LeftOut): number => batches.reduce((total, { leftOut }) => total + leftOut[name], 0);
  const counts = {
    samples: batches.reduce((total, { images }) => total + images, 0),
    ...{ corrupt: sum('corrupt'), withoutPhrases: sum('withoutPhrases'), withoutMask: sum('withoutMask') },
    ...{ unknown: sum('unknown'), truncated: sum('truncated') },
  };
  return { batches, counts, warnings };
}
