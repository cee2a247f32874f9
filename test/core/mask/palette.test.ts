import { describe, expect, it } from 'vitest';
import { type LabelColor, labelColors } from '../../../packages/core/src/mask/palette.ts';

function smallestDistance(colors: readonly LabelColor[]): number {
  let smallest = Infinity;
  for (const [index, a] of colors.entries()) {
    for (const b of colors.slice(0, index)) smallest = Math.min(smallest, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  }
  return smallest;
}

describe('labelColors()', () => {
  it('gives 255 distinct colors in range, none of them black or grey', () => {
    const colors = labelColors(255);
    expect(new Set(colors.map(String)).size).toBe(255);
    for (const color of colors) {
      expect(color.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)).toBe(true);
      expect(Math.max(...color) - Math.min(...color)).toBeGreaterThanOrEqual(17);
      expect(Math.max(...color)).toBeGreaterThanOrEqual(85);
    }
  });

  it('keeps them apart: few labels far, many still visibly', () => {
    expect(smallestDistance(labelColors(12))).toBeGreaterThan(60);
    expect(smallestDistance(labelColors(20))).toBeGreaterThan(50);
    expect(smallestDistance(labelColors(255))).toBeGreaterThanOrEqual(17);
  });

  it('starts with the same colors whatever the count', () => {
    expect(labelColors(0)).toEqual([]);
    expect(labelColors(5)).toEqual(labelColors(255).slice(0, 5));
    expect(labelColors(40)).toEqual(labelColors(255).slice(0, 40));
  });

  it('never changes: saved overlays and palettes depend on it', () => {
    const colors = labelColors(255);
    expect(colors[0]).toEqual([46, 125, 225]);
    expect(colors.flat().reduce((hash, part) => (Math.imul(hash, 31) + part) >>> 0, 7)).toBe(1561615837);
  });

  it('rejects a count that is not an integer from 0 to 255', () => {
    expect(() => labelColors(256)).toThrow(
      new RangeError('Cannot pick label colors: count must be an integer from 0 to 255, got 256'),
    );
    expect(() => labelColors(1.5)).toThrow('got 1.5');
  });
});
