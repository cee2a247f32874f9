/** Changes of a picture's colors: brightness, contrast, saturation and hue in one matrix. */

/** Changes of the colors of a picture. */
export interface ColorChange {
  /** Factor of all channels; 1 changes nothing. */
  readonly brightness: number;
  /** Factor of the distance from the picture's mean gray; 1 changes nothing. */
  readonly contrast: number;
  /** Factor of the distance from the pixel's own gray; 1 changes nothing. */
  readonly saturation: number;
  /** Turn of the hue around the gray axis, as a share of a full turn; 0 changes nothing. */
  readonly hue: number;
}

/** Gray of red, green and blue (ITU-R BT.601). */
const GRAY = [0.299, 0.587, 0.114] as const;

/**
 * Changes the colors of RGB bytes `[pixels, 3]`, row-major, 0 to 255, in place.
 *
 * `x → H S (c b x) + (1 − c) b m`, with b brightness, c contrast, m the picture's mean gray, `S = s I + (1 − s) 1 wᵀ`
 * for the weights w of gray and H the rotation around (1, 1, 1). S and H leave grays as they are. Rounded and clamped
 * once, at the end.
 *
 * @example
 * ```ts
 * import { changeColors } from './colors.ts';
 * const pixel = Uint8Array.of(200, 100, 0);
 * changeColors(pixel, { brightness: 0.5, contrast: 1, saturation: 1, hue: 0 });
 * console.assert(pixel.join() === '100,50,0');
 * ```
 */
export function changeColors(pixels: Uint8Array, { brightness, contrast, saturation, hue }: ColorChange): void {
  const scale = brightness * contrast;
  const offset = (1 - contrast) * brightness * meanGray(pixels);
  const turn = hueRotation(hue);
  const matrix = turn.flatMap((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value, channel) => scale * (saturation * value + (1 - saturation) * sum * GRAY[channel]!));
  });
  const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let at = 0; at < bytes.length; at += 3) {
    const [red, green, blue] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
    for (let channel = 0; channel < 3; channel++)
      bytes[at + channel] =
        matrix[3 * channel]! * red + matrix[3 * channel + 1]! * green + matrix[3 * channel + 2]! * blue + offset;
  }
}

/** Rotation around the gray axis (Rodrigues). */
function hueRotation(hue: number): readonly (readonly number[])[] {
  const angle = 2 * Math.PI * hue;
  const shared = (1 - Math.cos(angle)) / 3;
  const across = Math.sin(angle) / Math.sqrt(3);
  const [own, less, more] = [Math.cos(angle) + shared, shared - across, shared + across];
  return [
    [own, less, more],
    [more, own, less],
    [less, more, own],
  ];
}

function meanGray(pixels: Uint8Array): number {
  const sums = [0, 0, 0];
  for (let at = 0; at < pixels.length; at++) sums[at % 3]! += pixels[at]!;
  return (3 * sums.reduce((total, sum, channel) => total + GRAY[channel]! * sum, 0)) / pixels.length;
}
