/** Shapes as they are painted, and what bounds them. */
import { describe, expect, it } from 'vitest';
import { MaskCanvas } from '../../../packages/train/src/annotations/mask-canvas.ts';

function rowsOf({ data, width, height }: MaskCanvas): string[] {
  const rows = Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);
  return rows.map((row) => row.map((value) => (value === 254 ? '.' : String(value))).join(''));
}

describe('MaskCanvas', () => {
  it('turns ellipses clockwise', async () => {
    const canvas = new MaskCanvas(7, 7, {});
    await canvas.ellipse([3.5, 3.5, 3.4, 0.7, 45], 1, 'an ellipse');
    await canvas.ellipse([3.5, 3.5, 0.6, 0.6], 2, 'a circle');
    expect(rowsOf(canvas)).toEqual(['.......', '.1.....', '..1....', '...2...', '....1..', '.....1.', '.......']);
  });

  it('lays runs along the rows of their box, wherever it lies', async () => {
    const canvas = new MaskCanvas(5, 3, {});
    await canvas.runs({ left: 1, top: 0, width: 3, height: 3 }, [1, 4, 2, 1], 1, 'a mask');
    await canvas.runs({ left: 3, top: -2, width: 4, height: 4 }, [0, 16], 2, 'a mask');
    await canvas.runs({ left: -9, top: 1, width: 2, height: 2 }, [0, 4], 3, 'a mask');
    expect(rowsOf(canvas)).toEqual(['..122', '.1122', '..1..']);
    expect(canvas.faults()).toEqual([
      { message: 'a mask that reaches outside of the picture (2 times)', fault: 'polygon-outside' },
    ]);
  });

  it('bounds the corners of outlines, and the rows that they cross', async () => {
    const canvas = new MaskCanvas(2, 10_000, {});
    const zigzag = Array.from({ length: 40_000 }, (_, at) => (at % 4 === 3 ? 9999.3 : 0.3));
    await expect(canvas.polygon(zigzag, 1, 'a polygon')).rejects.toThrow(
      'outlines of a picture must cross its rows at most 50000000 times, got more',
    );
    await expect(canvas.polygon(new Array<number>(2_000_002).fill(0), 1, 'a polygon')).rejects.toThrow(
      'outlines of a picture must have at most 1000000 corners together, got more',
    );
  });
});
