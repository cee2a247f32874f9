/** IoU of groups of classes on photographs, at argmax and where the winning label must reach a threshold. */
import type { Segmenter } from '@synseg/core';
import { UNKNOWN as UNCOUNTED } from '../../packages/train/src/evaluate/outlines.ts';
import { countCurve } from '../../packages/train/src/evaluate/threshold-curve.ts';
import { readMask, type PhotoFolder } from './photo-set.ts';
import { mean } from './statistics.ts';

/** Thresholds of the paper's Fig. 3. */
export const THRESHOLDS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] as const;

/** Mean IoU of the classes of a group, 0 to 1: at argmax, then at each of {@link THRESHOLDS}. */
export type GroupScores<Group extends string> = Readonly<Record<Group, readonly number[]>>;

/** Which photographs, what their classes are called, and the group of each. */
export interface GroupQuestion<Group extends string> {
  readonly folder: PhotoFolder;
  readonly sets: readonly string[];
  /** Labels in place of classes' names, by class or set/class. */
  readonly rename: Readonly<Record<string, string>>;
  readonly groupOf: (label: string) => Group;
  readonly groups: readonly Group[];
}

/** Pixels of a class: in the truth, then found and right at each step. */
interface Pixels {
  truth: number;
  readonly found: number[];
  readonly right: number[];
}

const STEPS = 1 + THRESHOLDS.length;

/**
 * Scores a checkpoint. All labels of a photograph's set compete. At argmax, pixels that are none of the set's classes
 * do not count; at a threshold they do, and so do labels found there. Classes that no photograph has do not count.
 */
export async function scoreGroups<Group extends string>(
  segmenter: Segmenter,
  { folder, sets, rename, groupOf, groups }: GroupQuestion<Group>,
): Promise<GroupScores<Group>> {
  const scores = Object.fromEntries(groups.map((group) => [group, [] as number[][]])) as Record<Group, number[][]>;
  for (const set of sets) {
    const { classes, background } = folder.sets[set]!;
    const named = classes.map((name) => rename[`${set}/${name}`] ?? rename[name] ?? name);
    const labels = [...new Set(named)];
    const places = named.map((label) => labels.indexOf(label));
    const nothing = labels.length;
    const pixels = labels.map((): Pixels => ({ truth: 0, found: zeros(), right: zeros() }));
    const asked = await segmenter.labels(labels);
    for (const photo of folder.photos.filter((one) => one.set === set)) {
      const { data, width, height } = await readMask(photo);
      const size = { width, height };
      const { activations } = await segmenter.segment(photo.image, asked, { output: ['activations'], size });
      const truthWith = (none: number): Int16Array =>
        Int16Array.from(data, (value) => places[value] ?? (value === background ? none : UNCOUNTED));
      const contest = { competing: labels.map((_, place) => place), nothing };
      const truth = truthWith(nothing);
      for (const value of truth) if (value >= 0 && value < nothing) pixels[value]!.truth++;
      const add = (rows: readonly number[][], first: number): void => {
        for (const [place, ...counts] of rows)
          for (const [at, count] of counts.entries()) {
            const steps = counts.length / 2;
            const { found, right } = pixels[place!] ?? { found: zeros(), right: zeros() };
            (at < steps ? found : right)[first + (at % steps)]! += count;
          }
      };
      add(countCurve(activations, truthWith(UNCOUNTED), contest, [0]), 0);
      add(countCurve(activations, truth, contest, THRESHOLDS), 1);
    }
    for (const [place, { truth, found, right }] of pixels.entries())
      if (truth > 0)
        scores[groupOf(labels[place]!)].push(found.map((count, step) => right[step]! / (truth + count - right[step]!)));
  }
  const means = groups.map((group) => [group, zeros().map((_, step) => mean(scores[group].map((iou) => iou[step]!)))]);
  return Object.fromEntries(means) as GroupScores<Group>;
}

function zeros(): number[] {
  return new Array<number>(STEPS).fill(0);
}
