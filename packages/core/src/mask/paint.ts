/** The two inner loops of the overlay; nothing here is public, arguments are checked by the caller. */
import { BACKGROUND } from '../model/background.ts';
import type { LabelRow } from './label-rows.ts';
import type { LabelColor } from './palette.ts';

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const EVEN = 0x00ff00ff;
const ODD = 0xff00ff00;

/**
 * Blends runs of pixels with a label's color: `(pixel × keep + color × weight + 128) >> 8`, `keep + weight = 256`.
 *
 * Four pixels are three 32-bit words, and each word takes two multiplications: its even and its odd bytes, spread to 16
 * bits, never carry into each other (255 × 256 + 128 < 2¹⁶). This halves the time of going byte by byte, which is left
 * for the ends of a run, for pictures that do not start on a word and for big-endian machines.
 */
export class Tint {
  readonly #pixels: Uint8Array;
  readonly #words: Uint32Array | undefined;
  readonly #tints: Uint16Array;
  readonly #keep: number;

  constructor(pixels: Uint8Array, colors: readonly LabelColor[], alpha: number) {
    const weight = Math.round(256 * alpha);
    this.#pixels = pixels;
    const hasWords = LITTLE_ENDIAN && pixels.byteOffset % 4 === 0;
    this.#words = hasWords ? new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length >> 2) : undefined;
    this.#tints = Uint16Array.from(colors.flat(), (part) => part * weight + 128);
    this.#keep = 256 - weight;
  }

  /** Paints pixels `from` (included) to `to` (excluded), counted in reading order. */
  paint(label: number, from: number, to: number): void {
    const red = this.#tints[label * 3]!;
    const green = this.#tints[label * 3 + 1]!;
    const blue = this.#tints[label * 3 + 2]!;
    const words = this.#words;
    const firstFour = (from + 3) >> 2;
    const lastFour = to >> 2;
    if (words === undefined || firstFour >= lastFour) {
      paintBytes(this.#pixels, from, to, this.#keep, red, green, blue);
      return;
    }
    paintBytes(this.#pixels, from, firstFour * 4, this.#keep, red, green, blue);
    paintWords(words, firstFour * 3, lastFour * 3, this.#keep, red, green, blue);
    paintBytes(this.#pixels, lastFour * 4, to, this.#keep, red, green, blue);
  }
}

function paintBytes(
  pixels: Uint8Array,
  from: number,
  to: number,
  keep: number,
  red: number,
  green: number,
  blue: number,
): void {
  for (let index = from * 3; index < to * 3; index += 3) {
    pixels[index] = (pixels[index]! * keep + red) >> 8;
    pixels[index + 1] = (pixels[index + 1]! * keep + green) >> 8;
    pixels[index + 2] = (pixels[index + 2]! * keep + blue) >> 8;
  }
}

/** Bytes of the three words, lowest first: RGBR GBRG BRGB. */
function paintWords(
  words: Uint32Array,
  from: number,
  to: number,
  keep: number,
  red: number,
  green: number,
  blue: number,
): void {
  const redBlue = (blue << 16) | red;
  const greenRed = (red << 16) | green;
  const blueGreen = (green << 16) | blue;
  for (let index = from; index < to; index += 3) {
    words[index] = blendWord(words[index]!, keep, redBlue, greenRed);
    words[index + 1] = blendWord(words[index + 1]!, keep, greenRed, blueGreen);
    words[index + 2] = blendWord(words[index + 2]!, keep, blueGreen, redBlue);
  }
}

function blendWord(word: number, keep: number, even: number, odd: number): number {
  const low = ((Math.imul(word & EVEN, keep) + even) >>> 8) & EVEN;
  const high = (Math.imul((word >>> 8) & EVEN, keep) + odd) & ODD;
  return low | high;
}

/**
 * Paints the labeled pixels of one picture row that have a neighbor (of four) with another label in the picture.
 *
 * @param pixels Uint8Array, the whole picture; `start` is the row's first pixel.
 * @param above The rows around `row`; the row itself at the edge of the picture.
 */
export function paintContour(
  pixels: Uint8Array,
  start: number,
  above: LabelRow,
  row: LabelRow,
  below: LabelRow,
  paints: Uint8Array,
): void {
  if (above !== row) paintDifference(pixels, start, row, above, paints);
  if (below !== row) paintDifference(pixels, start, row, below, paints);
  for (let run = 0, first = 0; run < row.count; run++) {
    const end = row.ends[run]!;
    const label = row.labels[run]!;
    if (label !== BACKGROUND) {
      if (run > 0) paintPixels(pixels, start + first, start + first + 1, label, paints);
      if (run < row.count - 1) paintPixels(pixels, start + end - 1, start + end, label, paints);
    }
    first = end;
  }
}

/** Paints the labeled pixels of `row` on which `other` has another label. */
function paintDifference(pixels: Uint8Array, start: number, row: LabelRow, other: LabelRow, paints: Uint8Array): void {
  for (let run = 0, otherRun = 0, first = 0; run < row.count;) {
    const label = row.labels[run]!;
    const rowEnd = row.ends[run]!;
    const otherEnd = other.ends[otherRun]!;
    const end = Math.min(rowEnd, otherEnd);
    if (label !== BACKGROUND && other.labels[otherRun] !== label)
      paintPixels(pixels, start + first, start + end, label, paints);
    if (rowEnd === end) run++;
    if (otherEnd === end) otherRun++;
    first = end;
  }
}

function paintPixels(pixels: Uint8Array, from: number, to: number, label: number, paints: Uint8Array): void {
  const red = paints[label * 3]!;
  const green = paints[label * 3 + 1]!;
  const blue = paints[label * 3 + 2]!;
  for (let index = from * 3; index < to * 3; index += 3) {
    pixels[index] = red;
    pixels[index + 1] = green;
    pixels[index + 2] = blue;
  }
}
