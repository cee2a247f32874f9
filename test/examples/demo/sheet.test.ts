import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { drawSheet } from '../../../examples/demo/sheet.ts';

const [WIDTH, HEIGHT] = [60, 40];
const colors = [
  [46, 125, 225],
  [245, 130, 32],
] as const;
const black = new Uint8Array(WIDTH * HEIGHT * 3);

describe('drawSheet()', () => {
  it('draws each frame as it is, its maps in the colors of their labels, and keeps what does not count', async () => {
    // Maps of half a panel's size: left the first label, right the second; nothing in the prediction.
    const truth = Uint8Array.from({ length: 600 }, (_, pixel) => (pixel % 30 < 15 ? 0 : 1));
    const rows = [0, 1, 2].map((index) => ({
      title: `frame ${index}`,
      pixels: black,
      maps: [truth, new Uint8Array(600).fill(255)] as const,
    }));
    const { width, height, data, channels } = decode(
      await drawSheet(rows, {
        mapSize: [20, 30],
        panelSize: [HEIGHT, WIDTH],
        names: ['road', 'car'],
        colors,
        iou: [0.5, 1],
      }),
    );
    expect(width).toBeGreaterThan(3 * WIDTH + 100);
    expect([height, channels]).toEqual([24 + 3 * (24 + HEIGHT) - 24 + 8, 3]);
    const at = (column: number, row: number, x: number, y: number): number[] => {
      const from = ((24 + row * (24 + HEIGHT) + y) * width + 8 + column * (WIDTH + 8) + x) * channels;
      return [...data.subarray(from, from + 3)];
    };
    for (const row of [0, 1, 2]) {
      expect(at(0, row, 20, 20)).toEqual([0, 0, 0]);
      expect(at(1, row, 5, 20)).toEqual([35, 94, 169]);
      expect(at(1, row, 55, 20)).toEqual([184, 98, 24]);
      expect(at(2, row, 5, 20)).toEqual([0, 0, 0]);
    }
    expect(new Set(data).size, 'titles and legend are drawn in white').toBeGreaterThan(50);
  });
});
