/**
 * Pictures from any source, as upright RGB bytes.
 *
 * The format is decided by content. EXIF orientation is applied; CMYK, gray, palette and 16-bit pictures become 8-bit
 * sRGB; of an animation the first frame is taken; alpha is dropped (the stored color counts, as in most Python
 * pipelines), not composited. A truncated or corrupt file is an error, never a half-gray picture.
 */
import { SynsegError, messageOf } from '../errors.ts';
import { describeValue, rangeError } from '../guard/arguments.ts';
import { readOptions, type Resolved } from '../guard/options.ts';
import { raceSignal } from '../guard/race-signal.ts';
import { checkSides } from '../mask/check.ts';
import { IMAGE_OPTIONS, kindOfPicture, readImage, type ImageOptions } from './picture-bytes.ts';
import { bytesOf, loadSharp, rawPicture, type Sharp } from './sharp.ts';

const ACTION = 'open image';

/** Raw interleaved pixels: gray, RGB or RGBA bytes, row-major. */
export interface RawImage {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** @default inferred from the length of `data` */
  readonly channels?: 1 | 3 | 4;
}

/** A picture: file path, URL (`file:`, `http:`, `https:`, `data:`), encoded bytes, raw pixels, or a sharp pipeline. */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | RawImage | Sharp;

/** A rectangle of a picture, pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An opened picture; pixels are decoded when asked for. */
export interface OpenedImage {
  /** Upright width, pixels. */
  readonly width: number;
  /** Upright height, pixels. */
  readonly height: number;
  /**
   * RGB bytes `[height, width, 3]` of a region (@default all), resampled bilinearly to the given size. Not to be
   * modified: for raw pixels of the same size, the caller's own memory is returned.
   */
  resized(width: number, height: number, region?: Region): Promise<Uint8Array>;
  /** RGB bytes `[height, width, 3]` at the picture's own size. */
  pixels(): Promise<Uint8Array>;
}

/** Input of sharp: bytes or raw pixels. */
interface Source {
  readonly make: () => Promise<Sharp>;
  readonly name: string;
  /** Raw RGB bytes, which need no decoder. */
  readonly plain?: { readonly data: Uint8Array; width: number; height: number; readonly hasAlpha: false };
}

/**
 * Opens a picture and checks its header; decodes nothing yet.
 *
 * @param name - name of bytes in messages
 * @throws TypeError when the input is none of {@link ImageInput}
 * @throws RangeError when raw pixels do not fill their size, or a limit is not a positive integer
 * @throws SynsegError `IMAGE_DECODE` when the bytes are not a picture, or exceed `maxPixels` or `maxImageBytes`
 * @throws the signal's reason at once when aborted; a running decoder finishes, and its result is dropped
 */
export async function openImage(input: ImageInput, options: ImageOptions = {}): Promise<OpenedImage> {
  const bounds = readOptions(ACTION, IMAGE_OPTIONS, options);
  const { maxPixels, signal } = bounds;
  signal?.throwIfAborted();
  const source = await raceSignal(sourceOf(input, bounds), signal);
  const decode = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await raceSignal(work, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      throw undecodable(source.name, messageOf(cause).trim(), cause);
    }
  };
  const { plain } = source;
  const { width, height, hasAlpha } = plain ?? (await decode(headerOf(source)));
  if (width * height > maxPixels)
    throw new SynsegError('IMAGE_DECODE', tooLarge(source.name, width, height, maxPixels));
  // Resampling blends with alpha, so a picture that has some is first reduced to its colors.
  const colors = async (): Promise<Sharp> => {
    const upright = (await source.make()).autoOrient();
    if (!hasAlpha) return upright;
    return rawPicture(await upright.removeAlpha().toColourspace('srgb').raw().toBuffer(), width, height);
  };
  const rgb = async (pipeline: Sharp): Promise<Uint8Array> =>
    bytesOf(await pipeline.toColourspace('srgb').removeAlpha().raw({ depth: 'uchar' }).toBuffer());
  return {
    width,
    height,
    resized: async (outWidth, outHeight, region) => {
      const sameSize = (region?.width ?? width) === outWidth && (region?.height ?? height) === outHeight;
      if (plain !== undefined && region === undefined && sameSize) return plain.data;
      const work = async (): Promise<Uint8Array> => {
        const pipeline = await colors();
        const cropped = region === undefined ? pipeline : pipeline.extract(region);
        return rgb(sameSize ? cropped : cropped.resize(outWidth, outHeight, { fit: 'fill', kernel: 'linear' }));
      };
      return decode(work());
    },
    pixels: async () => (plain === undefined ? decode(colors().then(rgb)) : plain.data.slice()),
  };
}

async function headerOf({ make }: Source): Promise<{ width: number; height: number; hasAlpha: boolean }> {
  const { autoOrient, hasAlpha } = await (await make()).metadata();
  return { ...autoOrient, hasAlpha };
}

async function sourceOf(input: ImageInput, options: Resolved<typeof IMAGE_OPTIONS>): Promise<Source> {
  const { maxPixels, allowSVG } = options;
  const encoded = (bytes: Uint8Array, name: string): Source => {
    if (bytes.byteLength === 0)
      throw new SynsegError('IMAGE_DECODE', `Cannot decode image ${name}: file must not be empty, got 0 bytes`);
    const kind = kindOfPicture(bytes);
    if (kind === 'unknown') throw undecodable(name, 'Input buffer contains unsupported image format');
    if (kind === 'drawing' && !allowSVG) throw undecodable(name, 'SVG or other XML (SVG is taken with allowSVG)');
    // A header may claim more than the limit: metadata must still be readable, so that the error can say so.
    const make = async (): Promise<Sharp> =>
      (await loadSharp())(bytes, { limitInputPixels: false, animated: false, failOn: 'warning' });
    return { name, make };
  };
  if (typeof input === 'string' || input instanceof URL) {
    const { bytes, name } = await readImage(input, options);
    return encoded(bytes, name);
  }
  if (input instanceof ArrayBuffer) return encoded(new Uint8Array(input), 'from bytes');
  if (input instanceof Uint8Array) return encoded(input, 'from bytes');
  if (isSharp(input)) return sharpSource(input, maxPixels);
  if (isRaw(input)) return rawSource(input, maxPixels);
  const rule = 'be a path, URL, bytes, { data, width, height } or a sharp instance';
  throw new TypeError(`Cannot open image: input must ${rule}, got ${describeValue(input)}`);
}

/** A pipeline may still have to crop, turn or resize: it is run once, and what comes out is the picture. */
async function sharpSource(input: Sharp, maxPixels: number): Promise<Source> {
  const name = 'from sharp';
  const run = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      const rest = `pipeline must yield a picture, got ${messageOf(cause).trim()}`;
      throw new SynsegError('IMAGE_DECODE', `Cannot decode image ${name}: ${rest}`, { cause });
    });
  const { width, height } = (await run(input.clone().metadata())).autoOrient;
  if (width * height > maxPixels) throw new SynsegError('IMAGE_DECODE', tooLarge(name, width, height, maxPixels));
  const pipeline = input.clone().autoOrient().removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
  const { data, info } = await run(pipeline.toBuffer({ resolveWithObject: true }));
  return rawSource({ data, width: info.width, height: info.height }, maxPixels);
}

function rawSource({ data, width, height, channels }: RawImage, maxPixels: number): Source {
  checkSides(ACTION, [width, height], ['width', 'height']);
  if (channels !== undefined && channels !== 1 && channels !== 3 && channels !== 4)
    throw rangeError(ACTION, 'channels', 'be 1, 3 or 4', describeValue(channels));
  if (width * height > maxPixels) throw new RangeError(tooLarge('from raw pixels', width, height, maxPixels));
  const perPixel = channels ?? data.length / (width * height);
  if ((perPixel !== 1 && perPixel !== 3 && perPixel !== 4) || data.length !== width * height * perPixel) {
    const expected = [1, 3, 4].map((count) => String(width * height * count)).join(', ');
    const rule = channels === undefined ? `one of ${expected} bytes` : `${width * height * channels} bytes`;
    throw rangeError(ACTION, 'data', `be ${rule} for ${width}×${height}`, data.length);
  }
  const make = (): Promise<Sharp> => rawPicture(data, width, height, perPixel);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const plain = { data: bytes, width, height, hasAlpha: false } as const;
  return { name: 'from raw pixels', make, ...(perPixel === 3 ? { plain } : {}) };
}

function undecodable(name: string, got: string, cause?: unknown): SynsegError {
  const rest = `file must be a whole, valid picture, got ${got}`;
  return new SynsegError('IMAGE_DECODE', `Cannot decode image ${name}: ${rest}`, { cause });
}

function tooLarge(name: string, width: number, height: number, maxPixels: number): string {
  return `Cannot decode image ${name}: it must have at most ${maxPixels} pixels (maxPixels), got ${width}×${height}`;
}

function isSharp(value: unknown): value is Sharp {
  const { autoOrient, clone } = (value ?? {}) as Partial<Sharp>;
  return typeof value === 'object' && typeof autoOrient === 'function' && typeof clone === 'function';
}

function isRaw(value: unknown): value is RawImage {
  const data = (value as RawImage | null)?.data;
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}
