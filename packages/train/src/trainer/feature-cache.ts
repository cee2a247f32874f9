/**
 * The frozen trunk's taps on disk, as fp16, and where they are asked for what windows are embedded as: a small set is
 * encoded once, and every later step, and run, skips the trunk.
 *
 * One file of equal records and a JSON file that says which sample has which record. The name stands for the trunk's
 * bytes, its input size and the pictures' names, sizes and times, so a changed set is encoded again.
 */
import { mkdir, open, readFile, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { sha256, toFloat16, writeFileAtomic, type ModelConfig } from '@synseg/core/internals';
import { BatchLoader, type BatchLoaderOptions } from '../data/batch-loader.ts';
import type { DataWarning } from '../data/data-warning.ts';
import { START, type Dataset } from '../data/dataset.ts';
import type { PictureLimits } from '../image/picture-bytes.ts';
import { WINDOWS } from '../step-graph/window-embeddings.ts';
import { toSingle } from './half.ts';

/** Pictures the trunk takes at once. */
const BATCH = 8;

/** What is needed to fill a cache. */
export interface FeatureCacheOptions {
  readonly dataset: Dataset;
  readonly config: ModelConfig;
  /** Channels of all that is kept of a picture, `[1 + patches, D_i]` each: the taps, and the windows last. */
  readonly dims: readonly number[];
  /** Identifies the frozen trunk. */
  readonly trunkKey: string;
  readonly folder: string;
  readonly workers: number | undefined;
  readonly maxCategories: number;
  /** A sample with a mask needs no category. */
  readonly masks: boolean;
  readonly limits?: PictureLimits;
  /** Pictures uint8 `[n, height, width, 3]` → taps float32 `[n, tokens, D_i]` each. */
  readonly encode: (pixels: Uint8Array) => Promise<readonly Float32Array[]>;
  /** Pictures `WINDOWS.zoom` times as large each way → embeddings of their windows, one a token; none are kept when left out. */
  readonly encodeWindows: ((pixels: Uint8Array) => Promise<Float32Array>) | undefined;
  readonly onProgress: (done: number, total: number, bytes: number) => void;
  readonly onWarning: (warning: DataWarning) => void;
  readonly signal: AbortSignal | undefined;
}

/** Taps by sample. */
export class FeatureCache {
  readonly #file: FileHandle;
  readonly #records: ReadonlyMap<number, number>;
  readonly #lengths: readonly number[];

  private constructor(file: FileHandle, records: ReadonlyMap<number, number>, lengths: readonly number[]) {
    this.#file = file;
    this.#records = records;
    this.#lengths = lengths;
  }

  /**
   * Opens the cache of a set, encoding it first when it is not there.
   *
   * @throws RangeError for a set whose size is not known, SynsegError `RUN_FOLDER` when the disk has no room
   */
  static async open(options: FeatureCacheOptions): Promise<FeatureCache> {
    const { dataset, config, dims, folder } = options;
    if (dataset.size === undefined) throw new RangeError(`Cannot cache features: data must be a set of known size for cacheFeatures and features "windows", got ${dataset.description}`);
    const tokens = 1 + config.patchGrid[0] * config.patchGrid[1];
    const lengths = dims.map((channels) => tokens * channels);
    const path = join(folder, `${await cacheKey(options)}.f16`);
    const index = `${path}.json`;
    if ((await readRecords(index)) === undefined) await encodeAll(options, dataset.size, lengths, path, index);
    return new FeatureCache(await open(path), (await readRecords(index)) ?? new Map(), lengths);
  }

  /** True for a sample whose picture could be read. */
  has(sample: number): boolean {
    return this.#records.has(sample);
  }

  /** What is kept of several samples, float32 `[samples, tokens, D_i]` each, in buffers of their own. */
  async read(samples: readonly number[]): Promise<Float32Array[]> {
    const record = recordLength(this.#lengths);
    const taps = this.#lengths.map((length) => new Float32Array(samples.length * length));
    await Promise.all(
      samples.map(async (sample, row) => {
        const halves = new Uint16Array(record);
        const position = (this.#records.get(sample) as number) * record * 2;
        const { bytesRead } = await this.#file.read(new Uint8Array(halves.buffer), 0, record * 2, position);
        if (bytesRead !== record * 2) throw new SynsegError('DATASET_FORMAT', `Cannot read features: record of sample ${String(sample)} must have ${String(record * 2)} bytes, got ${String(bytesRead)}; delete the cache folder's features`);
        let start = 0;
        this.#lengths.forEach((length, tap) => {
          toSingle(halves.subarray(start, start + length), taps[tap] as Float32Array, row * length);
          start += length;
        });
      }),
    );
    return taps;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

function recordLength(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

async function cacheKey({ dataset, config, dims, trunkKey, encodeWindows }: FeatureCacheOptions): Promise<string> {
  const pictures: string[] = [];
  let left = dataset.size ?? 0;
  for await (const { sample, index } of dataset.draw(START, 0)) {
    const file = typeof sample.image === 'string' ? await stat(sample.image).catch(() => undefined) : undefined;
    pictures[index] = JSON.stringify([sample.key, file?.size ?? (typeof sample.image === 'string' ? 0 : sample.image.length), file?.mtimeMs ?? 0]);
    left -= 1;
    if (left <= 0) break;
  }
  return sha256(JSON.stringify([trunkKey, config.trunk, config.inputSize, dims, encodeWindows === undefined ? [] : WINDOWS, pictures])).slice(0, 24);
}

async function readRecords(path: string): Promise<ReadonlyMap<number, number> | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : new Map((JSON.parse(text) as number[]).map((sample, record) => [sample, record]));
}

/** One pass over the set. Pictures that cannot be read are left out. */
async function encodeAll(options: FeatureCacheOptions, size: number, lengths: readonly number[], path: string, index: string): Promise<void> {
  const { dataset, config, workers, encode, encodeWindows, onProgress, onWarning, signal, folder, maxCategories, masks, limits = {} } = options;
  const record = recordLength(lengths);
  const bytes = size * record * 2;
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) {
    throw new SynsegError('RUN_FOLDER', `Cannot cache features: disk must have ${megabytes(bytes)} free for ${String(size)} pictures, got ${megabytes(bavail * bsize)} in ${folder}`);
  }
  onProgress(0, size, bytes);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const file = await open(temporary, 'w');
  const samples: number[] = [];
  try {
    const reading: BatchLoaderOptions = {
      inputSize: config.inputSize,
      batchSize: Math.min(BATCH, size),
      seed: 0,
      masks,
      maxCategories,
      limits,
      onWarning,
      ...(workers === undefined ? {} : { workers }),
      ...(signal === undefined ? {} : { signal }),
    };
    await using loader = BatchLoader.open(dataset, reading);
    // The same pictures in the same order.
    await using zoomed = encodeWindows === undefined ? undefined : BatchLoader.open(dataset, { ...reading, inputSize: [config.inputSize[0] * WINDOWS.zoom, config.inputSize[1] * WINDOWS.zoom], onWarning: () => undefined });
    const seen = new Set<number>();
    for (let epoch = 0; epoch === 0; ) {
      const [batch, large] = await Promise.all([loader.next(), zoomed?.next()]);
      const other = large?.indices.findIndex((sample, row) => sample !== batch.indices[row]) ?? -1;
      if (other >= 0) throw new SynsegError('DATASET_FORMAT', `Cannot cache features: pictures must not change while they are encoded, got ${String(large?.keys[other])} for ${String(batch.keys[other])} on second reading`);
      const taps = await encode(batch.pixels as Uint8Array);
      const kept = large === undefined ? taps : [...taps, await (encodeWindows as NonNullable<typeof encodeWindows>)(large.pixels as Uint8Array)];
      for (const [row, sample] of batch.indices.entries()) {
        if (seen.has(sample)) continue;
        seen.add(sample);
        const halves = new Uint16Array(record);
        let start = 0;
        lengths.forEach((length, tap) => {
          halves.set(toFloat16((kept[tap] as Float32Array).subarray(row * length, (row + 1) * length)), start);
          start += length;
        });
        await file.write(new Uint8Array(halves.buffer));
        samples.push(sample);
      }
      onProgress(seen.size, size, bytes);
      epoch = seen.size === size ? 1 : batch.after.epoch;
    }
    await file.close();
    await rename(temporary, path);
    await writeFileAtomic(index, JSON.stringify(samples));
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
