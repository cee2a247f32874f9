/** Sliding windows: their places against worked examples, their pixels against the picture's. */
import { describe, expect, it } from 'vitest';
import { openImage } from '../../../packages/core/src/image/image.ts';
import { placeWindows, windowPixels, type WindowRule } from '../../../packages/core/src/image/windows.ts';
import { picture } from '../../support/random.ts';

const place = (width: number, height: number, rule: WindowRule, maxPixels = 1e8) =>
  placeWindows(width, height, rule, maxPixels);

const TCL = { size: 448, stride: 224, shortSide: 448, longSide: 2048 };

describe('placeWindows()', () => {
  it.each<[string, number, number, WindowRule, readonly number[], number[], number[]]>([
    ['a photo of PASCAL VOC: short side 448, the last window shifted back', 500, 375, TCL, [448, 597], [0], [0, 149]],
    ['a frame of Cityscapes', 2048, 1024, TCL, [448, 896], [0], [0, 224, 448]],
    [
      'one column too many for two windows: a third',
      673,
      448,
      { size: 448, stride: 224 },
      [448, 673],
      [0],
      [0, 224, 225],
    ],
    ['a square one', 448, 448, TCL, [448, 448], [0], [0]],
    [
      'upright, windows of half the short side',
      336,
      448,
      { size: 224, stride: 112 },
      [448, 336],
      [0, 112, 224],
      [0, 112],
    ],
    ['a stride of half the size, where none is given', 20, 9, { size: 9 }, [9, 20], [0], [0, 5, 10, 11]],
    // The long side stops at 2048: the short one is 205, and the margins 121 and 122 pixels.
    [
      'a panorama: the long side bounds it',
      5000,
      500,
      TCL,
      [205, 2048],
      [-121],
      [0, 224, 448, 672, 896, 1120, 1344, 1568, 1600],
    ],
    ['a picture smaller than a window lies in its middle', 5, 3, { size: 8 }, [3, 5], [-2], [-1]],
  ])('%s', (_, width, height, rule, size, tops, lefts) => {
    const windows = place(width, height, rule);
    expect(windows.picture).toEqual(size);
    expect(windows.corners).toEqual(tops.flatMap((top) => lefts.map((left) => [top, left])));
  });

  it('covers every pixel', () => {
    for (let length = 1; length < 40; length++)
      for (let stride = 1; stride <= 7; stride++) {
        const lefts = place(length, 7, { size: 7, stride }).corners.map(([, left]) => left);
        const covered = Array.from({ length }, (__, at) => lefts.some((left) => left <= at && at < left + 7));
        expect(covered).not.toContain(false);
        expect(lefts.at(-1)! + 7).toBeGreaterThanOrEqual(length);
      }
  });

  it('refuses strides that leave gaps or give too many windows, and pictures that grow too large', () => {
    expect(() => place(9, 9, { size: 4, stride: 5 })).toThrow(
      new RangeError('Cannot segment: windows.stride must be at most the size, 4, got 5'),
    );
    expect(() => place(100, 100, { size: 4, stride: 1 })).toThrow(
      new RangeError('Cannot segment: windows.stride must give at most 1024 windows of a picture, got 9409'),
    );
    expect(() => place(10, 10, { size: 4, shortSide: 100 }, 9999)).toThrow(
      'Cannot segment: the resampled picture must be at most 9999 pixels (maxPixels), got 10000',
    );
  });
});

describe('windowPixels()', () => {
  const photo = picture(5, 4, 3);
  const at = (row: number, column: number, color: number): number => photo.data[(row * 5 + column) * 3 + color]!;
  const cut = async (rule: WindowRule, size: readonly [number, number]) =>
    windowPixels(await openImage(photo), place(5, 4, rule), size, [9, 8, 7], openImage);

  it('cuts overlapping windows, pixel for pixel', async () => {
    const pixels = await cut({ size: 4, stride: 3 }, [4, 4]);
    const expected = [0, 1].flatMap((left) =>
      Array.from({ length: 48 }, (_, i) => at(Math.floor(i / 12), left + (Math.floor(i / 3) % 4), i % 3)),
    );
    expect([...pixels]).toEqual(expected);
  });

  it('fills margins on both sides with their color', async () => {
    const pixels = await cut({ size: 6 }, [6, 6]);
    const expected = Array.from({ length: 108 }, (_, i) => {
      const [row, column, color] = [Math.floor(i / 18) - 1, Math.floor(i / 3) % 6, i % 3];
      return row >= 0 && row < 4 && column < 5 ? at(row, column, color) : [9, 8, 7][color]!;
    });
    expect([...pixels]).toEqual(expected);
  });

  it("resamples windows to the trunk's size", async () => {
    const pixels = await cut({ size: 4 }, [2, 3]);
    expect(pixels).toHaveLength(2 * 2 * 3 * 3);
    const first = await openImage({ data: (await cut({ size: 4 }, [4, 4])).slice(0, 48), width: 4, height: 4 });
    expect([...pixels.slice(0, 18)]).toEqual([...(await first.resized(3, 2))]);
  });
});
