import { decode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { palette } from '../../../packages/core/src/mask/palette.ts';
import { encodeIndexedPNG } from '../../../packages/core/src/image/label-png.ts';
import { randomBytes } from '../mask/random.ts';

const width = 37;
const height = 23;
const colors = palette(6);
const labelMap = randomBytes(width * height, 11, (value) => [0, 1, 2, 5, 255][value % 5]!);

describe('encodeIndexedPNG()', () => {
  it.each([false, true])(
    'stores label indices as pixel values (transparent background: %s)',
    async (transparentBackground) => {
      const png = decode(await encodeIndexedPNG(labelMap, width, height, colors, { transparentBackground }), {
        checkCrc: true,
      });
      expect([png.width, png.height, png.depth, png.channels]).toEqual([width, height, 8, 1]);
      expect(png.data).toEqual(labelMap);
      expect(png.palette).toHaveLength(256);
    },
  );

  it('decodes to the label colors and black in another decoder', async () => {
    const png = await encodeIndexedPNG(labelMap, width, height, colors);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([width, height, 3]);
    expect([...data]).toEqual([...labelMap].flatMap((label) => [...(colors[label] ?? [0, 0, 0])]));
  });

  it('makes only the background transparent', async () => {
    const png = await encodeIndexedPNG(labelMap, width, height, colors, { transparentBackground: true });
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(4);
    expect([...data]).toEqual(
      [...labelMap].flatMap((label) => (label === 255 ? [0, 0, 0, 0] : [...colors[label]!, 255])),
    );
  });

  it('holds 255 labels', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const png = await encodeIndexedPNG(all, 16, 16, palette(255));
    expect(decode(png).data).toEqual(all);
    expect([...(await sharp(png).raw().toBuffer())]).toEqual([...palette(255).flat(), 0, 0, 0]);
  });

  it('rejects wrong arguments', async () => {
    await expect(encodeIndexedPNG(labelMap, 3, 3, colors)).rejects.toThrow(
      new RangeError('Cannot encode PNG: labelMap must hold width × height = 9 values, got 851'),
    );
    await expect(encodeIndexedPNG(Uint8Array.of(0, 6), 2, 1, colors)).rejects.toThrow(
      new RangeError('Cannot encode PNG: labelMap must hold 255 or indices below 6, got 6 at 1'),
    );
    await expect(encodeIndexedPNG(Uint8Array.of(0), 1, 1, [[0, 300, 0]])).rejects.toThrow(
      new RangeError('Cannot encode PNG: colors[0] must be three integers from 0 to 255, got [0,300,0]'),
    );
    await expect(encodeIndexedPNG(Uint8Array.of(0), 1, 1, new Array(256).fill([1, 2, 3]))).rejects.toThrow(
      new RangeError('Cannot encode PNG: colors.length must be an integer from 0 to 255, got 256'),
    );
  });
});
