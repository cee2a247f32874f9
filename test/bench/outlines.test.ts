import { describe, expect, it } from 'vitest';
import { OutlineTally, throughGrid } from '../../bench/support/outlines.ts';

/** A map of digits, row by row. */
const map = (...rows: readonly string[]): Uint8Array => Uint8Array.from(rows.join(''), Number);

describe('OutlineTally', () => {
  const rows = Array.from({ length: 10 }, () => '0000011111');
  const truth = map(...rows);

  it('is whole where all is as it should be, and sums pictures before it divides', () => {
    const tally = new OutlineTally();
    tally.add(truth, truth, 10, 10, 9);
    expect([tally.iou(0), tally.iou(1), tally.iou(2)]).toEqual([1, 1, undefined]);
    // Of 50 pixels, those within 1 of the outline: all but 3 × 8.
    tally.add(truth, map(...rows.map(() => '0000000000')), 10, 10, 9);
    expect(tally.iou(1)).toBe(26 / 52);
  });

  it('tells a shifted outline from one in place where the plain IoU hardly does', () => {
    const tally = new OutlineTally();
    tally.add(truth, map(...rows.map(() => '0000001111')), 10, 10, 9);
    // Outline of the truth: 26; of the answer, a column narrower: 24, of which the rows above and below and the last
    // column are shared: 4 + 4 + 8; the columns beside the border are apart.
    expect(tally.iou(1)).toBeCloseTo(16 / (26 + 24 - 16), 9);
  });

  it('does not count unknown pixels', () => {
    const unknown = map(...rows.map((_, row) => (row < 5 ? '9999999999' : '0000011111')));
    const found = map(...rows.map((_, row) => (row < 5 ? '1111100000' : '0000011111')));
    const tally = new OutlineTally();
    tally.add(unknown, found, 10, 10, 9);
    expect([tally.iou(0), tally.iou(1)]).toEqual([1, 1]);
  });
});

describe('throughGrid()', () => {
  it('keeps what a grid can hold: constants, and slopes between the centers of cells', () => {
    const flat = new Float32Array(2 * 12 * 6).fill(0.25, 0, 72).fill(0.75, 72);
    expect(throughGrid(flat, 12, 6, 3)).toEqual(flat);
    const slope = Float32Array.from({ length: 12 * 12 }, (_, pixel) => pixel % 12);
    const seen = throughGrid(slope, 12, 12, 3);
    expect([...seen.subarray(12, 24)]).toEqual([1.5, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 9.5, 9.5]);
  });

  it('blurs a step over a cell', () => {
    const step = Float32Array.from({ length: 16 * 16 }, (_, pixel) => Number(pixel % 16 >= 8));
    const seen = throughGrid(step, 16, 16, 4);
    expect([...seen.subarray(0, 16)]).toEqual([0, 0, 0, 0, 0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1, 1, 1, 1, 1]);
  });

  it('takes pictures whose sides are no multiple of the cells', () => {
    const seen = throughGrid(new Float32Array(35 * 23).fill(0.5), 35, 23, 22);
    expect([seen.length, Math.min(...seen), Math.max(...seen)]).toEqual([805, 0.5, 0.5]);
  });
});
