import { describe, expect, it } from 'vitest';
import { type LabelColor, labelColors, palette, parseColor } from '../../../packages/core/src/mask/palette.ts';

function smallestDistance(colors: readonly LabelColor[]): number {
  let smallest = Infinity;
  for (const [index, a] of colors.entries()) {
    for (const b of colors.slice(0, index))
      smallest = Math.min(smallest, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  }
  return smallest;
}

const STREET = [
  'road',
  'sidewalk',
  'building',
  'wall',
  'fence',
  'pole',
  'traffic light',
  'traffic sign',
  'vegetation',
  'terrain',
  'sky',
  'person',
  'rider',
  'car',
  'truck',
  'bus',
  'train',
  'motorcycle',
  'bicycle',
];
const many = Array.from({ length: 255 }, (_, index) => `thing ${index}`);

describe('palette()', () => {
  it('gives 255 distinct colors in range, none of them black or grey', () => {
    const colors = palette(255);
    expect(new Set(colors.map(String)).size).toBe(255);
    for (const color of colors) {
      expect(color.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)).toBe(true);
      expect(Math.max(...color) - Math.min(...color)).toBeGreaterThanOrEqual(17);
      expect(Math.max(...color)).toBeGreaterThanOrEqual(85);
    }
  });

  it('keeps them apart: few far, many still visibly', () => {
    expect(smallestDistance(palette(12))).toBeGreaterThan(60);
    expect(smallestDistance(palette(20))).toBeGreaterThan(50);
    expect(smallestDistance(palette(255))).toBeGreaterThanOrEqual(17);
  });

  it('never changes: saved overlays and palettes depend on it', () => {
    expect(palette(0)).toEqual([]);
    expect(palette(40)).toEqual(palette(255).slice(0, 40));
    expect(palette(1)).toEqual([[46, 125, 225]]);
    expect(
      palette(255)
        .flat()
        .reduce((hash, part) => (Math.imul(hash, 31) + part) >>> 0, 7),
    ).toBe(1561615837);
  });
});

describe('labelColors()', () => {
  const colorsByName = (names: readonly string[]): Map<string, string> =>
    new Map(labelColors(names).map((color, index) => [names[index]!, String(color)]));

  it('gives a label the same color wherever it stands', () => {
    const forward = colorsByName(many);
    const backward = colorsByName(many.toReversed());
    for (const name of many) expect(backward.get(name), name).toBe(forward.get(name));
  });

  it('gives the nouns of streets the same colors alone and in any company', () => {
    const all = colorsByName(STREET);
    expect(new Set(all.values()).size).toBe(STREET.length);
    for (const [index, name] of STREET.entries()) {
      expect(String(labelColors([name])[0]), name).toBe(all.get(name));
      expect(colorsByName([...STREET.slice(index), 'red car', 'umbrella']).get(name), name).toBe(all.get(name));
    }
  });

  it('moves no label but those that want the same color when one comes or goes', () => {
    const names = many.slice(0, 30);
    const all = colorsByName(names);
    const moved = names.flatMap((gone) => {
      const rest = names.filter((name) => name !== gone);
      const without = colorsByName(rest);
      return rest.filter((name) => without.get(name) !== all.get(name));
    });
    // 30 times 29 colors looked at; random names want one of 96.
    expect(moved.length).toBeLessThan(30);
  });

  it('gives 255 labels 255 colors, names that objects have included', () => {
    expect(new Set(colorsByName([...many.slice(3), '__proto__', 'constructor', '3']).values()).size).toBe(255);
    expect(labelColors([])).toEqual([]);
  });

  it('takes colors that are chosen, as text or numbers, and keeps the others away from them', () => {
    const own = labelColors(['car'])[0]!;
    const [road, car, sky] = labelColors(['road', 'car', 'sky'], [own, undefined, '#0A0bfF']);
    expect([road, sky]).toEqual([own, [10, 11, 255]]);
    expect(Math.hypot(...car!.map((part, index) => part - own[index]!))).toBeGreaterThan(30);
    const crowded = labelColors(many, palette(200));
    expect(new Set(crowded.map(String)).size).toBe(255);
  });

  it('never changes: saved pictures depend on it', () => {
    expect(labelColors(['road', 'car', 'person'])).toEqual([
      [238, 170, 119],
      [119, 221, 187],
      [136, 187, 0],
    ]);
  });

  it.each<[string, unknown, unknown, typeof Error, string]>([
    ['a count', 3, undefined, TypeError, 'names must be a list of strings, got 3'],
    ['names that are none', ['a', 5], undefined, TypeError, 'names must be a list of strings, got a list of 2'],
    ['256 names', [...many, 'one more'], undefined, RangeError, 'names must be at most 255, got 256'],
    ['a name twice', ['a', 'b', 'a'], undefined, RangeError, 'names must be unique, got "a" twice'],
    ['colors that are no list', ['a'], '#ffffff', TypeError, 'chosen must be a list, got "#ffffff"'],
    [
      'a color that is none',
      ['a'],
      ['red'],
      RangeError,
      'color of "a" must be "#rrggbb" or three integers from 0 to 255, got "red"',
    ],
    [
      'a color out of range',
      ['a'],
      [[0, 0, 256]],
      RangeError,
      'color of "a" must be "#rrggbb" or three integers from 0 to 255, got [0,0,256]',
    ],
  ])('refuses %s', (_, names, chosen, kind, message) => {
    const call = (): unknown => labelColors(names as string[], chosen as never);
    expect(call).toThrow(kind);
    expect(call).toThrow(`Cannot pick label colors: ${message}`);
  });
});

describe('parseColor()', () => {
  it.each([
    ['#000', '"#000"'],
    [[1, 2], '[1,2]'],
    [[1, 2, 3.5], '[1,2,3.5]'],
    [null, 'null'],
    [{}, 'an object'],
    [[[1], 2, 3], 'a list of 3'],
  ])('refuses %j', (value, got) => {
    expect(() => parseColor('test', 'color', value)).toThrow(
      new RangeError(`Cannot test: color must be "#rrggbb" or three integers from 0 to 255, got ${got}`),
    );
  });
});
