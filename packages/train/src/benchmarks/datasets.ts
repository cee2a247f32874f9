/**
 * Data sets for evaluation by the names of their layouts.
 *
 * The reader settles everything about the ground truth: the pictures and their order, the name of each mask value, and
 * the values that do not count.
 */
import { COCO_JSON, readCocoJson } from './coco-json.ts';
import type { EvaluationSet, DatasetRequest } from './evaluation-set.ts';
import { INDEX_PNG, readIndexPng, type IndexPngName } from './index-png.ts';
import { BENCHMARK_NAMES, readBenchmark, type BenchmarkName } from './official.ts';

/** Name of a layout; `index-jsonl` is several sets in one folder, `annotations` whatever an annotation tool exports. */
export type DatasetName = 'annotations' | IndexPngName | 'index-jsonl' | typeof COCO_JSON | BenchmarkName;

/** Name of a layout of one set. */
export type OneSetName = Exclude<DatasetName, 'index-jsonl' | 'annotations'>;

/** Names of the layouts. */
export const DATASETS: readonly DatasetName[] = [
  'annotations',
  ...INDEX_PNG,
  'index-jsonl',
  COCO_JSON,
  ...BENCHMARK_NAMES,
];

/**
 * Reads which pictures and masks a data set has, and its classes.
 *
 * @throws RangeError for a split that the layout cannot have
 * @throws SynsegError `DATASET_FORMAT` when folders, masks or the class list are missing
 * @example
 * ```ts
 * // type-checked only: needs a data set
 * import { readDataset } from './datasets.ts';
 * const { samples } = await readDataset('camvid', 'data/camvid', { split: 'val', classes: undefined });
 * console.assert(samples.length === 101);
 * ```
 */
export async function readDataset(name: OneSetName, root: string, request: DatasetRequest): Promise<EvaluationSet> {
  const { split } = request;
  if (split !== undefined && (split === '' || /^\.*$|[/\\]/.test(split)))
    throw new RangeError(`Cannot evaluate ${name}: split must be the name of a folder, got "${split}"`);
  if (name === COCO_JSON) return readCocoJson(root, request);
  return isIndexPng(name) ? readIndexPng(name, root, request) : readBenchmark(name, root, request);
}

function isIndexPng(name: OneSetName): name is IndexPngName {
  return (INDEX_PNG as readonly string[]).includes(name);
}
