/** A dataset whose samples have numbers: each epoch is a permutation of them. */
import { dataError } from './data-error.ts';
import type { Dataset, DatasetPosition, Drawn, MaskClass } from './dataset.ts';
import { Random, permutation } from './random.ts';
import type { Sample } from './sample.ts';

/** Reads samples while a loop draws them. */
interface SampleReader {
  read(index: number): Sample | Promise<Sample>;
  close?(): Promise<void>;
}

/** Classes of masks, as in a {@link Dataset}. */
export interface MaskClasses {
  readonly classes?: readonly MaskClass[];
  readonly ignoreIndex?: number | undefined;
  readonly backgroundIndex?: number | undefined;
}

/** Parts of an {@link IndexedDataset}. */
export interface IndexedDatasetParts extends MaskClasses {
  /** Name of the source, such as `tags.jsonl`. */
  readonly of: string;
  readonly size: number;
  readonly open: () => SampleReader | Promise<SampleReader>;
}

/** See the file's header. */
export class IndexedDataset implements Dataset {
  readonly description: string;
  readonly size: number;
  declare readonly classes?: readonly MaskClass[];
  declare readonly ignoreIndex?: number | undefined;
  declare readonly backgroundIndex?: number | undefined;
  readonly #open: IndexedDatasetParts['open'];

  constructor({ of, size, open, ...classes }: IndexedDatasetParts) {
    this.description = `${size.toLocaleString('en-US')} ${size === 1 ? 'sample' : 'samples'} of ${of}`;
    this.size = size;
    this.#open = open;
    Object.assign(this, classes);
  }

  async *draw(from: DatasetPosition, seed: number, signal?: AbortSignal): AsyncGenerator<Drawn> {
    if (from.consumed > this.size)
      throw dataError(
        'position must lie in the dataset (it may have changed since)',
        `${from.consumed} of ${this.size} samples`,
      );
    const reader = await this.#open();
    try {
      for (let { epoch, consumed } = from; ; epoch++, consumed = 0) {
        const order = permutation(this.size, new Random(seed, epoch, 'order'));
        while (consumed < this.size) {
          signal?.throwIfAborted();
          const index = order[consumed]!;
          const sample = await reader.read(index);
          consumed += 1;
          yield { sample, index, after: { epoch, consumed } };
        }
      }
    } finally {
      await reader.close?.();
    }
  }
}
