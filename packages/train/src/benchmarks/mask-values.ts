/** Values in the files of a data set → indices of its classes. */
import { SynsegError } from '@synseg/core';
import type { IndexMask } from '../image/index-mask.ts';

/** Class index of pixels that do not count. */
export const IGNORED = 255;
/** Place of values that a file cannot hold. */
const NONE = -1;

/** Class index of each value. */
export type MaskValues = Int16Array;

/** The class index of each value below `size`; undefined where files cannot hold it. */
export function maskValues(size: number, indexOf: (value: number) => number | undefined): MaskValues {
  return Int16Array.from({ length: size }, (_, value) => indexOf(value) ?? NONE);
}

/** Values that are class indices already, 255 where nothing is known. */
export function plainValues(classes: number): MaskValues {
  return maskValues(256, (value) => (value < classes || value === IGNORED ? value : undefined));
}

/** Values of which 0 is no class, and every other stands one above its class index. */
export function reducedValues(classes: number): MaskValues {
  return maskValues(256, (value) => {
    if (value === 0 || value === IGNORED) return IGNORED;
    return value <= classes ? value - 1 : undefined;
  });
}

/** A mask as a file has it. */
export interface FileMask {
  readonly width: number;
  readonly height: number;
  /** `[height, width], row-major` */
  readonly data: Uint8Array | Uint16Array;
}

/**
 * The class index of each pixel.
 *
 * @throws SynsegError `DATASET_FORMAT` for a value that files of the data set cannot hold
 */
export function toClasses(path: string, { width, height, data }: FileMask, values: MaskValues): IndexMask {
  const classes = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const index = values[data[at]!] ?? NONE;
    if (index === NONE)
      throw new SynsegError(
        'DATASET_FORMAT',
        `Cannot read mask ${path}: it must hold values of its data set, got ${data[at]}`,
      );
    classes[at] = index;
  }
  return { width, height, data: classes };
}
