/**
 * Tolerances: the graph computes in float32, the reference in float64 from the same float32 numbers. Values within 1e-5
 * relative, gradients within 1e-4 relative in norm: some dozens of roundings of 6e-8 and the sums over them.
 */
import { ops, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { distillationLoss, groundingLoss } from '../../../../packages/train/src/objective/own/tags.ts';
import { IMAGES, PATCHES, bankOf, scoresOf, stated, valid, type Inputs } from '../label-bank.ts';
import {
  dot,
  expectGradients,
  feed,
  feedOf,
  lengthOf,
  meanOf,
  randomMatrix,
  rowOf,
  valueAndGradients,
} from '../numeric.ts';

const CHANNELS = 4;
const DIM = 5;

const text = randomMatrix(4, DIM, 1);
/** Row: image (−1 for none), label, whether stated. The third is not said of its picture. */
const rows = [
  { image: 0, label: 0, stated: 1 },
  { image: 0, label: 2, stated: 1 },
  { image: 0, label: 1, stated: 0 },
  { image: 1, label: 1, stated: 1 },
  { image: -1, label: 3, stated: 0 },
] as const;
const features = randomMatrix(IMAGES * PATCHES, CHANNELS, 2, -2, 2);
const weight = randomMatrix(DIM, CHANNELS, 3);
const bias = randomMatrix(1, DIM, 4);
const logits = randomMatrix(rows.length, PATCHES, 5, -3, 3);

const feeds: Record<string, TensorData> = {
  text: feedOf(text),
  stated: feedOf(stated),
  valid: feed([...valid, ...valid], [IMAGES, 4]),
  labelOfRow: feed(
    rows.map(({ label }) => label),
    [rows.length],
    'int32',
  ),
  statedOfRow: feed(
    rows.flatMap((row) => [0, 1].map((image) => (row.image === image ? row.stated : 0))),
    [rows.length, IMAGES],
  ),
  features: feed(features.data, [IMAGES, PATCHES, CHANNELS]),
  weight: feedOf(weight),
  bias: feed(bias.data, [DIM]),
  logits: feedOf(logits),
};

/** `unit(t) · (W x + b) − 2` of one patch and label; −10³⁰ more for what does not count. */
function score(image: number, patch: number, label: number, counts = valid): number {
  const t = rowOf(text, label);
  const x = rowOf(features, image * PATCHES + patch);
  const projected = Array.from({ length: DIM }, (_, d) => dot(rowOf(weight, d), x) + (bias.data[d] as number));
  return dot(t, projected) / lengthOf(t) - 2 - (counts[label] === 1 ? 0 : 1e30);
}

function expectedGrounding(batchImages: number, countsOf = [valid, valid]): number {
  let sum = 0;
  for (let image = 0; image < IMAGES; image++) {
    const counts = countsOf[image]!;
    for (let label = 0; label < text.rows; label++) {
      if (counts[label] !== 1) continue;
      let [claimed, weighted] = [0, 0];
      for (let patch = 0; patch < PATCHES; patch++) {
        const competitors = [Math.E, ...counts.map((_, other) => Math.exp(score(image, patch, other, counts)))];
        const share = Math.exp(score(image, patch, label)) / competitors.reduce((total, value) => total + value, 0);
        claimed += share;
        weighted += share * score(image, patch, label);
      }
      const pooled = weighted / (claimed + 1);
      const probability = 1 / (1 + Math.exp(-pooled));
      sum -= Math.log(rowOf(stated, image)[label] === 1 ? probability : 1 - probability);
    }
  }
  return sum / batchImages;
}

function expectedDistillation(batchImages: number): number {
  let sum = 0;
  for (let image = 0; image < IMAGES; image++) {
    const mine = rows.map((row, index) => ({ ...row, index })).filter((row) => row.image === image && row.stated === 1);
    const standardized = mine.map(({ label }) => {
      const scores = Array.from({ length: PATCHES }, (_, patch) => score(image, patch, label));
      const mean = meanOf(scores);
      const deviation = Math.sqrt(meanOf(scores.map((value) => (value - mean) ** 2)) + 1e-6);
      return scores.map((value) => (value - mean) / deviation);
    });
    for (let patch = 0; patch < PATCHES; patch++) {
      const shares = (values: readonly number[]): number[] =>
        values.map((value) => Math.exp(value) / values.reduce((total, other) => total + Math.exp(other), 0));
      const target = shares(standardized.map((values) => (values[patch] as number) / 0.5));
      const given = shares(mine.map(({ index }) => rowOf(logits, index)[patch] as number));
      sum -= target.reduce((total, share, index) => total + share * Math.log(given[index] as number), 0) / PATCHES;
    }
  }
  return sum / batchImages;
}

describe('groundingLoss()', () => {
  it('and its gradients are those of the formula', async () => {
    const { value, gradients } = await valueAndGradients(feeds, ['weight', 'bias', 'features'], (inputs) =>
      groundingLoss(scoresOf(inputs), bankOf(inputs), IMAGES),
    );
    const expected = expectedGrounding(IMAGES);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    expectGradients(gradients, () => expectedGrounding(IMAGES), { weight, bias, features });
  });

  it('is a mean over the images of the whole batch, of which these are a part', async () => {
    const { value } = await valueAndGradients(feeds, ['weight'], (inputs) =>
      groundingLoss(scoresOf(inputs), bankOf(inputs), 10),
    );
    expect(value).toBeCloseTo(expectedGrounding(10), 5);
    expect(expectedGrounding(10)).toBeCloseTo(expectedGrounding(IMAGES) / 5, 12);
  });

  it('asks a picture only for the labels that count for it, and one for which none does for nothing', async () => {
    for (const countsOf of [
      [valid, [0, 1, 1, 0]],
      [valid, [0, 0, 0, 0]],
    ]) {
      const inputs = { ...feeds, valid: feed(countsOf.flat(), [IMAGES, 4]) };
      const { value, gradients } = await valueAndGradients(inputs, ['weight', 'bias', 'features'], (values) =>
        groundingLoss(scoresOf(values), bankOf(values), IMAGES),
      );
      const expected = expectedGrounding(IMAGES, countsOf);
      expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
      expectGradients(gradients, () => expectedGrounding(IMAGES, countsOf), { weight, bias, features });
    }
  });

  it('is the same number, bit for bit, whatever fills the bank', async () => {
    const filled = {
      ...feeds,
      text: feed(
        text.data.map((value, index) => (index < 3 * DIM ? value : 7 - index)),
        [4, DIM],
      ),
    };
    const [some, other] = await Promise.all(
      [feeds, filled].map((inputs) =>
        valueAndGradients(inputs, ['weight', 'bias'], (values) =>
          groundingLoss(scoresOf(values), bankOf(values), IMAGES),
        ),
      ),
    );
    expect(other).toEqual(some);
  });

  it('stays finite for scores far from zero', async () => {
    const far = {
      ...feeds,
      features: feed(
        features.data.map((value) => 1e3 * value),
        [IMAGES, PATCHES, CHANNELS],
      ),
    };
    const { value, gradients } = await valueAndGradients(far, ['weight', 'bias'], (inputs) =>
      groundingLoss(scoresOf(inputs), bankOf(inputs), IMAGES),
    );
    expect(Number.isFinite(value)).toBe(true);
    expect(
      [...(gradients['weight'] as Float32Array), ...(gradients['bias'] as Float32Array)].every(Number.isFinite),
    ).toBe(true);
  });
});

describe('distillationLoss()', () => {
  const loss = (inputs: Inputs): Value =>
    distillationLoss(
      inputs['logits'] as Value,
      scoresOf(inputs),
      bankOf(inputs),
      inputs['statedOfRow'] as Value,
      IMAGES,
    );

  it('and its gradient to the logits are those of the formula', async () => {
    const { value, gradients } = await valueAndGradients(feeds, ['logits'], loss);
    const expected = expectedDistillation(IMAGES);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    expectGradients(gradients, () => expectedDistillation(IMAGES), { logits });
  });

  it('gives rows that are not stated, or fill the bucket, no gradient at all', async () => {
    const { gradients } = await valueAndGradients(feeds, ['logits'], loss);
    const perRow = rows.map((_, row) =>
      lengthOf((gradients['logits'] as Float32Array).subarray(row * PATCHES, (row + 1) * PATCHES)),
    );
    expect(perRow.map((length) => length > 0)).toEqual([true, true, false, false, false]);
  });

  it('is 0 for a picture with one stated label: nobody to share with', async () => {
    const alone = { ...feeds, statedOfRow: feed([0, 0, 0, 0, 0, 0, 0, 1, 0, 0], [rows.length, IMAGES]) };
    expect((await valueAndGradients(alone, ['logits'], loss)).value).toBeCloseTo(0, 6);
  });

  it('sends no gradient to the projector', async () => {
    // With a term that does reach it, so that its gradient is asked for and found to be that term's alone.
    const { gradients } = await valueAndGradients(feeds, ['weight', 'bias'], (inputs) =>
      ops.add(
        loss(inputs),
        ops.add(ops.reduceSum(inputs['weight'] as Value, [0, 1]), ops.reduceSum(inputs['bias'] as Value, [0])),
      ),
    );
    expect(new Set(gradients['weight'])).toEqual(new Set([1]));
    expect(new Set(gradients['bias'])).toEqual(new Set([1]));
  });
});
