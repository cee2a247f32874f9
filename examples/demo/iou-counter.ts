/** How well label maps agree with the ground truth. */

/** Value of a pixel that does not count in the truth, and is none of the classes in a prediction. */
const NONE = 255;

/**
 * Counts pixels, frame by frame.
 *
 * `IoU(class) = right ÷ (truth + predicted − right)`, the pixels of all frames together; mIoU is the mean of the
 * classes.
 *
 * @example
 * ```ts
 * import { IouCounter } from './iou-counter.ts';
 * const counter = new IouCounter(2);
 * counter.add(Uint8Array.of(0, 0, 1, 255), Uint8Array.of(0, 1, 1, 1));
 * console.assert(counter.perClass().join() === '0.5,0.5' && counter.mean() === 0.5);
 * ```
 */
export class IouCounter {
  readonly #classes: number;
  readonly #truth = new Float64Array(NONE + 1);
  readonly #predicted = new Float64Array(NONE + 1);
  readonly #right = new Float64Array(NONE + 1);

  /** @param classes - each of them occurs in the truth */
  constructor(classes: number) {
    this.#classes = classes;
  }

  /**
   * Adds a frame.
   *
   * @param truth - `Uint8Array, [height, width]`: class, or 255 where the pixel does not count
   * @param prediction - `Uint8Array, [height, width]`: class, or 255 for none
   * @throws RangeError when the two are not of one size
   */
  add(truth: Uint8Array, prediction: Uint8Array): void {
    if (prediction.length !== truth.length)
      throw new RangeError(
        `Cannot count: prediction must have the ${truth.length} pixels of the truth, got ${prediction.length}`,
      );
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const [wanted, found] = [truth[pixel]!, prediction[pixel]!];
      if (wanted === NONE) continue;
      this.#truth[wanted]! += 1;
      this.#predicted[found]! += 1;
      if (found === wanted) this.#right[wanted]! += 1;
    }
  }

  /** IoU of each class, 0 … 1. */
  perClass(): number[] {
    return Array.from(
      { length: this.#classes },
      (_, index) => this.#right[index]! / (this.#truth[index]! + this.#predicted[index]! - this.#right[index]!),
    );
  }

  /** mIoU, 0 … 1. */
  mean(): number {
    return this.perClass().reduce((sum, iou) => sum + iou, 0) / this.#classes;
  }
}
