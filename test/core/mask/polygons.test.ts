import { describe, expect, it } from 'vitest';
import { type Polygon, tracePolygons } from '../../../packages/core/src/mask/polygons.ts';
import { randomMask } from './random.ts';

/** Fills all rings by the even-odd rule at pixel centres. */
function rasterise(polygons: readonly Polygon[], width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  const rings = polygons.flatMap(({ exterior, holes }) => [exterior, ...holes]);
  for (let y = 0; y < height; y++) {
    const centre = y + 0.5;
    const crossings: number[] = [];
    for (const ring of rings) {
      for (const [[x0, y0], [x1, y1]] of edges(ring)) {
        if (y0 < centre !== y1 < centre) crossings.push(x0 + ((centre - y0) / (y1 - y0)) * (x1 - x0));
      }
    }
    crossings.sort((a, b) => a - b);
    for (let x = 0; x < width; x++) mask[y * width + x] = crossings.filter((at) => at < x + 0.5).length % 2;
  }
  return mask;
}

function edges(ring: readonly number[]): [[number, number], [number, number]][] {
  const at = (index: number): [number, number] => [ring[index % ring.length]!, ring[(index + 1) % ring.length]!];
  return Array.from({ length: ring.length / 2 }, (_, corner) => [at(2 * corner), at(2 * corner + 2)]);
}

function shoelace(ring: readonly number[]): number {
  return edges(ring).reduce((sum, [[x0, y0], [x1, y1]]) => sum + (x0 * y1 - x1 * y0) / 2, 0);
}

/** Number of 4-connected regions, by flood fill. */
function countRegions(mask: Uint8Array, width: number): number {
  const left = Uint8Array.from(mask);
  let regions = 0;
  for (let start = 0; start < left.length; start++) {
    if (left[start] === 0) continue;
    regions++;
    const open = [start];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (!left[index]) continue;
      left[index] = 0;
      open.push(index - width, index + width);
      if (index % width > 0) open.push(index - 1);
      if (index % width < width - 1) open.push(index + 1);
    }
  }
  return regions;
}

function parse(...rows: string[]): [mask: Uint8Array, width: number, height: number] {
  return [Uint8Array.from(rows.join(''), (pixel) => (pixel === '#' ? 1 : 0)), rows[0]!.length, rows.length];
}

const sizes = [
  [1, 1],
  [1, 12],
  [12, 1],
  [3, 3],
  [17, 11],
  [40, 30],
] as const;

describe('tracePolygons()', () => {
  it('outlines pixels along their edges, clockwise from the upper left, without corners on straight lines', () => {
    expect(tracePolygons(...parse('....', '.##.', '.##.'))).toEqual([
      { exterior: [1, 1, 3, 1, 3, 3, 1, 3], holes: [] },
    ]);
    expect(tracePolygons(...parse('#.', '##'))).toEqual([
      { exterior: [0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 0, 2], holes: [] },
    ]);
  });

  it('gives holes to the region around them, also a region within a hole', () => {
    const [outer, inner] = tracePolygons(...parse('#####', '#...#', '#.#.#', '#...#', '#####'));
    expect(outer!.exterior).toEqual([0, 0, 5, 0, 5, 5, 0, 5]);
    expect(outer!.holes.map((hole) => shoelace(hole))).toEqual([-9]);
    expect(inner).toEqual({ exterior: [2, 2, 3, 2, 3, 3, 2, 3], holes: [] });
  });

  it('separates pixels that touch only at a corner, and joins holes that do', () => {
    expect(tracePolygons(...parse('#.', '.#'))).toHaveLength(2);
    const [region] = tracePolygons(...parse('####', '#.##', '##.#', '####'));
    expect(region!.holes.map((hole) => shoelace(hole))).toEqual([-2]);
  });

  it('finds nothing in an empty mask and takes any value but 0 as inside', () => {
    expect(tracePolygons(new Uint8Array(6), 3, 2)).toEqual([]);
    expect(tracePolygons(Uint8Array.of(7, 255), 2, 1)).toEqual([{ exterior: [0, 0, 2, 0, 2, 1, 0, 1], holes: [] }]);
  });

  it.each(sizes)('fills back to exactly the mask, region by region: random %i × %i', (width, height) => {
    for (let seed = 0; seed < 24; seed++) {
      const mask = randomMask(width * height, seed, [5, 40, 60, 75, 95, 100][seed % 6]!);
      const polygons = tracePolygons(mask, width, height);
      expect(rasterise(polygons, width, height)).toEqual(mask);
      expect(polygons).toHaveLength(countRegions(mask, width));
      let pixels = 0;
      for (const polygon of polygons) {
        const area = [polygon.exterior, ...polygon.holes].reduce((sum, ring) => sum + shoelace(ring), 0);
        const alone = rasterise([polygon], width, height);
        expect(alone.reduce((sum, pixel) => sum + pixel, 0)).toBe(area);
        expect(countRegions(alone, width)).toBe(1);
        expect(shoelace(polygon.exterior)).toBeGreaterThan(0);
        for (const hole of polygon.holes) expect(shoelace(hole)).toBeLessThan(0);
        pixels += area;
      }
      expect(pixels).toBe(mask.reduce((sum, pixel) => sum + pixel, 0));
    }
  });

  it('leaves out regions and holes below minArea', () => {
    const mask = parse('####.', '#.##.', '####.', '....#');
    expect(tracePolygons(...mask, { minArea: 1 })).toEqual(tracePolygons(...mask));
    expect(tracePolygons(...mask, { minArea: 2 })).toEqual([{ exterior: [0, 0, 4, 0, 4, 3, 0, 3], holes: [] }]);
    expect(tracePolygons(...mask, { minArea: 11 })).toHaveLength(1); // 12 pixels less the hole
    expect(tracePolygons(...mask, { minArea: 12 })).toEqual([]);
  });
});

describe('tracePolygons() with a tolerance', () => {
  const size = 200;
  const disc = Uint8Array.from({ length: size * size }, (_, index) =>
    Math.hypot((index % size) - 99.5, Math.floor(index / size) - 99.5) < 80 ? 1 : 0,
  );

  it('turns a staircase into its diagonal once that is within the tolerance of all its corners', () => {
    const stairs = parse('#...', '##..', '###.', '####');
    expect(tracePolygons(...stairs, { tolerance: 0.3 })).toEqual(tracePolygons(...stairs));
    expect(tracePolygons(...stairs, { tolerance: 0.75 })[0]!.exterior).toEqual([0, 0, 4, 4, 0, 4]);
  });

  it.each([0.5, 1, 2, 5])('keeps every dropped corner within %f px of the ring and thins it', (tolerance) => {
    const exact = tracePolygons(disc, size, size)[0]!.exterior;
    const thin = tracePolygons(disc, size, size, { tolerance })[0]!.exterior;
    expect(thin.length).toBeLessThan(exact.length / (tolerance < 1 ? 1.1 : 4));
    for (const [[x, y]] of edges(exact)) {
      const distances = edges(thin).map(([[x0, y0], [x1, y1]]) => {
        const along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2);
        const clamped = Math.min(1, Math.max(0, along));
        return Math.hypot(x - x0 - clamped * (x1 - x0), y - y0 - clamped * (y1 - y0));
      });
      expect(Math.min(...distances)).toBeLessThanOrEqual(tolerance + 1e-9);
    }
    expect(Math.abs(shoelace(thin) / shoelace(exact) - 1)).toBeLessThan(0.05);
  });

  it('keeps a ring whole rather than leave two corners', () => {
    expect(tracePolygons(Uint8Array.of(1), 1, 1, { tolerance: 50 })[0]!.exterior).toEqual([0, 0, 1, 0, 1, 1, 0, 1]);
  });

  it('rejects wrong arguments', () => {
    expect(() => tracePolygons(new Uint8Array(5), 3, 2)).toThrow(
      new RangeError('Cannot trace polygons: mask must hold width × height = 6 values, got 5'),
    );
    expect(() => tracePolygons(new Uint8Array(6), -3, 2)).toThrow(
      new RangeError('Cannot trace polygons: width must be a positive integer, got -3'),
    );
    expect(() => tracePolygons(new Uint8Array(6), 3, 2, { tolerance: -1 })).toThrow(
      new RangeError('Cannot trace polygons: tolerance must be a number of at least 0, got -1'),
    );
    expect(() => tracePolygons(new Uint8Array(6), 3, 2, { minArea: Number.NaN })).toThrow(
      new RangeError('Cannot trace polygons: minArea must be a number of at least 0, got NaN'),
    );
  });
});
