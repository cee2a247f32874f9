import { toFloat16 } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { toSingle } from '../../../packages/train/src/trainer/half.ts';

const singlesOf = (halves: readonly number[]): number[] => {
  const singles = new Float32Array(halves.length);
  toSingle(Uint16Array.from(halves), singles, 0);
  return [...singles];
};

describe('toSingle()', () => {
  it('reads a half as IEEE 754 has it', () => {
    expect(
      singlesOf([0x0000, 0x3c00, 0xbc00, 0x3555, 0x7bff, 0xfbff, 0x0400, 0x03ff, 0x0001, 0x8001, 0x7c00, 0xfc00]),
    ).toEqual([
      0,
      1,
      -1,
      0.333251953125,
      65504,
      -65504,
      2 ** -14,
      (1023 / 1024) * 2 ** -14,
      2 ** -24,
      -(2 ** -24),
      Infinity,
      -Infinity,
    ]);
    expect(Object.is(singlesOf([0x8000])[0], -0)).toBe(true);
    expect(singlesOf([0x7c01, 0x7e00, 0xffff])).toEqual([NaN, NaN, NaN]);
  });

  it('writes where it is told to', () => {
    const singles = new Float32Array(4);
    toSingle(Uint16Array.of(0x3c00, 0x4000), singles, 1);
    expect([...singles]).toEqual([0, 1, 2, 0]);
  });

  it("undoes core's conversion for each of the 65,536 halves, any NaN as a NaN", () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, half) => half);
    const singles = new Float32Array(65_536);
    toSingle(all, singles, 0);
    const isNaNHalf = (half: number): boolean => (half & 0x7fff) > 0x7c00;
    expect(toFloat16(singles).every((half, index) => half === index || (isNaNHalf(half) && isNaNHalf(index)))).toBe(
      true,
    );
  });
});
