/** Thread entry: decodes a sample into the bytes of its place in a batch. */
import { SynsegError, isSynsegError } from '@synseg/core';
import { moving, tellLoaded } from '@synseg/core/runtime';
import { readIndexMask, resizeMaskNearest } from '../image/index-mask.ts';
import { openPicture, type PictureLimits } from '../image/picture.ts';
import type { Augmentation } from './data-options.ts';
import { chooseView, mirror } from './augment.ts';
import { Random } from './random.ts';

/** One sample to decode; at least one of `image` and `mask`. */
export interface DecodeTask {
  readonly name: string;
  readonly image?: string | Uint8Array;
  readonly mask?: string | Uint8Array | undefined;
  readonly width: number;
  readonly height: number;
  /** Mask value of unlabeled pixels, which becomes 255. */
  readonly ignoreIndex?: number | undefined;
  readonly augmentation: Augmentation;
  /** Numbers the view follows from. */
  readonly seed: readonly [seed: number, epoch: number, index: number];
  /** @default core's */
  readonly limits?: PictureLimits;
}

/**
 * Pixels `[height, width, 3]` if a picture was asked for, then the mask `[height, width]` if one was; or the problem.
 */
export type DecodeResult = ArrayBuffer | { readonly problem: string };

/** Mask value of unlabeled pixels. */
const UNLABELED = 255;

tellLoaded();

export default async function decode(task: DecodeTask): Promise<DecodeResult> {
  try {
    const result = await decodeSample(task);
    return await moving(result, [result]);
  } catch (error) {
    if (isSynsegError(error) && error.code === 'IMAGE_DECODE') return { problem: error.message };
    throw error;
  }
}

async function decodeSample({
  name,
  image,
  mask,
  width,
  height,
  ignoreIndex,
  augmentation,
  seed,
  limits,
}: DecodeTask): Promise<ArrayBuffer> {
  const picture = image === undefined ? undefined : await openPicture(image, limits);
  const indices =
    mask === undefined ? undefined : await readIndexMask(mask, typeof mask === 'string' ? mask : `of ${name}`, limits);
  if (
    picture !== undefined &&
    indices !== undefined &&
    (picture.width !== indices.width || picture.height !== indices.height)
  ) {
    throw new SynsegError(
      'IMAGE_DECODE',
      `Cannot use mask of ${name}: it must have the picture's size ${picture.width}×${picture.height}, got ` +
        `${indices.width}×${indices.height}`,
    );
  }
  const size = picture ?? indices;
  if (size === undefined) throw new Error('internal: a decode task without picture and mask');
  const { region, flip } = chooseView(new Random(...seed, 'view'), size.width, size.height, augmentation);
  const plane = width * height;
  const pixelBytes = picture === undefined ? 0 : 3 * plane;
  const result = new Uint8Array(pixelBytes + (indices === undefined ? 0 : plane));
  if (picture !== undefined) {
    const pixels = result.subarray(0, pixelBytes);
    pixels.set(await picture.resized(width, height, region));
    if (flip) mirror(pixels, width, height, 3);
  }
  if (indices !== undefined) {
    const labels = result.subarray(pixelBytes);
    labels.set(resizeMaskNearest(indices, width, height, region));
    if (ignoreIndex !== undefined)
      for (let at = 0; at < plane; at++) if (labels[at] === ignoreIndex) labels[at] = UNLABELED;
    if (flip) mirror(labels, width, height, 1);
  }
  return result.buffer;
}
