/**
 * Index masks from COCO instances: polygons and run lengths painted into one class index per pixel.
 *
 * Larger instances are painted first, so that what lies on top of them stays visible. Where only a crowd region says
 * something, the pixel is unlabeled: crowds are outlined loosely. The work is bounded, and the event loop has turns
 * meanwhile.
 */
import { decodeRLE } from '@synseg/core/masks';
import { DEFAULT_LIMITS } from '@synseg/core/guards';
import type { IndexMask } from '../image/index-mask.ts';
import { fillPolygon, pixelBudget, type BudgetOptions, type FillPolygon } from './fill-polygon.ts';

/** Outline of an instance: polygons `[x, y, x, y, …]`, or run lengths down the columns, zeros first. */
export type CocoSegmentation =
  | readonly (readonly number[])[]
  | { readonly size: readonly [height: number, width: number]; readonly counts: string | readonly number[] };

/** An annotation of a picture. */
export interface CocoInstance {
  /** Mask value of its category. */
  readonly index: number;
  readonly segmentation: CocoSegmentation;
  readonly crowd: boolean;
  /** Pixels; decides the painting order. */
  readonly area: number;
}

/** Mask value of pixels that no instance covers. */
export const COCO_BACKGROUND = 0;
/** Mask value of pixels that only a crowd covers. */
export const COCO_IGNORE = 255;

/** Options of {@link paintInstances}. */
export interface PaintOptions extends BudgetOptions {
  /** How polygons are filled. @default {@link fillPolygon} */
  readonly fill?: FillPolygon;
}

/**
 * Paints instances into an index mask.
 *
 * @throws RangeError when run lengths do not fill the picture, or the picture or what covers it has too many pixels
 * @example
 * ```ts
 * import { paintInstances } from './coco-mask.ts';
 * const square = { index: 7, segmentation: [[0, 0, 2, 0, 2, 1, 0, 1]], crowd: false, area: 2 };
 * console.assert((await paintInstances([square], 3, 1)).data.join() === '7,7,0');
 * ```
 */
export async function paintInstances(
  instances: readonly CocoInstance[],
  width: number,
  height: number,
  { maxPixels = DEFAULT_LIMITS.maxPixels, signal, fill = fillPolygon }: PaintOptions = {},
): Promise<IndexMask> {
  if (width * height > maxPixels)
    throw new RangeError(
      `Cannot paint instances: the picture must have at most ${maxPixels} pixels (maxPixels), got ${width}×${height}`,
    );
  const data = new Uint8Array(width * height).fill(COCO_BACKGROUND);
  const spend = pixelBudget({ maxPixels, signal });
  const order = [...instances].sort((a, b) => Number(b.crowd) - Number(a.crowd) || b.area - a.area);
  for (const { segmentation, crowd, index } of order) {
    const value = crowd ? COCO_IGNORE : index;
    if (!('counts' in segmentation)) {
      for (const polygon of segmentation) await fill(data, width, height, polygon, value, spend);
      continue;
    }
    await spend(data.length);
    const inside = decodeCounts(segmentation, width, height, maxPixels);
    for (let pixel = 0; pixel < data.length; pixel++) if (inside[pixel] === 1) data[pixel] = value;
  }
  return { width, height, data };
}

/** Pixels inside polygons `[x, y, x, y, …]`, by the shoelace formula; what overlaps counts twice. */
export function outlineArea(polygons: readonly (readonly number[])[]): number {
  return polygons.reduce((sum, polygon) => sum + polygonArea(polygon), 0);
}

function polygonArea(polygon: readonly number[]): number {
  const length = polygon.length - (polygon.length % 2);
  let doubled = 0;
  for (let at = 0; at < length; at += 2) {
    const next = (at + 2) % length;
    doubled += polygon[at]! * polygon[next + 1]! - polygon[next]! * polygon[at + 1]!;
  }
  return Math.abs(doubled) / 2;
}

function decodeCounts(
  { size, counts }: Exclude<CocoSegmentation, readonly unknown[]>,
  width: number,
  height: number,
  maxPixels: number,
): Uint8Array {
  if (size[0] !== height || size[1] !== width)
    throw new RangeError(
      `Cannot paint instance: RLE size must be the picture's ${height}×${width}, got ${size.join('×')}`,
    );
  if (typeof counts === 'string') return decodeRLE({ size, counts }, { maxPixels });
  const odd = counts.find((count) => !Number.isSafeInteger(count) || count < 0);
  if (odd !== undefined) throw new RangeError(`Cannot paint instance: RLE counts must be integers ≥ 0, got ${odd}`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== width * height)
    throw new RangeError(`Cannot paint instance: RLE counts must add up to ${width * height}, got ${total}`);
  const mask = new Uint8Array(total);
  let position = 0;
  for (const [run, count] of counts.entries()) {
    for (const end = position + count; position < end; position++) {
      if (run % 2 === 1) mask[(position % height) * width + Math.floor(position / height)] = 1;
    }
  }
  return mask;
}
