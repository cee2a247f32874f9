import { describe, expect, it } from 'vitest';
import { makeThumbnail, measureChange, movedShare, type Picture } from '../../../packages/video/src/temporal/motion.ts';
import { pictureOf, SIDE } from './scenes.ts';

const plain = (value: number, width = SIDE, height = SIDE): Picture => ({
  data: new Uint8Array(width * height * 3).fill(value),
  width,
  height,
});
const change = (before: Picture, after: Picture): ReturnType<typeof measureChange> =>
  measureChange(makeThumbnail(before), makeThumbnail(after));

describe('makeThumbnail()', () => {
  it('averages four samples of each cell', () => {
    // 176 pixels, 88 cells: a cell is 2 × 2 pixels, all of them sampled.
    const picture = plain(0);
    picture.data.set([10, 20, 30, 20, 40, 60], 0);
    picture.data.set([30, 60, 90, 40, 80, 121], SIDE * 3);
    const { cells, rows, columns } = makeThumbnail(picture);
    expect([rows, columns, cells.length]).toEqual([88, 88, 88 * 88 * 3]);
    expect([...cells.slice(0, 6)]).toEqual([25, 50, 75, 0, 0, 0]);
  });

  it('keeps a picture smaller than itself', () => {
    const picture = { data: Uint8Array.from({ length: 5 * 3 * 3 }, (_, index) => index), width: 5, height: 3 };
    expect(makeThumbnail(picture)).toEqual({ cells: picture.data, rows: 3, columns: 5 });
  });

  it('refuses a picture of another length than its size says, and one without pixels', () => {
    expect(() => makeThumbnail({ data: new Uint8Array(11), width: 2, height: 2 })).toThrow(
      new RangeError('Cannot measure change: picture must hold width × height × 3 values, got 11 for 2 × 2'),
    );
    expect(() => makeThumbnail({ data: new Uint8Array(0), width: 0, height: 2 })).toThrow('got 0 for 0 × 2');
  });
});

describe('measureChange()', () => {
  it('is 0 between equal pictures and 1 between black and white', () => {
    expect(change(pictureOf({}), pictureOf({}))).toMatchObject({ mean: 0, largest: 0, rows: 44, columns: 44 });
    const most = change(plain(0), plain(255));
    expect([most.mean, most.largest]).toEqual([1, 1]);
    expect(new Set(most.patches)).toEqual(new Set([1]));
  });

  it('is the difference of a uniform change, in either direction', () => {
    expect(change(plain(100), plain(151)).mean).toBeCloseTo(0.2, 10);
    expect(change(plain(151), plain(100)).mean).toBeCloseTo(0.2, 10);
  });

  it('is found in the patches where the picture changed, and in no other', () => {
    // The square enters at 64 … 95: patches of 4 × 4 pixels, so patches 16 … 23.
    const { patches, columns, rows, mean, largest } = change(pictureOf({}), pictureOf({ square: 64 }));
    let sum = 0;
    patches.forEach((value, patch) => {
      const [row, column] = [Math.floor(patch / columns), patch % columns];
      if (row >= 16 && row < 24 && column >= 16 && column < 24) expect(value).toBeGreaterThan(0.3);
      else expect(value).toBe(0);
      sum += value;
    });
    expect(sum / (rows * columns)).toBeCloseTo(mean, 6);
    expect(largest).toBeCloseTo(Math.max(...patches), 6);
    expect(movedShare({ patches, columns, rows, mean, largest }, 0.1)).toBeCloseTo(64 / 44 ** 2, 10);
  });

  it('of noise is much less than the noise', () => {
    const { mean, largest } = change(pictureOf({ noise: 6, seed: 1 }), pictureOf({ noise: 6, seed: 2 }));
    // Each byte differs by 6 × 2 ÷ √π = 6.8 of 255; the average of four by half of it.
    expect(mean).toBeCloseTo(3.4 / 255, 2);
    expect(largest).toBeLessThan(0.03);
  });

  it('covers pictures whose sides no patch divides', () => {
    const { patches, rows, columns, mean } = change(plain(0, 7, 3), plain(255, 7, 3));
    expect([rows, columns, mean, ...patches]).toEqual([2, 4, 1, ...Array<number>(8).fill(1)]);
  });

  it('refuses thumbnails of two sizes', () => {
    expect(() => change(plain(0, 7, 3), plain(0, 7, 4))).toThrow(
      new RangeError('Cannot measure change: thumbnails must have one size, got 7 × 3 and 7 × 4'),
    );
  });
});
