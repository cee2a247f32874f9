/** Batches as the training thread takes them, one prepared ahead: decoded, embedded, cut into micro-batches. */
import { BatchLoader, type Batch, type BatchLoaderOptions } from '../data/batch-loader.ts';
import type { Dataset, DatasetPosition } from '../data/dataset.ts';
import type { LeftOut } from '../data/left-out.ts';
import { Random } from '../data/random.ts';
import type { CategoryTexts } from './category-texts.ts';
import type { FeatureCache } from './feature-cache.ts';
import { keptTokens, pairBatch, type Tokenize } from './pair-batch.ts';
import type { MicroBatch, PairBatch, TextBatch } from './protocol.ts';
import { labelsOf, microBatches, type RowSettings } from './row-batch.ts';

/** A batch ready to be sent. */
export interface PreparedBatch {
  readonly micro: readonly (MicroBatch | PairBatch | TextBatch)[];
  /** Names of its samples, for messages. */
  readonly keys: readonly string[];
  /** Of pictures alone. */
  readonly leftOut?: LeftOut;
  readonly after: DatasetPosition;
}

/** Batches in an order that follows from the seed and the position that a run resumes from. */
export interface BatchSource {
  next(): Promise<PreparedBatch>;
}

/** Turns a batch into inputs of the step graph. */
export type Compose = (batch: Batch) => Promise<PreparedBatch['micro']>;

/** Batches of pictures; the loader ends when the run is closed. */
export function pictureBatches(
  dataset: Dataset,
  loading: BatchLoaderOptions,
  compose: Compose,
  onClose: (closer: () => Promise<void>) => void,
): BatchSource {
  const loader = BatchLoader.open(dataset, loading);
  onClose(() => loader.dispose());
  return new PictureBatches(loader, compose);
}

/** Takes batches from the loader, one ahead of the step. */
class PictureBatches implements BatchSource {
  readonly #loader: BatchLoader;
  readonly #compose: Compose;
  #ahead: Promise<PreparedBatch> | undefined;

  constructor(loader: BatchLoader, compose: Compose) {
    this.#loader = loader;
    this.#compose = compose;
  }

  /** The next batch; the one after it is begun. */
  async next(): Promise<PreparedBatch> {
    const batch = await (this.#ahead ?? this.#prepare());
    this.#ahead = this.#prepare();
    // Its failure is thrown when it is awaited; until then it must not count as unhandled.
    this.#ahead.catch(() => undefined);
    return batch;
  }

  async #prepare(): Promise<PreparedBatch> {
    const batch = await this.#loader.next();
    return { micro: await this.#compose(batch), keys: batch.keys, leftOut: batch.leftOut, after: batch.after };
  }
}

/** Rows of (image, label), with their labels' embeddings; pictures as pixels, or as taps from the cache. */
export function composeRows(texts: CategoryTexts, features: FeatureCache | undefined, rows: RowSettings): Compose {
  return async (batch) => {
    const embeddings = await texts.embed(labelsOf(batch, rows));
    const taps = await features?.read(batch.indices);
    return microBatches(batch, rows, embeddings, (start, end) => {
      if (taps === undefined) return { pixels: part(pixelsOf(batch), start, end, batch.images) };
      return { taps: taps.map((tap) => part(tap, start, end, batch.images)) };
    });
  };
}

/** Share of a batch's captions that may have lost their end before a warning. */
const CUT_OFF = 0.1;

/** Settings of {@link composePairs}. */
export interface PairSettings {
  readonly tokenize: Tokenize;
  readonly maxTokens: number;
  /** Tokens of a picture, the class token included, and how many of its patches the encoder sees; undefined: all. */
  readonly tokens: number;
  readonly patchesKept: number | undefined;
  readonly seed: number;
}

/** Pictures with a caption each, the batch in one piece. Warns once when many captions fill the text encoder. */
export function composePairs(
  { tokenize, maxTokens, tokens, patchesKept, seed }: PairSettings,
  warn: (message: string) => void,
): Compose {
  let warned = false;
  return async (batch) => {
    const captions = batch.categories.map(([caption]) => caption as string);
    const pairs = pairBatch(captions, pixelsOf(batch), tokenize, maxTokens);
    const full = pairs.ends.filter((end, pair) => Number(end) === (pair + 1) * maxTokens - 1).length;
    if (!warned && full > CUT_OFF * pairs.pairs) {
      warned = true;
      warn(
        `Captions may lose their end: ${full} of ${pairs.pairs} in a batch have the ` +
          `${maxTokens} tokens that the text encoder takes, or more. What helps: a checkpoint with more ` +
          'tokens, or with a larger vocabulary (synseg create).',
      );
    }
    if (patchesKept === undefined) return [pairs];
    const random = new Random(seed, 'patches', batch.after.epoch, batch.after.consumed);
    return [{ ...pairs, keptTokens: keptTokens(tokens, patchesKept, random) }];
  };
}

function pixelsOf({ pixels }: Batch): Uint8Array {
  if (pixels === undefined) throw new Error('internal: a batch without cached features must have pixels, got none');
  return pixels;
}

/** Pictures `[start, end)` of an array of `images`, in a buffer of its own. */
function part<Of extends Uint8Array | Float32Array>(numbers: Of, start: number, end: number, images: number): Of {
  const length = numbers.length / images;
  return numbers.slice(start * length, end * length) as Of;
}
