import { describe, expect, it } from 'vitest';
import { changeColors, type ColorChange } from '../../../packages/train/src/image/colors.ts';

const NOTHING: ColorChange = { brightness: 1, contrast: 1, saturation: 1, hue: 0 };

function changed(pixels: readonly number[], change: Partial<ColorChange>): number[] {
  const bytes = Uint8Array.from(pixels);
  changeColors(bytes, { ...NOTHING, ...change });
  return [...bytes];
}

describe('changeColors()', () => {
  it('changes nothing with factors of 1 and no turn', () => {
    const pixels = Array.from({ length: 300 }, (_, index) => (index * 37) % 256);
    expect(changed(pixels, {})).toEqual(pixels);
  });

  it('multiplies by the brightness, and clamps', () => {
    expect(changed([10, 100, 200], { brightness: 2 })).toEqual([20, 200, 255]);
    expect(changed([10, 100, 200], { brightness: 0 })).toEqual([0, 0, 0]);
  });

  it("moves away from the picture's mean gray by the contrast", () => {
    // Grays 100 and 200, mean 150.
    expect(changed([100, 100, 100, 200, 200, 200], { contrast: 0.5 })).toEqual([125, 125, 125, 175, 175, 175]);
    expect(changed([100, 100, 100, 200, 200, 200], { contrast: 0 })).toEqual([150, 150, 150, 150, 150, 150]);
  });

  it("moves away from the pixel's own gray by the saturation", () => {
    // 0.299 · 200 + 0.587 · 100 = 118.5
    expect(changed([200, 100, 0], { saturation: 0 })).toEqual([118, 118, 118]);
    expect(changed([200, 100, 0], { saturation: 0.5 })).toEqual([159, 109, 59]);
  });

  it('turns red to green by a third of a turn, and leaves grays', () => {
    expect(changed([255, 0, 0, 77, 77, 77], { hue: 1 / 3 })).toEqual([0, 255, 0, 77, 77, 77]);
    expect(changed([255, 0, 0], { hue: -1 / 3 })).toEqual([0, 0, 255]);
  });

  it('changes only the bytes it is given', () => {
    const bytes = Uint8Array.of(9, 50, 50, 50, 9);
    changeColors(bytes.subarray(1, 4), { ...NOTHING, brightness: 2 });
    expect([...bytes]).toEqual([9, 100, 100, 100, 9]);
  });
});
