/**
 * Label colors: the same for every run and machine, and far apart to the eye.
 *
 * Twelve are picked by hand. Each further one is the candidate furthest from black and from all before it in OKLab, so
 * the colors of few labels are always the first of those of many.
 */
import { BACKGROUND, checkInteger } from './check.ts';

/** An sRGB color, each part an integer of 0..255. */
export type LabelColor = readonly [red: number, green: number, blue: number];

const HAND_PICKED: readonly LabelColor[] = [
  [46, 125, 225], // blue
  [245, 130, 32], // orange
  [60, 170, 75], // green
  [232, 62, 140], // pink
  [34, 190, 207], // cyan
  [250, 205, 50], // yellow
  [137, 80, 205], // violet
  [214, 45, 45], // red
  [160, 215, 70], // lime
  [142, 90, 55], // brown
  [12, 118, 118], // teal
  [255, 172, 190], // rose
];

const GRID_STEP = 17; // 16 levels per channel, 4096 candidates
const MIN_LIGHTNESS = 0.38; // darker ones vanish in shadows and next to the black of the background
const MIN_CHROMA = 0.05; // greyer ones look like the picture underneath

type Oklab = readonly [lightness: number, a: number, b: number];

let cached: readonly LabelColor[] | undefined;

/**
 * Returns distinct, well-separated colors for `count` labels; never black, which stands for the background.
 *
 * @param count Number of labels, 0..255.
 * @throws RangeError when `count` is not an integer of 0..255.
 * @example
 * ```ts
 * import { labelColors } from '@synseg/core';
 * const colors = labelColors(255);
 * console.assert(new Set(colors.map(String)).size === 255);
 * console.assert(String(labelColors(3)) === String(colors.slice(0, 3)));
 * ```
 */
export function labelColors(count: number): readonly LabelColor[] {
  checkInteger('pick label colors', 'count', count, 0, BACKGROUND);
  if (count <= HAND_PICKED.length) return HAND_PICKED.slice(0, count);
  cached ??= [...HAND_PICKED, ...generate(BACKGROUND - HAND_PICKED.length)];
  return cached.slice(0, count);
}

/** Farthest-point selection: keeps, per candidate, the distance to its nearest chosen color. */
function generate(count: number): LabelColor[] {
  const candidates = candidateColors();
  const distances = new Float64Array(candidates.length).fill(Infinity);
  const choose = ([lightness, a, b]: Oklab): void => {
    for (const [index, { oklab }] of candidates.entries()) {
      const squared = (oklab[0] - lightness) ** 2 + (oklab[1] - a) ** 2 + (oklab[2] - b) ** 2;
      if (squared < distances[index]!) distances[index] = squared;
    }
  };
  choose([0, 0, 0]);
  for (const color of HAND_PICKED) choose(toOklab(color));
  return Array.from({ length: count }, () => {
    let furthest = 0;
    for (let index = 1; index < distances.length; index++) {
      if (distances[index]! > distances[furthest]!) furthest = index;
    }
    const { color, oklab } = candidates[furthest]!;
    choose(oklab);
    return color;
  });
}

function candidateColors(): { color: LabelColor; oklab: Oklab }[] {
  const candidates: { color: LabelColor; oklab: Oklab }[] = [];
  for (let red = 0; red < 256; red += GRID_STEP) {
    for (let green = 0; green < 256; green += GRID_STEP) {
      for (let blue = 0; blue < 256; blue += GRID_STEP) {
        const color: LabelColor = [red, green, blue];
        const oklab = toOklab(color);
        if (oklab[0] < MIN_LIGHTNESS || Math.hypot(oklab[1], oklab[2]) < MIN_CHROMA) continue;
        candidates.push({ color, oklab });
      }
    }
  }
  return candidates;
}

/** sRGB to OKLab with Ottosson's matrices (https://bottosson.github.io/posts/oklab, 2020): equal steps look equal. */
function toOklab(color: LabelColor): Oklab {
  const [r, g, b] = color.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
