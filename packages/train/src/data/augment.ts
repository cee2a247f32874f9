/** Random views of pictures: a scale or a crop, a flip and colors, determined by the numbers of the sample alone. */
import type { ColorChange } from '../image/colors.ts';
import type { Region } from '../image/index-mask.ts';
import type { Augmentation } from './data-options.ts';
import type { Random } from './random.ts';

/** A view of a picture. */
export interface View {
  /** The part that is shown; undefined for all of it. */
  readonly region: Region | undefined;
  /** The part of the view that it fills; undefined for all of it. */
  readonly place?: Place;
  readonly flip: boolean;
}

/** A part of a view with the view's aspect ratio. */
export interface Place {
  /** Share of the view's width and height, 0 < share < 1. */
  readonly share: number;
  /** Share of the free width that lies to its left, 0 to 1. */
  readonly across: number;
  /** Share of the free height that lies above it, 0 to 1. */
  readonly down: number;
}

const TRIES = 10;
const MAX_ASPECT = 4 / 3;

/**
 * Chooses a view. As in torchvision's `RandomResizedCrop`, ten tries for a region that fits, then the whole picture.
 *
 * @example
 * ```ts
 * import { chooseView } from './augment.ts';
 * import { Random } from './random.ts';
 * const { region } = chooseView(new Random(1), 100, 100, { crop: [0.25, 0.25] });
 * console.assert(region !== undefined && Math.abs(region.width * region.height - 2500) < 100);
 * ```
 */
export function chooseView(
  random: Random,
  width: number,
  height: number,
  { flip = false, crop, scale }: Augmentation,
): View {
  const mirrored = random.next() < 0.5;
  const part = scale === undefined ? undefined : chooseScale(random, width, height, scale);
  const region = crop === undefined ? undefined : chooseRegion(random, width, height, crop);
  return { flip: flip && mirrored, region, ...part };
}

/**
 * Chooses changes of brightness, contrast, saturation and hue, each uniform in its range; undefined when none is asked
 * for.
 */
export function chooseColors(
  random: Random,
  { brightness = 0, contrast = 0, saturation = 0, hue = 0 }: Augmentation,
): ColorChange | undefined {
  const around = (center: number, most: number): number => center + most * (2 * random.next() - 1);
  const change = {
    brightness: around(1, brightness),
    contrast: around(1, contrast),
    saturation: around(1, saturation),
    hue: around(0, hue),
  };
  return brightness + contrast + saturation + hue === 0 ? undefined : change;
}

/** The pixels that a place covers in a view of this size. */
export function regionOf({ share, across, down }: Place, width: number, height: number): Region {
  const [own, tall] = [width, height].map((side) => Math.max(1, Math.round(share * side))) as [number, number];
  return {
    left: Math.round(across * (width - own)),
    top: Math.round(down * (height - tall)),
    width: own,
    height: tall,
  };
}

/** Mirrors the rows of `[height, width, channels]`, row-major, in place. */
export function mirror(data: Uint8Array, width: number, height: number, channels: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width >> 1; x++) {
      const [left, right] = [(y * width + x) * channels, (y * width + width - 1 - x) * channels];
      for (let channel = 0; channel < channels; channel++) {
        const value = data[left + channel]!;
        data[left + channel] = data[right + channel]!;
        data[right + channel] = value;
      }
    }
  }
}

/** A factor, uniform in its logarithm: from 1 on a part of the picture is shown, below 1 the picture is a part. */
function chooseScale(
  random: Random,
  width: number,
  height: number,
  [least, most]: readonly [number, number],
): Pick<View, 'region' | 'place'> {
  const factor = least * (most / least) ** random.next();
  const [across, down] = [random.next(), random.next()];
  if (factor < 1) return { region: undefined, place: { share: factor, across, down } };
  return { region: regionOf({ share: 1 / factor, across, down }, width, height) };
}

function chooseRegion(
  random: Random,
  width: number,
  height: number,
  [least, most]: readonly [number, number],
): Region | undefined {
  for (let round = 0; round < TRIES; round++) {
    const area = width * height * (least + (most - least) * random.next());
    const aspect = MAX_ASPECT ** (2 * random.next() - 1);
    const [regionWidth, regionHeight] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (regionWidth < 1 || regionHeight < 1 || regionWidth > width || regionHeight > height) continue;
    const [left, top] = [random.integer(width - regionWidth + 1), random.integer(height - regionHeight + 1)];
    return { left, top, width: regionWidth, height: regionHeight };
  }
  return undefined;
}
