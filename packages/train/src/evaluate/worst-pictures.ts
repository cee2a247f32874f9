/** The pictures with the lowest scores of an evaluation. */
import { BACKGROUND } from '@synseg/core';
import { matrixOf, type PictureRecord } from './picture-record.ts';

/** A picture with its ground truth and prediction. */
export interface JudgedPicture {
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

/** The records with the lowest mean IoU, worst first; of equals the first in the data set. */
export function worstOf(records: readonly PictureRecord[], classes: number, most: number): readonly PictureRecord[] {
  return records
    .filter(({ confusion = [] }) => confusion.length > 0)
    .map((record) => ({ record, meanIoU: matrixOf(record, classes).meanIoU() ?? 0 }))
    .sort((a, b) => a.meanIoU - b.meanIoU || a.record.order - b.record.order)
    .slice(0, most)
    .map(({ record }) => record);
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
