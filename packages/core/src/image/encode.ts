/** Encodes pixels as PNG, JPEG or WebP, and rasterizes drawings. */
import { messageOf } from '../errors.ts';
import { integer, readOptions, withDefault, type OptionsOf } from '../guard/options.ts';
import { checkPlane } from '../mask/check.ts';
import { bytesOf, loadSharp, rawPicture } from './sharp.ts';

/** Encodes RGB bytes as PNG, optionally with an SVG drawn over its top-left corner. */
export async function encodePNG(
  pixels: Uint8Array,
  width: number,
  height: number,
  legend?: string,
): Promise<Uint8Array> {
  const picture = await rawPicture(pixels, width, height);
  if (legend !== undefined) {
    const drawing = (await loadSharp())(Buffer.from(legend));
    const input = await drawing.resize({ width, height, fit: 'inside', withoutEnlargement: true }).png().toBuffer();
    picture.composite([{ input, left: 0, top: 0 }]);
  }
  return new Uint8Array(await picture.png({ compressionLevel: 6 }).toBuffer());
}

/** How {@link encodePicture} writes a picture. */
export interface PictureForm {
  readonly format: 'png' | 'jpeg' | 'webp';
  /** Of JPEG and WebP, from 1 (smallest) to 100 (best). @default 90 */
  readonly quality?: number;
  /** Size of the picture in the file, pixels. @default that of `pixels` */
  readonly size?: { readonly width: number; readonly height: number };
}

/**
 * Encodes RGB bytes as a picture file, off the calling thread.
 *
 * @param pixels Uint8Array, [height, width, 3], row-major RGB, 0..255.
 * @returns The bytes of the file.
 * @throws RangeError for a picture that is larger than its format can be
 * @example
 * ```ts
 * import { encodePicture } from '@synseg/core/runtime';
 * const square = { width: 64, height: 64 };
 * const png = await encodePicture(new Uint8Array(48 * 64 * 3), 48, 64, { format: 'png', size: square });
 * console.assert(new DataView(png.buffer, png.byteOffset).getUint32(16) === 64); // the width
 * ```
 */
export async function encodePicture(
  pixels: Uint8Array,
  width: number,
  height: number,
  { format, quality = 90, size }: PictureForm,
): Promise<Uint8Array> {
  const picture = await rawPicture(pixels, width, height);
  if (size !== undefined && (size.width !== width || size.height !== height)) picture.resize({ ...size, fit: 'fill' });
  try {
    const encoded = format === 'png' ? picture.png({ compressionLevel: 6 }) : picture.toFormat(format, { quality });
    return bytesOf(await encoded.toBuffer());
  } catch (cause) {
    const { width: across, height: down } = size ?? { width, height };
    const got = `${across}×${down} (${messageOf(cause)})`;
    throw new RangeError(`Cannot encode picture: its size must be one that ${format} can have, got ${got}`, { cause });
  }
}

/** Options of {@link encodeJPEG}. */
export const JPEG_OPTIONS = {
  /** Quality, from 1 (smallest) to 100 (best). @default 80 */
  quality: withDefault(integer({ least: 1, most: 100 }), 80),
  /** A wider picture is shrunk to this width, its shape kept, pixels. @default the picture's own width */
  maxWidth: integer(),
};
export type JPEGOptions = OptionsOf<typeof JPEG_OPTIONS>;

/**
 * Encodes RGB bytes as baseline JPEG, off the calling thread.
 *
 * @param pixels Uint8Array, [height, width, 3], row-major RGB, 0..255.
 * @returns The bytes of the file.
 * @throws RangeError when a side or `maxWidth` is not a positive integer, `pixels` does not hold as many values as its
 *   sides say, or `quality` is not an integer of 1..100.
 * @example
 * ```ts
 * import { encodeJPEG } from '@synseg/core/masks';
 * const jpeg = await encodeJPEG(new Uint8Array(64 * 48 * 3), 64, 48, { quality: 70, maxWidth: 32 });
 * console.assert(jpeg[0] === 0xff && jpeg[1] === 0xd8);
 * ```
 */
export async function encodeJPEG(
  pixels: Uint8Array,
  width: number,
  height: number,
  options: JPEGOptions = {},
): Promise<Uint8Array> {
  const { quality, maxWidth = width } = readOptions('encode JPEG', JPEG_OPTIONS, options);
  checkPlane('encode JPEG', { name: 'pixels', data: pixels, channels: 3 }, width, height);
  const picture = await rawPicture(pixels, width, height);
  const fitting = Math.max(1, Math.round((height * maxWidth) / width));
  if (maxWidth < width) picture.resize({ width: maxWidth, height: fitting, fit: 'fill', kernel: 'linear' });
  return bytesOf(await picture.jpeg({ quality }).toBuffer());
}

/** Draws an SVG as RGBA bytes `[height, width, 4]`, colors not multiplied by alpha. */
export async function rasterizeSVG(svg: string): Promise<{ data: Uint8Array; width: number; height: number }> {
  const drawing = (await loadSharp())(Buffer.from(svg));
  const { data, info } = await drawing.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data: bytesOf(data), width: info.width, height: info.height };
}

/** Encodes one byte per pixel as an 8-bit gray PNG. */
export async function encodeGrayPNG(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const picture = await rawPicture(bytes, width, height, 1);
  return picture.toColourspace('b-w').png({ compressionLevel: 6 }).toBuffer();
}
