/**
 * COCO run-length encoding: byte for byte the compressed `counts` string of pycocotools.
 *
 * Runs go down the columns (column-major) and alternate zeros, ones, zeros, …, starting with zeros, so a mask whose
 * first pixel is set starts with a run of 0. The uncompressed list of counts is not offered: the string is what COCO
 * tools read, and it is several times smaller.
 */
import { BACKGROUND } from './background.ts';
import { checkInteger, checkLabels, checkPlane } from './check.ts';
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
 * import { encodeRLE } from '@synseg/core';
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
 * import { encodeLabelRLE } from '@synseg/core';
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
 * import { encodeLabelMapRLE } from '@synseg/core';
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

/**
 * Decodes COCO RLE to a binary mask.
 *
 * @returns Uint8Array, [height, width], row-major, 0 or 1.
 * @throws TypeError when `counts` is not a string (COCO also has uncompressed lists; those are not read).
 * @throws RangeError when `size` is not two positive integers, `counts` breaks the encoding, or its runs do not add up
 *   to height × width.
 * @example
 * ```ts
 * import { decodeRLE } from '@synseg/core';
 * console.assert(decodeRLE({ size: [2, 2], counts: '22' }).join() === '0,1,0,1');
 * ```
 */
export function decodeRLE(rle: CocoRle): Uint8Array {
  if (typeof rle.counts !== 'string') {
    throw new TypeError(`Cannot decode RLE: counts must be a compressed string, got ${typeof rle.counts}`);
  }
  const [height, width] = rle.size;
  if (rle.size.length !== 2 || ![height, width].every((side) => Number.isInteger(side) && side > 0)) {
    throw new RangeError(`Cannot decode RLE: size must be two positive integers, got ${JSON.stringify(rle.size)}`);
  }
  const counts = parseCounts(rle.counts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== height * width) {
    throw new RangeError(`Cannot decode RLE: counts must add up to height × width = ${height * width}, got ${total}`);
  }
  const mask = new Uint8Array(total);
  let x = 0;
  let y = 0;
  for (const [index, count] of counts.entries()) {
    for (let left = count; left > 0; ) {
      const rows = Math.min(left, height - y);
      if (index % 2 === 1) for (let row = y; row < y + rows; row++) mask[row * width + x] = 1;
      left -= rows;
      y += rows;
      if (y === height) [x, y] = [x + 1, 0];
    }
  }
  return mask;
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

/** Run lengths of a compressed string; not public. @throws RangeError when it breaks the encoding. */
export function parseCounts(text: string): number[] {
  const counts: number[] = [];
  for (let position = 0; position < text.length; ) {
    let value = 0;
    let scale = 1; // a product, not a shift: a shift by more than 31 bits would wrap
    let group = 0x20;
    while ((group & 0x20) !== 0) {
      group = text.charCodeAt(position) - 48;
      if (!(group >= 0 && group < 64)) {
        const found = position < text.length ? `${JSON.stringify(text[position])} at ${position}` : 'its end in a number';
        throw new RangeError(`Cannot decode RLE: counts must hold whole numbers in ASCII 48 to 111, got ${found}`);
      }
      value += (group & 0x1f) * scale;
      scale *= 32;
      position++;
    }
    if ((group & 0x10) !== 0) value -= scale;
    const count = counts.length > 2 ? value + counts[counts.length - 2]! : value;
    if (!(count >= 0)) throw new RangeError(`Cannot decode RLE: counts must not be negative, got ${count}`);
    counts.push(count);
  }
  return counts;
}
