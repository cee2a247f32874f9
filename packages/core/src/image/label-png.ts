/**
 * Label maps as palette PNG.
 *
 * The pixel values of the file are the label indices (the layout of the PASCAL VOC annotations), so a reader that keeps
 * the palette gets the label map back, and any viewer shows its colors. The indices are compressed as a gray picture,
 * off the calling thread; a palette put behind the header then says what color each gray level is (PNG specification,
 * 11.2).
 */
import { encodeGrayPNG } from './encode.ts';
import { BACKGROUND } from '../model/background.ts';
import { flag, readOptions, withDefault, type OptionsOf } from '../guard/options.ts';
import { checkColors, checkLabels, checkPlane } from '../mask/check.ts';
import type { LabelColor } from '../mask/palette.ts';

/** Options of {@link encodeIndexedPNG}. */
export const INDEXED_PNG_OPTIONS = {
  /** Background pixels are fully transparent instead of opaque black. @default false */
  transparentBackground: withDefault(flag(), false),
};
export type IndexedPNGOptions = OptionsOf<typeof INDEXED_PNG_OPTIONS>;

/** Signature, and the whole header chunk: length, name, 13 bytes, checksum. */
const HEADER_BYTES = 33;
const HEADER_NAME = 12;
const COLOR_TYPE = 25;
const PALETTE_COLOR = 3;

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
 * import { encodeIndexedPNG, labelColors } from '@synseg/core/masks';
 * const png = await encodeIndexedPNG(Uint8Array.of(0, 1, 255), 3, 1, labelColors(['road', 'car']), {
 * transparentBackground: true });
 * console.assert(String.fromCharCode(...png.subarray(1, 4)) === 'PNG');
 * ```
 */
export async function encodeIndexedPNG(
  labelMap: Uint8Array,
  width: number,
  height: number,
  colors: readonly LabelColor[],
  options: IndexedPNGOptions = {},
): Promise<Uint8Array> {
  const { transparentBackground } = readOptions('encode PNG', INDEXED_PNG_OPTIONS, options);
  checkPlane('encode PNG', { name: 'labelMap', data: labelMap }, width, height);
  checkColors('encode PNG', colors);
  checkLabels('encode PNG', labelMap, colors.length);
  const palette = Buffer.alloc((BACKGROUND + 1) * 3);
  colors.forEach((color, index) => palette.set(color, index * 3));
  const alphas = Buffer.alloc(BACKGROUND + 1, 255);
  alphas[BACKGROUND] = 0;
  const gray = await encodeGrayPNG(labelMap, width, height);
  const header = Buffer.from(gray.subarray(0, HEADER_BYTES));
  header[COLOR_TYPE] = PALETTE_COLOR;
  header.writeUInt32BE(checksum(header.subarray(HEADER_NAME, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  const transparency = transparentBackground ? [chunk('tRNS', alphas)] : [];
  return new Uint8Array(Buffer.concat([header, chunk('PLTE', palette), ...transparency, gray.subarray(HEADER_BYTES)]));
}

function chunk(name: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(name, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(checksum(bytes.subarray(4, -4)), bytes.length - 4);
  return bytes;
}

/** CRC-32 of a chunk's name and data; `node:zlib` has one only from Node 20.15 on. */
function checksum(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
