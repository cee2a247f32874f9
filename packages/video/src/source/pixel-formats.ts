/**
 * The layouts in which callers push pixels, made RGB. What ffmpeg decodes never comes here.
 *
 * YUV is read as ffmpeg reads pictures that say nothing of their colors: BT.601, limited range (Y 16 to 235, chroma 16
 * to 240), each chroma sample for its block of 2 × 2 pixels. Alpha is dropped: the stored color counts.
 */

/** Order of the bytes of a pushed picture; rows follow each other without padding. */
export type PixelFormat = 'rgb' | 'bgr' | 'rgba' | 'bgra' | 'gray' | 'nv12' | 'i420';

/** Per format with whole pixels: bytes a pixel, and where red, green and blue stand among them. */
const PACKED: Readonly<
  Partial<Record<PixelFormat, readonly [bytes: number, red: number, green: number, blue: number]>>
> = { rgb: [3, 0, 1, 2], bgr: [3, 2, 1, 0], rgba: [4, 0, 1, 2], bgra: [4, 2, 1, 0], gray: [1, 0, 0, 0] };

/** All formats, for messages. */
export const PIXEL_FORMATS: readonly PixelFormat[] = ['rgb', 'bgr', 'rgba', 'bgra', 'gray', 'nv12', 'i420'];

/** Bytes of one picture. Chroma planes of odd sizes are rounded up. */
export function pictureBytes(format: PixelFormat, width: number, height: number): number {
  const packed = PACKED[format];
  return packed === undefined
    ? width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2)
    : width * height * packed[0];
}

/** A copy of the picture as RGB: `Uint8Array, [height, width, 3], row-major`, in memory of its own. */
export function toRGB(
  data: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  format: PixelFormat,
): Uint8Array<ArrayBuffer> {
  if (format === 'rgb') return new Uint8Array(data);
  const pixels = new Uint8Array(width * height * 3);
  const packed = PACKED[format];
  if (packed === undefined) return planarToRGB(data, width, height, format === 'nv12', pixels);
  const [bytes, red, green, blue] = packed;
  for (let from = 0, to = 0; to < pixels.length; from += bytes, to += 3) {
    pixels[to] = data[from + red]!;
    pixels[to + 1] = data[from + green]!;
    pixels[to + 2] = data[from + blue]!;
  }
  return pixels;
}

/** ITU-R BT.601 eq. 2.5.3 inverted, in units of 1/65536: limited-range Y, U, V → R, G, B. */
function planarToRGB(
  data: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  interleaved: boolean,
  pixels: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const chromaWidth = Math.ceil(width / 2);
  const planeU = width * height;
  const planeV = interleaved ? planeU + 1 : planeU + chromaWidth * Math.ceil(height / 2);
  const step = interleaved ? 2 : 1;
  const clamped = new Uint8ClampedArray(pixels.buffer);
  let to = 0;
  for (let row = 0; row < height; row++) {
    const chromaRow = (row >> 1) * chromaWidth;
    for (let column = 0; column < width; column++) {
      const chroma = (chromaRow + (column >> 1)) * step;
      const luma = (data[row * width + column]! - 16) * 76309;
      const u = data[planeU + chroma]! - 128;
      const v = data[planeV + chroma]! - 128;
      clamped[to++] = (luma + 104597 * v) / 65536;
      clamped[to++] = (luma - 25675 * u - 53279 * v) / 65536;
      clamped[to++] = (luma + 132201 * u) / 65536;
    }
  }
  return pixels;
}
