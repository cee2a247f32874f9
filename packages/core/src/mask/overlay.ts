/**
 * Label maps onto pictures: nearest resizing and alpha blending, in integers and without allocating per pixel.
 *
 * Blending goes by runs of one label, found in the label map, which is often far smaller than the picture.
 * Nothing here decodes, encodes or draws text; pictures come and go as RGB bytes.
 */
import { BACKGROUND } from './background.ts';
import { checkColors, checkLabels, checkNumber, checkPlane, checkSides } from './check.ts';
import { paintContour, Tint } from './paint.ts';
import type { LabelColor } from './palette.ts';

/** How {@link blendOverlay} paints. */
export interface BlendOverlayOptions {
  /** Weight of the label color, 0 (picture only) to 1 (color only). @default 0.5 */
  readonly alpha?: number;
  /** Paints labelled pixels next to another label or to background in the full color. @default false */
  readonly contour?: boolean;
}

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
 *   not a number of 0..1.
 * @example
 * ```ts
 * import { blendOverlay } from '@synseg/core';
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
  const { alpha = 0.5, contour = false } = options;
  checkPlane('blend overlay', { name: 'pixels', data: pixels, channels: 3 }, width, height);
  checkPlane('blend overlay', { name: 'labelMap', data: labelMap }, mapWidth, mapHeight, ['mapWidth', 'mapHeight']);
  checkColors('blend overlay', colors);
  checkLabels('blend overlay', labelMap, colors.length);
  checkNumber('blend overlay', 'alpha', alpha, 0, 1);
  const columns = nearestIndices(mapWidth, width);
  const rows = nearestIndices(mapHeight, height);
  const tint = new Tint(pixels, colors, alpha);
  const starts = columnStarts(columns, mapWidth);
  for (let y = 0; y < height; y++) {
    const row = rows[y]! * mapWidth;
    for (let first = 0; first < mapWidth; ) {
      const label = labelMap[row + first]!;
      let end = first + 1;
      while (end < mapWidth && labelMap[row + end] === label) end++;
      if (label !== BACKGROUND) tint.paint(label, y * width + starts[first]!, y * width + starts[end]!);
      first = end;
    }
  }
  if (contour) paintContour(pixels, labelMap, mapWidth, columns, rows, colors);
}

/**
 * Resizes a label map to another size by taking the nearest label (half-pixel centres).
 *
 * `source = floor((target + ½) × sourceSide ÷ targetSide)`
 *
 * @param labelMap Uint8Array, [mapHeight, mapWidth], row-major, label index, 255 = background.
 * @returns Uint8Array, [height, width], row-major; always a new array.
 * @throws RangeError when a side is not a positive integer or `labelMap` does not hold mapWidth × mapHeight values.
 * @example
 * ```ts
 * import { resizeLabelMap } from '@synseg/core';
 * console.assert(resizeLabelMap(Uint8Array.of(0, 7), 2, 1, 4, 1).join() === '0,0,7,7');
 * ```
 */
export function resizeLabelMap(
  labelMap: Uint8Array,
  mapWidth: number,
  mapHeight: number,
  width: number,
  height: number,
): Uint8Array {
  checkPlane('resize label map', { name: 'labelMap', data: labelMap }, mapWidth, mapHeight, ['mapWidth', 'mapHeight']);
  checkSides('resize label map', [width, height], ['width', 'height']);
  const columns = nearestIndices(mapWidth, width);
  const rows = nearestIndices(mapHeight, height);
  const resized = new Uint8Array(width * height);
  for (let y = 0, target = 0; y < height; y++) {
    if (y > 0 && rows[y] === rows[y - 1]) {
      resized.copyWithin(target, target - width, target);
      target += width;
      continue;
    }
    const row = rows[y]! * mapWidth;
    for (let x = 0; x < width; x++) resized[target++] = labelMap[row + columns[x]!]!;
  }
  return resized;
}

/** Per target index, the source index nearest to its centre. */
function nearestIndices(source: number, target: number): Uint32Array {
  return Uint32Array.from({ length: target }, (_, index) => Math.floor(((2 * index + 1) * source) / (2 * target)));
}

/** The inverse of {@link nearestIndices}: per source index, the first target index at or behind it; one more at the end. */
function columnStarts(columns: Uint32Array, mapWidth: number): Uint32Array {
  const starts = new Uint32Array(mapWidth + 1);
  for (let source = 0, target = 0; source <= mapWidth; source++) {
    while (target < columns.length && columns[target]! < source) target++;
    starts[source] = target;
  }
  return starts;
}
