/** Errors of masks, with a name for what is wrong. */
import { SynsegError } from '@synseg/core';
import { limitsOf, openPicture, type PictureLimits } from '../image/picture.ts';

/** What is wrong with a mask: it has another size than its picture, holds a value without a class, or is unreadable. */
export type MaskFault = 'mask-size' | 'mask-value' | 'mask-unreadable';

/** What is wrong with a shape: it reaches outside of the picture, or lacks corners or a label and is left out. */
export type ShapeFault = 'polygon-outside' | 'shape-incomplete';

const FAULT = Symbol('fault');

/** `DATASET_FORMAT`: Cannot use mask of <key>: <rule>, got <got>. */
export function maskError(fault: MaskFault, key: string, rule: string, got: string, cause?: unknown): SynsegError {
  const message = `Cannot use mask of ${key}: ${rule}, got ${got}`;
  const error = new SynsegError('DATASET_FORMAT', message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { [FAULT]: fault });
}

/** The name of what is wrong; `mask-unreadable` where an error does not say it. */
export function faultOf(error: unknown): MaskFault {
  return (error as { readonly [FAULT]?: MaskFault } | undefined)?.[FAULT] ?? 'mask-unreadable';
}

/** Refuses a mask of another size than its upright picture. @throws SynsegError `DATASET_FORMAT` or `IMAGE_DECODE` */
export async function expectSize(
  key: string,
  image: string,
  mask: { readonly width: number; readonly height: number },
  limits: PictureLimits,
): Promise<void> {
  const { width, height } = await openPicture(image, limitsOf(limits));
  if (mask.width !== width || mask.height !== height)
    throw maskError(
      'mask-size',
      key,
      `it must have the picture's size ${width}×${height}`,
      `${mask.width}×${mask.height}`,
    );
}
