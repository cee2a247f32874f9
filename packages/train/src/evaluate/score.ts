/** The result of an evaluation, as data and as text for people. */
import type { Interval } from './bootstrap.ts';
import { UNCOUNTED, type ConfusionMatrix } from './confusion-matrix.ts';
import type { PixelProtocol } from './pixel-protocol.ts';
import type { OutlinePixels } from './tally.ts';
import type { CurvePoint } from './threshold-curve.ts';

/** A picture that could not be evaluated. */
export interface EvaluationFailure {
  readonly key: string;
  readonly reason: string;
}

/** Everything that must be equal for two scores to be comparable. */
export interface EvaluationProtocol extends PixelProtocol {
  readonly dataset: string;
  /** The set of index-jsonl. */
  readonly set?: string;
  /** null where the data set has no splits. */
  readonly split: string | null;
  /** Pictures skipped at the start of the list. */
  readonly offset: number;
  /** Pictures at most; null for all. */
  readonly limit: number | null;
  /** Labels that compete in a picture: every class, or those that occur in its ground truth. */
  readonly labels: 'all' | 'present';
  /** Treatment of pixels of the background class; null where the data set has none. */
  readonly background: 'ignore' | 'class' | null;
  /** Decision rule for a pixel. */
  readonly decision: string;
  /** Thresholds of the curve, where one was asked for. */
  readonly thresholds?: readonly number[];
  readonly views: 1 | 5;
  readonly merge: 'mean' | 'max';
  /** Prompt templates of the names: a name of a template set, the sentences, or 'vocabulary'. */
  readonly templates: string | readonly string[];
  /** Path of the class list that took the place of the data set's own; null when none did. */
  readonly classList: string | null;
  /** Labels that were asked in place of class names, or the path of the file of them; absent where none were. */
  readonly rename?: string | Readonly<Record<string, string>>;
  /** Height and width of the picture the network takes, pixels. */
  readonly inputSize: readonly [height: number, width: number];
  readonly precision: string;
  readonly device: string;
  readonly metric: string;
}

/** The figures of a {@link Score}: shares, 0 to 1. */
interface Measures {
  /** Mean IoU of the classes that occur or were predicted. */
  readonly mIoU: number;
  /** Where the mIoU of as many other pictures would lie: bootstrap over the pictures. */
  readonly interval: Interval;
  /** Mean IoU of the classes, each by its share of the pixels. */
  readonly fwIoU: number;
  /** Mean over the classes that occur of the share of their pixels that were taken for them. */
  readonly meanAccuracy: number;
  /**
   * Mean boundary IoU of the classes that have an outline in truth or prediction: the IoU of what lies within 2 % of
   * the diagonal of an outline (Cheng et al. 2021); null when none has.
   */
  readonly boundaryIoU: number | null;
  /** Expected mIoU of picking one of the competing labels at random, pixel by pixel: the floor of `mIoU`. */
  readonly chanceMIoU: number;
  /** Labels that competed in a picture, on average. */
  readonly labelsPerImage: number;
  /** Share of the pixels that were taken for their own class. */
  readonly pixelAccuracy: number;
  /** IoU of each class; null where it neither occurs nor was predicted. */
  readonly perClass: Readonly<Record<string, number | null>>;
  /** Share of each class's pixels that were taken for it; null where it does not occur. */
  readonly perClassAccuracy: Readonly<Record<string, number | null>>;
  /** Boundary IoU of each class; null where it has no outline. */
  readonly perClassBoundaryIoU: Readonly<Record<string, number | null>>;
  /** Names of the rows and columns of `confusion`. */
  readonly classes: readonly string[];
  /** Pixels: `confusion[truth][prediction]`. */
  readonly confusion: readonly (readonly number[])[];
  /** Pixels of each class at which no label reached the threshold. */
  readonly missed: readonly number[];
}

/**
 * Result of `evaluate()`; plain data, so `JSON.stringify` writes all of it. Shares are 0 to 1. Of index-jsonl it has
 * the score of each set in `sets`; means such as mIoU are then means over the sets, and counts are those of a label
 * over all sets that have it.
 */
export interface Score extends Measures {
  /**
   * mIoU and pixel accuracy where the label with the highest activation must reach a threshold, else the pixel is
   * background, or nothing: at each of `thresholds`.
   */
  readonly curve?: readonly CurvePoint[];
  /** Pictures that count. */
  readonly images: number;
  /** Classes without embedding in the checkpoint, and how many pixels did not count because of them. */
  readonly leftOut: {
    readonly classes: readonly string[];
    readonly pixels: number;
    /** Sets without a class that the checkpoint has an embedding of; of index-jsonl. */
    readonly sets?: readonly string[];
  };
  /** Pictures without a pixel that counts. */
  readonly imagesWithoutClasses: number;
  /** Pictures that could not be evaluated, in the data set's order. */
  readonly failures: readonly EvaluationFailure[];
  readonly protocol: EvaluationProtocol;
  /** From the first picture to the last, seconds; without loading the checkpoint. */
  readonly timeSeconds: number;
  /** Score of each set by its name; of index-jsonl. */
  readonly sets?: Readonly<Record<string, Score>>;
}

/** The part of a {@link Score} that follows from the counts. */
export function measure(
  matrix: ConfusionMatrix,
  { both, either }: OutlinePixels,
  classes: readonly string[],
): Omit<Measures, 'interval' | 'chanceMIoU' | 'labelsPerImage'> {
  const outlines = classes.map((_, index) => (either[index] === 0 ? null : both[index]! / either[index]!));
  const known = outlines.filter((share) => share !== null);
  const byClass = <Value>(read: (index: number) => Value): Record<string, Value> =>
    Object.fromEntries(classes.map((name, index) => [name, read(index)]));
  return {
    mIoU: matrix.meanIoU() ?? 0,
    fwIoU: matrix.weightedIoU() ?? 0,
    pixelAccuracy: matrix.accuracy() ?? 0,
    meanAccuracy: matrix.meanAccuracy() ?? 0,
    boundaryIoU: known.length === 0 ? null : known.reduce((sum, share) => sum + share, 0) / known.length,
    perClass: byClass((index) => matrix.iou(index) ?? null),
    perClassAccuracy: byClass((index) => matrix.recall(index) ?? null),
    perClassBoundaryIoU: byClass((index) => outlines[index]!),
    classes,
    confusion: matrix.rows(),
    missed: classes.map((_, index) => matrix.at(index, UNCOUNTED)),
  };
}
