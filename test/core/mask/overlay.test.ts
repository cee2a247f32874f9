import { describe, expect, it } from 'vitest';
import { blendOverlay, resizeLabelMap } from '../../../packages/core/src/mask/overlay.ts';
import { palette } from '../../../packages/core/src/mask/palette.ts';
import { randomBytes } from './random.ts';

const colors = palette(40);

/** The documented formula, pixel by pixel. */
function blendSlowly(pixels: Uint8Array, labels: Uint8Array, alpha: number): Uint8Array {
  const weight = Math.round(256 * alpha);
  return pixels.map((value, index) => {
    const color = colors[labels[Math.floor(index / 3)]!];
    return color === undefined ? value : Math.floor((value * (256 - weight) + color[index % 3]! * weight + 128) / 256);
  });
}

/** Random labels in runs of up to 20, so that both ways of painting a run are taken. */
function randomRuns(length: number, seed: number): Uint8Array {
  const labels = randomBytes(length, seed, (value) => (value % 5 === 0 ? 255 : value % 40));
  const lengths = randomBytes(length, seed + 1, (value) => 1 + (value % 20));
  for (let index = 0; index < length; index += lengths[index]!)
    labels.fill(labels[index]!, index, index + lengths[index]!);
  return labels;
}

describe('blendOverlay()', () => {
  it.each([0, 0.1, 0.5, 0.77, 1])('blends by the documented formula at alpha %f', (alpha) => {
    for (const [width, height] of [
      [1, 1],
      [5, 3],
      [64, 9],
      [61, 17],
    ] as const) {
      const labels = randomRuns(width * height, width);
      const pixels = randomBytes(width * height * 3, 3, (value) => value & 255);
      const expected = blendSlowly(pixels, labels, alpha);
      blendOverlay(pixels, width, height, labels, width, height, colors, { alpha });
      expect(pixels).toEqual(expected);
    }
  });

  it('blends the brightest bytes without carrying into their neighbours', () => {
    for (const [pixel, color] of [
      [0, 255],
      [255, 0],
      [255, 255],
      [254, 255],
    ] as const) {
      for (let alpha = 0; alpha <= 1; alpha += 1 / 64) {
        const pixels = new Uint8Array(48).fill(pixel);
        blendOverlay(pixels, 16, 1, Uint8Array.of(0), 1, 1, [[color, color, color]], { alpha });
        const weight = Math.round(256 * alpha);
        expect(new Set(pixels)).toEqual(new Set([(pixel * (256 - weight) + color * weight + 128) >> 8]));
      }
    }
  });

  it('gives the same at any offset in a shared buffer', () => {
    const labels = randomRuns(400, 8);
    const source = randomBytes(1200, 4, (value) => value & 255);
    const expected = blendSlowly(source, labels, 0.5);
    for (const offset of [0, 1, 2, 3, 4]) {
      const buffer = new Uint8Array(1210).fill(9);
      const pixels = buffer.subarray(offset, offset + 1200);
      pixels.set(source);
      blendOverlay(pixels, 20, 20, labels, 20, 20, colors);
      expect(pixels).toEqual(expected);
      expect(new Set([...buffer.subarray(0, offset), ...buffer.subarray(offset + 1200)])).toEqual(new Set([9]));
    }
  });

  it.each([
    [4, 3],
    [7, 5],
    [32, 24],
    [90, 70],
  ] as const)('scales a %i × %i map like resizeLabelMap()', (mapWidth, mapHeight) => {
    const labels = randomRuns(mapWidth * mapHeight, 21);
    const pixels = randomBytes(32 * 24 * 3, 5, (value) => value & 255);
    const expected = blendSlowly(pixels, resizeLabelMap(labels, mapWidth, mapHeight, 32, 24), 0.3);
    blendOverlay(pixels, 32, 24, labels, mapWidth, mapHeight, colors, { alpha: 0.3 });
    expect(pixels).toEqual(expected);
  });

  it.each([
    [9, 7, 40, 30],
    [40, 30, 17, 50],
    [13, 30, 13, 30],
  ] as const)('draws the contour of a %i × %i map on %i × %i as documented', (mapWidth, mapHeight, width, height) => {
    const labels = randomRuns(mapWidth * mapHeight, 33);
    const large = resizeLabelMap(labels, mapWidth, mapHeight, width, height);
    const pixels = new Uint8Array(width * height * 3);
    blendOverlay(pixels, width, height, labels, mapWidth, mapHeight, colors, { alpha: 0, contour: true });
    const expected = new Uint8Array(width * height * 3);
    for (const [index, label] of large.entries()) {
      const [x, y] = [index % width, Math.floor(index / width)];
      const around = [
        x > 0 ? index - 1 : index,
        x < width - 1 ? index + 1 : index,
        y > 0 ? index - width : index,
        y < height - 1 ? index + width : index,
      ];
      if (label !== 255 && around.some((other) => large[other] !== label)) expected.set(colors[label]!, index * 3);
    }
    expect(pixels).toEqual(expected);
  });

  it('leaves background alone and is exact at alpha 0 and 1', () => {
    const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);
    blendOverlay(pixels, 2, 1, Uint8Array.of(255, 0), 2, 1, [[9, 8, 7]], { alpha: 0 });
    expect([...pixels]).toEqual([1, 2, 3, 4, 5, 6]);
    blendOverlay(pixels, 2, 1, Uint8Array.of(255, 0), 2, 1, [[9, 8, 7]], { alpha: 1 });
    expect([...pixels]).toEqual([1, 2, 3, 9, 8, 7]);
  });

  it('draws the contour in full color on labelled pixels that border another label or background', () => {
    // Labels 0 and 1, background '.', painted pixels in the second picture.
    const map = ['000001', '000001', '000001', '0000..', '000000', '000000'].join('');
    const contour = ['----##', '----##', '----##', '---#..', '----##', '------'].join('');
    const labels = Uint8Array.from(map, (pixel) => (pixel === '.' ? 255 : Number(pixel)));
    const two = [
      [200, 0, 0],
      [0, 200, 0],
    ] as const;
    const plain = new Uint8Array(108).fill(100);
    blendOverlay(plain, 6, 6, labels, 6, 6, two, { alpha: 0.25 });
    const pixels = new Uint8Array(108).fill(100);
    blendOverlay(pixels, 6, 6, labels, 6, 6, two, { alpha: 0.25, contour: true });
    for (const [index, label] of labels.entries()) {
      const found = [...pixels.subarray(index * 3, index * 3 + 3)];
      const blended = [...plain.subarray(index * 3, index * 3 + 3)];
      expect(found).toEqual(contour[index] === '#' ? two[label] : blended);
    }
  });

  it('draws the contour one picture pixel thin on an enlarged map', () => {
    const pixels = new Uint8Array(8 * 3);
    blendOverlay(pixels, 8, 1, Uint8Array.of(0, 255), 2, 1, [[200, 200, 200]], { alpha: 0.5, contour: true });
    expect([...pixels].filter((_, index) => index % 3 === 0)).toEqual([100, 100, 100, 200, 0, 0, 0, 0]);
  });

  it('rejects wrong arguments', () => {
    const map = Uint8Array.of(0, 255);
    expect(() => blendOverlay(new Uint8Array(8), 2, 1, map, 2, 1, colors)).toThrow(
      new RangeError('Cannot blend overlay: pixels must hold width × height × 3 = 6 values, got 8'),
    );
    expect(() => blendOverlay(new Uint8Array(6), 2, 1, map, 2, 2, colors)).toThrow(
      new RangeError('Cannot blend overlay: labelMap must hold mapWidth × mapHeight = 4 values, got 2'),
    );
    expect(() => blendOverlay(new Uint8Array(6), 2, 1, map, 0, 2, colors)).toThrow(
      new RangeError('Cannot blend overlay: mapWidth must be a positive integer, got 0'),
    );
    expect(() => blendOverlay(new Uint8Array(6), 2, 1, map, 2, 1, [])).toThrow(
      new RangeError('Cannot blend overlay: labelMap must hold 255 or indices below 0, got 0 at 0'),
    );
    expect(() => blendOverlay(new Uint8Array(6), 2, 1, map, 2, 1, colors, { alpha: 1.1 })).toThrow(
      new RangeError('Cannot blend overlay: alpha must be a number from 0 to 1, got 1.1'),
    );
    expect(() => blendOverlay(new Uint8Array(6), 2, 1, map, 2, 1, [[1, 2, -3]])).toThrow(
      new RangeError('Cannot blend overlay: colors[0] must be three integers from 0 to 255, got [1,2,-3]'),
    );
  });
});

/** The documented vote of smooth borders, pixel by pixel, in fractions. */
function smoothSlowly(map: Uint8Array, mapWidth: number, mapHeight: number, width: number, height: number): Uint8Array {
  const around = (
    target: number,
    side: number,
    mapSide: number,
  ): { near: readonly [number, number]; weights: readonly [number, number] } => {
    const position = ((2 * target + 1) * mapSide - side) / (2 * side);
    const first = Math.floor(position);
    const clamp = (index: number): number => Math.min(Math.max(index, 0), mapSide - 1);
    return { near: [clamp(first), clamp(first + 1)], weights: [1 - (position - first), position - first] };
  };
  return Uint8Array.from({ length: width * height }, (_, index) => {
    const rows = around(Math.floor(index / width), height, mapHeight);
    const columns = around(index % width, width, mapWidth);
    const votes = new Map<number, number>();
    const corners = [0, 1].flatMap((down) =>
      [0, 1].map((right) => ({
        label: map[rows.near[down]! * mapWidth + columns.near[right]!]!,
        weight: rows.weights[down]! * columns.weights[right]!,
      })),
    );
    for (const { label, weight } of corners) votes.set(label, (votes.get(label) ?? 0) + weight);
    const most = Math.max(...votes.values());
    const winners = corners.filter(({ label }) => votes.get(label)! > most - 1e-9).sort((a, b) => a.weight - b.weight);
    return winners.at(-1)!.label;
  });
}

describe('smooth borders', () => {
  it.each([
    [3, 2, 3, 2],
    [4, 3, 9, 7],
    [6, 5, 31, 20],
    [1, 1, 5, 4],
    [16, 1, 50, 3],
    [8, 8, 64, 48],
  ] as const)(
    'give each pixel of %i × %i → %i × %i the label with the most bilinear weight',
    (mapWidth, mapHeight, width, height) => {
      for (const labels of [2, 3, 9]) {
        const map = randomBytes(mapWidth * mapHeight, labels, (value) => (value % labels === 0 ? 255 : value % labels));
        const smooth = resizeLabelMap(map, mapWidth, mapHeight, width, height, { borders: 'smooth' });
        expect(smooth).toEqual(smoothSlowly(map, mapWidth, mapHeight, width, height));
      }
    },
  );

  it('keep a map of the same size, and are nearest ones where a side shrinks', () => {
    const map = randomRuns(20 * 15, 4);
    expect(resizeLabelMap(map, 20, 15, 20, 15, { borders: 'smooth' })).toEqual(map);
    expect(resizeLabelMap(map, 20, 15, 40, 14, { borders: 'smooth' })).toEqual(resizeLabelMap(map, 20, 15, 40, 14));
  });

  it('come closer to a round shape than nearest ones', () => {
    const disk = (side: number): Uint8Array =>
      Uint8Array.from({ length: side * side }, (_, index) => {
        const [x, y] = [(index % side) + 0.5 - side / 2, Math.floor(index / side) + 0.5 - side / 2];
        return Math.hypot(x, y) < side * 0.3 ? 0 : 255;
      });
    const truth = disk(512);
    const wrong = (borders: 'nearest' | 'smooth'): number =>
      resizeLabelMap(disk(64), 64, 64, 512, 512, { borders }).filter((label, index) => label !== truth[index]).length;
    expect(wrong('smooth')).toBeLessThan(0.8 * wrong('nearest'));
  });

  it.each([false, true])('are those of resizeLabelMap() in an overlay, contour %s', (contour) => {
    for (const [mapWidth, mapHeight, width, height] of [
      [9, 7, 40, 30],
      [12, 10, 37, 10],
      [40, 30, 17, 50],
    ] as const) {
      const labels = randomRuns(mapWidth * mapHeight, mapWidth);
      const large = resizeLabelMap(labels, mapWidth, mapHeight, width, height, { borders: 'smooth' });
      const pixels = randomBytes(width * height * 3, 5, (value) => value & 255);
      const expected = pixels.slice();
      blendOverlay(expected, width, height, large, width, height, colors, { alpha: 0.3, contour });
      blendOverlay(pixels, width, height, labels, mapWidth, mapHeight, colors, {
        alpha: 0.3,
        contour,
        borders: 'smooth',
      });
      expect(pixels).toEqual(expected);
    }
  });

  it('rejects another word for borders', () => {
    const borders = 'round' as 'smooth';
    expect(() => resizeLabelMap(new Uint8Array(1), 1, 1, 2, 2, { borders })).toThrow(
      new RangeError('Cannot resize label map: borders must be "nearest" or "smooth", got "round"'),
    );
    expect(() => blendOverlay(new Uint8Array(3), 1, 1, Uint8Array.of(0), 1, 1, colors, { borders })).toThrow(
      new RangeError('Cannot blend overlay: borders must be "nearest" or "smooth", got "round"'),
    );
  });
});

describe('resizeLabelMap()', () => {
  it('takes the label nearest to each half-pixel centre', () => {
    // 3 → 4: centres ½, 1½, 2½, 3½ × ¾ = 0.375, 1.125, 1.875, 2.625
    expect([...resizeLabelMap(Uint8Array.of(7, 8, 9), 3, 1, 4, 1)]).toEqual([7, 8, 8, 9]);
    // 4 → 2: centres 1 and 3
    expect([...resizeLabelMap(Uint8Array.of(1, 2, 3, 4), 4, 1, 2, 1)]).toEqual([2, 4]);
    expect([...resizeLabelMap(Uint8Array.of(1, 2, 3, 4), 2, 2, 3, 4)]).toEqual([1, 2, 2, 1, 2, 2, 3, 4, 4, 3, 4, 4]);
  });

  it('repeats whole factors exactly and copies at the same size', () => {
    const map = randomBytes(35, 2, (value) => value & 255);
    const large = resizeLabelMap(map, 7, 5, 21, 20);
    expect(large).toEqual(
      Uint8Array.from({ length: 420 }, (_, index) => map[((index / 84) | 0) * 7 + (((index % 21) / 3) | 0)]!),
    );
    const copy = resizeLabelMap(map, 7, 5, 7, 5);
    expect(copy).toEqual(map);
    expect(copy).not.toBe(map);
    expect(resizeLabelMap(large, 21, 20, 7, 5)).toEqual(map);
  });

  it('rejects wrong arguments', () => {
    expect(() => resizeLabelMap(new Uint8Array(3), 2, 2, 4, 4)).toThrow(
      new RangeError('Cannot resize label map: labelMap must hold mapWidth × mapHeight = 4 values, got 3'),
    );
    expect(() => resizeLabelMap(new Uint8Array(4), 2, 2, 4, 0)).toThrow(
      new RangeError('Cannot resize label map: height must be a positive integer, got 0'),
    );
  });
});
