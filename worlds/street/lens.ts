/** What a camera does to a picture: blur, exposure, vignette, noise. In integers and products only, on the pixels. */
import { Random } from './random.ts';

/** One camera's faults. */
export interface Lens {
  /** Weight of a pixel's neighbors, 0 … 0.25. */
  readonly blur: number;
  readonly exposure: number;
  /** Share of light lost in the corners. */
  readonly vignette: number;
  /** Standard deviation of the noise, of 255. */
  readonly noise: number;
}

/** A lens of a seed; darkness makes noise. */
export function lensOf(seed: number, dark: boolean): Lens {
  const random = new Random('lens', seed);
  const soft = random.next();
  return {
    blur: 0.2 * soft * soft,
    exposure: random.range(0.94, 1.06),
    vignette: random.range(0, 0.16),
    noise: random.range(1.2, dark ? 6.5 : 4.5),
  };
}

/**
 * Puts a picture through a lens.
 *
 * @param pixels `Uint8Array, [height, width, 3]`, RGB; changed in place
 * @param seed of the noise
 */
export function applyLens(
  pixels: Uint8Array,
  width: number,
  height: number,
  lens: Lens,
  ...seed: readonly number[]
): void {
  if (lens.blur > 0.01) blur(pixels, width, height, lens.blur);
  const random = new Random('noise', ...seed);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const reach = middleX * middleX + middleY * middleY;
  // The sum of four bytes is about normal: mean 510, standard deviation 147.8.
  const strength = lens.noise / 147.8;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - middleX, y - middleY];
      const gain = lens.exposure * (1 - (lens.vignette * (dx * dx + dy * dy)) / reach);
      const bits = random.bits();
      const noise = ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510) * strength;
      // Colors differ a little in their noise: three spans of the same bits.
      const at = (y * width + x) * 3;
      pixels[at] = clamp(pixels[at]! * gain + noise + ((bits & 7) - 3.5) * strength * 24);
      pixels[at + 1] = clamp(pixels[at + 1]! * gain + noise);
      pixels[at + 2] = clamp(pixels[at + 2]! * gain + noise + (((bits >>> 9) & 7) - 3.5) * strength * 24);
    }
  }
}

function clamp(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
}

/** Three taps in each direction. */
function blur(pixels: Uint8Array, width: number, height: number, weight: number): void {
  const side = Math.floor(weight * 256);
  const middle = 256 - 2 * side;
  const before = new Uint8Array(pixels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [left, right] = [x === 0 ? 0 : -3, x === width - 1 ? 0 : 3];
      const at = (y * width + x) * 3;
      for (let channel = at; channel < at + 3; channel++)
        pixels[channel] =
          (before[channel]! * middle + (before[channel + left]! + before[channel + right]!) * side + 128) >> 8;
    }
  }
  before.set(pixels);
  const row = width * 3;
  for (let y = 0; y < height; y++) {
    const [up, down] = [y === 0 ? 0 : -row, y === height - 1 ? 0 : row];
    for (let at = y * row; at < (y + 1) * row; at++)
      pixels[at] = (before[at]! * middle + (before[at + up]! + before[at + down]!) * side + 128) >> 8;
  }
}
