import { toFloat16 } from '@synseg/core/internals';
import { describe, expect, it } from 'vitest';
import { toHalf, toSingle } from '../../../packages/train/src/trainer/half.ts';
import { gaussians } from '../../support/random.ts';

const halvesOf = (numbers: readonly number[]): number[] => {
  const halves = new Uint16Array(numbers.length);
  toHalf(Float32Array.from(numbers), halves, 0);
  return [...halves];
};
const singlesOf = (halves: readonly number[]): number[] => {
  const singles = new Float32Array(halves.length);
  toSingle(Uint16Array.from(halves), singles, 0);
  return [...singles];
};
const ulp = 2 ** -10;

describe('toSingle()', () => {
  it('reads a half as IEEE 754 has it', () => {
    expect(singlesOf([0x0000, 0x3c00, 0xbc00, 0x3555, 0x7bff, 0xfbff, 0x0400, 0x03ff, 0x0001, 0x8001, 0x7c00, 0xfc00])).toEqual([
      0, 1, -1, 0.333251953125, 65504, -65504, 2 ** -14, (1023 / 1024) * 2 ** -14, 2 ** -24, -(2 ** -24), Infinity, -Infinity,
    ]);
    expect(Object.is(singlesOf([0x8000])[0], -0)).toBe(true);
    expect(singlesOf([0x7c01, 0x7e00, 0xffff])).toEqual([NaN, NaN, NaN]);
  });

  it('writes where it is told to', () => {
    const singles = new Float32Array(4);
    toSingle(Uint16Array.of(0x3c00, 0x4000), singles, 1);
    expect([...singles]).toEqual([0, 1, 2, 0]);
  });
});

describe('toHalf()', () => {
  it('gives back each of the 65,536 halves, any NaN as a NaN', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, half) => half);
    const singles = new Float32Array(65_536);
    toSingle(all, singles, 0);
    const back = new Uint16Array(65_536);
    toHalf(singles, back, 0);
    const isNaNHalf = (half: number): boolean => (half & 0x7fff) > 0x7c00;
    expect(back.every((half, index) => half === index || (isNaNHalf(half) && isNaNHalf(index)))).toBe(true);
  });

  it('rounds to the nearest half, of two equally near to the even one', () => {
    expect(halvesOf([1 + ulp / 2, 1 + (3 * ulp) / 2, 1 + ulp / 2 + 2 ** -23, 1 + 0.49 * ulp])).toEqual([0x3c00, 0x3c02, 0x3c01, 0x3c00]);
    // Up into the next power of two.
    expect(halvesOf([2 - ulp / 2, 2 - 0.51 * ulp])).toEqual([0x4000, 0x3fff]);
    // Among the halves below 2^-14, which are equally far apart.
    expect(halvesOf([2.5 * 2 ** -24, 3.5 * 2 ** -24, 0.5 * 2 ** -24, 0.5000001 * 2 ** -24, 1023.5 * 2 ** -24])).toEqual([2, 4, 0, 1, 0x0400]);
  });

  it('becomes infinite from halfway past the largest, and zero below half of the smallest', () => {
    expect(halvesOf([65504, 65519.996, 65520, 1e30, -1e30, Infinity])).toEqual([0x7bff, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7c00]);
    expect(halvesOf([1e-30, -1e-30, 2 ** -26, 0, -0])).toEqual([0, 0x8000, 0, 0, 0x8000]);
    expect(halvesOf([NaN])).toEqual([0x7e00]);
  });

  it('agrees with core’s conversion on numbers of all sizes', () => {
    const numbers = gaussians(20_000, 3).map((value, index) => value * 2 ** ((index % 60) - 40));
    const halves = new Uint16Array(numbers.length);
    toHalf(numbers, halves, 0);
    expect(halves).toEqual(toFloat16(numbers));
  });

  it('writes where it is told to', () => {
    const halves = new Uint16Array(4);
    toHalf(Float32Array.of(1, 2), halves, 2);
    expect([...halves]).toEqual([0, 0, 0x3c00, 0x4000]);
  });
});
