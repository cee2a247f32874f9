/** A legend as pixels, for drawing over many pictures: rasterized once, blended per frame. */
import { rasterizeSVG } from './encode.ts';
import { checkKind, isPlain } from '../guard/arguments.ts';
import { readOptions, value, type OptionsOf } from '../guard/options.ts';
import { checkInteger, checkPlane, checkSides } from '../mask/check.ts';
import { BACKGROUND_ROW, legendLayout, legendRows, legendSVG, moreRow } from '../mask/legend.ts';
import type { LabelColor } from '../mask/palette.ts';

/** A small picture with transparency. */
export interface Bitmap {
  /** Uint8Array, [height, width, 4], row-major RGBA, 0..255, colors not multiplied by alpha. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Options of {@link drawLegend}. */
const DRAW_LEGEND_OPTIONS = {
  /** Share of the picture per label name, 0..1; labels without one show none. */
  areas: value<Readonly<Record<string, number>>>('be an object', isPlain),
  ...BACKGROUND_ROW,
};
export type DrawLegendOptions = OptionsOf<typeof DRAW_LEGEND_OPTIONS>;

/** Height of a picture in letters, and the smallest and largest letters that are drawn, pixels. */
const LETTERS = 40;
const [SMALLEST, LARGEST] = [9, 48];
/** Part of the picture that a legend may cover. */
const MOST = 1 / 8;
/** A picture with a shorter side than this has no legend, pixels. */
const SMALL_PICTURE = 96;

/**
 * Draws the legend of `legendSVG()` for a picture of a size, as a bitmap that covers an eighth of it at most: where all
 * labels do not fit in letters that can be read, the first ones are named and the others counted.
 *
 * @param colors One per label; further ones are ignored.
 * @returns Undefined for a picture too small for a legend: a side below 96 pixels, or no room for one label.
 * @throws TypeError when an argument is of the wrong kind.
 * @throws RangeError when `labels` is empty, a label has no color, a color is not three integers of 0..255, a share is
 *   not a number of 0..1, or a side is not a positive integer.
 * @example
 * ```ts
 * import { drawLegend, labelColors } from '@synseg/core/masks';
 * const legend = await drawLegend(['road', 'car'], labelColors(['road', 'car']), 640, 360);
 * console.assert(legend !== undefined && legend.width * legend.height <= (640 * 360) / 8);
 * console.assert((await drawLegend(['road'], labelColors(['road']), 80, 60)) === undefined);
 * ```
 */
export async function drawLegend(
  labels: readonly string[],
  colors: readonly LabelColor[],
  width: number,
  height: number,
  options: DrawLegendOptions = {},
): Promise<Bitmap | undefined> {
  const { areas = {}, background } = readOptions('draw legend', DRAW_LEGEND_OPTIONS, options);
  checkSides('draw legend', [width, height], ['width', 'height']);
  const rows = legendRows(labels, colors, areas, { background, more: 0 });
  const fits = (fontSize: number, shown: number): boolean => {
    const more = shown === labels.length ? [] : [moreRow(labels.length - shown)];
    const layout = legendLayout([...rows.slice(0, shown), ...more, ...rows.slice(labels.length)], fontSize);
    const margins = 2 * legendMargin(height);
    const isSmall = layout.width * layout.height <= width * height * MOST;
    return isSmall && layout.width + margins <= width && layout.height + margins <= height;
  };
  if (Math.min(width, height) < SMALL_PICTURE) return undefined;
  let [fontSize, shown] = [Math.min(LARGEST, Math.max(SMALLEST, Math.round(height / LETTERS))), labels.length];
  while (fontSize > SMALLEST && !fits(fontSize, shown)) fontSize--;
  while (shown > 0 && !fits(fontSize, shown)) shown--;
  if (shown === 0) return undefined;
  const more = labels.length - shown;
  return rasterizeSVG(legendSVG(labels.slice(0, shown), colors, areas, { fontSize, background, more }));
}

/** Distance of a legend from the picture's upper left corner, pixels. */
export function legendMargin(height: number): number {
  return Math.round(height / 60);
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
 * import { blendBitmap } from '@synseg/core/masks';
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
  const action = 'blend bitmap';
  checkPlane(action, { name: 'pixels', data: pixels, channels: 3 }, width, height);
  const fits = typeof bitmap === 'object' && (bitmap as unknown) !== null;
  checkKind(action, 'bitmap', bitmap, fits, 'have data, width and height');
  const { data } = bitmap;
  const sides = ['bitmap.width', 'bitmap.height'] as const;
  checkPlane(action, { name: 'bitmap.data', data, channels: 4 }, bitmap.width, bitmap.height, sides);
  checkInteger(action, 'left', left, -FURTHEST, FURTHEST);
  checkInteger(action, 'top', top, -FURTHEST, FURTHEST);
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
