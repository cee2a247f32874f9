/**
 * Label maps as palette PNG, the only file that imports fast-png.
 *
 * The pixel values of the file are the label indices (the layout of the PASCAL VOC annotations), so a reader that keeps
 * the palette gets the label map back, and any viewer shows its colors.
 */
import { encode } from 'fast-png';
import { BACKGROUND, checkColors, checkLabels, checkPlane } from './check.ts';
import type { LabelColor } from './palette.ts';

/** How {@link encodeIndexedPNG} writes the background. */
export interface IndexedPNGOptions {
  /** Background pixels are fully transparent instead of opaque black. @default false */
  readonly transparentBackground?: boolean;
}

// fast-png 8.0.0 leaves alphas of 255 out of tRNS and closes the gap, so the transparency of entry 255 would land on
// entry 0. An alpha of -1 is not left out and is written as the byte 255: tRNS then covers all entries.
const OPAQUE = -1;

/**
 * Encodes a label map as 8-bit palette PNG whose pixel values are the label indices; palette entry 255 is black.
 *
 * @param labelMap Uint8Array, [height, width], row-major, label index, 255 = background.
 * @param colors One per label, at most 255.
 * @returns The bytes of the file.
 * @throws RangeError when a side is not a positive integer, `labelMap` does not hold width × height values, a value is
 *   neither 255 nor the index of a color, or a color is not three integers of 0..255.
 * @example
 * ```ts
 * import { encodeIndexedPNG, labelColors } from '@synseg/core';
 * const png = encodeIndexedPNG(Uint8Array.of(0, 1, 255), 3, 1, labelColors(2), { transparentBackground: true });
 * console.assert(String.fromCharCode(...png.subarray(1, 4)) === 'PNG');
 * ```
 */
export function encodeIndexedPNG(
  labelMap: Uint8Array,
  width: number,
  height: number,
  colors: readonly LabelColor[],
  options: IndexedPNGOptions = {},
): Uint8Array {
  checkPlane('encode PNG', { name: 'labelMap', data: labelMap }, width, height);
  checkColors('encode PNG', colors);
  checkLabels('encode PNG', labelMap, colors.length);
  const palette = Array.from({ length: BACKGROUND + 1 }, (_, index): number[] => [...(colors[index] ?? [0, 0, 0])]);
  if (options.transparentBackground === true) {
    for (const [index, entry] of palette.entries()) entry.push(index === BACKGROUND ? 0 : OPAQUE);
  }
  return encode({ width, height, data: labelMap, depth: 8, channels: 1, palette });
}
