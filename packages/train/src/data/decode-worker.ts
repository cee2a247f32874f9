/** Thread entry: decodes a sample into the bytes of its place in a batch. */
import { SynsegError, isSynsegError } from '@synseg/core';
import { moving, tellLoaded } from '@synseg/core/runtime';
import { changeColors } from '../image/colors.ts';
import { readIndexMask, resizeMaskNearest, type IndexMask, type Region } from '../image/index-mask.ts';
import { openPicture, type PictureLimits } from '../image/picture.ts';
import type { Augmentation } from './data-options.ts';
import { chooseColors, chooseView, mirror, regionOf } from './augment.ts';
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
  /** As a sample has it. */
  readonly maskValues?: Int16Array | undefined;
  readonly augmentation: Augmentation;
  /** Numbers the view follows from. */
  readonly seed: readonly number[];
  /** @default core's */
  readonly limits?: PictureLimits;
}

/**
 * Pixels `[height, width, 3]` if a picture was asked for, then the mask `[height, width]` if one was; or the problem.
 */
export type DecodeResult = ArrayBuffer | { readonly problem: string };

/** Mask value of unlabeled pixels. */
const UNLABELED = 255;
/** Every channel of pixels beside a shrunken picture. */
const PADDING = 128;

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
  maskValues,
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
  if (maskValues !== undefined && indices !== undefined) translate(indices, maskValues, mask, name);
  const size = picture ?? indices;
  if (size === undefined) throw new Error('internal: a decode task without picture and mask');
  const { region, place, flip } = chooseView(new Random(...seed, 'view'), size.width, size.height, augmentation);
  const target = place === undefined ? undefined : regionOf(place, width, height);
  const { width: across, height: down } = target ?? { width, height };
  const plane = width * height;
  const pixelBytes = picture === undefined ? 0 : 3 * plane;
  const result = new Uint8Array(pixelBytes + (indices === undefined ? 0 : plane));
  if (picture !== undefined) {
    const pixels = result.subarray(0, pixelBytes);
    const shown = await picture.resized(across, down, region);
    const colors = chooseColors(new Random(...seed, 'colors'), augmentation);
    if (colors !== undefined) changeColors(shown, colors);
    paste(pixels, shown, width, 3, target, PADDING);
    if (flip) mirror(pixels, width, height, 3);
  }
  if (indices !== undefined) {
    const labels = result.subarray(pixelBytes);
    const shown = resizeMaskNearest(indices, across, down, region);
    if (ignoreIndex !== undefined)
      for (let at = 0; at < shown.length; at++) if (shown[at] === ignoreIndex) shown[at] = UNLABELED;
    paste(labels, shown, width, 1, target, UNLABELED);
    if (flip) mirror(labels, width, height, 1);
  }
  return result.buffer;
}

/** Puts classes in the place of a mask's values, in place. */
function translate(
  { data }: IndexMask,
  maskValues: Int16Array,
  mask: string | Uint8Array | undefined,
  name: string,
): void {
  for (let at = 0; at < data.length; at++) {
    const value = maskValues[data[at]!]!;
    if (value < 0)
      throw new SynsegError(
        'IMAGE_DECODE',
        `Cannot use mask ${typeof mask === 'string' ? mask : `of ${name}`}: its values must be classes of its set, ` +
          `its background or 255, got ${data[at]!}`,
      );
    data[at] = value;
  }
}

/** Puts a part into a view `[height, width, channels]`, whose other values are `filling`; without a place it is all. */
function paste(
  view: Uint8Array,
  part: Uint8Array,
  width: number,
  channels: number,
  place: Region | undefined,
  filling: number,
): void {
  if (place === undefined) return view.set(part);
  view.fill(filling);
  const rowBytes = place.width * channels;
  for (let y = 0; y < place.height; y++)
    view.set(part.subarray(y * rowBytes, (y + 1) * rowBytes), ((place.top + y) * width + place.left) * channels);
}
