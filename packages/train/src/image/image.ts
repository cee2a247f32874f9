/**
 * Pictures for training: upright RGB bytes, resized exactly as inference resizes them. The only file that imports
 * sharp.
 *
 * The same pipeline as core's image reader, word for word where it decides pixels; a test compares the two. It is a
 * copy
 * because it runs on worker threads that must not load core.
 */
import { DEFAULT_LIMITS, kindOfPicture } from '@synseg/core/guards';
import type sharp from 'sharp';
import type { Sharp } from 'sharp';
import { ImageDecodeError, messageOf } from './decode-error.ts';
import type { Region } from './index-mask.ts';
import { readPictureBytes, type PictureLimits } from './picture-bytes.ts';

/** An opened picture; pixels are decoded when asked for. */
export interface Picture {
  /** Upright width, pixels. */
  readonly width: number;
  /** Upright height, pixels. */
  readonly height: number;
  /** `Uint8Array, [height, width, 3], row-major`, RGB 0 to 255: a region (@default all), resampled bilinearly. */
  resized(width: number, height: number, region?: Region): Promise<Uint8Array>;
}

/**
 * Opens a picture and checks its header; decodes nothing yet.
 *
 * @param input Path, or the bytes of the file.
 * @param name What messages call it; @default the path
 * @throws SynsegError `IMAGE_DECODE` when the file cannot be read, is no whole picture, or is over a limit
 * @example
 * ```ts
 * import { encodePNG, openPicture } from './image.ts';
 * const picture = await openPicture(await encodePNG(Uint8Array.of(255, 0, 0), 1, 1));
 * console.assert((await picture.resized(1, 1)).join() === '255,0,0');
 * ```
 */
export async function openPicture(
  input: string | Uint8Array,
  name = typeof input === 'string' ? input : 'from bytes',
  { maxPixels = DEFAULT_LIMITS.maxPixels, maxImageBytes }: PictureLimits = {},
): Promise<Picture> {
  const decoding = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw new ImageDecodeError(
        `Cannot decode image ${name}: file must be a whole, valid picture, got ${messageOf(cause)}`,
        { cause },
      );
    });
  const sharp = await loadSharp();
  const bytes = typeof input === 'string' ? await readBytes(input, maxImageBytes) : input;
  if (bytes.byteLength === 0)
    throw new ImageDecodeError(`Cannot decode image ${name}: file must not be empty, got 0 bytes`);
  if (kindOfPicture(bytes) !== 'pixels')
    throw new ImageDecodeError(
      `Cannot decode image ${name}: file must be a whole, valid picture, got ` +
        `${kindOfPicture(bytes) === 'drawing' ? 'a drawing' : 'no format that is known'}`,
    );
  const open = (): Sharp => sharp(bytes, { limitInputPixels: false, animated: false, failOn: 'warning' });
  const { autoOrient, hasAlpha } = await decoding(open().metadata());
  const { width, height } = autoOrient;
  if (width * height > maxPixels)
    throw new ImageDecodeError(
      `Cannot decode image ${name}: it must have at most ${maxPixels} pixels (maxPixels), got ${width}×${height}`,
    );
  // Resampling blends with alpha, so a picture that has some is first reduced to its colours.
  const colours = async (): Promise<Sharp> => {
    if (!hasAlpha) return open().autoOrient();
    const data = await open().autoOrient().removeAlpha().toColourspace('srgb').raw().toBuffer();
    return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  };
  const resize = async (outWidth: number, outHeight: number, region?: Region): Promise<Uint8Array> => {
    const whole = await colours();
    const part = region === undefined ? whole : whole.extract({ ...region });
    const same = (region?.width ?? width) === outWidth && (region?.height ?? height) === outHeight;
    const resized = same ? part : part.resize(outWidth, outHeight, { fit: 'fill', kernel: 'linear' });
    const data = await resized.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' }).toBuffer();
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  };
  return { width, height, resized: (outWidth, outHeight, region) => decoding(resize(outWidth, outHeight, region)) };
}

/** Encodes RGB bytes `[height, width, 3]` as PNG. */
export async function encodePNG(rgb: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(rgb, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .png({ compressionLevel: 6 })
    .toBuffer();
}

/** Native code: loaded when there is a picture, never on import. */
async function loadSharp(): Promise<typeof sharp> {
  return (await import('sharp')).default;
}

async function readBytes(path: string, maxImageBytes: number | undefined): Promise<Uint8Array> {
  return readPictureBytes(path, maxImageBytes).catch((cause: unknown) => {
    throw new ImageDecodeError(`Cannot open image ${path}: path must be a readable file, got ${messageOf(cause)}`, {
      cause,
    });
  });
}
