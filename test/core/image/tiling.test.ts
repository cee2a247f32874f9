import { describe, expect, it } from 'vitest';
import { tilePicture } from '../../../packages/core/src/image/tiling.ts';

describe('tilePicture()', () => {
  it.each([
    [480, 360],
    [1, 1],
    [100, 100],
    [299, 100],
    [100, 299],
  ])('leaves %i × %i whole', (width, height) => {
    expect(tilePicture(width, height)).toEqual({ tiles: [1, 1], regions: [{ left: 0, top: 0, width, height }] });
  });

  it.each([
    [300, 100, [1, 3]],
    [100, 349, [3, 1]],
    [1, 700, [16, 1]],
    [8000, 100, [1, 16]],
    [3, 1, [1, 3]],
  ] as const)('cuts %i × %i into %j', (width, height, tiles) => {
    expect(tilePicture(width, height).tiles).toEqual(tiles);
  });

  it.each([
    [1001, 100],
    [100, 1001],
    [8000, 100],
    [17, 1],
  ])('covers %i × %i without gap or overlap, in tiles of like size', (width, height) => {
    const { regions } = tilePicture(width, height);
    const along = width >= height ? 'left' : 'top';
    const size = width >= height ? 'width' : 'height';
    let edge = 0;
    for (const region of regions) {
      expect(region[along]).toBe(edge);
      expect(region[size]).toBeGreaterThan(0);
      edge += region[size];
    }
    expect(edge).toBe(Math.max(width, height));
    const sizes = regions.map((region) => region[size]);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});
