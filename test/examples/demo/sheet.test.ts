import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { drawSheet, panelSize, type SheetPart } from '../../../examples/demo/sheet.ts';

const colors = [
  [46, 125, 225],
  [245, 130, 32],
] as const;

/** Three rows of two panels: the first gray, of the row's number, the second red. */
function part(width: number, height: number): SheetPart {
  const panel = (...color: readonly number[]): Uint8Array =>
    Uint8Array.from({ length: width * height * 3 }, (_, index) => color[index % 3]!);
  const rows = [0, 1, 2].map((row) => ({
    title: `frame ${row}`,
    panels: [panel(100 + row, 100 + row, 100 + row), panel(200, 0, 0)],
  }));
  const legend = { title: 'IoU', names: ['road', 'car'], colors, values: [0.5, 1] };
  return { columns: ['', 'found'], rows, size: { width, height }, legend };
}

describe('drawSheet()', () => {
  it('draws the panels of each part in rows and columns, one part below the other, titled', async () => {
    const parts = [part(60, 40), part(90, 30)];
    const { width, height, data, channels } = decode(await drawSheet(parts));
    const heightOf = ({ size }: SheetPart): number => 24 + 3 * (24 + size.height) - 24 + 8;
    expect([height, channels]).toEqual([heightOf(parts[0]!) + heightOf(parts[1]!), 3]);
    expect(width).toBeGreaterThan(2 * 90 + 100);

    let top = 0;
    for (const each of parts) {
      const { size } = each;
      for (const [column, row] of [0, 1, 2].flatMap((of) => [[0, of] as const, [1, of] as const])) {
        const [left, down] = [8 + column * (size.width + 8), top + 24 + row * (24 + size.height)];
        for (const [x, y] of [[left, down] as const, [left + size.width - 1, down + size.height - 1] as const]) {
          const from = (y * width + x) * channels;
          const gray = 100 + row;
          expect([...data.subarray(from, from + 3)]).toEqual(column === 0 ? [gray, gray, gray] : [200, 0, 0]);
        }
      }
      top += heightOf(each);
    }
    expect(new Set(data).size, 'titles and legends are drawn in white').toBeGreaterThan(50);
  });
});

describe('panelSize()', () => {
  it('keeps the shape of a picture within 384 × 256 pixels', () => {
    expect(panelSize({ width: 576, height: 384 })).toEqual({ width: 384, height: 256 });
    expect(panelSize({ width: 768, height: 576 })).toEqual({ width: 341, height: 256 });
    expect(panelSize({ width: 3840, height: 2 })).toEqual({ width: 384, height: 1 });
  });
});
