/**
 * Exact polygons of a binary mask, by following the cracks between pixels.
 *
 * The rings run along pixel edges, so filling them (even-odd) gives back exactly the mask; this is not marching
 * squares, which cuts corners through pixel centers. Foreground is 4-connected, hence background 8-connected: two
 * pixels that touch only at a corner are two regions, and a ring may touch itself at a corner.
 */
import { number, readOptions, withDefault, type OptionsOf } from '../guard/options.ts';
import { checkPlane } from './check.ts';
import { ringArea, simplifyRing } from './ring.ts';

/** One 4-connected region. Rings are flat `[x0, y0, x1, y1, …]` in pixel-edge coordinates, not repeated at the end. */
export interface Polygon {
  /** Outer ring, clockwise on screen, x of 0..width and y of 0..height. */
  readonly exterior: readonly number[];
  /** Rings of the holes, counter-clockwise on screen. */
  readonly holes: readonly (readonly number[])[];
}

/** Options of {@link tracePolygons}. */
export const TRACE_POLYGONS_OPTIONS = {
  /** Furthest that a dropped corner may lie from the simplified ring, in pixels; 0 is exact. @default 0 */
  tolerance: withDefault(number({ least: 0 }), 0),
  /** Regions and holes with fewer pixels than this are left out. @default 0 */
  minArea: withDefault(number({ least: 0 }), 0),
};
export type TracePolygonsOptions = OptionsOf<typeof TRACE_POLYGONS_OPTIONS>;

// Directions: 0 right, 1 down, 2 left, 3 up; turning right is + 1.
const DOWN = 1;
const UP = 3;

/**
 * Traces every 4-connected region of a binary mask, in reading order of their first pixels.
 *
 * With a tolerance, corners are dropped by Douglas–Peucker; a ring that would keep fewer than three stays as it is.
 *
 * @param mask Uint8Array, [height, width], row-major, 0 = outside, anything else = inside.
 * @throws RangeError when a side is not a positive integer, `mask` does not hold width × height values, or an option is
 *   not a finite number of at least 0.
 * @example
 * ```ts
 * import { tracePolygons } from '@synseg/core/masks';
 * const [region] = tracePolygons(Uint8Array.of(0, 1, 1), 3, 1);
 * console.assert(region?.exterior.join() === '1,0,3,0,3,1,1,1' && region.holes.length === 0);
 * ```
 */
export function tracePolygons(
  mask: Uint8Array,
  width: number,
  height: number,
  options: TracePolygonsOptions = {},
): Polygon[] {
  const { tolerance, minArea } = readOptions('trace polygons', TRACE_POLYGONS_OPTIONS, options);
  checkPlane('trace polygons', { name: 'mask', data: mask }, width, height);
  const regions = traceRegions(mask, width, height);
  const finish = (ring: readonly number[]): readonly number[] => (tolerance > 0 ? simplifyRing(ring, tolerance) : ring);
  const polygons: Polygon[] = [];
  for (const { exterior, holes } of regions) {
    const area = holes.reduce((sum, hole) => sum + ringArea(hole), ringArea(exterior));
    if (area < minArea) continue;
    const kept = holes.filter((hole) => -ringArea(hole) >= minArea);
    polygons.push({ exterior: finish(exterior), holes: kept.map(finish) });
  }
  return polygons;
}

/**
 * Scans for vertical cracks not yet on a ring. A ring's first such crack in reading order lies in its top row, at its
 * left: outside→inside starts a region, inside→outside starts a hole of the region the scan is in.
 */
function traceRegions(mask: Uint8Array, width: number, height: number): { exterior: number[]; holes: number[][] }[] {
  const stride = width + 2; // one pixel of background around, so that no look-up leaves the picture
  const padded = new Uint8Array(stride * (height + 2));
  for (let y = 0; y < height; y++) {
    padded.set(mask.subarray(y * width, (y + 1) * width), (y + 1) * stride + 1);
  }
  // A vertex is named by the padded pixel up-left of it; a vertical crack by its upper vertex. Values: region + 1.
  const cracks = new Uint32Array(padded.length);
  const regions: { exterior: number[]; holes: number[][] }[] = [];
  let region = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x <= width; x++) {
      const vertex = y * stride + x;
      const left = padded[vertex + stride] !== 0;
      const right = padded[vertex + stride + 1] !== 0;
      if (left === right) continue;
      if (right) {
        region = cracks[vertex]!;
        if (region !== 0) continue;
        region = regions.length + 1;
        regions.push({ exterior: followRing(padded, stride, cracks, vertex + stride, UP, region), holes: [] });
      } else if (cracks[vertex] === 0) {
        regions[region - 1]!.holes.push(followRing(padded, stride, cracks, vertex, DOWN, region));
      }
    }
  }
  return regions;
}

/** Walks the border with the region on the right hand until it is back; returns the corners. */
function followRing(
  padded: Uint8Array,
  stride: number,
  cracks: Uint32Array,
  startVertex: number,
  startDirection: number,
  region: number,
): number[] {
  const steps = [1, stride, -1, -stride];
  const aheadRight = [stride + 1, stride, 0, 1];
  const aheadLeft = [1, stride + 1, stride, 0];
  const ring: number[] = [];
  let vertex = startVertex;
  let direction = startDirection;
  do {
    if (direction === DOWN) cracks[vertex] = region;
    vertex += steps[direction]!;
    if (direction === UP) cracks[vertex] = region;
    // Right first: where two pixels touch at a corner, stay with the one being followed (4-connected).
    const turn =
      padded[vertex + aheadRight[direction]!] === 0 ? 1 : padded[vertex + aheadLeft[direction]!] === 0 ? 0 : 3;
    if (turn === 0) continue;
    ring.push(vertex % stride, Math.floor(vertex / stride));
    direction = (direction + turn) % 4;
  } while (vertex !== startVertex || direction !== startDirection);
  return ring;
}
