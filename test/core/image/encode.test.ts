import { decode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePicture } from '../../../packages/core/src/image/encode.ts';

const pixels = Uint8Array.from({ length: 6 * 4 * 3 }, (_, at) => (at * 37) % 256);

describe('encodePicture()', () => {
  it('writes the pixels as they are, or at another size', async () => {
    const same = decode(await encodePicture(pixels, 6, 4, { format: 'png', size: { width: 6, height: 4 } }));
    expect([same.width, same.height, [...same.data]]).toEqual([6, 4, [...pixels]]);
    const wide = await encodePicture(new Uint8Array(6 * 4 * 3).fill(90), 6, 4, {
      ...{ format: 'png', size: { width: 12, height: 3 } },
    });
    const { width, height, data } = decode(wide);
    expect([width, height, new Set(data)]).toEqual([12, 3, new Set([90])]);
  });

  it.each(['jpeg', 'webp'] as const)('writes %s of the quality asked for', async (format) => {
    const photo = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * at * 31) % 256);
    const [low, usual, high] = await Promise.all(
      [20, undefined, 100].map((quality) =>
        encodePicture(photo, 64, 64, { format, ...(quality === undefined ? {} : { quality }) }),
      ),
    );
    expect((await sharp(low).metadata()).format).toBe(format);
    expect((low?.length ?? 0) < (usual?.length ?? 0) && (usual?.length ?? 0) < (high?.length ?? 0)).toBe(true);
  });

  it('refuses a size that the format cannot have', async () => {
    const size = { width: 70_000, height: 1 };
    await expect(encodePicture(pixels, 6, 4, { format: 'jpeg', size })).rejects.toThrow(
      'Cannot encode picture: its size must be one that jpeg can have, got 70000×1 (',
    );
  });
});
