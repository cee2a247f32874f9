/**
 * A legend as pixels, for whoever draws it over many pictures: drawn once, blended per frame.
 */
import { rasterizeSVG } from '../image/image.ts';
import { checkInteger, checkPlane, checkSides } from './check.ts';
import { legendSVG } from './legend.ts';
import type { LabelColor } from './palette.ts';

/** A small picture with transparency. */
export interface Bitmap {
  /** Uint8Array, [height, width, 4], row-major RGBA, 0..255, colors not multiplied by alpha. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How {@link drawLegend} draws. */
export interface DrawLegendOptions {
  /** Height of the letters' em square, in pixels. @default 16 */
  readonly fontSize?: number;
  /** A legend that would be wider is shrunk as a whole, pixels. @default unlimited */
  readonly maxWidth?: number;
  /** A legend that would be higher is shrunk as a whole, pixels. @default unlimited */
  readonly maxHeight?: number;
}

/**
 * Draws the legend of `legendSVG()`, without areas, as a bitmap.
 *
 * @param colors One per label; further ones are ignored.
 * @throws RangeError when `labels` is empty, a label has no color, a color is not three integers of 0..255, `fontSize` is
 *   not a finite number of at least 1, or a limit is not a positive integer.
 * @example
 * ```ts
 * import { drawLegend, labelColors } from '@synseg/core';
 * const legend = await drawLegend(['road', 'car'], labelColors(2), { fontSize: 16, maxWidth: 40 });
 * console.assert(legend.width === 40 && legend.data.length === 40 * legend.height * 4);
 * ```
 */
export async function drawLegend(
  labels: readonly string[],
  colors: readonly LabelColor[],
  options: DrawLegendOptions = {},
): Promise<Bitmap> {
  const { fontSize = 16, maxWidth, maxHeight } = options;
  if (maxWidth !== undefined) checkSides('draw legend', [maxWidth], ['maxWidth']);
  if (maxHeight !== undefined) checkSides('draw legend', [maxHeight], ['maxHeight']);
  return rasterizeSVG(legendSVG(labels, colors, {}, { fontSize }), maxWidth, maxHeight);
}

/**
 * Blends a bitmap over a picture, in place; what lies outside the picture is left out.
 *
 * `pixel ← (pixel × (255 − a) + color × a + 127) ÷ 255`, rounded down
 *
 * @param pixels Uint8Array, [height, width, 3], row-major RGB, 0..255; modified.
 * @param left Column of the picture under the bitmap's left edge; may be negative.
 * @param top Row of the picture under the bitmap's upper edge; may be negative.
 * @throws RangeError when a side is not a positive integer, `pixels` or the bitmap does not hold as many values as its
 *   sides say, or a position is not an integer.
 * @example
 * ```ts
 * import { blendBitmap } from '@synseg/core';
 * const pixels = Uint8Array.of(0, 0, 0, 50, 50, 50);
 * blendBitmap(pixels, 2, 1, { data: Uint8Array.of(255, 255, 255, 51), width: 1, height: 1 }, 1, 0);
 * console.assert(pixels.join() === '0,0,0,91,91,91');
 * ```
 */
export function blendBitmap(
  pixels: Uint8Array,
  width: number,
  height: number,
  bitmap: Bitmap,
  left: number,
  top: number,
): void {
  checkPlane('blend bitmap', { name: 'pixels', data: pixels, channels: 3 }, width, height);
  checkPlane('blend bitmap', { name: 'bitmap.data', data: bitmap.data, channels: 4 }, bitmap.width, bitmap.height, ['bitmap.width', 'bitmap.height']);
  checkInteger('blend bitmap', 'left', left, -FURTHEST, FURTHEST);
  checkInteger('blend bitmap', 'top', top, -FURTHEST, FURTHEST);
  const { data } = bitmap;
  const firstX = Math.max(0, -left);
  const endX = Math.min(bitmap.width, width - left);
  const endY = Math.min(bitmap.height, height - top);
  for (let y = Math.max(0, -top); y < endY; y++) {
    let from = (y * bitmap.width + firstX) * 4;
    let to = ((top + y) * width + left + firstX) * 3;
    for (let x = firstX; x < endX; x++, from += 4, to += 3) {
      const alpha = data[from + 3]!;
      if (alpha === 0) continue;
      const keep = 255 - alpha;
      pixels[to] = (pixels[to]! * keep + data[from]! * alpha + 127) / 255;
      pixels[to + 1] = (pixels[to + 1]! * keep + data[from + 1]! * alpha + 127) / 255;
      pixels[to + 2] = (pixels[to + 2]! * keep + data[from + 2]! * alpha + 127) / 255;
    }
  }
}

const FURTHEST = 2 ** 31;
