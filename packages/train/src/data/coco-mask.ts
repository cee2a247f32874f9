/**
 * Index masks from COCO instances: polygons and run lengths painted into one class index per pixel.
 *
 * Larger instances are painted first, so that what lies on top of them stays visible. Where only a crowd region says
 * something the pixel is not labelled: crowds are outlined loosely.
 */
import { decodeRLE } from '@synseg/core';
import type { IndexMask } from '../image/index-mask.ts';

/** Outline of an instance: polygons `[x, y, x, y, …]`, or run lengths down the columns, zeros first. */
export type CocoSegmentation = readonly (readonly number[])[] | { readonly size: readonly [height: number, width: number]; readonly counts: string | readonly number[] };

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

/**
 * Paints instances into an index mask.
 *
 * @throws RangeError when run lengths do not fill the picture
 * @example
 * ```ts
 * import { paintInstances } from './coco-mask.ts';
 * const square = { index: 7, segmentation: [[0, 0, 2, 0, 2, 1, 0, 1]], crowd: false, area: 2 };
 * console.assert(paintInstances([square], 3, 1).data.join() === '7,7,0');
 * ```
 */
export function paintInstances(instances: readonly CocoInstance[], width: number, height: number): IndexMask {
  const data = new Uint8Array(width * height).fill(COCO_BACKGROUND);
  const order = [...instances].sort((a, b) => Number(b.crowd) - Number(a.crowd) || b.area - a.area);
  for (const { segmentation, crowd, index } of order) {
    const value = crowd ? COCO_IGNORE : index;
    if (!('counts' in segmentation)) {
      for (const polygon of segmentation) fillPolygon(data, width, height, polygon, value);
      continue;
    }
    const covered = decodeCounts(segmentation, width, height);
    for (let pixel = 0; pixel < data.length; pixel++) if (covered[pixel] === 1) data[pixel] = value;
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

function decodeCounts({ size, counts }: Exclude<CocoSegmentation, readonly unknown[]>, width: number, height: number): Uint8Array {
  if (size[0] !== height || size[1] !== width) throw new RangeError(`Cannot paint instance: RLE size must be the picture's ${height}×${width}, got ${size.join('×')}`);
  if (typeof counts === 'string') return decodeRLE({ size, counts });
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== width * height) throw new RangeError(`Cannot paint instance: RLE counts must add up to ${width * height}, got ${total}`);
  const mask = new Uint8Array(total);
  let position = 0;
  for (const [run, count] of counts.entries()) {
    for (const end = position + count; position < end; position++) {
      if (run % 2 === 1) mask[(position % height) * width + Math.floor(position / height)] = 1;
    }
  }
  return mask;
}

/** Sets the pixels whose centres lie inside the polygon (even-odd rule). */
function fillPolygon(data: Uint8Array, width: number, height: number, polygon: readonly number[], value: number): void {
  const corners = Math.floor(polygon.length / 2);
  const [xs, ys] = [Array.from({ length: corners }, (_, index) => polygon[2 * index]!), Array.from({ length: corners }, (_, index) => polygon[2 * index + 1]!)];
  // Not spread into arguments: an outline may have more corners than the stack has room.
  const [highest, lowest] = ys.reduce(([least, most], y) => [Math.min(least, y), Math.max(most, y)], [Infinity, -Infinity]);
  const [top, bottom] = [Math.max(0, Math.floor(highest)), Math.min(height, Math.ceil(lowest))];
  for (let y = top; y < bottom; y++) {
    const centre = y + 0.5;
    const crossings: number[] = [];
    for (let corner = 0; corner < corners; corner++) {
      const next = (corner + 1) % corners;
      const [fromY, toY] = [ys[corner]!, ys[next]!];
      if (fromY <= centre === toY <= centre) continue;
      crossings.push(xs[corner]! + ((centre - fromY) / (toY - fromY)) * (xs[next]! - xs[corner]!));
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const [start, end] = [Math.max(0, Math.ceil(crossings[pair]! - 0.5)), Math.min(width, Math.ceil(crossings[pair + 1]! - 0.5))];
      if (start < end) data.fill(value, y * width + start, y * width + end);
    }
  }
}
