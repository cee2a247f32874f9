import { describe, expect, it } from 'vitest';
import { measureRLE } from '../../../packages/core/src/mask/measure.ts';
import { encodeRLE } from '../../../packages/core/src/mask/rle.ts';
import { randomMask } from './random.ts';

describe('measureRLE()', () => {
  it('counts the pixels and finds the smallest box around them', () => {
    for (const [width, height, percent] of [
      [1, 1, 50],
      [7, 5, 10],
      [5, 40, 3],
      [40, 5, 3],
      [31, 20, 60],
    ] as const) {
      for (let seed = 0; seed < 20; seed++) {
        const mask = randomMask(width * height, seed, percent);
        const set = [...mask.keys()].filter((index) => mask[index] === 1);
        const [xs, ys] = [set.map((index) => index % width), set.map((index) => Math.floor(index / width))];
        const [left, top] = [Math.min(...xs), Math.min(...ys)];
        const box =
          set.length === 0 ? [0, 0, 0, 0] : [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
        expect(measureRLE(encodeRLE(mask, width, height))).toEqual({ area: set.length, box });
      }
    }
  });

  it('rejects a mask that is none, or whose runs do not fill it', () => {
    expect(() => measureRLE(undefined as never)).toThrow(
      new TypeError('Cannot measure RLE: rle must have size and counts, got undefined'),
    );
    expect(() => measureRLE({ counts: '4' } as never)).toThrow(
      new TypeError('Cannot measure RLE: size must be two positive integers, got undefined'),
    );
    expect(() => measureRLE({ size: [2, 2], counts: '3' })).toThrow(
      new RangeError('Cannot measure RLE: counts must add up to height × width = 4, got 3'),
    );
  });

  it('rejects counts that are none', () => {
    expect(() => measureRLE({ size: [2, 2], counts: '~' })).toThrow(
      new RangeError('Cannot measure RLE: counts must hold whole numbers in ASCII 48 to 111, got "~" at 0'),
    );
  });
});
