/**
 * An endless series of full batches: samples are drawn in order, decoded ahead on worker threads, and stacked in the
 * order drawn.
 *
 * The contents of a batch follow from seed and position alone, whichever thread was faster and whatever was drawn
 * before, so a run that resumes at {@link Batch.after} sees the batches it would have seen.
 */
import { SynsegError } from '@synseg/core';
import { group, integer, readOptions, value } from '@synseg/core/guards';
import type { PictureLimits } from '../image/picture.ts';
import { AUGMENTATION_OPTIONS, checkAugmentation, type Augmentation } from './data-options.ts';
import { WarningCounter, type DataWarning } from './data-warning.ts';
import { START, type Dataset, type DatasetPosition, type Drawn } from './dataset.ts';
import { DecodePool } from './decode-pool.ts';
import { EpochWatch } from './epoch-watch.ts';
import { leftOutOf, type LeftOut } from './left-out.ts';
import { Prefetch } from './prefetch.ts';
import { SamplePreparer, type Prepared } from './sample-preparer.ts';

/** Decoded samples. */
export interface Batch {
  /** Number of samples. */
  readonly images: number;
  /** `Uint8Array, [images, height, width, 3], row-major`, RGB 0 to 255; absent with `pixels: false`. */
  readonly pixels?: Uint8Array;
  /**
   * `Uint8Array, [images, height, width], row-major`, class index, 255 = unlabeled; present when masks were asked for.
   */
  readonly masks?: Uint8Array;
  /** Names of the samples, for messages. */
  readonly keys: readonly string[];
  /** Numbers of the samples in the dataset. */
  readonly indices: readonly number[];
  /** Place of each sample's set in the dataset's; absent where it has no sets. */
  readonly sets?: readonly number[];
  /** Numbers of the draws, where samples may be drawn more than once; see {@link Drawn.turn}. */
  readonly turns?: readonly number[];
  /** Known categories of each sample, 1 to `maxCategories`; of one with a mask possibly none. */
  readonly categories: readonly (readonly string[])[];
  /** All known categories of each sample, of which `categories` were chosen. */
  readonly said: readonly (readonly string[])[];
  /** What was passed over for this batch. */
  readonly leftOut: LeftOut;
  /** The position right after this batch, to resume from. */
  readonly after: DatasetPosition;
}

/** Options of {@link BatchLoader.open}. */
export interface BatchLoaderOptions {
  /** Pixels. */
  readonly inputSize: readonly [height: number, width: number];
  /** Samples a batch. */
  readonly batchSize: number;
  readonly seed: number;
  /** @default the start */
  readonly from?: DatasetPosition | undefined;
  /** Decode pictures; false where their features come from a cache. @default true */
  readonly pixels?: boolean;
  /** Decode masks; `required` leaves out samples that have none. @default false */
  readonly masks?: boolean | 'required';
  /** @default none: the whole picture, as it is */
  readonly augmentation?: Augmentation;
  /** Categories of a sample at most; of more, a random choice. @default 32 */
  readonly maxCategories?: number;
  /** Says whether a category is known; others are left out. @default all are */
  readonly known?: (category: string) => boolean;
  /** Threads. @default one less than there are processors, from 1 to 8 */
  readonly workers?: number | undefined;
  /** Batches decoded ahead. @default 2 */
  readonly prefetch?: number;
  /** Limits of pictures and masks; those beyond are left out as broken. @default core's */
  readonly limits?: PictureLimits;
  readonly onWarning: (warning: DataWarning) => void;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_PREFETCH = 2;
const DEFAULT_MAX_CATEGORIES = 32;
const UNLABELED = 255;

/**
 * Reads batches of a dataset. Create it with {@link BatchLoader.open}; dispose it to end its threads.
 *
 * @example
 * ```ts
 * // type-checked only: needs a dataset
 * import { BatchLoader } from './batch-loader.ts';
 * import { openDataset } from '../sources/open-dataset.ts';
 * const dataset = await openDataset('shop/tags.jsonl', { phrases: () => [], onWarning: console.warn });
 * const onWarning = console.warn;
 * const loader = BatchLoader.open(dataset, { inputSize: [224, 224], batchSize: 16, seed: 42, onWarning });
 * const { pixels } = await loader.next();
 * console.assert(pixels?.length === 16 * 224 * 224 * 3);
 * await loader.dispose();
 * ```
 */
export class BatchLoader {
  readonly #options: BatchLoaderOptions;
  readonly #pool: DecodePool | undefined;
  readonly #prefetch: Prefetch<Drawn, Prepared>;
  readonly #warnings: WarningCounter;
  readonly #watch: EpochWatch;
  readonly #ending = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  private constructor(dataset: Dataset, options: BatchLoaderOptions) {
    const {
      pixels = true,
      masks = false,
      workers,
      prefetch = DEFAULT_PREFETCH,
      batchSize,
      seed,
      from = START,
      signal,
    } = options;
    this.#options = options;
    this.#warnings = new WarningCounter(options.onWarning);
    this.#watch = new EpochWatch(from, dataset.size);
    this.#pool = pixels || masks !== false ? new DecodePool(workers) : undefined;
    const preparer = new SamplePreparer(this.#pool, {
      pixels,
      masks,
      seed,
      inputSize: options.inputSize,
      augmentation: options.augmentation ?? {},
      maxCategories: options.maxCategories ?? DEFAULT_MAX_CATEGORIES,
      known: options.known ?? (() => true),
      ignoreIndex: dataset.ignoreIndex,
      limits: options.limits ?? {},
    });
    this.#prefetch = new Prefetch(
      dataset.draw(from, seed, this.#ending.signal),
      (drawn) => preparer.prepare(drawn),
      prefetch * batchSize,
    );
    if (signal?.aborted === true) this.#end();
    else signal?.addEventListener('abort', this.#end, { once: true });
  }

  /**
   * Starts reading ahead.
   *
   * @throws RangeError when a size, a count or an augmentation is out of range
   */
  static open(dataset: Dataset, options: BatchLoaderOptions): BatchLoader {
    checkOptions(options);
    return new BatchLoader(dataset, options);
  }

  /**
   * The next batch.
   *
   * @throws SynsegError `DATASET_FORMAT` when a whole epoch has no usable sample, `DISPOSED` after disposal
   * @throws the signal's reason when it is aborted
   */
  next(): Promise<Batch> {
    const batch = this.#turn.then(() => this.#assemble());
    this.#turn = batch.catch(() => undefined);
    return batch;
  }

  /** Stops reading and ends the threads after their current task. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  /** {@link BatchLoader.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #dispose(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#end);
    const disposed = new SynsegError(
      'DISPOSED',
      'Cannot read a batch: loader must not be disposed, got a call after disposal',
    );
    const stopped = this.#prefetch.stop(disposed);
    this.#ending.abort(disposed);
    await this.#pool?.dispose();
    await stopped;
  }

  readonly #end = (): void => {
    const reason: unknown = this.#options.signal?.reason;
    void this.#prefetch.stop(reason);
    this.#ending.abort(reason);
  };

  async #assemble(): Promise<Batch> {
    const { batchSize } = this.#options;
    const seen: Prepared[] = [];
    const taken: Prepared[] = [];
    while (taken.length < batchSize) {
      const prepared = await this.#prefetch.next();
      this.#watch.see(prepared);
      const { outcome, problem, drawn } = prepared;
      if (outcome === 'corrupt')
        this.#warnings.warn('broken-image', `Sample left out: ${drawn.sample.key}: ${problem ?? ''}`);
      seen.push(outcome === 'usable' ? prepared : { ...prepared, decoded: undefined });
      if (outcome === 'usable') taken.push(prepared);
    }
    return { ...this.#stack(taken), leftOut: leftOutOf(seen) };
  }

  #stack(taken: readonly Prepared[]): Omit<Batch, 'leftOut'> {
    const {
      inputSize: [height, width],
      pixels: withPixels = true,
      masks: withMasks = false,
    } = this.#options;
    const plane = height * width;
    const pixelBytes = withPixels ? 3 * plane : 0;
    const pixels = new Uint8Array(taken.length * pixelBytes);
    const masks = new Uint8Array(withMasks === false ? 0 : taken.length * plane).fill(UNLABELED);
    for (const [index, { decoded }] of taken.entries()) {
      if (decoded === undefined) continue;
      const bytes = new Uint8Array(decoded);
      pixels.set(bytes.subarray(0, pixelBytes), index * pixelBytes);
      if (bytes.length > pixelBytes) masks.set(bytes.subarray(pixelBytes), index * plane);
    }
    return {
      images: taken.length,
      ...(withPixels ? { pixels } : {}),
      ...(withMasks === false ? {} : { masks }),
      keys: taken.map(({ drawn }) => drawn.sample.key),
      indices: taken.map(({ drawn }) => drawn.index),
      ...(taken[0]?.drawn.turn === undefined ? {} : { turns: taken.map(({ drawn }) => drawn.turn!) }),
      ...(taken[0]?.drawn.sample.set === undefined ? {} : { sets: taken.map(({ drawn }) => drawn.sample.set!) }),
      categories: taken.map(({ categories }) => categories),
      said: taken.map(({ said }) => said),
      after: taken.at(-1)!.drawn.after,
    };
  }
}

const COUNT = integer();
const CHECKED = {
  height: COUNT,
  width: COUNT,
  batchSize: COUNT,
  maxCategories: COUNT,
  workers: COUNT,
  prefetch: COUNT,
  seed: integer({ least: Number.MIN_SAFE_INTEGER }),
  augmentation: group(AUGMENTATION_OPTIONS),
  from: value<DatasetPosition>(
    'be a position with epoch and consumed',
    (given) => typeof given === 'object' && given !== null,
    ({ epoch, consumed }) => [epoch, consumed].every((number) => Number.isSafeInteger(number) && number >= 0),
  ),
};

function checkOptions(options: BatchLoaderOptions): void {
  const { inputSize, batchSize, maxCategories, workers, prefetch, seed, augmentation, from } = options;
  const [height, width] = inputSize;
  const given = { height, width, batchSize, maxCategories, workers, prefetch, seed, augmentation, from };
  readOptions('open batches', CHECKED, given);
  checkAugmentation('open batches', augmentation);
}
