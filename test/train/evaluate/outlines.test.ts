import { describe, expect, it } from 'vitest';
import {
  NO_CLASS,
  UNKNOWN,
  compareOutlines,
  nearOutline,
  outlineDistance,
} from '../../../packages/train/src/evaluate/outlines.ts';
import { inThrees } from '../../../packages/train/src/evaluate/picture-record.ts';
import { uniform } from '../../support/random.ts';

/** A map of digits, row by row; 9 is unknown. */
const map = (...rows: readonly string[]): Int16Array =>
  Int16Array.from(rows.join(''), (digit) => (digit === '9' ? UNKNOWN : Number(digit)));

describe('outlineDistance()', () => {
  it('is two hundredths of the diagonal, at least a pixel', () => {
    expect([outlineDistance(300, 400), outlineDistance(352, 264), outlineDistance(8, 6)]).toEqual([10, 9, 1]);
  });
});

describe('nearOutline()', () => {
  it('has the pixels of a class that are near another or the edge of the picture', () => {
    const square = map('0000000', '0111110', '0111110', '0111110', '0111110', '0111110', '0000000');
    const near = (distance: number, value: number): string =>
      [...nearOutline(square, 7, 7, distance)]
        .map((near, pixel) => (square[pixel] === value ? near : 0))
        .join('')
        .replace(/.{7}(?!$)/g, '$&|');
    expect(near(1, 1)).toBe('0000000|0111110|0100010|0100010|0100010|0111110|0000000');
    expect(near(2, 1)).toBe('0000000|0111110|0111110|0110110|0111110|0111110|0000000');
    expect(near(1, 0)).toBe('1111111|1000001|1000001|1000001|1000001|1000001|1111111');
  });

  it('takes unknown pixels for no outline', () => {
    expect(nearOutline(map('11911', '11911', '11911', '11911', '11911'), 5, 5, 1).join('')).toBe(
      ['11011', '10001', '10001', '10001', '11011'].join(''),
    );
  });
});

describe('compareOutlines()', () => {
  it('counts what the definition does, pixel by pixel, on random maps with pixels unknown and of no class', () => {
    const next = uniform(7);
    for (const [width, height] of [
      [40, 30],
      [9, 61],
      [120, 5],
    ] as const) {
      const blocks = Array.from({ length: 400 }, () => Math.floor(next() * 5) - 1);
      const blocky = (scale: number): Int16Array =>
        Int16Array.from({ length: width * height }, (_, pixel) => {
          const [x, y] = [pixel % width, Math.floor(pixel / width)];
          return blocks[(Math.floor(x / scale) + 7 * Math.floor(y / scale)) % blocks.length]!;
        });
      const truth = blocky(5);
      const found = blocky(6).map((value, pixel) =>
        truth[pixel] === UNKNOWN ? UNKNOWN : value < 0 ? NO_CLASS : value,
      );
      const distance = outlineDistance(width, height);
      const near = (of: Int16Array, index: number, pixel: number): boolean => {
        if (of[pixel] !== index) return false;
        const [x, y] = [pixel % width, Math.floor(pixel / width)];
        for (let dy = -distance; dy <= distance; dy++)
          for (let dx = -distance; dx <= distance; dx++) {
            const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
            const other = inside ? of[(y + dy) * width + x + dx]! : NO_CLASS;
            if (other !== index && other !== UNKNOWN) return true;
          }
        return false;
      };
      const wanted = [0, 1, 2, 3].flatMap((index) => {
        let [both, either] = [0, 0];
        for (let pixel = 0; pixel < truth.length; pixel++) {
          const [one, other] = [near(truth, index, pixel), near(found, index, pixel)];
          both += Number(one && other);
          either += Number(one || other);
        }
        return either === 0 ? [] : [[index, both, either]];
      });
      expect([...inThrees(compareOutlines(truth, found, width, height))]).toEqual(wanted);
    }
  });
});
