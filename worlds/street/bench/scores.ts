/** How well a checkpoint segments the drawn world: over its classes, and by groups of nouns. */
import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { LabelSet, type SegmentOptions } from '@synseg/core';
import { evaluate, type EvaluatedModel, type Score } from '@synseg/train';
import { CLASSES, IGNORED } from '../classes.ts';
import { replace } from '../dataset.ts';
import { classLabels, describeAsking, type Asking } from './prompts.ts';
import type { StreetPicture, StreetSet } from './sets.ts';
import { IoUTally } from './tally.ts';

/** Pictures in progress at once: enough to fill the network's batches while the next are decoded. */
const IN_FLIGHT = 8;

/** A map of labels and, where a threshold is asked for, a map of each label: a `Segmenter`'s answer. */
interface Found {
  readonly labelMap: Uint8Array;
  /** Pixels of a label that reach the threshold: Uint8Array, [height, width], 0 or 1. */
  mask(label: string): Uint8Array;
}

/** What thresholds can be scored on: a `Segmenter`. */
export interface MaskingModel {
  segment(image: string, labels: LabelSet, options?: SegmentOptions): Promise<Found>;
}

/** Options of {@link scoreClasses}. */
export interface ClassOptions {
  readonly asking?: Asking;
  /** Labels that compete: all 24 classes, or those in the picture's truth. @default 'all' */
  readonly labels?: 'all' | 'present';
  /** @default 1 */
  readonly views?: 1 | 5;
}

/** IoU of every class, 0 to 1, and means of them; null for what neither occurs nor was found. */
interface NounScore {
  readonly mean: number | null;
  readonly perClass: Readonly<Record<string, number | null>>;
  /** Means over the groups asked for. */
  readonly groups: Readonly<Record<string, number | null>>;
}

/** Options of {@link scoreNouns}. */
export interface NounOptions {
  /** Sets of class names whose means are wanted, such as `{ seen, unseen }`. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Labels that compete in argmax: all of the set, or those in the picture's truth. @default 'all' */
  readonly labels?: 'all' | 'present';
  /** Activation in [0, 1] that a pixel must reach in {@link NounScores.threshold}. @default 0.5 */
  readonly threshold?: number;
  /** @default 1 */
  readonly views?: 1 | 5;
}

/** Result of {@link scoreNouns}. */
export interface NounScores {
  /**
   * Each pixel takes the label with the highest activation. Pooled over all pictures; pixels of classes that were not
   * asked for do not count.
   */
  readonly argmax: NounScore;
  /**
   * Each label's own map, cut at the threshold, against its class, pooled over the pictures that have the class. Pixels
   * without a class do not count.
   */
  readonly threshold: NounScore;
}

/**
 * mIoU over the classes by `evaluate()` of @synseg/train; its `protocol` says how.
 *
 * @param model - loaded; left to the caller
 */
export async function scoreClasses(
  model: EvaluatedModel,
  { folder, names }: StreetSet,
  { asking = {}, labels = 'all', views = 1 }: ClassOptions = {},
): Promise<Score> {
  const classes = describeAsking(asking) === describeAsking() ? undefined : await writeClassList(folder, asking);
  // Prompts are written out; templates are given for the protocol, which names them.
  return evaluate(model, {
    dataset: 'index-png',
    root: folder,
    labels,
    views,
    templates: asking.templates ?? 'plain',
    limit: names.length,
    ...(classes === undefined ? {} : { classes }),
  });
}

/**
 * IoU of nouns at argmax and at a fixed threshold, in one pass.
 *
 * @param labels - names are class names; prompts are the caller's choice
 * @throws RangeError for a label that is no class
 */
export async function scoreNouns(
  model: MaskingModel,
  pictures: readonly StreetPicture[],
  labels: LabelSet,
  options: NounOptions = {},
): Promise<NounScores> {
  const { groups = {}, labels: competing = 'all', threshold = 0.5, views = 1 } = options;
  const classOf = labels.names.map(classNumber);
  const [argmax, cut] = [new IoUTally(), new IoUTally()];
  await forEachPicture(pictures, async (picture) => {
    const here = competing === 'all' ? labels : onlyPresent(labels, classOf, picture.classes);
    if (here === undefined) return;
    const found = await model.segment(picture.image, here, {
      views,
      background: 'none',
      threshold,
      output: ['labels', 'masks'],
    });
    const asked = here === labels ? classOf : here.names.map(classNumber);
    countArgmax(argmax, picture.classes, found.labelMap, asked);
    for (const [row, name] of here.names.entries()) {
      if (picture.classes.includes(asked[row]!)) countMask(cut, picture.classes, found.mask(name), asked[row]!);
    }
  });
  const score = (tally: IoUTally): NounScore => ({
    mean: tally.mean(labels.names),
    perClass: Object.fromEntries(labels.names.map((name) => [name, tally.iou(name)])),
    groups: Object.fromEntries(Object.entries(groups).map(([group, names]) => [group, tally.mean(names)])),
  });
  return { argmax: score(argmax), threshold: score(cut) };
}

/** Several pictures at once, in bounded number; the first error ends all. */
export async function forEachPicture<Picture>(
  pictures: readonly Picture[],
  work: (picture: Picture) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < pictures.length) {
      const picture = pictures[next++]!;
      try {
        await work(picture);
      } catch (error) {
        next = pictures.length;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, lane));
  const failed = lanes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Counts a label map: pixels of classes that were asked for. */
function countArgmax(tally: IoUTally, truth: Uint8Array, found: Uint8Array, classOf: readonly number[]): void {
  const rowOf = new Int16Array(IGNORED + 1).fill(-1);
  for (const [row, index] of classOf.entries()) rowOf[index] = row;
  const [hits, truths, finds] = [classOf, classOf, classOf].map(() => new Float64Array(classOf.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const row = rowOf[truth[pixel]!]!;
    if (row < 0) continue;
    const taken = found[pixel]!;
    truths[row]!++;
    finds[taken]!++;
    if (taken === row) hits[row]!++;
  }
  for (const [row, index] of classOf.entries()) tally.add(CLASSES[index]!, hits[row]!, truths[row]!, finds[row]!);
}

/** Counts one label's own map in a picture that has the class. */
function countMask(tally: IoUTally, truth: Uint8Array, mask: Uint8Array, index: number): void {
  let [hit, there, found] = [0, 0, 0];
  for (let pixel = 0; pixel < truth.length; pixel++) {
    if (truth[pixel] === IGNORED) continue;
    const is = truth[pixel] === index;
    if (is) there++;
    if (mask[pixel] === 1) {
      found++;
      if (is) hit++;
    }
  }
  tally.add(CLASSES[index]!, hit, there, found);
}

/** The labels whose class is in the picture; undefined for none. */
function onlyPresent(labels: LabelSet, classOf: readonly number[], truth: Uint8Array): LabelSet | undefined {
  const rows = classOf.flatMap((index, row) => (truth.includes(index) ? [row] : []));
  if (rows.length === 0) return undefined;
  const { embeddingDim, embeddings } = labels;
  const some = new Float32Array(rows.length * embeddingDim);
  for (const [place, row] of rows.entries())
    some.set(embeddings.subarray(row * embeddingDim, (row + 1) * embeddingDim), place * embeddingDim);
  return new LabelSet({
    names: rows.map((row) => labels.names[row]!),
    thresholds: rows.map(() => undefined),
    background: labels.background,
    embeddings: some,
  });
}

function classNumber(name: string): number {
  const index = (CLASSES as readonly string[]).indexOf(name);
  if (index < 0) throw new RangeError(`Cannot score nouns: labels must be classes of the drawn world, got "${name}"`);
  return index;
}

/** The set's class list with other prompts, beside its own. */
async function writeClassList(folder: string, asking: Asking): Promise<string> {
  const classes = classLabels(asking).map(({ name, prompts }) => ({ index: classNumber(name), name, prompts }));
  const text = JSON.stringify({ dataset: 'street-world', ignore_index: IGNORED, classes });
  const path = join(folder, `classes-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`);
  await replace(path, text);
  return relative(process.cwd(), path);
}
