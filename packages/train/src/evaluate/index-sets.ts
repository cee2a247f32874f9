/** The sets of a folder with an index of photos, each as a data set of its own; and their scores as one. */
import { SynsegError } from '@synseg/core';
import { indexPngSample, type EvaluationSet } from '../benchmarks/evaluation-set.ts';
import { readIndex, type IndexRequest } from '../data/photo-index.ts';
import type { SetClasses } from '../data/set-classes.ts';
import { ConfusionMatrix } from './confusion-matrix.ts';
import { measure, type EvaluationProtocol, type Score } from './score.ts';

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

/**
 * One score of several: means over the sets, and counts of each label over all sets that have it.
 *
 * @param leftOut - names of the sets of which the checkpoint has no class
 */
export function joinScores(
  sets: ReadonlyMap<string, Score>,
  leftOut: readonly string[],
  protocol: EvaluationProtocol,
  timeSeconds: number,
): Score {
  const scores = [...sets.values()];
  const classes = [...new Set(scores.flatMap((score) => score.classes))];
  const matrix = new ConfusionMatrix(classes.length);
  for (const score of scores)
    matrix.addSome(
      score.classes.map((name) => classes.indexOf(name)),
      score.confusion,
      score.missed,
    );
  const mean = (read: (score: Score) => number): number => sum(scores.map(read)) / scores.length;
  const images = sum(scores.map((score) => score.images));
  return {
    ...measure(matrix, classes),
    mIoU: mean((score) => score.mIoU),
    pixelAccuracy: mean((score) => score.pixelAccuracy),
    chanceMIoU: mean((score) => score.chanceMIoU),
    labelsPerImage: sum(scores.map((score) => score.labelsPerImage * score.images)) / images,
    images,
    leftOut: {
      classes: [...new Set(scores.flatMap((score) => score.leftOut.classes))],
      pixels: sum(scores.map((score) => score.leftOut.pixels)),
      sets: leftOut,
    },
    imagesWithoutClasses: sum(scores.map((score) => score.imagesWithoutClasses)),
    failures: scores.flatMap((score) => score.failures),
    protocol,
    timeSeconds,
    sets: Object.fromEntries(sets),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
