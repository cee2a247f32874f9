import { SynsegError } from '../../../packages/core/src/errors.ts';
import { describe, expect, it } from 'vitest';
import { decodeRLE, encodeLabelMapRLE, encodeLabelRLE, encodeRLE } from '../../../packages/core/src/mask/rle.ts';
import { randomBytes, randomMask } from './random.ts';

const sizes = [
  [1, 1],
  [1, 9],
  [9, 1],
  [7, 5],
  [64, 33],
  [200, 150],
] as const;

describe('encodeRLE()', () => {
  it('writes the strings the format prescribes, worked out by hand', () => {
    // A run below 16 is one group: its value + 48.
    expect(encodeRLE(Uint8Array.of(0), 1, 1)).toEqual({ size: [1, 1], counts: '1' }); // [1] → 49
    expect(encodeRLE(Uint8Array.of(1), 1, 1)).toEqual({ size: [1, 1], counts: '01' }); // [0, 1]
    expect(encodeRLE(new Uint8Array(12), 4, 3)).toEqual({ size: [3, 4], counts: '<' }); // [12] → 60
    expect(encodeRLE(new Uint8Array(12).fill(1), 4, 3)).toEqual({ size: [3, 4], counts: '0<' });
    // 16 = 0b10000: bit 4 would read as a minus, so a group of 0 follows: 16 | 32 = 48 → 96 "`", 0 → "0".
    expect(encodeRLE(new Uint8Array(16), 16, 1).counts).toBe('`0');
    // 100 = 3 × 32 + 4: 4 | 32 = 36 → 84 "T", then 3 → "3".
    expect(encodeRLE(new Uint8Array(100), 10, 10).counts).toBe('T3');
    // Runs [1, 5, 2, 3]: the fourth is 3 − 5 = −2 = …11110: group 30 has the sign bit, the rest is −1 → 78 "N".
    expect(encodeRLE(Uint8Array.of(0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1), 11, 1).counts).toBe('152N');
  });

  it('goes down the columns', () => {
    // 0 1 1 0 0 1 columns: 00, 10, 11 → runs [2, 1, 1, 2], the fourth as 2 − 1 = 1
    expect(encodeRLE(Uint8Array.of(0, 1, 1, 0, 0, 1), 3, 2).counts).toBe('2111');
  });

  it('equals pycocotools 2.0.11', () => {
    expect(encodeRLE(randomMask(35, 1, 50), 7, 5).counts).toBe('211111ON24NL14OL2');
    expect(encodeRLE(randomMask(117, 2, 15), 13, 9).counts).toBe('`0150L0?0A010O020O010;0G070G0O080K');
    expect(encodeRLE(randomMask(1200, 3, 3), 40, 30).counts).toBe(
      'W11o20`M0B0o00Y10ZN0h00J0^O0f00VO0f00P20QN0nN0612Om00oN0l30[L0W20c00@0ZM060k00\\O',
    );
    expect(encodeRLE(new Uint8Array(1920 * 1080), 1920, 1080).counts).toBe('PPYo1');
    expect(encodeRLE(new Uint8Array(1920 * 1080).fill(1), 1920, 1080).counts).toBe('0PPYo1');
  });

  it('takes any value but 0 as inside', () => {
    expect(encodeRLE(Uint8Array.of(0, 255, 3, 0), 4, 1)).toEqual(encodeRLE(Uint8Array.of(0, 1, 1, 0), 4, 1));
  });

  it('rejects sizes that do not fit', () => {
    expect(() => encodeRLE(new Uint8Array(5), 3, 2)).toThrow(
      new RangeError('Cannot encode RLE: mask must hold width × height = 6 values, got 5'),
    );
    expect(() => encodeRLE(new Uint8Array(0), 0, 2)).toThrow(
      new RangeError('Cannot encode RLE: width must be a positive integer, got 0'),
    );
    expect(() => encodeRLE(new Uint8Array(3), 2, 1.5)).toThrow(
      new RangeError('Cannot encode RLE: height must be a positive integer, got 1.5'),
    );
  });
});

describe('decodeRLE()', () => {
  it.each(sizes)('gives back random %i × %i masks', (width, height) => {
    for (const percent of [0, 2, 50, 97, 100]) {
      const mask = randomMask(width * height, width + percent, percent);
      expect(decodeRLE(encodeRLE(mask, width, height))).toEqual(mask);
    }
  });

  it('accepts runs of 0 in the middle, as other writers leave them', () => {
    // Runs [1, 1, 0, 2], the fourth as 2 − 1 = 1.
    expect(decodeRLE({ size: [1, 4], counts: '1101' }).join()).toBe('0,1,1,1');
  });

  it('rejects what is not RLE', () => {
    const decode = (size: readonly number[], counts: unknown) => () =>
      decodeRLE({ size: size as [number, number], counts: counts as string });
    expect(decode([2, 0], '1')).toThrow(
      new RangeError('Cannot decode RLE: size must be two positive integers, got [2,0]'),
    );
    expect(decode([2], '2')).toThrow(new RangeError('Cannot decode RLE: size must be two positive integers, got [2]'));
    expect(decode([2, 2], [1, 3])).toThrow(
      new TypeError('Cannot decode RLE: counts must be a compressed string, got a list of 2'),
    );
    expect(decode([2, 2], '21')).toThrow(
      new RangeError('Cannot decode RLE: counts must add up to height × width = 4, got 3'),
    );
    expect(decode([2, 2], '')).toThrow(
      new RangeError('Cannot decode RLE: counts must add up to height × width = 4, got 0'),
    );
    expect(decode([2, 2], '1 3')).toThrow(
      new RangeError('Cannot decode RLE: counts must hold whole numbers in ASCII 48 to 111, got " " at 1'),
    );
    expect(decode([2, 2], 'T')).toThrow(
      new RangeError('Cannot decode RLE: counts must hold whole numbers in ASCII 48 to 111, got its end in a number'),
    );
    expect(decode([2, 2], 'N')).toThrow(new RangeError('Cannot decode RLE: counts must not be negative, got -2'));
    expect(decode([2, 2], 'o'.repeat(500) + '0')).toThrow(
      'Cannot decode RLE: counts must hold whole numbers in ASCII 48 to 111, got "o" at 11',
    );
    expect(decode([2, 2], '0'.repeat(10_000))).toThrow(
      new RangeError('Cannot decode RLE: counts must add up to height × width = 4, got more than 5 of them'),
    );
    expect(decode([2, 2], '33'.repeat(10_000))).toThrow(
      new RangeError('Cannot decode RLE: counts must add up to height × width = 4, got 6 and more'),
    );
    expect(decode(undefined as never, '4')).toThrow(
      new TypeError('Cannot decode RLE: size must be two positive integers, got undefined'),
    );
    expect(decode([2, 'x' as never], '4')).toThrow(
      new RangeError('Cannot decode RLE: size must be two positive integers, got a list of 2'),
    );
    expect(decode([2 ** 30, 2 ** 30], '4')).toThrow(
      new RangeError('Cannot decode RLE: size must be two positive integers, got [1073741824,1073741824]'),
    );
    for (const [rle, got] of [
      [null, 'null'],
      ['44', '"44"'],
      [Promise.resolve(), 'a Promise (did you forget await?)'],
    ] as const) {
      expect(() => decodeRLE(rle as never)).toThrow(
        new TypeError(`Cannot decode RLE: rle must have size and counts, got ${got}`),
      );
    }
  });

  it('bounds the mask before it is made', () => {
    const large = { size: [46_341, 46_341], counts: 'QTmfnP1' } as const; // eight characters that stand for 2 GB
    expect(() => decodeRLE(large)).toThrow(
      new SynsegError(
        'IMAGE_DECODE',
        'Cannot decode RLE: size must be at most 100000000 pixels (maxPixels), got 46341×46341',
      ),
    );
    expect(() => decodeRLE({ size: [2, 3], counts: '6' }, { maxPixels: 5 })).toThrow(
      new SynsegError('IMAGE_DECODE', 'Cannot decode RLE: size must be at most 5 pixels (maxPixels), got 3×2'),
    );
    expect(decodeRLE({ size: [2, 3], counts: '6' }, { maxPixels: 6 })).toEqual(new Uint8Array(6));
    expect(() => decodeRLE({ size: [2, 3], counts: '6' }, { maxPixels: 0 })).toThrow(
      new RangeError('Cannot decode RLE: maxPixels must be a positive integer, got 0'),
    );
    expect(() => decodeRLE({ size: [2, 3], counts: '6' }, { maxPixel: 6 } as never)).toThrow(
      'did you mean "maxPixels"?',
    );
  });
});

describe('encodeLabelRLE() and encodeLabelMapRLE()', () => {
  it('gives the same for any width and wherever the map lies in its buffer', () => {
    for (const [width, height] of [
      [1, 9],
      [3, 5],
      [4, 7],
      [8, 1],
      [12, 11],
      [13, 8],
    ] as const) {
      const labels = randomBytes(width * height, width, (value) => (value % 4 === 3 ? 255 : value % 4));
      const masks = [0, 1, 2].map((label) => labels.map((value) => (value === label ? 1 : 0)));
      for (const offset of [0, 1, 4]) {
        const map = new Uint8Array(width * height + offset).subarray(offset);
        map.set(labels);
        const forms = encodeLabelMapRLE(map, width, height, 3);
        expect(forms).toEqual(masks.map((mask) => (mask.includes(1) ? encodeRLE(mask, width, height) : undefined)));
        expect(forms.map((rle, label) => (rle === undefined ? masks[label] : decodeRLE(rle)))).toEqual(masks);
      }
    }
  });

  const width = 31;
  const height = 17;
  const labelMap = randomBytes(width * height, 5, (value) => [0, 1, 3, 255][value % 4]!);

  it('encode each label as the mask of its pixels', () => {
    const all = encodeLabelMapRLE(labelMap, width, height, 4);
    for (const label of [0, 1, 3]) {
      const mask = labelMap.map((value) => (value === label ? 1 : 0));
      const expected = encodeRLE(mask, width, height);
      expect(encodeLabelRLE(labelMap, width, height, label)).toEqual(expected);
      expect(all[label]).toEqual(expected);
    }
    const background = labelMap.map((value) => (value === 255 ? 1 : 0));
    expect(encodeLabelRLE(labelMap, width, height, 255)).toEqual(encodeRLE(background, width, height));
  });

  it('tell an absent label: all zeros, or undefined in the list', () => {
    expect(encodeLabelRLE(labelMap, width, height, 2)).toEqual({ size: [17, 31], counts: '_`0' }); // 527 = 16 × 32 + 15
    expect(encodeLabelMapRLE(labelMap, width, height, 5).map((rle) => rle !== undefined)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(encodeLabelMapRLE(new Uint8Array(4).fill(255), 2, 2, 0)).toEqual([]);
  });

  it('handle 255 labels', () => {
    const map = Uint8Array.from({ length: 256 }, (_, index) => index);
    const all = encodeLabelMapRLE(map, 16, 16, 255);
    expect(all.map((rle) => decodeRLE(rle!).indexOf(1))).toEqual(Array.from({ length: 255 }, (_, index) => index));
  });

  it('reject wrong arguments', () => {
    expect(() => encodeLabelRLE(new Uint8Array(5), 3, 2, 0)).toThrow(
      new RangeError('Cannot encode RLE: labelMap must hold width × height = 6 values, got 5'),
    );
    expect(() => encodeLabelRLE(new Uint8Array(6), 3, 2, 256)).toThrow(
      new RangeError('Cannot encode RLE: labelIndex must be an integer from 0 to 255, got 256'),
    );
    expect(() => encodeLabelMapRLE(new Uint8Array(6), 3, 2, 256)).toThrow(
      new RangeError('Cannot encode RLE: labelCount must be an integer from 0 to 255, got 256'),
    );
    expect(() => encodeLabelMapRLE(Uint8Array.of(0, 255, 2), 3, 1, 2)).toThrow(
      new RangeError('Cannot encode RLE: labelMap must hold 255 or indices below 2, got 2 at 2'),
    );
  });
});
