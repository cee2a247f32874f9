/** Batches as the training thread takes them, one prepared ahead: decoded, embedded, cut into micro-batches. */
import type { Batch, BatchLoader } from '../data/batch-loader.ts';
import type { DatasetPosition } from '../data/dataset.ts';
import type { CategoryTexts } from './category-texts.ts';
import type { FeatureCache } from './feature-cache.ts';
import type { MicroBatch } from './protocol.ts';
import { labelsOf, microBatches, type RowSettings } from './row-batch.ts';

/** A batch ready to be sent. */
export interface PreparedBatch {
  readonly micro: readonly MicroBatch[];
  /** Names of its samples, for messages. */
  readonly keys: readonly string[];
  readonly after: DatasetPosition;
}

/** Takes batches from the loader, one ahead of the step. */
export class BatchSource {
  readonly #loader: BatchLoader;
  readonly #texts: CategoryTexts;
  readonly #features: FeatureCache | undefined;
  readonly #rows: RowSettings;
  #ahead: Promise<PreparedBatch> | undefined;

  constructor(loader: BatchLoader, texts: CategoryTexts, features: FeatureCache | undefined, rows: RowSettings) {
    this.#loader = loader;
    this.#texts = texts;
    this.#features = features;
    this.#rows = rows;
  }

  /** The next batch; the one after it is begun. */
  async next(): Promise<PreparedBatch> {
    const batch = await (this.#ahead ?? this.#prepare());
    this.#ahead = this.#prepare();
    // Whoever takes it sees the failure; until then it must not count as unhandled.
    this.#ahead.catch(() => undefined);
    return batch;
  }

  async #prepare(): Promise<PreparedBatch> {
    const batch = await this.#loader.next();
    const embeddings = await this.#texts.embed(labelsOf(batch, this.#rows));
    const taps = await this.#features?.read(batch.indices);
    const micro = microBatches(batch, this.#rows, embeddings, (start, end) => (taps === undefined ? { pixels: this.#pixels(batch, start, end) } : { taps: taps.map((tap) => part(tap, start, end, batch.images)) }));
    return { micro, keys: batch.keys, after: batch.after };
  }

  #pixels({ pixels, images }: Batch, start: number, end: number): Uint8Array {
    if (pixels === undefined) throw new Error('internal: a batch without cached features must have pixels, got none');
    return part(pixels, start, end, images);
  }
}

/** Pictures `[start, end)` of an array of `images`, in a buffer of its own. */
function part<Numbers extends Uint8Array | Float32Array>(numbers: Numbers, start: number, end: number, images: number): Numbers {
  const length = numbers.length / images;
  return numbers.slice(start * length, end * length) as Numbers;
}
