/**
 * Label maps onto pictures: resizing and alpha blending, in integers and without allocating per pixel.
 *
 * Both go by runs of one label, found in the label map, which is often far smaller than the picture. Nothing here
 * decodes, encodes or draws text; pictures come and go as RGB bytes.
 */
import { BACKGROUND } from '../model/background.ts';
import { PIXEL_LIMIT } from '../guard/limits.ts';
import { flag, number, readOptions, withDefault, type OptionsOf } from '../guard/options.ts';
import { checkColors, checkLabels, checkPixels, checkPlane, checkSides } from './check.ts';
import { BORDER_OPTIONS, labelRows, type LabelRow } from './label-rows.ts';
import { paintContour, Tint } from './paint.ts';
import type { LabelColor } from './palette.ts';

/** Options of how label colors are laid over a picture. */
export const LOOK_OPTIONS = {
  /** Weight of the label color, from 0 (picture only) to 1 (color only). @default 0.5 */
  alpha: withDefault(number({ least: 0, most: 1 }), 0.5),
  /** Paints labeled pixels next to another label or to background in the full color. @default false */
  contour: withDefault(flag(), false),
};

/** Options of {@link blendOverlay}. */
export const BLEND_OPTIONS = { ...LOOK_OPTIONS, ...BORDER_OPTIONS };
export type BlendOverlayOptions = OptionsOf<typeof BLEND_OPTIONS>;

/** Options of {@link resizeLabelMap}. */
export const RESIZE_OPTIONS = { ...BORDER_OPTIONS, ...PIXEL_LIMIT };
export type ResizeLabelMapOptions = OptionsOf<typeof RESIZE_OPTIONS>;

/**
 * Blends label colors over a picture, in place; background pixels stay untouched.
 *
 * `pixel ← (pixel × (256 − w) + color × w + 128) ÷ 256` with `w = round(256 alpha)`, so 0 and 1 are exact.
 *
 * @param pixels Uint8Array, [height, width, 3], row-major RGB, 0..255; modified.
 * @param labelMap Uint8Array, [mapHeight, mapWidth], row-major, label index, 255 = background; scaled as by
 *   {@link resizeLabelMap} where its size differs.
 * @param colors One per label, at most 255.
 * @throws RangeError when a side is not a positive integer, `pixels` or `labelMap` does not hold as many values as its
 *   sides say, a label is neither 255 nor the index of a color, a color is not three integers of 0..255, or `alpha` is
 *   not a number of 0..1, or `borders` is neither `'nearest'` nor `'smooth'`.
 * @example
 * ```ts
 * import { blendOverlay } from '@synseg/core/masks';
 * const pixels = Uint8Array.of(10, 20, 30, 10, 20, 30);
 * blendOverlay(pixels, 2, 1, Uint8Array.of(0, 255), 2, 1, [[110, 20, 230]]);
 * console.assert(pixels.join() === '60,20,130,10,20,30');
 * ```
 */
export function blendOverlay(
  pixels: Uint8Array,
  width: number,
  height: number,
  labelMap: Uint8Array,
  mapWidth: number,
  mapHeight: number,
  colors: readonly LabelColor[],
  options: BlendOverlayOptions = {},
): void {
  const { alpha, contour, borders } = readOptions('blend overlay', BLEND_OPTIONS, options);
  checkPlane('blend overlay', { name: 'pixels', data: pixels, channels: 3 }, width, height);
  checkPlane('blend overlay', { name: 'labelMap', data: labelMap }, mapWidth, mapHeight, ['mapWidth', 'mapHeight']);
  checkColors('blend overlay', colors);
  checkLabels('blend overlay', labelMap, colors.length);
  const rows = labelRows(labelMap, mapWidth, mapHeight, width, height, borders);
  const tint = new Tint(pixels, colors, alpha);
  const paints = Uint8Array.from(colors.flat());
  let row = rows.row(0);
  for (let y = 0, start = 0, above = row; y < height; y++, start += width) {
    for (let run = 0, first = 0; run < row.count; run++) {
      const end = row.ends[run]!;
      if (row.labels[run] !== BACKGROUND) tint.paint(row.labels[run]!, start + first, start + end);
      first = end;
    }
    const below: LabelRow = y + 1 < height ? rows.row(y + 1) : row;
    if (contour) paintContour(pixels, start, above, row, below, paints);
    above = row;
    row = below;
  }
}

/**
 * Resizes a label map to another size (half-pixel centers).
 *
 * `source = floor((target + ½) × sourceSide ÷ targetSide)` for nearest borders; for smooth ones
 * `arg max_l Σ_i w_i [label_i = l]` over the four map pixels around, bilinear weights, ties to the nearest.
 *
 * @param labelMap Uint8Array, [mapHeight, mapWidth], row-major, label index, 255 = background.
 * @returns Uint8Array, [height, width], row-major; always a new array.
 * @throws RangeError when a side is not a positive integer, `labelMap` does not hold mapWidth × mapHeight values, or
 *   `borders` is neither `'nearest'` nor `'smooth'`.
 * @throws SynsegError `IMAGE_DECODE` when the result would have more than `maxPixels`.
 * @example
 * ```ts
 * import { resizeLabelMap } from '@synseg/core/masks';
 * console.assert(resizeLabelMap(Uint8Array.of(0, 7), 2, 1, 4, 1).join() === '0,0,7,7');
 * ```
 */
export function resizeLabelMap(
  labelMap: Uint8Array,
  mapWidth: number,
  mapHeight: number,
  width: number,
  height: number,
  options: ResizeLabelMapOptions = {},
): Uint8Array {
  const { borders, maxPixels } = readOptions('resize label map', RESIZE_OPTIONS, options);
  checkPlane('resize label map', { name: 'labelMap', data: labelMap }, mapWidth, mapHeight, ['mapWidth', 'mapHeight']);
  checkSides('resize label map', [width, height], ['width', 'height']);
  checkPixels('resize label map', 'the result', width, height, maxPixels);
  const rows = labelRows(labelMap, mapWidth, mapHeight, width, height, borders);
  const resized = new Uint8Array(width * height);
  let last: LabelRow | undefined;
  for (let y = 0, target = 0; y < height; y++, target += width) {
    const row = rows.row(y);
    if (row === last) resized.copyWithin(target, target - width, target);
    else fillRow(resized, target, row);
    last = row;
  }
  return resized;
}

/** A call costs as much as some twenty bytes by hand. */
const LONG_RUN = 24;

function fillRow(resized: Uint8Array, start: number, row: LabelRow): void {
  for (let run = 0, target = start; run < row.count; run++) {
    const end = start + row.ends[run]!;
    const label = row.labels[run]!;
    if (end - target < LONG_RUN) while (target < end) resized[target++] = label;
    else resized.fill(label, target, end);
    target = end;
  }
}
