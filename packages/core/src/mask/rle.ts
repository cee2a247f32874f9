/**
 * COCO run-length encoding: byte for byte the compressed `counts` string of pycocotools.
 *
 * Runs go down the columns (column-major) and alternate zeros, ones, zeros, …, starting with zeros, so a mask whose
 * first pixel is set starts with a run of 0. The uncompressed list of counts is not offered: the string is what COCO
 * tools read, and it is several times smaller.
 */
import { BACKGROUND } from '../model/background.ts';
import { checkKind, describeNumbers, isPlain, rangeError } from '../guard/arguments.ts';
import { PIXEL_LIMIT } from '../guard/limits.ts';
import { readOptions, type OptionsOf } from '../guard/options.ts';
import { checkInteger, checkLabels, checkPixels, checkPlane } from './check.ts';
import { collectRuns, NO_SLOT } from './runs.ts';

/** A binary mask as COCO compressed RLE; JSON-ready. */
export interface CocoRle {
  /** Height first, as COCO has it. */
  readonly size: readonly [height: number, width: number];
  /** Compressed run lengths, ASCII 48..111. */
  readonly counts: string;
}

/**
 * Encodes a binary mask as COCO RLE.
 *
 * @param mask Uint8Array, [height, width], row-major, 0 = outside, anything else = inside.
 * @throws RangeError when a side is not a positive integer or `mask` does not hold width × height values.
 * @example
 * ```ts
 * import { encodeRLE } from '@synseg/core/masks';
 * const rle = encodeRLE(Uint8Array.of(0, 1, 0, 1), 2, 2); // right column set: 2 zeros, 2 ones
 * console.assert(rle.counts === '22' && rle.size.join() === '2,2');
 * ```
 */
export function encodeRLE(mask: Uint8Array, width: number, height: number): CocoRle {
  checkPlane('encode RLE', { name: 'mask', data: mask }, width, height);
  const slots = new Uint16Array(256);
  slots[0] = NO_SLOT;
  return toRle(collectRuns(mask, width, slots, 1)[0]!, width, height);
}

/**
 * Encodes the pixels of one label as COCO RLE.
 *
 * @param labelMap Uint8Array, [height, width], row-major, label index, 255 = background.
 * @param labelIndex 0..254, or 255 for the background.
 * @throws RangeError when a side is not a positive integer, `labelMap` does not hold width × height values, or
 *   `labelIndex` is not an integer of 0..255.
 * @example
 * ```ts
 * import { encodeLabelRLE } from '@synseg/core/masks';
 * const rle = encodeLabelRLE(Uint8Array.of(0, 255, 0, 1), 4, 1, 0); // runs 0 1 1 1 1, the last two as differences
 * console.assert(rle.counts === '01100');
 * ```
 */
export function encodeLabelRLE(labelMap: Uint8Array, width: number, height: number, labelIndex: number): CocoRle {
  checkPlane('encode RLE', { name: 'labelMap', data: labelMap }, width, height);
  checkInteger('encode RLE', 'labelIndex', labelIndex, 0, BACKGROUND);
  const slots = new Uint16Array(256).fill(NO_SLOT);
  slots[labelIndex] = 0;
  return toRle(collectRuns(labelMap, width, slots, 1)[0]!, width, height);
}

/**
 * Encodes every label of a label map in one pass; `undefined` where a label has no pixel.
 *
 * @param labelMap Uint8Array, [height, width], row-major, label index, 255 = background.
 * @param labelCount Number of labels, 0..255; the length of the result.
 * @throws RangeError when a side is not a positive integer, `labelMap` does not hold width × height values,
 *   `labelCount` is not an integer of 0..255, or a value is neither 255 nor below `labelCount`.
 * @example
 * ```ts
 * import { encodeLabelMapRLE } from '@synseg/core/masks';
 * const [road, car] = encodeLabelMapRLE(Uint8Array.of(0, 0, 255), 3, 1, 2);
 * console.assert(road?.counts === '021' && car === undefined);
 * ```
 */
export function encodeLabelMapRLE(
  labelMap: Uint8Array,
  width: number,
  height: number,
  labelCount: number,
): (CocoRle | undefined)[] {
  checkPlane('encode RLE', { name: 'labelMap', data: labelMap }, width, height);
  checkInteger('encode RLE', 'labelCount', labelCount, 0, BACKGROUND);
  checkLabels('encode RLE', labelMap, labelCount);
  const slots = new Uint16Array(256).fill(NO_SLOT);
  for (let label = 0; label < labelCount; label++) slots[label] = label;
  const runs = collectRuns(labelMap, width, slots, labelCount);
  return runs.map((counts) => (counts.length === 0 ? undefined : toRle(counts, width, height)));
}

/** Options of {@link decodeRLE}. */
const DECODE_RLE_OPTIONS = { ...PIXEL_LIMIT };
export type DecodeRLEOptions = OptionsOf<typeof DECODE_RLE_OPTIONS>;

/**
 * Decodes COCO RLE to a binary mask.
 *
 * @returns Uint8Array, [height, width], row-major, 0 or 1.
 * @throws TypeError when `rle` is no object with `size` and `counts`, or `counts` is not a string (COCO also has
 *   uncompressed lists; those are not read).
 * @throws RangeError when `size` is not two positive integers, `counts` breaks the encoding, or its runs do not add up
 *   to height × width.
 * @throws SynsegError `IMAGE_DECODE` when the mask would have more than `maxPixels`.
 * @example
 * ```ts
 * import { decodeRLE } from '@synseg/core/masks';
 * console.assert(decodeRLE({ size: [2, 2], counts: '22' }).join() === '0,1,0,1');
 * ```
 */
export function decodeRLE(rle: CocoRle, options: DecodeRLEOptions = {}): Uint8Array {
  const [height, width] = checkRLE('decode RLE', rle);
  const { maxPixels } = readOptions('decode RLE', DECODE_RLE_OPTIONS, options);
  checkPixels('decode RLE', 'size', width, height, maxPixels);
  const mask = new Uint8Array(height * width);
  let [x, y, inside] = [0, 0, false];
  for (const count of runsOf('decode RLE', rle.counts, height * width)) {
    for (let left = count; left > 0;) {
      const rows = Math.min(left, height - y);
      if (inside) for (let row = y; row < y + rows; row++) mask[row * width + x] = 1;
      left -= rows;
      y += rows;
      if (y === height) [x, y] = [x + 1, 0];
    }
    inside = !inside;
  }
  return mask;
}

/** Height and width; not public. @throws TypeError or RangeError unless `rle` has a size and a string of counts. */
export function checkRLE(action: string, rle: CocoRle): readonly [height: number, width: number] {
  checkKind(action, 'rle', rle, isPlain(rle), 'have size and counts');
  const { size, counts } = rle;
  checkKind(action, 'size', size, Array.isArray(size), 'be two positive integers');
  const [height, width] = size;
  const areSides = size.length === 2 && size.every((side) => Number.isInteger(side) && side > 0);
  if (!areSides || !Number.isSafeInteger(height * width))
    throw rangeError(action, 'size', 'be two positive integers', describeNumbers(size));
  checkKind(action, 'counts', counts, typeof counts === 'string', 'be a compressed string');
  return [height, width];
}

/**
 * Compresses run lengths: from the fourth on, the difference to the run two before; then little-endian groups of five
 * bits, bit 5 = "more follows", + 48; the last group's bit 4 is the sign.
 */
function toRle(counts: readonly number[], width: number, height: number): CocoRle {
  const runs = counts.length === 0 ? [width * height] : counts;
  let text = '';
  for (const [index, count] of runs.entries()) {
    let rest = index > 2 ? count - runs[index - 2]! : count;
    let more = true;
    while (more) {
      const group = rest & 0x1f;
      rest >>= 5;
      more = (group & 0x10) === 0 ? rest !== 0 : rest !== -1;
      text += String.fromCharCode((more ? group | 0x20 : group) + 48);
    }
  }
  return { size: [height, width], counts: text };
}

/** Run lengths of a compressed string, one after the other. @throws RangeError when it breaks the encoding */
export function* runsOf(action: string, text: string, pixels: number): Generator<number, void, undefined> {
  const fail = (rule: string, got: string): RangeError => rangeError(action, 'counts', rule, got);
  const sum = `add up to height × width = ${pixels}`;
  let [before, last, total, runs] = [0, 0, 0, 0];
  for (let position = 0; position < text.length;) {
    let [value, scale, group] = [0, 1, 0x20]; // a product, not a shift: a shift by more than 31 bits would wrap
    while ((group & 0x20) !== 0) {
      group = text.charCodeAt(position) - 48;
      if (!(group >= 0 && group < 64) || scale > Number.MAX_SAFE_INTEGER) {
        const found = `${JSON.stringify(text[position])} at ${position}`;
        throw fail('hold whole numbers in ASCII 48 to 111', position < text.length ? found : 'its end in a number');
      }
      value += (group & 0x1f) * scale;
      scale *= 32;
      position++;
    }
    if ((group & 0x10) !== 0) value -= scale;
    const count = runs > 2 ? value + before : value;
    if (!(count >= 0)) throw fail('not be negative', String(count));
    total += count;
    runs++;
    // Thrown at once: the rest may be endless.
    if (runs > pixels + 1) throw fail(sum, `more than ${pixels + 1} of them`);
    if (total > pixels) throw fail(sum, `${total}${position < text.length ? ' and more' : ''}`);
    yield count;
    [before, last] = [last, count];
  }
  if (total !== pixels) throw fail(sum, String(total));
}
