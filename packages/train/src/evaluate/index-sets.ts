/** The sets of a folder with an index of photos, each as a data set of its own. */
import { SynsegError } from '@synseg/core';
import { indexPngSample, type EvaluationSet } from '../benchmarks/evaluation-set.ts';
import { readIndex, type IndexRequest } from '../data/photo-index.ts';
import type { SetClasses } from '../data/set-classes.ts';

/** Split that is evaluated when none is asked for, where the index has it. */
const DEFAULT_SPLIT = 'val';
/** Mask value of pixels of which nothing is known. */
const UNKNOWN = 255;
const BACKGROUND_CLASS = 'background';

/** A set of an index; `set` is its name. */
export interface IndexSet extends EvaluationSet {
  readonly set: string;
}

/** The rule of a score of several sets. */
export const SETS_METRIC =
  'mIoU = mean over the classes that occur in truth or prediction of intersection / union, each summed over all ' +
  "pictures of the set at the size of the masks; a set's background value is a class, which pixels have where no " +
  'label reaches its threshold; the mean over the sets counts each set once';

/**
 * Reads the sets, in the order of `classes.json`. A background value is a class of its own.
 *
 * @throws SynsegError `DATASET_FORMAT` naming file, line, rule and value
 */
export async function readIndexSets(
  root: string,
  request: Pick<IndexRequest, 'split' | 'sets' | 'rename' | 'classes' | 'signal'>,
): Promise<readonly IndexSet[]> {
  const action = 'read dataset index-jsonl';
  const { sets, rows, split } = await readIndex(root, { ...request, action, defaultSplit: DEFAULT_SPLIT });
  return sets.map((set) => ({
    set: set.name,
    split,
    classes: classesOf(set, action),
    ignored: [UNKNOWN],
    backgroundIndex: set.background,
    backgroundRule: set.background === undefined ? 'ignore' : 'class',
    samples: rows.filter((row) => row.set === set).map(({ key, image, mask }) => indexPngSample(key, image, mask)),
  }));
}

function classesOf({ name, labels, background }: SetClasses, action: string): EvaluationSet['classes'] {
  const classes = labels.map((label) => ({ index: label.values[0], name: label.name, values: label.values }));
  if (background === undefined) return classes;
  if (classes.some((entry) => entry.name === BACKGROUND_CLASS))
    throw new SynsegError(
      'DATASET_FORMAT',
      `Cannot ${action}: set "${name}" must not have a class "${BACKGROUND_CLASS}" beside a background value, got both`,
    );
  return [...classes, { index: background, name: BACKGROUND_CLASS }];
}
