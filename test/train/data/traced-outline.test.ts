/** Outlines traced around masks, as OpenCV's findContours gives them. */
import { describe, expect, it } from 'vitest';
import { pixelBudget } from '../../../packages/train/src/data/fill-polygon.ts';
import { fillOutline, tracedCorners } from '../../../packages/train/src/data/traced-outline.ts';

async function rows(polygon: readonly number[], width = 6, height = 5): Promise<string[]> {
  const data = new Uint8Array(width * height);
  await fillOutline(data, width, height, polygon, 1, pixelBudget({}));
  return Array.from({ length: height }, (_, y) => data.subarray(y * width, (y + 1) * width).join(''));
}

describe('fillOutline()', () => {
  /** `cv2.findContours(mask, RETR_EXTERNAL, CHAIN_APPROX_SIMPLE)` of the rows of the test below. */
  const TRACED = [2, 1, 1, 2, 1, 3, 2, 4, 3, 4, 4, 3, 4, 2, 3, 1];
  const ROUND = ['000000', '001100', '011110', '011110', '001100'];

  it('gives back the mask that was traced', async () => {
    expect(await rows(TRACED)).toEqual(ROUND);
    expect(await rows(TRACED.map((place) => place + 0.003))).toEqual(ROUND);
  });

  it('gives back the mask that was traced between its pixels', async () => {
    // `skimage.measure.find_contours(mask, 0.5)`, and as pycococreator cuts it off at the picture's border.
    const square = [0.5, 2, 0.5, 3, 1, 3.5, 2, 3.5, 2.5, 3, 2.5, 2, 2, 1.5, 1, 1.5];
    expect(await rows(square)).toEqual(['000000', '000000', '011000', '011000', '000000']);
    const corner = [0, 0, 0, 1, 0, 1.5, 1, 1.5, 1.5, 1, 1.5, 0, 1, 0, 0, 0];
    expect(await rows(corner)).toEqual(['110000', '110000', '000000', '000000', '000000']);
  });

  it('keeps what is a pixel thin', async () => {
    const thin = [0, 0, 0, 3, 1, 4, 0, 3, 0, 1, 4, 1, 5, 2, 4, 1, 0, 1];
    expect(await rows(thin)).toEqual(['100000', '111110', '100001', '100000', '010000']);
  });

  it('fills drawn polygons by the centers of pixels', async () => {
    expect(await rows([1, 1, 4, 1, 4, 3, 1, 3])).toEqual(['000000', '011100', '011100', '000000', '000000']);
    expect(await rows(TRACED.map((place) => place + 0.4))).not.toEqual(ROUND);
  });

  it('takes steps along the edges of pixels for edges, as our own writer draws them', () => {
    expect(tracedCorners([0, 0, 2, 0, 2, 1, 3, 1, 3, 2, 1, 2, 1, 1, 0, 1])).toBeUndefined();
  });

  it('ends soon for places far outside', async () => {
    const far = [2, 1, -1e15, 2, 1, 1e15, 2, 4, 3, 4, 1e15, 3, 4, 2, 3, -1e15];
    expect(await rows(far)).toHaveLength(5);
  });
});
