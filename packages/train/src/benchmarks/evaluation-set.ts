/** A data set to evaluate on, in one shape whatever its layout. Nothing is decoded before a mask is asked for. */
import type { ClassList } from '../data/class-list.ts';
import { readIndexMask, type IndexMask } from '../image/index-mask.ts';
import type { PictureLimits } from '../image/picture.ts';

/** One picture with its ground truth. */
export interface EvaluationSample {
  /** Its name for people; unique. */
  readonly key: string;
  /** Path of the picture. */
  readonly image: string;
  /** Path of the file that the ground truth is read from. */
  readonly mask: string;
  /**
   * The class index of each pixel, or an ignored value; as large as the upright picture.
   *
   * @throws SynsegError `IMAGE_DECODE` or `DATASET_FORMAT` when the file cannot be read or holds other values
   */
  readonly readMask: (limits: PictureLimits) => Promise<IndexMask>;
}

/** Treatment of pixels of the background class: they do not count, or it is a class like the others. */
export type BackgroundRule = 'ignore' | 'class';

/** A data set; its pictures are not read yet. */
export interface EvaluationSet extends ClassList {
  readonly split: string | undefined;
  /** Treatment of the background when none is asked for; `'class'`: it is where no label reaches its threshold. */
  readonly backgroundRule: BackgroundRule;
  /** In a stable order. */
  readonly samples: readonly EvaluationSample[];
}

/** The part of a data set to read. */
export interface DatasetRequest {
  readonly split: string | undefined;
  /** Path of a class list that takes the place of the data set's own. */
  readonly classes: string | undefined;
}

/** A sample whose mask is an index PNG. */
export function indexPngSample(key: string, image: string, mask: string): EvaluationSample {
  return { key, image, mask, readMask: (limits) => readIndexMask(mask, mask, limits) };
}
