import { describe, expect, it } from 'vitest';
import { chooseColors, chooseView, mirror, regionOf } from '../../../packages/train/src/data/augment.ts';
import {
  changesPictures,
  checkAugmentation,
  type Augmentation,
} from '../../../packages/train/src/data/data-options.ts';
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

describe('chooseView() with a scale', () => {
  it('enlarges a part of the picture, of its own aspect ratio, all over it', () => {
    const chosen = views({ scale: [1, 4] });
    expect(chosen.every(({ place }) => place === undefined)).toBe(true);
    const regions = chosen.map(({ region }) => region!);
    for (const { left, top, width, height } of regions) {
      expect(Math.abs(width / 120 - height / 90)).toBeLessThan(0.01);
      expect(width).toBeGreaterThanOrEqual(30);
      expect(left + width).toBeLessThanOrEqual(120);
      expect(top + height).toBeLessThanOrEqual(90);
    }
    // Uniform in the logarithm: half of the factors lie below 2.
    const belowTwo = regions.filter(({ width }) => width > 60).length;
    expect(belowTwo).toBeGreaterThan(160);
    expect(belowTwo).toBeLessThan(240);
  });

  it('shrinks the whole picture to a place of the view', () => {
    const chosen = views({ scale: [0.25, 0.5] });
    for (const { region, place } of chosen) {
      expect(region).toBeUndefined();
      const { left, top, width, height } = regionOf(place!, 40, 20);
      expect(width).toBeGreaterThanOrEqual(10);
      expect(width).toBeLessThanOrEqual(20);
      expect(Math.abs(width - 2 * height)).toBeLessThanOrEqual(1);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(40);
      expect(top + height).toBeLessThanOrEqual(20);
    }
  });

  it('covers a pixel at least', () => {
    expect(regionOf({ share: 1 / 16, across: 1, down: 0.5 }, 4, 4)).toEqual({ left: 3, top: 2, width: 1, height: 1 });
  });

  it('follows from its numbers, and leaves the mirroring as it is', () => {
    expect(views({ flip: true, scale: [0.5, 2] })).toEqual(views({ flip: true, scale: [0.5, 2] }));
    expect(views({ flip: true, scale: [0.5, 2] }).map(({ flip }) => flip)).toEqual(
      views({ flip: true }).map(({ flip }) => flip),
    );
  });
});

describe('chooseColors()', () => {
  it('changes nothing by default', () => {
    expect(chooseColors(new Random(1), {})).toBeUndefined();
    expect(chooseColors(new Random(1), { brightness: 0, hue: 0 })).toBeUndefined();
  });

  it('stays in the ranges asked for, and leaves what is not asked for', () => {
    const changes = Array.from({ length: 200 }, (_, index) =>
      chooseColors(new Random(7, index), { brightness: 0.5, hue: 0.1 }),
    );
    const brightness = changes.map((change) => change!.brightness);
    expect(Math.min(...brightness)).toBeGreaterThanOrEqual(0.5);
    expect(Math.min(...brightness)).toBeLessThan(0.55);
    expect(Math.max(...brightness)).toBeGreaterThan(1.45);
    expect(changes.every((change) => Math.abs(change!.hue) <= 0.1)).toBe(true);
    expect(changes.every((change) => change!.contrast === 1 && change!.saturation === 1)).toBe(true);
  });

  it('keeps the choice of one change when another is added', () => {
    expect(chooseColors(new Random(3), { hue: 0.2 })!.hue).toBe(
      chooseColors(new Random(3), { hue: 0.2, brightness: 1 })!.hue,
    );
  });
});

describe('checkAugmentation()', () => {
  it('refuses a crop beside a scale', () => {
    expect(() => checkAugmentation('train', { crop: [0.5, 1], scale: [1, 2] })).toThrow(
      new RangeError('Cannot train: augmentation.crop must be left out with augmentation.scale, got both'),
    );
    expect(() => checkAugmentation('train', { scale: [1, 2] })).not.toThrow();
  });

  it('knows what changes pictures', () => {
    expect([{}, { flip: false, hue: 0 }].map(changesPictures)).toEqual([false, false]);
    const changing: Augmentation[] = [{ flip: true }, { crop: [0.5, 1] }, { scale: [1, 1] }, { saturation: 0.1 }];
    expect(changing.map(changesPictures)).toEqual([true, true, true, true]);
  });
});

describe('mirror()', () => {
  it('reverses each row, pixel by pixel', () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    mirror(data, 3, 2, 2);
    expect([...data]).toEqual([5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8]);
  });
});
