/**
 * The pictures with the lowest scores of an evaluation, with their label maps: bounded, whatever the data set's size.
 */
import { BACKGROUND } from '@synseg/core';

/** A picture with its ground truth and prediction. */
export interface JudgedPicture {
  /** Index in the data set. */
  readonly order: number;
  readonly key: string;
  /** Path of the photo. */
  readonly image: string;
  /** Mean IoU of the classes of this picture, 0 … 1. */
  readonly meanIoU: number;
  /** IoU of each class of this picture, 0 … 1; undefined where it neither occurs nor was predicted. */
  readonly iou: readonly (number | undefined)[];
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Class of every pixel: Uint8Array, [height, width], row-major; 255 = does not count. */
  readonly truth: Uint8Array;
  /** Class found at every pixel that counts: Uint8Array, [height, width], row-major; 255 = none, or does not count. */
  readonly prediction: Uint8Array;
}

/** Order of pictures in {@link WorstPictures}. */
export type Rank = Pick<JudgedPicture, 'order' | 'meanIoU'>;

/** Keeps the worst of the pictures that are offered; the result does not depend on the order of the offers. */
export class WorstPictures {
  readonly #most: number;
  readonly #kept: JudgedPicture[] = [];

  /** @param most - pictures to keep */
  constructor(most: number) {
    this.#most = most;
  }

  /** Keeps a picture if it is among the worst so far; `judge` is called only then. */
  offer(rank: Rank, judge: () => JudgedPicture): void {
    const last = this.#kept.at(-1);
    if (this.#kept.length === this.#most && last !== undefined && compare(rank, last) >= 0) return;
    if (this.#most === 0) return;
    this.#kept.push(judge());
    this.#kept.sort(compare);
    this.#kept.splice(this.#most);
  }

  /** Worst first; of equals the first in the data set. */
  get pictures(): readonly JudgedPicture[] {
    return this.#kept;
  }
}

/** Translates the values of a map, keeping only the pixels that count in the ground truth. */
export function countedClasses(
  map: Uint8Array,
  classOf: Int16Array,
  truth: Uint8Array,
  truthClass: Int16Array,
): Uint8Array {
  return map.map((value, pixel) => {
    const found = classOf[value]!;
    return found < 0 || truthClass[truth[pixel]!]! < 0 ? BACKGROUND : found;
  });
}

function compare(a: Rank, b: Rank): number {
  return a.meanIoU - b.meanIoU || a.order - b.order;
}
