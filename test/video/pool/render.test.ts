import { decode } from 'fast-png';
import { blendOverlay, decodeRLE, resizeLabelMap } from '@synseg/core/masks';
import { describe, expect, it } from 'vitest';
import { render, type RenderInput, type RenderRequest } from '../../../packages/video/src/pool/render.ts';

const names = ['left', 'right', 'absent'];
const colors = [
  [255, 0, 0],
  [0, 0, 255],
  [0, 255, 0],
] as const;
const look = { alpha: 0.5, contour: false, legend: false };

/** A map of 8 × 6: left, right, and a row of background at the bottom; a gray picture of 160 × 120. */
function frame(): RenderInput & { readonly picture: Uint8Array<ArrayBuffer> } {
  const labelMap = Uint8Array.from({ length: 48 }, (_, at) => (at >= 40 ? 255 : at % 8 < 4 ? 0 : 1));
  return {
    labelMap,
    width: 8,
    height: 6,
    sourceWidth: 160,
    sourceHeight: 120,
    picture: new Uint8Array(160 * 120 * 3).fill(100),
  };
}

const rendered = (request: Partial<RenderRequest>, input: RenderInput = frame()): ReturnType<typeof render> =>
  render(input, { names, colors, ...request });

describe('render()', () => {
  it('gives the label map and the areas of all labels, and nothing that was not asked for', async () => {
    const input = frame();
    const result = await rendered({}, input);
    expect(result).toEqual({
      labelMap: input.labelMap,
      width: 8,
      height: 6,
      areas: { left: 20 / 48, right: 20 / 48, absent: 0 },
      background: 8 / 48,
    });
    expect(result.labelMap).toBe(input.labelMap);
    expect(input.picture).toEqual(frame().picture);
  });

  it('counts areas pixel by pixel, wherever runs begin and end', async () => {
    let state = 7;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    for (const [width, height] of [
      [1, 1],
      [3, 1],
      [7, 5],
      [16, 4],
      [31, 9],
    ] as const) {
      const labelMap = new Uint8Array(width * height);
      for (let at = 0; at < labelMap.length;) labelMap.fill([0, 1, 2, 255][random(4)]!, at, (at += 1 + random(11)));
      const share = (label: number): number => labelMap.filter((pixel) => pixel === label).length / labelMap.length;
      const { areas } = await rendered({}, { labelMap, width, height, sourceWidth: width, sourceHeight: height });
      expect(areas).toEqual({ left: share(0), right: share(1), absent: share(2) });
    }
  });

  it('delivers the label map at source size with smooth borders, areas and masks counted there', async () => {
    const { labelMap } = frame();
    const { rle, areas, background, ...map } = await rendered({ mapSize: 'source', rle: true });
    const large = resizeLabelMap(labelMap, 8, 6, 160, 120, { borders: 'smooth' });
    expect(map).toEqual({ labelMap: large, width: 160, height: 120 });
    const count = (label: number): number => large.filter((value) => value === label).length / large.length;
    expect(areas).toEqual({ left: count(0), right: count(1), absent: 0 });
    expect(background).toBe(count(255));
    expect(rle?.left?.size).toEqual([120, 160]);
    expect(decodeRLE(rle!.left!)).toEqual(large.map((label) => (label === 0 ? 1 : 0)));
  });

  it('hands on a map that has source size already', async () => {
    const { labelMap } = frame();
    const input = { labelMap, width: 8, height: 6, sourceWidth: 8, sourceHeight: 6 };
    expect((await rendered({ mapSize: 'source' }, input)).labelMap).toBe(labelMap);
  });

  it('gives run lengths and outlines of the labels that are there', async () => {
    const { rle, polygons } = await rendered({ rle: true, polygons: true });
    expect(Object.keys(rle ?? {})).toEqual(['left', 'right']);
    expect(decodeRLE(rle!.right!)).toEqual(frame().labelMap.map((label) => (label === 1 ? 1 : 0)));
    expect(polygons).toEqual({
      left: [{ exterior: [0, 0, 4, 0, 4, 5, 0, 5], holes: [] }],
      right: [{ exterior: [4, 0, 8, 0, 8, 5, 4, 5], holes: [] }],
    });
  });

  it('gives a palette PNG of the map as delivered', async () => {
    const { png } = await rendered({ png: true });
    const image = decode(png!);
    expect([image.width, image.height, image.channels]).toEqual([8, 6, 1]);
    expect(Uint8Array.from(image.data)).toEqual(frame().labelMap);
    expect(image.palette?.slice(0, 3)).toEqual(colors.map((color) => [...color]));
    expect(png!.buffer.byteLength).toBe(png!.length);
    expect(decode((await rendered({ png: true, mapSize: 'source' })).png!).width).toBe(160);
  });

  it('blends the labels into the picture it was given', async () => {
    const input = frame();
    const { overlay } = await rendered({ overlay: { ...look, contour: true, alpha: 0.25 } }, input);
    const expected = frame().picture;
    blendOverlay(expected, 160, 120, input.labelMap, 8, 6, colors, { alpha: 0.25, contour: true, borders: 'smooth' });
    expect(overlay).toBe(input.picture);
    expect(overlay).toEqual(expected);
  });

  it('draws the legend into the upper left corner, the same each time, and follows the labels', async () => {
    const plain = (await rendered({ overlay: look })).overlay!;
    const first = (await rendered({ overlay: { ...look, legend: true } })).overlay!;
    expect((await rendered({ overlay: { ...look, legend: true } })).overlay).toEqual(first);
    const changed = [...first.keys()]
      .filter((index) => first[index] !== plain[index])
      .map((index) => Math.floor(index / 3));
    const [xs, ys] = [changed.map((pixel) => pixel % 160), changed.map((pixel) => Math.floor(pixel / 160))];
    expect([Math.min(...xs), Math.min(...ys)]).toEqual([2, 2]);
    expect(Math.max(...xs)).toBeLessThan(80);
    expect(Math.max(...ys)).toBeLessThan(60);
    const swatch = (picture: Uint8Array): number[] => [
      ...picture.subarray((14 * 160 + 12) * 3, (14 * 160 + 12) * 3 + 3),
    ];
    expect(swatch(first)).toEqual([255, 0, 0]);
    const other = await rendered({
      overlay: { ...look, legend: true },
      names: ['new', 'right', 'absent'],
      colors: [[9, 8, 7], colors[1], colors[2]],
    });
    expect(swatch(other.overlay!)).toEqual([9, 8, 7]);
  });

  it('keeps the legend of many labels inside a small picture', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `a long label name ${index}`);
    const input = { ...frame(), sourceWidth: 20, sourceHeight: 10, picture: new Uint8Array(600).fill(100) };
    const { overlay } = await render(input, {
      names: many,
      colors: many.map((_, index) => [index, 0, 0] as const),
      overlay: { ...look, legend: true },
    });
    expect(overlay).toHaveLength(600);
    const none = await render(
      { ...frame(), labelMap: new Uint8Array(48).fill(255) },
      { names: [], colors: [], overlay: { ...look, legend: true } },
    );
    expect(none.overlay).toEqual(frame().picture);
  });

  it('gives a JPEG of the overlay, or of the picture, in the size asked for', async () => {
    const size = (jpeg: Uint8Array): [number, number] => {
      const frameHeader = jpeg.findIndex((byte, index) => byte === 0xff && jpeg[index + 1] === 0xc0);
      const view = new DataView(jpeg.buffer, jpeg.byteOffset);
      return [view.getUint16(frameHeader + 7), view.getUint16(frameHeader + 5)];
    };
    const jpeg = { quality: 80, maxWidth: 80 };
    const plain = await rendered({ jpeg });
    const blended = await rendered({ jpeg: { ...jpeg, maxWidth: 1000 }, overlay: look });
    expect(size(plain.jpeg!)).toEqual([80, 60]);
    expect(plain.overlay).toBeUndefined();
    expect(size(blended.jpeg!)).toEqual([160, 120]);
    expect((await rendered({ jpeg: { ...jpeg, maxWidth: 1000 } })).jpeg).not.toEqual(blended.jpeg);
  });

  it('rejects labels without a name, and drawing without a picture', async () => {
    await expect(rendered({ names: ['left'], rle: true })).rejects.toThrow(
      new RangeError('Cannot encode RLE: labelMap must hold 255 or indices below 1, got 1 at 4'),
    );
    const { picture: _, ...blind } = frame();
    await expect(rendered({ overlay: look }, blind)).rejects.toThrow(
      'internal: a frame to be drawn came without its picture',
    );
    await expect(rendered({ jpeg: { quality: 80, maxWidth: 100 } }, blind)).rejects.toThrow(
      'internal: a frame to be drawn came without its picture',
    );
  });
});
