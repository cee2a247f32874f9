/**
 * What one picture adds to a score: plain data, so that a file can hold it, and whole numbers, so that sums are exact
 * in any order.
 */
import { ConfusionMatrix } from './confusion-matrix.ts';

/** One picture of a data set. */
export interface PictureRecord {
  /** Index in the data set, pictures that `offset` passes over included. */
  readonly order: number;
  readonly key: string;
  /** Why it could not be evaluated; it then has nothing more. */
  readonly failure?: string;
  /** Pixels of classes that the checkpoint has no embedding for. */
  readonly leftOut?: number;
  /** In threes: true class, class found (−1: none), pixels. Without any the picture does not count. */
  readonly confusion?: readonly number[];
  /** In threes: class, pixels near the outline in both truth and answer, in either. */
  readonly outlines?: readonly number[];
  /** Where thresholds are asked for: of each class that was found, its place, then pixels found and hit at each. */
  readonly curve?: readonly (readonly number[])[];
}

/** The counts of one picture. */
export function matrixOf({ confusion }: PictureRecord, classes: number): ConfusionMatrix {
  const matrix = new ConfusionMatrix(classes);
  for (const [truth, taken, pixels] of inThrees(confusion)) matrix.addPixels(truth, taken, pixels);
  return matrix;
}

/** The places of a confusion matrix that hold pixels. */
export function placesOf(matrix: ConfusionMatrix): number[] {
  const found: number[] = [];
  for (let truth = 0; truth < matrix.classes; truth++)
    for (let taken = -1; taken < matrix.classes; taken++) {
      const pixels = matrix.at(truth, taken);
      if (pixels > 0) found.push(truth, taken, pixels);
    }
  return found;
}

/** Numbers three by three. */
export function* inThrees(numbers: readonly number[] = []): Generator<readonly [number, number, number]> {
  for (let at = 0; at < numbers.length; at += 3) yield [numbers[at]!, numbers[at + 1]!, numbers[at + 2]!];
}
