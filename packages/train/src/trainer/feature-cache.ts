/**
 * The frozen trunk's taps on disk as fp16, with embeddings of windows where a loss reads them: a small set is encoded
 * once, and every later step and run skips the trunk.
 *
 * One file of equal records, and a JSON file with the sample and checksum of each. The name is a hash of all that a
 * record depends on (the trunk's bytes, its input size, the pictures' paths, sizes and times, the build), so a changed
 * set is encoded again.
 */
import { mkdir, open, readFile, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { rangeError } from '@synseg/core/guards';
import { BUILD_ID, sha256, toFloat16, writeFileAtomic, type ModelConfig } from '@synseg/core/checkpoint';
import { BatchLoader, type BatchLoaderOptions } from '../data/batch-loader.ts';
import type { DataWarning } from '../data/data-warning.ts';
import { START, type Dataset } from '../data/dataset.ts';
import type { PictureLimits } from '../image/picture.ts';
import { tokensOf } from '../step-graph/encode-pairs.ts';
import { WINDOWS } from '../step-graph/window-embeddings.ts';
import { toSingle } from './half.ts';

const ACTION = 'cache features';
/** Pictures the trunk takes at once. */
const BATCH = 8;
/** Version of the two files' format. */
const FORMAT = 2;

/** Options of {@link FeatureCache.open}. */
export interface FeatureCacheOptions {
  readonly dataset: Dataset;
  readonly config: ModelConfig;
  /** Channels of all that is kept of a picture, `[1 + patches, D_i]` each: the taps, and the windows last. */
  readonly dims: readonly number[];
  /** Identifies the frozen trunk. */
  readonly trunkKey: string;
  readonly folder: string;
  readonly workers: number | undefined;
  readonly limits?: PictureLimits;
  /** Pictures uint8 `[n, height, width, 3]` → taps float32 `[n, tokens, D_i]` each. */
  readonly encode: (pixels: Uint8Array) => Promise<readonly Float32Array[]>;
  /** Pictures `WINDOWS.zoom` times as large each way → embeddings of their windows, one a token; or left out. */
  readonly encodeWindows: ((pixels: Uint8Array) => Promise<Float32Array>) | undefined;
  readonly onProgress: (done: number, total: number, bytes: number) => void;
  readonly onWarning: (warning: DataWarning) => void;
  readonly signal: AbortSignal | undefined;
}

/** Taps by sample. */
export class FeatureCache {
  readonly #file: FileHandle;
  readonly #index: string;
  readonly #records: Records;
  readonly #lengths: readonly number[];

  private constructor(file: FileHandle, index: string, records: Records, lengths: readonly number[]) {
    [this.#file, this.#index, this.#records, this.#lengths] = [file, index, records, lengths];
  }

  /**
   * Opens the cache of a set, encoding it first when it is not there.
   *
   * @throws RangeError for a set whose size is not known, SynsegError `RUN_FOLDER` when the disk has no room
   */
  static async open(options: FeatureCacheOptions): Promise<FeatureCache> {
    const { dataset, config, dims, folder } = options;
    const rule = 'be a set of known size, so no shards, with recipe "dense-captions" or cacheFeatures';
    if (dataset.size === undefined) throw rangeError(ACTION, 'data', rule, dataset.description);
    const tokens = tokensOf(config);
    const lengths = dims.map((channels) => tokens * channels);
    const path = join(folder, `${await cacheKey(options)}.f16`);
    const index = `${path}.json`;
    const bytes = recordLength(lengths) * 2;
    const records =
      (await readRecords(path, index, bytes)) ?? (await encodeAll(options, dataset.size, lengths, path, index));
    return new FeatureCache(await open(path), index, records, lengths);
  }

  /** True for a sample whose picture could be read. */
  has(sample: number): boolean {
    return this.#records.has(sample);
  }

  /** Features of several samples, float32 `[samples, tokens, D_i]` each, in buffers of their own. */
  async read(samples: readonly number[]): Promise<Float32Array[]> {
    const record = recordLength(this.#lengths);
    const taps = this.#lengths.map((length) => new Float32Array(samples.length * length));
    await Promise.all(
      samples.map(async (sample, row) => {
        const halves = new Uint16Array(record);
        const { place, checksum } = this.#records.get(sample) as Place;
        const { bytesRead } = await this.#file.read(new Uint8Array(halves.buffer), 0, record * 2, place * record * 2);
        if (bytesRead !== record * 2) await this.#damaged(sample, `have ${record * 2} bytes, got ${bytesRead}`);
        if (checksumOf(halves) !== checksum) await this.#damaged(sample, 'be as it was written, got another checksum');
        let start = 0;
        this.#lengths.forEach((length, tap) => {
          toSingle(halves.subarray(start, start + length), taps[tap] as Float32Array, row * length);
          start += length;
        });
      }),
    );
    return taps;
  }

  /** Closes the file. */
  async dispose(): Promise<void> {
    await this.#file.close();
  }

  /** {@link FeatureCache.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** A damaged file is made again by the next run. */
  async #damaged(sample: number, problem: string): Promise<never> {
    await rm(this.#index, { force: true });
    const rest = `record of sample ${sample} must ${problem}; start again, and features are encoded anew`;
    throw new SynsegError('DATASET_FORMAT', `Cannot read features: ${rest}`);
  }
}

/** Place of a sample's record, counted in records, and its checksum. */
interface Place {
  readonly place: number;
  readonly checksum: number;
}

type Records = ReadonlyMap<number, Place>;

/** Entry of the JSON file for a record, in the order of the records. */
type Entry = readonly [sample: number, checksum: number];

function recordsOf(entries: readonly Entry[]): Records {
  return new Map(entries.map(([sample, checksum], place) => [sample, { place, checksum }]));
}

/** FNV-1a, over numbers of 16 bits. */
function checksumOf(halves: Uint16Array): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < halves.length; at++) sum = Math.imul(sum ^ halves[at]!, 0x01000193);
  return sum >>> 0;
}

function recordLength(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

async function cacheKey(options: FeatureCacheOptions): Promise<string> {
  const { dataset, config, dims, trunkKey, encodeWindows, limits = {} } = options;
  const pictures: string[] = [];
  let left = dataset.size ?? 0;
  for await (const { sample, index } of dataset.draw(START, 0)) {
    const path = typeof sample.image === 'string' ? sample.image : sample.key;
    const file = await stat(path).catch(() => undefined);
    pictures[index] = JSON.stringify([path, file?.size ?? 0, file?.mtimeMs ?? 0, file?.ino ?? 0]);
    left -= 1;
    if (left <= 0) break;
  }
  const windows = encodeWindows === undefined ? [] : WINDOWS;
  const model = [trunkKey, config.trunk, config.inputSize, dims, windows];
  return sha256(JSON.stringify([BUILD_ID ?? null, FORMAT, limits, ...model, pictures])).slice(0, 24);
}

/** The records of a file; undefined where it is not there, or not as it was written. */
async function readRecords(path: string, index: string, recordBytes: number): Promise<Records | undefined> {
  try {
    const entries = JSON.parse(await readFile(index, 'utf8')) as readonly Entry[];
    return (await stat(path)).size === entries.length * recordBytes ? recordsOf(entries) : undefined;
  } catch {
    return undefined;
  }
}

/** One pass over the set. Pictures that cannot be read are left out. */
async function encodeAll(
  options: FeatureCacheOptions,
  size: number,
  lengths: readonly number[],
  path: string,
  index: string,
): Promise<Records> {
  const { config, workers, encode, encodeWindows, onProgress, onWarning, signal, folder, limits = {} } = options;
  const dataset = picturesOf(options.dataset);
  const record = recordLength(lengths);
  const bytes = size * record * 2;
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) {
    const rule = `have ${megabytes(bytes)} free for ${size} pictures`;
    const text = `Cannot ${ACTION}: disk must ${rule}, got ${megabytes(bavail * bsize)} in ${folder}`;
    throw new SynsegError('RUN_FOLDER', text);
  }
  onProgress(0, size, bytes);
  const entries: Entry[] = [];
  const { inputSize } = config;
  const reading: BatchLoaderOptions = {
    ...{ inputSize, batchSize: Math.min(BATCH, size), seed: 0, limits },
    ...{ onWarning, workers, signal },
  };
  const zoom = [inputSize[0] * WINDOWS.zoom, inputSize[1] * WINDOWS.zoom] as const;
  async function* records(): AsyncGenerator<Uint8Array> {
    await using loader = BatchLoader.open(dataset, reading);
    // The same pictures in the same order.
    const again = { ...reading, inputSize: zoom, onWarning: () => undefined };
    await using zoomed = encodeWindows === undefined ? undefined : BatchLoader.open(dataset, again);
    const seen = new Set<number>();
    for (let epoch = 0; epoch === 0;) {
      const [batch, large] = await Promise.all([loader.next(), zoomed?.next()]);
      const other = large?.indices.findIndex((sample, row) => sample !== batch.indices[row]) ?? -1;
      const got = `${large?.keys[other]} for ${batch.keys[other]} on second reading`;
      const text = `Cannot ${ACTION}: pictures must not change while they are encoded, got ${got}`;
      if (other >= 0) throw new SynsegError('DATASET_FORMAT', text);
      const taps = await encode(batch.pixels as Uint8Array);
      const windows = large && (await encodeWindows?.(large.pixels as Uint8Array));
      const kept = windows === undefined ? taps : [...taps, windows];
      for (const [row, sample] of batch.indices.entries()) {
        if (seen.has(sample)) continue;
        seen.add(sample);
        const halves = new Uint16Array(record);
        let start = 0;
        lengths.forEach((length, tap) => {
          halves.set(toFloat16((kept[tap] as Float32Array).subarray(row * length, (row + 1) * length)), start);
          start += length;
        });
        entries.push([sample, checksumOf(halves)]);
        yield new Uint8Array(halves.buffer);
      }
      onProgress(seen.size, size, bytes);
      epoch = seen.size === size ? 1 : batch.after.epoch;
    }
  }
  await writeFileAtomic(path, records());
  await writeFileAtomic(index, JSON.stringify(entries));
  return recordsOf(entries);
}

/** The set's pictures, whatever is known of them: words may change and masks be mended without a record being wrong. */
function picturesOf(dataset: Dataset): Dataset {
  return {
    ...dataset,
    async *draw(...place) {
      for await (const drawn of dataset.draw(...place))
        yield { ...drawn, sample: { key: drawn.sample.key, image: drawn.sample.image, categories: ['picture'] } };
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
