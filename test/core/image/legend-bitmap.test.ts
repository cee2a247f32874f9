import { describe, expect, it } from 'vitest';
import { blendBitmap, drawLegend } from '../../../packages/core/src/image/legend-bitmap.ts';
import { palette } from '../../../packages/core/src/mask/palette.ts';
import { randomBytes } from '../mask/random.ts';

describe('drawLegend()', () => {
  it('draws swatches in the label colors on half-transparent black, and names', async () => {
    const colors = palette(2);
    const { data, width, height } = (await drawLegend(['road', 'car'], colors, 1280, 640))!;
    const pixel = (x: number, y: number): number[] => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
    expect(data).toHaveLength(width * height * 4);
    // Letters of 640 / 40 = 16 px: rows of 24 px from y = 4 on, swatches of 16 px from x = 8 on, names behind them.
    expect(pixel(16, 16)).toEqual([...colors[0]!, 255]);
    expect(pixel(16, 40)).toEqual([...colors[1]!, 255]);
    expect(pixel(4, 26)).toEqual([0, 0, 0, 153]);
    expect(pixel(0, 0)[3]).toBeLessThan(100); // a rounded corner
    const white = data.filter(
      (value, index) => index % 4 === 1 && value > 250 && data[index - 1]! > 250 && data[index + 1]! > 250,
    );
    expect(white.length).toBeGreaterThan(20);
  });

  const names = Array.from({ length: 100 }, (_, index) => `a rather long label ${index}`);
  it.each([
    [1920, 1080],
    [640, 360],
    [384, 256],
    [96, 96],
    [4000, 120],
    [120, 4000],
  ])('takes an eighth of a picture of %i × %i at most, whatever is named', async (width, height) => {
    for (const count of [1, 3, 24, 100]) {
      const legend = await drawLegend(names.slice(0, count), palette(count), width, height, { background: 0.5 });
      if (legend === undefined) continue;
      expect(legend.width * legend.height).toBeLessThanOrEqual((width * height) / 8);
      expect(legend.width).toBeLessThan(width);
      expect(legend.height).toBeLessThan(height);
    }
    expect(await drawLegend(['x'.repeat(10_000)], palette(1), 1920, 1080)).toBeDefined();
  });

  it.each([
    [95, 1000],
    [640, 95],
    [1, 1],
  ])('is left out of a picture of %i × %i', async (width, height) => {
    expect(await drawLegend(['road'], palette(1), width, height)).toBeUndefined();
  });

  it('rejects wrong arguments', async () => {
    await expect(drawLegend([], [], 640, 480)).rejects.toThrow(
      new RangeError('Cannot draw legend: labels must not be empty, got 0 labels'),
    );
    await expect(drawLegend(['a'], palette(1), 0, 480)).rejects.toThrow(
      new RangeError('Cannot draw legend: width must be a positive integer, got 0'),
    );
    await expect(drawLegend(['a'], palette(1), 640, 480, { font: 5 } as never)).rejects.toThrow(
      new TypeError('Cannot draw legend: options must have known names, got "font"; known: areas, background'),
    );
    await expect(drawLegend('road' as never, palette(1), 640, 480)).rejects.toThrow(
      new TypeError('Cannot draw legend: labels must be a list of strings, got "road"'),
    );
  });
});

describe('blendBitmap()', () => {
  const bitmap = {
    data: randomBytes(5 * 4 * 4, 7, (value) => (value % 3 === 0 ? 0 : value % 3 === 1 ? 255 : value & 255)),
    width: 5,
    height: 4,
  };

  it.each([
    [0, 0],
    [3, 2],
    [-2, -1],
    [7, 5],
    [9, 0],
    [0, -4],
    [-10, 40],
  ])('blends by the documented formula at %i, %i and stays in the picture', (left, top) => {
    const pixels = randomBytes(9 * 7 * 3, 3, (value) => value & 255);
    const expected = pixels.map((value, index) => {
      const [x, y] = [(Math.floor(index / 3) % 9) - left, Math.floor(index / 27) - top];
      if (x < 0 || y < 0 || x >= 5 || y >= 4) return value;
      const at = (y * 5 + x) * 4;
      const alpha = bitmap.data[at + 3]!;
      return Math.floor((value * (255 - alpha) + bitmap.data[at + (index % 3)]! * alpha + 127) / 255);
    });
    blendBitmap(pixels, 9, 7, bitmap, left, top);
    expect(pixels).toEqual(expected);
  });

  it('rejects wrong arguments', () => {
    const pixels = new Uint8Array(27);
    expect(() => blendBitmap(pixels, 3, 2, bitmap, 0, 0)).toThrow(
      new RangeError('Cannot blend bitmap: pixels must hold width × height × 3 = 18 values, got 27'),
    );
    expect(() => blendBitmap(pixels, 3, 3, { ...bitmap, width: 4 }, 0, 0)).toThrow(
      new RangeError('Cannot blend bitmap: bitmap.data must hold bitmap.width × bitmap.height × 4 = 64 values, got 80'),
    );
    expect(() => blendBitmap(pixels, 3, 3, bitmap, 0.5, 0)).toThrow(
      new RangeError('Cannot blend bitmap: left must be an integer from -2147483648 to 2147483648, got 0.5'),
    );
  });
});
