/** Ranges of a convolution trunk's maps, measured on drawn pictures. */
import { describe, expect, it } from 'vitest';
import { drawPicture, measureRanges } from '../../../packages/core/src/session/measured-ranges.ts';

describe('measureRanges()', () => {
  it('gives the largest magnitude over all pictures, with room', async () => {
    const seen: number[] = [];
    const ranges = await measureRanges([4, 6], ({ views }) => {
      expect(views!.shape).toEqual([1, 4, 6, 3]);
      seen.push(views!.data[0] as number);
      return Promise.resolve({ map: { data: Float32Array.of(seen.at(-1)!), shape: [] } });
    });
    expect(new Set(seen).size).toBeGreaterThan(4);
    expect([...ranges]).toEqual([['map', 1.25 * Math.max(...seen)]]);
  });

  it('refuses values that are not finite', async () => {
    const run = () => Promise.resolve({ map: { data: Float32Array.of(NaN), shape: [] } });
    await expect(measureRanges([4, 6], run)).rejects.toMatchObject({
      code: 'INFERENCE',
      message:
        'Cannot load checkpoint: values of "map" must be finite numbers, got others (the weights of the checkpoint ' +
        'may be damaged)',
    });
  });
});

describe('drawPicture()', () => {
  it('covers the picture with many colors, the same for a seed', () => {
    const picture = drawPicture([40, 60], 1);
    expect(picture).toHaveLength(40 * 60 * 3);
    const colors = new Set(
      Array.from({ length: 40 * 60 }, (_, place) => picture.slice(3 * place, 3 * place + 3).join()),
    );
    expect(colors.size).toBeGreaterThan(100);
    expect(drawPicture([40, 60], 1)).toEqual(picture);
    expect(drawPicture([40, 60], 2)).not.toEqual(picture);
  });
});
