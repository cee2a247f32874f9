/** Attribute and noun together: how well "green car" is found among cars of all colors, in pictures that have one. */
import { CLASSES, HELD_OUT_COMBINATIONS, IGNORED, type ClassName, type HeldOutCombination } from '../classes.ts';
import { COLOR_WORDS } from '../color.ts';
import { SEEN_COMBINATIONS, colorLabels, combinationName, combinationsOf, type Asking } from './prompts.ts';
import { forEachPicture, type DecidingModel } from './scores.ts';
import { combinationSet, readColored, type ColoredPicture, type CombinationSet } from './sets.ts';
import { IoUTally, meanOf } from './tally.ts';

/** One combination's figure. */
interface CombinationScore {
  /** "green car". */
  readonly name: string;
  readonly class: ClassName;
  /** Whether training pictures and captions leave it out. */
  readonly heldOut: boolean;
  /**
   * Of the label with this color against things of this color, pooled over the pictures that show the combination,
   * percent.
   */
  readonly iou: number | null;
  /** Of the class, whichever of its colors was found, in the same pictures, percent: what the noun alone gets. */
  readonly classIoU: number | null;
  readonly pictures: number;
}

/** Result of {@link scoreCombinations}: means over the eight combinations of either kind, percent. */
export interface CombinationScores {
  readonly heldOut: number | null;
  readonly seen: number | null;
  readonly combinations: readonly CombinationScore[];
}

/**
 * The pictures of {@link scoreCombinations}: so many for each held-out combination, and for each seen one beside it.
 */
export function combinationPictures(picturesEach: number, parent?: string): Promise<CombinationSet> {
  return combinationSet([...HELD_OUT_COMBINATIONS, ...SEEN_COMBINATIONS], picturesEach, parent);
}

/**
 * Scores held-out combinations and, beside them, seen ones of the same classes: the 24 classes compete, the
 * combination's
 * class replaced by itself in each color it can have. Pixels of clutter do not count.
 */
export async function scoreCombinations(
  model: DecidingModel,
  { folder, shown }: CombinationSet,
  asking: Asking = {},
): Promise<CombinationScores> {
  const scores: CombinationScore[] = [];
  for (const { class: name } of HELD_OUT_COMBINATIONS) {
    const pair = combinationsOf(name);
    const labels = await model.labels(colorLabels(name, asking), { background: 'none' });
    const names = pair.map((combination) => new Set(shown.get(combinationName(combination)) ?? []));
    const tallies = pair.map(() => new IoUTally());
    const pictures = await readColored(folder, [...new Set(names.flatMap((some) => [...some]))]);
    await forEachPicture(pictures, async (picture) => {
      const { labelMap } = await model.segment(picture.image, labels);
      for (const [index, combination] of pair.entries())
        if (names[index]!.has(picture.name))
          countCombination(tallies[index]!, picture, labelMap, labels.names, combination);
    });
    for (const [index, combination] of pair.entries()) {
      const tally = tallies[index]!;
      scores.push({
        name: combinationName(combination),
        class: name,
        heldOut: index === 0,
        iou: tally.iou('combination'),
        classIoU: tally.iou('class'),
        pictures: names[index]!.size,
      });
    }
  }
  const mean = (heldOut: boolean): number | null =>
    meanOf(scores.filter((score) => score.heldOut === heldOut).map(({ iou }) => iou));
  return { heldOut: mean(true), seen: mean(false), combinations: scores };
}

/** Counts one picture: the combination's label against its things, and any color's label against the class. */
export function countCombination(
  tally: IoUTally,
  { classes, colors }: Pick<ColoredPicture, 'classes' | 'colors'>,
  found: Uint8Array,
  names: readonly string[],
  { color, class: name }: HeldOutCombination,
): void {
  const [classIndex, colorIndex] = [CLASSES.indexOf(name), COLOR_WORDS.indexOf(color)];
  const wanted = names.indexOf(combinationName({ color, class: name }));
  const ofClass = names.map((label) =>
    COLOR_WORDS.some((word) => label === combinationName({ color: word, class: name })),
  );
  const counts = { combination: [0, 0, 0], class: [0, 0, 0] };
  const count = (which: keyof typeof counts, is: boolean, taken: boolean): void => {
    const numbers = counts[which];
    numbers[0]! += Number(is && taken);
    numbers[1]! += Number(is);
    numbers[2]! += Number(taken);
  };
  for (let pixel = 0; pixel < classes.length; pixel++) {
    if (classes[pixel] === IGNORED) continue;
    const is = classes[pixel] === classIndex;
    count('class', is, ofClass[found[pixel]!] === true);
    count('combination', is && colors[pixel] === colorIndex, found[pixel] === wanted);
  }
  for (const [which, [hit, truth, taken]] of Object.entries(counts)) tally.add(which, hit!, truth!, taken!);
}
