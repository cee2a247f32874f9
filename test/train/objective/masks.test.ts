/** Values within 1e-5 relative, gradients within 1e-4 relative in norm: float32 against float64. */
import type { Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { IGNORED, maskLoss, maskShareLoss, maskTargets } from '../../../packages/train/src/objective/masks.ts';
import { assignmentOf } from '../../../packages/train/src/objective/rows.ts';
import {
  centralDifferences,
  feed,
  lengthOf,
  meanOf,
  randomMatrix,
  relativeError,
  valueAndGradients,
} from './numeric.ts';

const [HEIGHT, WIDTH] = [2, 3];
const PIXELS = HEIGHT * WIDTH;
const MASKS = [
  [0, 0, 1, 1, IGNORED, 2],
  [2, 2, 2, IGNORED, IGNORED, 0],
  [IGNORED, IGNORED, IGNORED, IGNORED, IGNORED, IGNORED],
] as const;
/** Row: image (−1 for none), class (−1 for a label that the masks do not have). Class 3 is in no mask. */
const ROWS = [
  [0, 0],
  [0, 1],
  [0, 3],
  [0, -1],
  [1, 2],
  [2, 1],
  [-1, -1],
] as const;
const logits = randomMatrix(ROWS.length, PIXELS, 1, -4, 4);

const feeds: Record<string, TensorData> = {
  logits: feed(logits.data, [ROWS.length, HEIGHT, WIDTH]),
  masks: feed(MASKS.flat(), [MASKS.length, HEIGHT, WIDTH], 'uint8'),
  imageOfRow: feed(
    ROWS.map(([image]) => image),
    [ROWS.length],
    'int32',
  ),
  classOfRow: feed(
    ROWS.map(([, mask]) => mask),
    [ROWS.length],
  ),
};
type Inputs = Readonly<Record<string, Value>>;
const withLoss =
  (loss: typeof maskLoss) =>
  ({ logits: z, masks, imageOfRow, classOfRow }: Inputs): Value =>
    loss(
      z as Value,
      maskTargets(assignmentOf(imageOfRow as Value, MASKS.length), {
        masks: masks as Value,
        classOfRow: classOfRow as Value,
      }),
      MASKS.length,
    );
const build = withLoss(maskLoss);

const logitOf = (row: number, pixel: number): number => logits.data[row * PIXELS + pixel] as number;

/** Rows of a picture whose label is a class of the masks. */
const supervised = (image: number): { row: number; maskClass: number }[] =>
  ROWS.flatMap(([of, maskClass], row) => (of === image && maskClass >= 0 ? [{ row, maskClass }] : []));

function expectedShare(): number {
  const perImage = MASKS.map((mask, image) => {
    const rows = supervised(image);
    const losses = mask.flatMap((value, pixel) => {
      const answer = rows.find(({ maskClass }) => maskClass === value);
      const sum = rows.reduce((total, { row }) => total + Math.exp(logitOf(row, pixel)), 0);
      return answer === undefined ? [] : [Math.log(sum) - logitOf(answer.row, pixel)];
    });
    return losses.length === 0 ? 0 : meanOf(losses);
  });
  return meanOf(perImage);
}

function expected(): number {
  const perImage = MASKS.map((mask, image) => {
    const perRow = supervised(image).map(({ row, maskClass }) => {
      const losses = mask.flatMap((value, pixel) => {
        const probability = 1 / (1 + Math.exp(-logitOf(row, pixel)));
        return value === IGNORED ? [] : [-Math.log(value === maskClass ? probability : 1 - probability)];
      });
      return losses.length === 0 ? 0 : meanOf(losses);
    });
    return perRow.length === 0 ? 0 : meanOf(perRow);
  });
  return meanOf(perImage);
}

describe('maskLoss()', () => {
  it('and its gradient are those of the formula', async () => {
    const { value, gradients } = await valueAndGradients(feeds, ['logits'], build);
    expect(Math.abs(value - expected())).toBeLessThan(1e-5 * expected());
    expect(relativeError(gradients['logits'] as Float32Array, centralDifferences(expected, logits.data))).toBeLessThan(
      1e-4,
    );
  });

  it('of one row is the mean over its labeled pixels, by hand', async () => {
    const inputs: Record<string, TensorData> = {
      logits: feed([0, Math.log(3), -Math.log(3), 5], [1, 2, 2]),
      masks: feed([4, 4, 9, IGNORED], [1, 2, 2], 'uint8'),
      imageOfRow: feed([0], [1], 'int32'),
      classOfRow: feed([4], [1]),
    };
    const { value, gradients } = await valueAndGradients(
      inputs,
      ['logits'],
      ({ logits: z, masks, imageOfRow, classOfRow }) =>
        maskLoss(
          z as Value,
          maskTargets(assignmentOf(imageOfRow as Value, 1), { masks: masks as Value, classOfRow: classOfRow as Value }),
          1,
        ),
    );
    // −log of 1/2, 3/4 and 1 − 1/4; σ(z) − y of each, over three pixels.
    expect(value).toBeCloseTo((Math.log(2) + 2 * Math.log(4 / 3)) / 3, 6);
    [-1 / 6, -1 / 12, 1 / 12, 0].forEach((slope, pixel) => expect(gradients['logits']?.[pixel]).toBeCloseTo(slope, 6));
  });

  it('gives rows without a class, pictures without a mask and pixels without a label no gradient at all', async () => {
    const { gradients } = await valueAndGradients(feeds, ['logits'], build);
    const slopes = gradients['logits'] as Float32Array;
    expect(ROWS.map((_, row) => lengthOf(slopes.subarray(row * PIXELS, (row + 1) * PIXELS)) > 0)).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(Array.from(slopes.subarray(0, PIXELS), (slope) => slope !== 0)).toEqual([
      true,
      true,
      true,
      true,
      false,
      true,
    ]);
  });

  it('stays finite and right for logits of ±1,000', async () => {
    const inputs = {
      ...feeds,
      logits: feed(
        logits.data.map((value) => 1000 * Math.sign(value)),
        [ROWS.length, HEIGHT, WIDTH],
      ),
    };
    const { value, gradients } = await valueAndGradients(inputs, ['logits'], build);
    expect(value).toBeGreaterThan(100);
    expect(value).toBeLessThan(1000);
    expect((gradients['logits'] as Float32Array).every(Number.isFinite)).toBe(true);
  });
});

describe('maskShareLoss()', () => {
  const share = withLoss(maskShareLoss);

  it('and its gradient are those of the formula', async () => {
    const { value, gradients } = await valueAndGradients(feeds, ['logits'], share);
    expect(Math.abs(value - expectedShare())).toBeLessThan(1e-5 * expectedShare());
    expect(
      relativeError(gradients['logits'] as Float32Array, centralDifferences(expectedShare, logits.data)),
    ).toBeLessThan(1e-4);
  });

  it('of two labels is the cross-entropy of a choice between them, by hand', async () => {
    const inputs: Record<string, TensorData> = {
      // Odds of 3 to 1 for the first label, 1 to 1, 1 to 4; an unlabeled pixel, and one whose class has no row.
      logits: feed([Math.log(3), 7, 0, 1, 2, 0, 7, Math.log(4), 1, 2], [2, 1, 5]),
      masks: feed([0, 1, 1, IGNORED, 9], [1, 1, 5], 'uint8'),
      imageOfRow: feed([0, 0], [2], 'int32'),
      classOfRow: feed([0, 1], [2]),
    };
    const { value, gradients } = await valueAndGradients(
      inputs,
      ['logits'],
      ({ logits: z, masks, imageOfRow, classOfRow }) =>
        maskShareLoss(
          z as Value,
          maskTargets(assignmentOf(imageOfRow as Value, 1), { masks: masks as Value, classOfRow: classOfRow as Value }),
          1,
        ),
    );
    expect(value).toBeCloseTo((Math.log(4 / 3) + Math.log(2) + Math.log(5 / 4)) / 3, 6);
    [-1 / 4, 1 / 2, 1 / 5, 0, 0, 1 / 4, -1 / 2, -1 / 5, 0, 0].forEach((slope, at) =>
      expect(gradients['logits']?.[at]).toBeCloseTo(slope / 3, 6),
    );
  });

  it('takes no notice of rows without a class or a picture, whatever their logits are', async () => {
    const contents = (value: number): Record<string, TensorData> => ({
      ...feeds,
      logits: feed(
        logits.data.map((z, at) =>
          (ROWS[Math.floor(at / PIXELS)] as readonly number[])[1] === -1 ? value * (1 + (at % 3)) : z,
        ),
        [ROWS.length, HEIGHT, WIDTH],
      ),
    });
    const [zero, large, huge] = await Promise.all(
      [0, 50, 1e6].map((value) => valueAndGradients(contents(value), ['logits'], share)),
    );
    expect(large).toEqual(zero);
    expect(huge).toEqual(zero);
    expect(Math.abs((zero?.value as number) - expectedShare())).toBeLessThan(1e-5 * expectedShare());
  });

  it('is 0 for a batch without a labeled pixel', async () => {
    const inputs = {
      ...feeds,
      masks: feed(
        MASKS.flat().map(() => IGNORED),
        [MASKS.length, HEIGHT, WIDTH],
        'uint8',
      ),
    };
    for (const loss of [share, build]) {
      const { value, gradients } = await valueAndGradients(inputs, ['logits'], loss);
      expect(Math.abs(value)).toBe(0);
      expect((gradients['logits'] as Float32Array).every((slope) => Math.abs(slope) === 0)).toBe(true);
    }
  });
});
