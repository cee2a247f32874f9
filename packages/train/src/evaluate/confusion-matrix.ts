/**
 * The confusion matrix: exact pixel counts by true and predicted class, and the measures that follow from them.
 *
 * Counts of one picture are kept apart before they join the total: a picture's own score costs nothing more.
 */

/** A row or column of {@link ConfusionMatrix} that is no class. */
export const UNCOUNTED = -1;

/**
 * Pixel counts `[classes, classes + 1]`: rows are the truth, columns the prediction, the last column "no class".
 *
 * IoU of class c (PASCAL VOC): `n[c][c] / (Σ_j n[c][j] + Σ_i n[i][c] − n[c][c])`.
 *
 * @example
 * ```ts
 * import { ConfusionMatrix } from './confusion-matrix.ts';
 * const matrix = new ConfusionMatrix(2);
 * matrix.count(Uint8Array.of(0, 0, 1, 1), Int16Array.of(0, 1), Uint8Array.of(0, 1, 1, 1), Int16Array.of(0, 1));
 * console.assert(matrix.iou(0) === 1 / 2 && matrix.iou(1) === 2 / 3);
 * console.assert(matrix.meanIoU() === (1 / 2 + 2 / 3) / 2 && matrix.accuracy() === 3 / 4);
 * ```
 */
export class ConfusionMatrix {
  readonly classes: number;
  /** Doubles hold integers exactly up to 2^53. */
  readonly #counts: Float64Array;

  /** All counts zero. */
  constructor(classes: number) {
    this.classes = classes;
    this.#counts = new Float64Array(classes * (classes + 1));
  }

  /**
   * Adds a picture's pixels.
   *
   * @param truth - Uint8Array, [height, width], values of a mask
   * @param truthClass - class of each mask value, {@link UNCOUNTED} where the pixel does not count
   * @param predicted - Uint8Array, [height, width], values of a label map
   * @param predictedClass - class of each value of the label map, {@link UNCOUNTED} for none
   */
  count(truth: Uint8Array, truthClass: Int16Array, predicted: Uint8Array, predictedClass: Int16Array): void {
    const [counts, columns] = [this.#counts, this.classes + 1];
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const row = truthClass[truth[pixel]!]!;
      if (row < 0) continue;
      const column = predictedClass[predicted[pixel]!]!;
      counts[row * columns + (column < 0 ? columns - 1 : column)]!++;
    }
  }

  /**
   * Adds the expected counts of picking one of these classes at random, pixel by pixel: the floor to measure against.
   *
   * @param truthPixels - pixels of each class
   * @param candidates - classes to pick from
   */
  countChance(truthPixels: readonly number[], candidates: readonly number[]): void {
    for (const [truth, pixels] of truthPixels.entries()) {
      for (const candidate of candidates)
        this.#counts[truth * (this.classes + 1) + candidate]! += pixels / candidates.length;
    }
  }

  /** Adds pixels of class `truth` that were taken for `predicted`; {@link UNCOUNTED} for no class. */
  addPixels(truth: number, predicted: number, pixels: number): void {
    this.#counts[truth * (this.classes + 1) + (predicted < 0 ? this.classes : predicted)]! += pixels;
  }

  /**
   * Adds the counts of another that has some of the classes.
   *
   * @param places - class of each of its rows and columns
   */
  addSome(places: readonly number[], other: ConfusionMatrix): void {
    for (const [row, truth] of places.entries()) {
      for (const [column, predicted] of places.entries()) this.addPixels(truth, predicted, other.at(row, column));
      this.addPixels(truth, UNCOUNTED, other.at(row, UNCOUNTED));
    }
  }

  /** Pixels of class `truth` taken for `predicted`; {@link UNCOUNTED} as the prediction: for no class. */
  at(truth: number, predicted: number): number {
    return this.#counts[truth * (this.classes + 1) + (predicted < 0 ? this.classes : predicted)]!;
  }

  /** Pixels of a class. */
  truthPixels(truth: number): number {
    const columns = this.classes + 1;
    return sum(this.#counts.subarray(truth * columns, (truth + 1) * columns));
  }

  /** Pixels taken for a class. */
  predictedPixels(predicted: number): number {
    return sum(this.#range().map((truth) => this.at(truth, predicted)));
  }

  /** All pixels that count. */
  get pixels(): number {
    return sum(this.#counts);
  }

  /** Intersection over union of a class, 0 … 1; undefined when it neither occurs nor was predicted. */
  iou(index: number): number | undefined {
    const hit = this.at(index, index);
    const union = this.truthPixels(index) + this.predictedPixels(index) - hit;
    return union === 0 ? undefined : hit / union;
  }

  /** Mean {@link iou} of the classes that have one, 0 … 1; undefined when none has. */
  meanIoU(): number | undefined {
    const found = this.#range().flatMap((index) => this.iou(index) ?? []);
    return found.length === 0 ? undefined : sum(found) / found.length;
  }

  /** Share of the pixels that were taken for their own class, 0 … 1; undefined without pixels. */
  accuracy(): number | undefined {
    const all = this.pixels;
    return all === 0 ? undefined : sum(this.#range().map((index) => this.at(index, index))) / all;
  }

  /** Share of a class's pixels that were taken for it, 0 … 1; undefined when it does not occur. */
  recall(index: number): number | undefined {
    const truth = this.truthPixels(index);
    return truth === 0 ? undefined : this.at(index, index) / truth;
  }

  /** Mean {@link recall} of the classes that occur, 0 … 1; undefined when none does. */
  meanAccuracy(): number | undefined {
    const found = this.#range().flatMap((index) => this.recall(index) ?? []);
    return found.length === 0 ? undefined : sum(found) / found.length;
  }

  /** Mean {@link iou} of the classes, each by its share of the pixels, 0 … 1; undefined without pixels. */
  weightedIoU(): number | undefined {
    const all = this.pixels;
    if (all === 0) return undefined;
    return sum(this.#range().map((index) => (this.truthPixels(index) / all) * (this.iou(index) ?? 0)));
  }

  /** The counts without the last column: `[truth][predicted]`. */
  rows(): number[][] {
    return this.#range().map((truth) => this.#range().map((predicted) => this.at(truth, predicted)));
  }

  #range(): number[] {
    return Array.from({ length: this.classes }, (_, index) => index);
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
