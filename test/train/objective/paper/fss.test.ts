/**
 * Values within 1e-6 relative, gradients within 1e-5 relative in norm: few float32 operations each. Pictures have more
 * columns than rows and patches are not square, so that no two sides can be mistaken for one another.
 */
import { ops, type Value } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { patchMaps, patchMeans, synergyFeatures } from '../../../../packages/train/src/objective/paper/fss.ts';
import {
  centralDifferences,
  dot,
  feed,
  feedOf,
  lengthOf,
  meanOf,
  randomMatrix,
  relativeError,
  rowOf,
  valueAndGradients,
} from '../numeric.ts';

const ROWS = 2;
const [GRID_ROWS, GRID_COLUMNS] = [2, 3];
const GRID = [GRID_ROWS, GRID_COLUMNS] as const;
const PATCHES = GRID_ROWS * GRID_COLUMNS;
const [HEIGHT, WIDTH] = [4, 9];
const logits = randomMatrix(ROWS, HEIGHT * WIDTH, 1, -5, 5);
const logitsFeed = feed(logits.data, [ROWS, HEIGHT, WIDTH]);

/** Mean of f over the pixels of a patch. */
function patchMean(row: number, patch: number, f: (z: number) => number): number {
  const [patchHeight, patchWidth] = [HEIGHT / GRID_ROWS, WIDTH / GRID_COLUMNS];
  const [top, left] = [Math.floor(patch / GRID_COLUMNS) * patchHeight, (patch % GRID_COLUMNS) * patchWidth];
  const pixels = Array.from(
    { length: patchHeight * patchWidth },
    (_, index) => [top + Math.floor(index / patchWidth), left + (index % patchWidth)] as const,
  );
  return meanOf(pixels.map(([y, x]) => f(rowOf(logits, row)[y * WIDTH + x] as number)));
}

const on = (z: number): number => 1 / (1 + Math.exp(-z));
const off = (z: number): number => 1 / (1 + Math.exp(z));
/** `Σ w ⊙ x`, so that every element counts differently. */
const weigh = (x: Value, weights: Value): Value => ops.reduceSum(ops.multiply(x, weights), [0, 1]);
const weights = randomMatrix(ROWS, PATCHES, 2);
const others = randomMatrix(ROWS, PATCHES, 3);
const weighed = (f: (z: number) => number, by = weights): number =>
  Array.from(by.data).reduce(
    (sum, weight, index) => sum + weight * patchMean(Math.floor(index / PATCHES), index % PATCHES, f),
    0,
  );

describe('patchMeans()', () => {
  it('averages each patch, rows of patches first, and its gradient is spread over the patch', async () => {
    const { value, gradients } = await valueAndGradients(
      { logits: logitsFeed, weights: feedOf(weights) },
      ['logits'],
      (inputs) => weigh(patchMeans(inputs['logits'] as Value, GRID), inputs['weights'] as Value),
    );
    const expected = (): number => weighed((z) => z);
    expect(Math.abs(value - expected())).toBeLessThan(1e-6 * Math.abs(expected()) + 1e-6);
    expect(relativeError(gradients['logits'] as Float32Array, centralDifferences(expected, logits.data))).toBeLessThan(
      1e-5,
    );
  });
});

describe('patchMaps()', () => {
  const feeds = { logits: logitsFeed, weights: feedOf(weights), others: feedOf(others) };

  it('are the mean activation of each patch and its complement', async () => {
    const { value } = await valueAndGradients(feeds, ['logits'], (inputs) =>
      weigh(patchMaps(inputs['logits'] as Value, GRID).foreground, inputs['weights'] as Value),
    );
    expect(value).toBeCloseTo(weighed(on), 5);
    const complement = await valueAndGradients(feeds, ['logits'], (inputs) =>
      weigh(patchMaps(inputs['logits'] as Value, GRID).background, inputs['weights'] as Value),
    );
    expect(complement.value).toBeCloseTo(weighed(off), 5);
  });

  it('have a derivative, written by hand, that finite differences give too: each alone, and both at once', async () => {
    const both = (): number => weighed(on) + weighed(off, others);
    const cases: [(maps: ReturnType<typeof patchMaps>, a: Value, b: Value) => Value, () => number][] = [
      [(maps, a) => weigh(maps.foreground, a), () => weighed(on)],
      [(maps, a) => weigh(maps.background, a), () => weighed(off)],
      [(maps, a, b) => ops.add(weigh(maps.foreground, a), weigh(maps.background, b)), both],
    ];
    for (const [build, expected] of cases) {
      const { gradients } = await valueAndGradients(feeds, ['logits'], (inputs) =>
        build(patchMaps(inputs['logits'] as Value, GRID), inputs['weights'] as Value, inputs['others'] as Value),
      );
      expect(
        relativeError(gradients['logits'] as Float32Array, centralDifferences(expected, logits.data)),
      ).toBeLessThan(1e-5);
    }
  });

  it('tell apart maps that are saturated, where 1 − M would be 0 in float32, and have a slope there', async () => {
    for (const z of [30, -30]) {
      const saturated = { logits: feed([z, z, z, z], [1, 2, 2]) };
      const maps = (which: 'foreground' | 'background') =>
        valueAndGradients(saturated, ['logits'], (inputs) =>
          ops.reduceSum(patchMaps(inputs['logits'] as Value, [1, 1])[which], [0, 1]),
        );
      const [foreground, background] = await Promise.all([maps('foreground'), maps('background')]);
      expect(foreground.value / on(z)).toBeCloseTo(1, 5);
      expect(background.value / off(z)).toBeCloseTo(1, 5);
      expect((foreground.gradients['logits']?.[0] as number) / ((on(z) * off(z)) / 4)).toBeCloseTo(1, 5);
      expect((background.gradients['logits']?.[0] as number) / ((-on(z) * off(z)) / 4)).toBeCloseTo(1, 5);
    }
  });

  it('stay finite for logits that overflow the exponential', async () => {
    const { value, gradients } = await valueAndGradients(
      { logits: feed([200, -200, 1e4, -1e4], [1, 2, 2]) },
      ['logits'],
      (inputs) => ops.reduceSum(patchMaps(inputs['logits'] as Value, [1, 1]).foreground, [0, 1]),
    );
    expect(value).toBe(0.5);
    expect([...(gradients['logits'] as Float32Array)]).toEqual([0, 0, 0, 0]);
  });
});

describe('synergyFeatures()', () => {
  it('are Σ M (W v + b) over patches, for the map and for its complement', async () => {
    const [channels, dim] = [4, 5];
    const maps = randomMatrix(ROWS, PATCHES, 4, 0, 1);
    const features = randomMatrix(ROWS * PATCHES, channels, 5);
    const projector = randomMatrix(dim, channels, 6);
    const bias = randomMatrix(1, dim, 7);
    const pick = randomMatrix(ROWS, dim, 8);
    const pooled = (row: number, d: number, map: (m: number) => number): number =>
      Array.from(
        { length: PATCHES },
        (_, patch) =>
          map(rowOf(maps, row)[patch] as number) *
          (dot(rowOf(projector, d), rowOf(features, row * PATCHES + patch)) + (bias.data[d] as number)),
      ).reduce((sum, value) => sum + value, 0);
    const expected = (): number =>
      Array.from(pick.data).reduce(
        (sum, weight, index) =>
          sum +
          weight *
            (pooled(Math.floor(index / dim), index % dim, (m) => m) +
              3 * pooled(Math.floor(index / dim), index % dim, (m) => 1 - m)),
        0,
      );
    const sources = { maps, features, projector, bias };
    const { value, gradients } = await valueAndGradients(
      {
        maps: feedOf(maps),
        features: feed(features.data, [ROWS, PATCHES, channels]),
        projector: feedOf(projector),
        bias: feed(bias.data, [dim]),
        pick: feedOf(pick),
      },
      Object.keys(sources),
      (inputs) => {
        const foreground = inputs['maps'] as Value;
        const background = ops.subtract(ops.scalar(foreground, 1), foreground);
        const result = synergyFeatures(
          { foreground, background },
          inputs['features'] as Value,
          inputs['projector'] as Value,
          inputs['bias'] as Value,
        );
        return ops.add(
          weigh(result.foreground, inputs['pick'] as Value),
          ops.multiply(weigh(result.background, inputs['pick'] as Value), ops.scalar(foreground, 3)),
        );
      },
    );
    expect(Math.abs(value - expected())).toBeLessThan(1e-5 * lengthOf(pick.data) * PATCHES);
    for (const [name, { data }] of Object.entries(sources))
      expect(relativeError(gradients[name] as Float32Array, centralDifferences(expected, data)), name).toBeLessThan(
        1e-5,
      );
  });
});
