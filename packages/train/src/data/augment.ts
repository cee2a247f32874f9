/** Random views of pictures, a crop and a flip, determined by the numbers of the sample alone. */
import type { Region } from '../image/index-mask.ts';
import type { Augmentation } from './data-options.ts';
import type { Random } from './random.ts';

/** A view of a picture. */
export interface View {
  /** The part that is shown; undefined for all of it. */
  readonly region: Region | undefined;
  readonly flip: boolean;
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
export function chooseView(random: Random, width: number, height: number, { flip = false, crop }: Augmentation): View {
  const mirrored = random.next() < 0.5;
  return { flip: flip && mirrored, region: crop === undefined ? undefined : chooseRegion(random, width, height, crop) };
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
