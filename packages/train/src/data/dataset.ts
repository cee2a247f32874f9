/** Types of a dataset: the form in which every format is read, and the arguments of its reader. */
import type { PictureLimits } from '../image/picture.ts';
import type { ResolvedData } from './data-options.ts';
import type { DataWarning, WarningCounter } from './data-warning.ts';
import type { KnownPhrases } from './known-phrases.ts';
import type { Phrases } from './row.ts';
import type { Sample } from './sample.ts';

/** A place in the endless order of draws; plain JSON. */
export interface DatasetPosition {
  /** Epochs completed. */
  readonly epoch: number;
  /** Samples taken in this epoch, those left out as broken included. */
  readonly consumed: number;
  /** Start of the current shuffle buffer of shards: resuming begins there, not at the epoch's first shard. */
  readonly filled?: { readonly consumed: number; readonly shard: number; readonly sample: number };
}

/** A sample, as drawn. */
export interface Drawn {
  readonly sample: Sample;
  /** Stable number of the sample in the dataset. */
  readonly index: number;
  /** Number of the draw in its epoch, where a sample may be drawn more than once; undefined where it may not. */
  readonly turn?: number;
  /** The position right after it; `after.epoch` is the epoch it belongs to. */
  readonly after: DatasetPosition;
}

/** A class of the masks. */
export interface MaskClass {
  /** Value of its pixels. */
  readonly index: number;
  readonly name: string;
  /** Names of it, of which each use draws one at random. @default the name */
  readonly prompts?: readonly string[];
  /** The set whose masks have it, where there are several; see {@link Sample.set}. */
  readonly set?: number;
}

/** A set of samples. */
export interface Dataset {
  /** For people, such as `1,094 samples of tags.jsonl`. */
  readonly description: string;
  /** Number of samples; undefined for shards, which are not counted. */
  readonly size: number | undefined;
  /** Classes of the masks, when known. */
  readonly classes?: readonly MaskClass[];
  /** Mask value of unlabeled pixels. */
  readonly ignoreIndex?: number | undefined;
  /** Mask value of the background; it may be listed in `classes`. */
  readonly backgroundIndex?: number | undefined;
  /** The same samples, each once an epoch; undefined where `draw()` gives that. */
  readonly each?: Dataset | undefined;
  /**
   * Samples without end, epoch after epoch, each epoch in an order by (seed, epoch). The same seed and position always
   * give the same order. Leaving the loop closes what is open.
   *
   * @throws SynsegError `DATASET_FORMAT` when an epoch has no sample at all
   */
  draw(from: DatasetPosition, seed: number, signal?: AbortSignal): AsyncIterable<Drawn>;
}

/** Numbers of a draw, for random choices that follow from it. */
export function drawNumbers({ index, turn, after }: Pick<Drawn, 'index' | 'turn' | 'after'>): readonly number[] {
  return turn === undefined ? [after.epoch, index] : [after.epoch, index, turn];
}

/** The place where training starts. */
export const START: DatasetPosition = { epoch: 0, consumed: 0 };

/** What the categories of a photo of an index are: see {@link DataContext.photosSay}. */
export type PhotosSay = 'labels' | 'captions or labels' | 'captions';

/** Context of `openDataset()` that is not part of the data's options. */
export interface DataContext {
  /** Noun phrases of a caption. */
  readonly phrases: Phrases;
  /**
   * Captions count even where there are tags or noun phrases; a sample's categories are the phrases of its caption.
   * @default false
   */
  readonly captionsOnly?: boolean;
  /**
   * Of the format `index-jsonl`: what a photo's categories are. Its labels; the phrases of its captions, or its labels
   * where it has none; or the phrases of its captions alone, where its mask teaches its labels.
   * @default 'labels'
   */
  readonly photosSay?: PhotosSay | undefined;
  readonly onWarning: (warning: DataWarning) => void;
  /** Limits of pictures and masks. @default core's */
  readonly limits?: PictureLimits;
  readonly signal?: AbortSignal | undefined;
}

/** Arguments of a format's reader. */
export interface Opening {
  /** One path; several only of shards and COCO files. */
  readonly sources: readonly [string, ...string[]];
  readonly options: ResolvedData;
  readonly phrases: Phrases;
  /** Phrases found before, by the names of a sample; `phrases` looks captions up in them. */
  readonly known: KnownPhrases | undefined;
  /** Tags and nouns are not read. */
  readonly captionsOnly: boolean;
  readonly photosSay: PhotosSay;
  readonly warnings: WarningCounter;
  readonly limits: PictureLimits;
  readonly signal: AbortSignal | undefined;
}
