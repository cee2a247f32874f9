/** Outlines of a checkpoint on photographs, beside its own maps seen through a coarse grid. */
import type { Segmenter } from '@synseg/core';
import { decideLabels } from '@synseg/core/masks';
import { OutlineTally, throughGrid } from './outlines.ts';
import { UNKNOWN, readMask, type PhotoFolder } from './photo-set.ts';
import { mean } from './statistics.ts';

/** Cells along each side: the patches of ViT-B/16 at 352 px. */
export const CELLS = 22;
/** Value of pixels that no label gets. */
const NOTHING = 255;

/** Mean boundary IoU over the classes that occur, 0 to 1, and that of each. */
interface OutlineScore {
  readonly mean: number;
  readonly perClass: Readonly<Record<string, number>>;
}

/** Result of {@link scoreOutlines}. */
export interface OutlineScores {
  readonly photos: number;
  readonly checkpoint: OutlineScore;
  readonly grid: OutlineScore;
}

/**
 * Boundary IoU of the classes of a set that occur in its photographs. All of the set's classes compete, and a pixel
 * where none reaches its threshold is background, which is no class of the mean. Both label maps are decided by one
 * rule, from the activation maps at the size of the photograph.
 */
export async function scoreOutlines(
  segmenter: Segmenter,
  { photos, sets }: PhotoFolder,
  set: string,
): Promise<OutlineScores> {
  const { classes, background = NOTHING - 1 } = sets[set]!;
  const labels = await segmenter.labels(classes);
  const [checkpoint, grid] = [new OutlineTally(), new OutlineTally()];
  const chosen = photos.filter((photo) => photo.set === set);
  for (const photo of chosen) {
    const truth = await readMask(photo);
    const { activations, width, height } = await segmenter.segment(photo.image, labels, { output: ['activations'] });
    for (const [tally, maps] of [
      [checkpoint, activations],
      [grid, throughGrid(activations, width, height, CELLS)],
    ] as const) {
      const found = decideLabels(maps, width, height, labels.ruleWith({})).map((value) =>
        value === NOTHING ? background : value,
      );
      tally.add(truth.data, found, width, height, UNKNOWN);
    }
  }
  const occurring = classes.filter((name) => chosen.some((photo) => photo.labels.includes(name)));
  const score = (tally: OutlineTally): OutlineScore => {
    const perClass = Object.fromEntries(occurring.map((name) => [name, tally.iou(classes.indexOf(name)) ?? 0]));
    return { mean: mean(Object.values(perClass)), perClass };
  };
  return { photos: chosen.length, checkpoint: score(checkpoint), grid: score(grid) };
}
