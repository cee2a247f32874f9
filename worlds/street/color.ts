/** Colors with names: what a caption calls a paint, and the shades that count as it. */
import type { Random } from './random.ts';

/** Red, green, blue, each 0 … 255; not rounded. */
export type Color = readonly [red: number, green: number, blue: number];

/** A color's name. */
export type ColorWord =
  'red' | 'orange' | 'yellow' | 'green' | 'blue' | 'purple' | 'pink' | 'brown' | 'white' | 'black' | 'gray';

/** A few shades each, so that a word is a region and not a point. */
const SHADES: Readonly<Record<ColorWord, readonly Color[]>> = {
  red: [
    [200, 42, 40],
    [178, 32, 48],
    [214, 58, 50],
  ],
  orange: [
    [234, 128, 36],
    [240, 144, 58],
  ],
  yellow: [
    [240, 200, 50],
    [246, 212, 86],
    [228, 186, 40],
  ],
  green: [
    [58, 138, 72],
    [84, 160, 92],
    [40, 112, 74],
  ],
  blue: [
    [48, 98, 182],
    [72, 130, 206],
    [38, 74, 146],
  ],
  purple: [
    [118, 70, 158],
    [140, 88, 176],
  ],
  pink: [
    [232, 136, 166],
    [238, 158, 178],
  ],
  brown: [
    [122, 80, 50],
    [104, 66, 42],
    [142, 98, 64],
  ],
  white: [
    [240, 238, 232],
    [230, 232, 234],
  ],
  black: [
    [38, 38, 44],
    [50, 48, 52],
  ],
  gray: [
    [136, 140, 146],
    [158, 160, 162],
    [118, 122, 130],
  ],
};

/** A shade of the color named, a little off. */
export function shadeOf(word: ColorWord, random: Random): Color {
  const shade = random.pick(SHADES[word]);
  const light = random.range(0.92, 1.06);
  return [
    shade[0] * light + random.range(-7, 7),
    shade[1] * light + random.range(-7, 7),
    shade[2] * light + random.range(-7, 7),
  ];
}

/** `color` with each channel multiplied. */
export function scaled(color: Color, factor: number): Color {
  return [color[0] * factor, color[1] * factor, color[2] * factor];
}

/** From `first` (share 0) to `second` (share 1). */
export function mixed(first: Color, second: Color, share: number): Color {
  return [
    first[0] + (second[0] - first[0]) * share,
    first[1] + (second[1] - first[1]) * share,
    first[2] + (second[2] - first[2]) * share,
  ];
}

/** `#rrggbb`. */
export function hex([red, green, blue]: Color): string {
  return `#${(0x1000000 + (byte(red) << 16) + (byte(green) << 8) + byte(blue)).toString(16).slice(1)}`;
}

function byte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
}
