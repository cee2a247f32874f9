/**
 * Masks whose pixel values are class indices. The only file that imports fast-png.
 *
 * Not read as a picture: sharp expands palettes to colors and converts between color spaces, either of which would
 * change indices. Here a palette PNG gives its palette indices and a gray PNG its stored values.
 */
import { inflateSync } from 'node:zlib';
import { SynsegError } from '@synseg/core';
import { DEFAULT_LIMITS, messageOf } from '@synseg/core/guards';
import { decode, encode, type DecodedPng } from 'fast-png';
import { readBytes, type PictureLimits } from './picture.ts';

/** One class index per pixel. */
export interface IndexMask {
  readonly width: number;
  readonly height: number;
  /** `Uint8Array, [height, width], row-major`: stored index. */
  readonly data: Uint8Array;
}

/** A rectangle, pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const WIDTH_AT = 16;
const HEIGHT_AT = 20;
const DEPTH_AT = 24;
const COLORS_AT = 25;
const INTERLACE_AT = 28;
const HEADER_END = 29;
/** Name, length and checksum of a chunk. */
const CHUNK_FRAME = 12;
/** Channels by color type; gray and palette have one. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE_BYTES = 768;

/**
 * Reads a PNG of up to 8 bits, gray or with a palette, as raw indices.
 *
 * @param input Path, or the bytes of the file.
 * @param name What messages call it; @default the path
 * @throws SynsegError `IMAGE_DECODE` when the file cannot be read, is no whole PNG, is over a limit, or has colors,
 *   alpha or 16 bits per pixel
 * @example
 * ```ts
 * import { encodeIndexMask, readIndexMask } from './index-mask.ts';
 * const png = encodeIndexMask({ width: 2, height: 1, data: Uint8Array.of(3, 255) });
 * console.assert((await readIndexMask(png)).data.join() === '3,255');
 * ```
 */
export async function readIndexMask(
  input: string | Uint8Array,
  name = typeof input === 'string' ? input : 'from bytes',
  limits: PictureLimits = {},
): Promise<IndexMask> {
  const file = await openPNG(input, name, limits);
  const { depth, channels } = file;
  if (channels !== undefined && (channels !== 1 || depth === 16)) {
    const rule = 'it must be an index mask: gray or palette of at most 8 bits';
    throw maskError(name, rule, `${channels} channels of ${depth} bits`);
  }
  return { width: file.width, height: file.height, data: unpacked(decodePNG(file, name)) };
}

/** A mask as its file stores it. */
export interface StoredMask {
  readonly width: number;
  readonly height: number;
  /** `[height, width], row-major`: gray values or places in the palette, or colors as `0xRRGGBB`. */
  readonly data: Uint8Array | Uint16Array | Uint32Array;
  readonly kind: 'index' | 'color';
  /** Colors of the values, `0xRRGGBB`, where the file has a palette. */
  readonly palette: readonly number[] | undefined;
}

/**
 * Reads a PNG of any kind as it is stored: no color is converted, and alpha is dropped.
 *
 * @throws SynsegError `IMAGE_DECODE` when the file cannot be read, is no whole PNG, or is over a limit
 */
export async function readStoredMask(path: string, limits: PictureLimits = {}): Promise<StoredMask> {
  const png = decodePNG(await openPNG(path, path, limits), path);
  const { width, height, channels, depth, palette } = png;
  if (channels === 1) {
    const data = depth === 16 ? Uint16Array.from(png.data) : unpacked(png);
    return { width, height, data, kind: 'index', palette: palette?.map(([r = 0, g = 0, b = 0]) => packed(r, g, b)) };
  }
  const shift = depth === 16 ? 8 : 0;
  const at = (place: number): number => png.data[place]! >> shift;
  if (channels === 2)
    return {
      ...{ width, height, kind: 'index', palette: undefined },
      data: Uint8Array.from({ length: width * height }, (_, pixel) => at(2 * pixel)),
    };
  const data = new Uint32Array(width * height);
  for (let [pixel, place] = [0, 0]; pixel < data.length; pixel++, place += channels)
    data[pixel] = packed(at(place), at(place + 1), at(place + 2));
  return { width, height, data, kind: 'color', palette: undefined };
}

function packed(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue;
}

/** A PNG whose header has been read. */
interface PNGFile {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** Undefined for a type of color that there is not. */
  readonly channels: number | undefined;
}

function maskError(name: string, rule: string, got: string, cause?: unknown): SynsegError {
  return new SynsegError('IMAGE_DECODE', `Cannot read mask ${name}: ${rule}, got ${got}`, { cause });
}

async function openPNG(input: string | Uint8Array, name: string, limits: PictureLimits): Promise<PNGFile> {
  const { maxPixels = DEFAULT_LIMITS.maxPixels } = limits;
  const bytes = await readBytes('read mask', input, limits);
  if (bytes.length < HEADER_END || SIGNATURE.some((value, index) => bytes[index] !== value))
    throw maskError(name, 'file must be a PNG', `${bytes.length} bytes of something else`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [header.getUint32(WIDTH_AT), header.getUint32(HEIGHT_AT)];
  if (width * height > maxPixels)
    throw maskError(name, `it must have at most ${maxPixels} pixels (maxPixels)`, `${width}×${height}`);
  return { bytes, width, height, depth: bytes[DEPTH_AT]!, channels: CHANNELS[bytes[COLORS_AT]!] };
}

function decodePNG(file: PNGFile, name: string): DecodedPng {
  const { bytes, depth } = file;
  // fast-png reads these wrongly, without an error.
  if (bytes[INTERLACE_AT] !== 0 && depth < 8)
    throw maskError(name, 'below 8 bits it must not be interlaced', `an interlaced PNG of ${depth} bits`);
  try {
    return decode(bareChunks(file), { checkCrc: true });
  } catch (cause) {
    throw maskError(name, 'file must be a whole, valid PNG', messageOf(cause), cause);
  }
}

/** Encodes indices as an 8-bit gray PNG. */
export function encodeIndexMask({ width, height, data }: IndexMask): Uint8Array {
  return encode({ width, height, data, depth: 8, channels: 1 });
}

/**
 * Resamples a mask to `[height, width]`: each pixel takes the index under its center, so no new index appears.
 *
 * @param region Part of the mask to take; @default all
 * @example
 * ```ts
 * import { resizeMaskNearest } from './index-mask.ts';
 * const mask = { width: 4, height: 1, data: Uint8Array.of(1, 1, 7, 7) };
 * console.assert(resizeMaskNearest(mask, 2, 1).join() === '1,7');
 * ```
 */
export function resizeMaskNearest(
  mask: IndexMask,
  width: number,
  height: number,
  region?: Region,
): Uint8Array<ArrayBuffer> {
  const {
    left,
    top,
    width: fromWidth,
    height: fromHeight,
  } = region ?? { left: 0, top: 0, width: mask.width, height: mask.height };
  const columns = Uint32Array.from({ length: width }, (_, x) => left + Math.floor(((x + 0.5) * fromWidth) / width));
  const resized = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = (top + Math.floor(((y + 0.5) * fromHeight) / height)) * mask.width;
    for (let x = 0; x < width; x++) resized[y * width + x] = mask.data[row + columns[x]!]!;
  }
  return resized;
}

/**
 * The PNG without the chunks that indices do not need, once its pixels are known to be no more than its header says:
 * the decoder unpacks every chunk, profiles and texts too, and a few bytes can unpack to gigabytes.
 */
function bareChunks({ bytes, width, height, depth, channels = 1 }: PNGFile): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [file.subarray(0, SIGNATURE.length)];
  const data: Buffer[] = [];
  for (let [at, type] = [SIGNATURE.length, '']; type !== 'IEND';) {
    if (at + CHUNK_FRAME > file.length) throw new Error('a file that ends before its end mark');
    const length = file.readUInt32BE(at);
    type = file.toString('latin1', at + 4, at + 8);
    const chunk = file.subarray(at, at + CHUNK_FRAME + length);
    if (chunk.length < CHUNK_FRAME + length) throw new Error(`a chunk ${JSON.stringify(type)} that is cut off`);
    if (type === 'IDAT') data.push(chunk.subarray(8, 8 + length));
    // A second header would override the one that was checked.
    if (
      type === 'IDAT' ||
      type === 'IEND' ||
      (type === 'IHDR' && at === SIGNATURE.length) ||
      (type === 'PLTE' && length <= PALETTE_BYTES)
    )
      kept.push(chunk);
    at += CHUNK_FRAME + length;
  }
  // A byte a row says how it is stored; interlaced, there are up to twice as many rows.
  const rowBytes = width * channels * Math.max(1, depth / 8) + 1;
  inflateSync(Buffer.concat(data), { maxOutputLength: 2 * height * rowBytes });
  return Buffer.concat(kept);
}

/** One byte per pixel: below 8 bits a PNG packs several pixels into one, each row starting on a byte of its own. */
function unpacked({ width, height, depth, data }: DecodedPng): Uint8Array {
  if (depth === 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const shift = 8 - depth * ((x % perByte) + 1);
      mask[y * width + x] = (data[y * rowBytes + Math.floor(x / perByte)]! >> shift) & ((1 << depth) - 1);
    }
  }
  return mask;
}
