import { describe, expect, it } from 'vitest';
import { chooseView, mirror } from '../../../packages/train/src/data/augment.ts';
import { Random } from '../../../packages/train/src/data/random.ts';

const views = (options: Parameters<typeof chooseView>[3]): ReturnType<typeof chooseView>[] =>
  Array.from({ length: 400 }, (_, index) => chooseView(new Random(42, index), 120, 90, options));

describe('chooseView()', () => {
  it('shows the whole picture as it is by default', () => {
    expect(new Set(views({}).map((view) => JSON.stringify(view)))).toEqual(new Set(['{"flip":false}']));
  });

  it('mirrors about half of the pictures', () => {
    const flipped = views({ flip: true }).filter(({ flip }) => flip).length;
    expect(flipped).toBeGreaterThan(160);
    expect(flipped).toBeLessThan(240);
  });

  it('crops regions of the area and aspect asked for, all over the picture', () => {
    const regions = views({ crop: [0.2, 0.5] }).map(({ region }) => region!);
    for (const { left, top, width, height } of regions) {
      expect((width * height) / (120 * 90)).toBeGreaterThan(0.19);
      expect((width * height) / (120 * 90)).toBeLessThan(0.51);
      expect(Math.abs(Math.log(width / height))).toBeLessThan(Math.log(4 / 3) + 0.05);
      expect(left + width).toBeLessThanOrEqual(120);
      expect(top + height).toBeLessThanOrEqual(90);
    }
    expect(Math.min(...regions.map(({ left }) => left))).toBe(0);
    expect(Math.max(...regions.map(({ left, width }) => left + width))).toBe(120);
  });

  it('does not change the mirroring when a crop is added', () => {
    expect(views({ flip: true, crop: [0.5, 1] }).map(({ flip }) => flip)).toEqual(
      views({ flip: true }).map(({ flip }) => flip),
    );
  });

  it('shows the whole picture where no such region fits', () => {
    expect(chooseView(new Random(1), 400, 4, { crop: [1, 1] }).region).toBeUndefined();
  });
});

describe('mirror()', () => {
  it('reverses each row, pixel by pixel', () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    mirror(data, 3, 2, 2);
    expect([...data]).toEqual([5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8]);
  });
});
