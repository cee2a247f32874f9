/** Windows, scores and refinement through the public door, against results of single windows put together here. */
import { join } from 'node:path';
import { Segmenter, type LabelSet, type SegmentOptions } from '@synseg/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { worstExcess } from '../../support/tensors.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const [WIDTH, HEIGHT, SIDE] = [48, 32, 32];
const photo = picture(WIDTH, HEIGHT, 1);
let segmenter: Segmenter;
let labels: LabelSet;

beforeAll(async () => {
  const folder = writeTinyClipseg(join(root, 'tiny'));
  segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
  labels = await segmenter.labels(['road', 'car', 'the tree'], { background: 'none' });
});
afterAll(() => segmenter.dispose());

const activationsOf = async (image: typeof photo, options: SegmentOptions = {}): Promise<Float32Array> =>
  (await segmenter.segment(image, labels, { output: ['activations'], ...options })).activations;

/** The window's pixels as a picture. */
function cut(left: number) {
  const data = new Uint8Array(SIDE * HEIGHT * 3);
  for (let row = 0; row < HEIGHT; row++)
    data.set(photo.data.subarray((row * WIDTH + left) * 3, (row * WIDTH + left + SIDE) * 3), row * SIDE * 3);
  return { data, width: SIDE, height: HEIGHT };
}

/** The mean over windows at 0 and 16, of activations or of their logits. */
async function put(average: 'scores' | 'logits'): Promise<number[]> {
  const [first, second] = [await activationsOf(cut(0)), await activationsOf(cut(16))];
  const toLogit = (score: number): number => Math.log(score / (1 - score));
  return Array.from({ length: 3 * HEIGHT * WIDTH }, (_, at) => {
    const [line, column] = [Math.floor(at / WIDTH), at % WIDTH];
    const found = [
      ...(column < SIDE ? [first[line * SIDE + column]!] : []),
      ...(column >= 16 ? [second[line * SIDE + column - 16]!] : []),
    ];
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return average === 'scores' ? mean(found) : 1 / (1 + Math.exp(-mean(found.map(toLogit))));
  });
}

describe('windows', () => {
  it.each(['scores', 'logits'] as const)('averages %s where they overlap', async (average) => {
    const merged = await activationsOf(photo, { windows: { size: SIDE, stride: 16 }, average });
    expect(worstExcess(merged, await put(average), 2e-5, 0).excess).toBeLessThanOrEqual(0);
  });

  it("gives results at the picture's size, another, or that of the resampled picture", async () => {
    const windows = { size: 32, shortSide: 64 };
    const sizeOf = async (size: SegmentOptions['size']) => {
      const { width, height } = await segmenter.segment(photo, labels, { windows, size });
      return [width, height];
    };
    expect(await sizeOf('source')).toEqual([WIDTH, HEIGHT]);
    expect(await sizeOf('model')).toEqual([96, 64]);
    expect(await sizeOf({ width: 10, height: 5 })).toEqual([10, 5]);
  });

  it('takes five views of each window', async () => {
    const five = await activationsOf(photo, { windows: { size: SIDE, stride: 16 }, average: 'scores', views: 5 });
    const [first] = [await activationsOf(cut(0), { views: 5, average: 'scores' })];
    const corner = [0, 1, 2].map((label) => five[label * HEIGHT * WIDTH]!);
    expect(
      worstExcess(
        corner,
        [0, 1, 2].map((label) => first[label * HEIGHT * SIDE]!),
        2e-5,
        0,
      ).excess,
    ).toBeLessThanOrEqual(0);
  });

  it('does not go with a picture that was encoded before', async () => {
    const encoded = await segmenter.encode(photo);
    const refused = (options: SegmentOptions) => segmenter.segment(encoded, labels, options);
    await expect(refused({ windows: { size: 32 } })).rejects.toThrow(
      new RangeError('Cannot segment: windows must be left out for an encoded picture, got an object'),
    );
    await expect(refused({ refine: {} })).rejects.toThrow('refine must be left out for an encoded picture');
    const { activations } = await segmenter.segment(encoded, labels, { average: 'scores', output: ['activations'] });
    expect(
      worstExcess(activations, await activationsOf(photo, { average: 'scores' }), 1e-5, 0).excess,
    ).toBeLessThanOrEqual(0);
    encoded.dispose();
  });
});

describe('scores', () => {
  it('shares 1 among the labels in a softmax', async () => {
    for (const average of ['scores', 'logits'] as const) {
      const shares = await activationsOf(photo, { scores: 'softmax', softmaxScale: 3, average, size: 'model' });
      const pixels = shares.length / 3;
      const sums = Array.from(
        { length: pixels },
        (_, at) => shares[at]! + shares[pixels + at]! + shares[2 * pixels + at]!,
      );
      expect(
        worstExcess(
          sums,
          sums.map(() => 1),
          1e-5,
          0,
        ).excess,
      ).toBeLessThanOrEqual(0);
      const plain = await activationsOf(photo, { size: 'model' });
      // Odds of two labels: the ratio of their odds, to the power of the scale.
      const odds = (score: number): number => score / (1 - score);
      expect(shares[5]! / shares[pixels + 5]!).toBeCloseTo((odds(plain[5]!) / odds(plain[pixels + 5]!)) ** 3, 2);
    }
  });

  it('compares thresholds with them: a label wins where its share reaches the threshold', async () => {
    for (const options of [{ scores: 'softmax' }, { average: 'scores' }] as const) {
      const threshold = options.scores === 'softmax' ? 0.34 : 0.5;
      const result = await segmenter.segment(photo, labels, {
        ...options,
        threshold,
        output: ['labels', 'activations', 'masks'],
      });
      const pixels = WIDTH * HEIGHT;
      const expected = Array.from({ length: pixels }, (_, at) => {
        const own = [0, 1, 2].map((label) => result.activations[label * pixels + at]!);
        const best = own.indexOf(Math.max(...own));
        return own[best]! >= Math.fround(threshold) ? best : 255;
      });
      expect([...result.labelMap]).toEqual(expected);
      expect(new Set(expected).size).toBeGreaterThan(1);
      const mask = result.mask('road');
      expect([...mask]).toEqual(
        Array.from(result.activation('road'), (score) => (score >= Math.fround(threshold) ? 1 : 0)),
      );
    }
  });

  it('lets each window vote for background', async () => {
    const options: SegmentOptions = { average: 'scores', backgroundIn: 'windows', windows: { size: SIDE, stride: 16 } };
    // Each window keeps at least the pixel with its highest score, whatever the threshold.
    const { labelMap } = await segmenter.segment(photo, labels, { ...options, threshold: 1 });
    expect(new Set(labelMap).has(255)).toBe(true);
    expect(labelMap.some((label) => label !== 255)).toBe(true);
    const none = await segmenter.segment(photo, labels, { ...options, threshold: 0 });
    expect(none.labelMap.includes(255)).toBe(false);
    await expect(segmenter.segment(photo, labels, { backgroundIn: 'windows', threshold: 0.5 })).rejects.toThrow(
      new RangeError(
        'Cannot segment: backgroundIn must be "picture" without average "scores" and a threshold, got "windows"',
      ),
    );
  });
});

describe('refine', () => {
  it('changes maps along colors, and not those of a plain picture whose scores are even', async () => {
    const plain = await activationsOf(photo, { average: 'scores' });
    const refined = await activationsOf(photo, { average: 'scores', refine: { divisor: 1 } });
    expect(worstExcess(refined, plain, 1e-3, 0).excess).toBeGreaterThan(0);
    expect(Math.min(...refined)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...refined)).toBeLessThanOrEqual(1);
    const none = await activationsOf(photo, {
      average: 'scores',
      refine: { iterations: 1, dilations: [1] },
      size: 'model',
    });
    expect(none).toHaveLength(3 * SIDE * SIDE);
  });
});
