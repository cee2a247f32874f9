/**
 * Label colors: far apart to the eye, and each label's own whatever the others are.
 *
 * The hash of a name selects one of the palette's first {@link OWN_COLORS} colors. Only where two names of a set select
 * the same one, the name with the larger hash gives way, whatever their order in the list. So a label keeps its color
 * when the list is sorted, and when others come and go, unless one of these selects the same color.
 *
 * Twelve colors of the palette are picked by hand. Each further one is the candidate furthest from black and from all
 * before it in OKLab.
 */
import { checkKind, describeNumbers, describeValue, rangeError } from '../guard/arguments.ts';
import { isString, value, type Option } from '../guard/options.ts';
import { BACKGROUND } from '../model/background.ts';

/** An sRGB color, each part an integer of 0..255. */
export type LabelColor = readonly [red: number, green: number, blue: number];

/** A color as a caller writes it. */
export type ColorInput = LabelColor | string;

const HEX = /^#[0-9a-f]{6}$/i;
const COLOR_RULE = 'be "#rrggbb" or three integers from 0 to 255';

/** Colors that names choose from: no two are nearer than 0.07 in OKLab, where black and white are 1 apart. */
const OWN_COLORS = 96;
/** Found by search: some forty nouns of street scenes get different colors; skies are blue, trees and grass green. */
const SEED = 99_099_728;
/** Least distance in OKLab between a color that was chosen for one label and those that others get by their names. */
const NEAR = 0.07;

/**
 * A color per label, from its name alone; never black, which stands for the background.
 *
 * @param names The labels, each once, at most 255.
 * @param chosen Colors that are given for some of them, by place; the others then keep away from these.
 * @throws TypeError when `names` is not a list of strings, RangeError when it holds more than 255 names or one twice,
 *   or a chosen color is not `'#rrggbb'` or three integers of 0..255.
 * @example
 * ```ts
 * import { labelColors } from '@synseg/core/masks';
 * const [road, car] = labelColors(['road', 'car']);
 * console.assert(String(labelColors(['car', 'tree', 'road'])[2]) === String(road));
 * console.assert(String(labelColors(['road', 'car'], ['#ff0000'])) === String([255, 0, 0, ...car!]));
 * ```
 */
export function labelColors(
  names: readonly string[],
  chosen: readonly (ColorInput | undefined)[] = [],
): readonly LabelColor[] {
  checkKind(ACTION, 'names', names, Array.isArray(names) && names.every(isString), 'be a list of strings');
  checkKind(ACTION, 'chosen', chosen, Array.isArray(chosen), 'be a list');
  if (names.length > BACKGROUND) throw rangeError(ACTION, 'names', `be at most ${BACKGROUND}`, names.length);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw rangeError(ACTION, 'names', 'be unique', `${describeValue(twice)} twice`);
  const colors = names.map((name, index) =>
    chosen[index] === undefined ? undefined : parseColor(ACTION, `color of ${describeValue(name)}`, chosen[index]),
  );
  const given = colors.filter((color) => color !== undefined);
  if (given.length === names.length) return given;
  const all = names.map((name, index) => ({ index, hash: hashOf(name), name }));
  const open = all.filter(({ index }) => colors[index] === undefined);
  open.sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1));
  const slots = slotsBeside(given, names.length);
  // First the names that are alone with a color, or first in line for it; then those that give way.
  const waiting = open.filter(({ index, hash }) => {
    const slot = hash % OWN_COLORS;
    if (slots[slot] !== FREE) return true;
    slots[slot] = TAKEN;
    colors[index] = palette(OWN_COLORS)[slot]!;
    return false;
  });
  for (const { index, hash } of waiting) {
    const slot = freeSlot(slots, hash);
    slots[slot] = TAKEN;
    colors[index] = palette(slot + 1)[slot]!;
  }
  return colors as LabelColor[];
}

const ACTION = 'pick label colors';

const [FREE, ALIKE, TAKEN] = [0, 1, 2];

/** Per slot of the palette, whether it is free beside colors that are given: not the same as one, and not alike. */
function slotsBeside(given: readonly LabelColor[], count: number): Uint8Array {
  const slots = new Uint8Array(BACKGROUND);
  if (given.length === 0) return slots;
  const near = given.map(toOklab);
  for (const [slot, color] of palette(Math.min(BACKGROUND, OWN_COLORS + count)).entries()) {
    const least = Math.min(...near.map((other) => squaredDistance(toOklab(color), other)));
    if (least < NEAR ** 2) slots[slot] = least === 0 ? TAKEN : ALIKE;
  }
  return slots;
}

/** The next free slot for a name, by steps of its own through the palette's first colors, then through the rest. */
function freeSlot(slots: Uint8Array, hash: number): number {
  const step = STEPS[(hash >>> 8) % STEPS.length]!;
  for (let turn = 1, slot = hash % OWN_COLORS; turn < OWN_COLORS; turn++) {
    slot = (slot + step) % OWN_COLORS;
    if (slots[slot] === FREE) return slot;
  }
  const free = slots.indexOf(FREE, OWN_COLORS);
  // So many labels that some will look alike: there are as many slots as there can be labels.
  return free >= 0 ? free : slots.indexOf(ALIKE);
}

/** Numbers without a divisor in common with {@link OWN_COLORS}: steps of one reach every slot. */
const STEPS = [5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35, 37, 41, 43, 47];

/** FNV-1a over the name's UTF-16 units, then MurmurHash3's last mix. */
function hashOf(name: string): number {
  let hash = SEED;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** @throws RangeError unless the value is `'#rrggbb'` or three integers of 0..255, naming `name` */
export function parseColor(action: string, name: string, value: unknown): LabelColor {
  if (typeof value === 'string' && HEX.test(value)) {
    const number = Number.parseInt(value.slice(1), 16);
    return [number >> 16, (number >> 8) & 255, number & 255];
  }
  if (isColor(value)) return [value[0], value[1], value[2]];
  throw rangeError(action, name, COLOR_RULE, describeNumbers(value));
}

/** The option for a color. */
export function colorOption(): Option<ColorInput> {
  const isKind = (given: unknown): boolean => typeof given === 'string' || Array.isArray(given);
  const fits = (given: ColorInput): boolean => (typeof given === 'string' ? HEX.test(given) : isColor(given));
  return value(COLOR_RULE, isKind, fits, { fromText: String, placeholder: '#rrggbb' });
}

/** True for three integers of 0..255. */
export function isColor(value: unknown): value is LabelColor {
  const isLevel = (part: unknown): boolean =>
    Number.isInteger(part) && (part as number) >= 0 && (part as number) <= 255;
  return Array.isArray(value) && value.length === 3 && value.every(isLevel);
}

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
const MIN_CHROMA = 0.05; // grayer ones look like the picture underneath

type Oklab = readonly [lightness: number, a: number, b: number];

let selection: Selection | undefined;

/** The palette's first colors: distinct, well separated, never black. */
export function palette(count: number): readonly LabelColor[] {
  if (count <= HAND_PICKED.length) return HAND_PICKED.slice(0, count);
  selection ??= new Selection();
  return selection.first(count);
}

/**
 * Farthest-point selection, extended on demand: 255 colors take tens of milliseconds, and few have so many labels.
 * Keeps, per candidate, the distance to its nearest chosen color.
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
      for (let index = 1; index < distances.length; index++)
        if (distances[index]! > distances[furthest]!) furthest = index;
      const { color, oklab } = this.#candidates[furthest]!;
      this.#choose(oklab);
      this.#chosen.push(color);
    }
    return this.#chosen.slice(0, count);
  }

  #choose(color: Oklab): void {
    const [candidates, distances] = [this.#candidates, this.#distances];
    for (let index = 0; index < candidates.length; index++) {
      const squared = squaredDistance(candidates[index]!.oklab, color);
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

function squaredDistance(one: Oklab, other: Oklab): number {
  return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2;
}

/** Linear light of each sRGB level, once it was needed. */
const linearParts = new Float64Array(256).fill(NaN);

function linearPart(part: number): number {
  const known = linearParts[part]!;
  if (!Number.isNaN(known)) return known;
  const value = part / 255;
  return (linearParts[part] = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
}
