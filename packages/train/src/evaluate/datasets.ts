/**
 * The data sets that can be evaluated on, by name.
 *
 * A reader settles everything about the ground truth: which pictures, in which order, what each mask value is called,
 * and which values do not count. A benchmark under a named protocol is one more reader here, and, where pixels are
 * decided in another way than `Segmenter.segment` does, an {@link EvaluatedModel} of its own.
 */
import { readFolders, type DatasetRequest, type EvaluationDataset } from './index-png.ts';

/** Finds the pictures, masks and classes of a data set below its folder. */
export type DatasetReader = (root: string, request: DatasetRequest) => Promise<EvaluationDataset>;

const READERS = {
  /** `{train,val,test}/images`, `{train,val,test}/labels`, `classes.json` */
  'camvid': (root, request) => readFolders(root, request, { name: 'camvid', defaultSplit: 'test' }),
  /** `images`, `masks` for some of them, `classes.json`; no splits */
  'ccp': (root, request) => readFolders(root, request, { name: 'ccp', splits: false }),
  /** `[SPLIT/]images`, `[SPLIT/]labels` or `masks` (or `images/SPLIT`, …), `classes.json` */
  'index-png': (root, request) => readFolders(root, request, { name: 'index-png' }),
} satisfies Record<string, DatasetReader>;

/** Name of a data set layout. */
export type DatasetName = keyof typeof READERS;

/** The names {@link readDataset} knows. */
export const DATASETS = Object.keys(READERS) as readonly DatasetName[];

/**
 * Reads a data set by name.
 *
 * @throws RangeError for a split the layout does not have
 * @throws SynsegError `DATASET_FORMAT` when the folder is not laid out like that
 * @example
 * ```ts
 * // type-checked only: needs a data set
 * import { readDataset } from './datasets.ts';
 * const { samples } = await readDataset('camvid', 'data/camvid', { split: 'val', classes: undefined });
 * console.assert(samples.length === 101);
 * ```
 */
export async function readDataset(
  name: DatasetName,
  root: string,
  request: DatasetRequest,
): Promise<EvaluationDataset> {
  return READERS[name](root, request);
}
