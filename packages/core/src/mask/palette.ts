/**
 * Label colors: the same for every run and machine, and far apart to the eye.
 *
 * Twelve are picked by hand. Each further one is the candidate furthest from black and from all before it in OKLab, so
 * the colors of few labels are always the first of those of many.
 */
import { BACKGROUND } from './background.ts';
import { checkInteger } from './check.ts';

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

let selection: Selection | undefined;

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
  selection ??= new Selection();
  return selection.first(count);
}

/**
 * Farthest-point selection, as far as it was asked for: 255 colors take tens of milliseconds, and few have so many
 * labels. Keeps, per candidate, the distance to its nearest chosen color.
 */
class Selection {
  readonly #chosen: LabelColor[] = [...HAND_PICKED];
  readonly #candidates = candidateColors();
  readonly #distances = new Float64Array(this.#candidates.length).fill(Infinity);

  constructor() {
    this.#choose([0, 0, 0]);
    for (const color of HAND_PICKED) this.#choose(toOklab(color));
  }

  first(count: number): LabelColor[] {
    const distances = this.#distances;
    while (this.#chosen.length < count) {
      let furthest = 0;
      for (let index = 1; index < distances.length; index++) if (distances[index]! > distances[furthest]!) furthest = index;
      const { color, oklab } = this.#candidates[furthest]!;
      this.#choose(oklab);
      this.#chosen.push(color);
    }
    return this.#chosen.slice(0, count);
  }

  #choose([lightness, a, b]: Oklab): void {
    const [candidates, distances] = [this.#candidates, this.#distances];
    for (let index = 0; index < candidates.length; index++) {
      const { oklab } = candidates[index]!;
      const squared = (oklab[0] - lightness) ** 2 + (oklab[1] - a) ** 2 + (oklab[2] - b) ** 2;
      if (squared < distances[index]!) distances[index] = squared;
    }
  }
}

function candidateColors(): { color: LabelColor; oklab: Oklab }[] {
  const candidates: { color: LabelColor; oklab: Oklab }[] = [];
  for (let red = 0; red < 256; red += GRID_STEP) {
    for (let green = 0; green < 256; green += GRID_STEP) {
      for (let blue = 0; blue < 256; blue += GRID_STEP) {
        const color: LabelColor = [red, green, blue];
        const oklab = toOklab(color);
        if (oklab[0] < MIN_LIGHTNESS || oklab[1] ** 2 + oklab[2] ** 2 < MIN_CHROMA ** 2) continue;
        candidates.push({ color, oklab });
      }
    }
  }
  return candidates;
}

/** sRGB to OKLab with Ottosson's matrices (https://bottosson.github.io/posts/oklab, 2020): equal steps look equal. */
function toOklab(color: LabelColor): Oklab {
  const [r, g, b] = [linearPart(color[0]), linearPart(color[1]), linearPart(color[2])];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Linear light of each sRGB level, once it was needed. */
const linearParts = new Float64Array(256).fill(NaN);

function linearPart(part: number): number {
  const known = linearParts[part]!;
  if (!Number.isNaN(known)) return known;
  const value = part / 255;
  return (linearParts[part] = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
}
