/**
 * The loss `sharing` with a prior: what the decoder that training started from made of the rows has a say in what they
 * are
 * to share. Without one: `partial-labels.test.ts`, which also says how close graph and reference have to be.
 */
import { ops, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { sharingLoss } from '../../../../packages/train/src/objective/own/dense-captions.ts';
import {
  FILLING,
  IMAGES,
  PATCHES,
  SECOND,
  bankOf,
  rowFeeds,
  rows,
  softplus,
  stated,
  valid,
  type Inputs,
} from '../label-bank.ts';
import {
  centralDifferences,
  expectGradients,
  feed,
  feedOf,
  lengthOf,
  meanOf,
  randomMatrix,
  relativeError,
  rowOf,
  valueAndGradients,
  type Matrix,
} from '../numeric.ts';

const LABELS = valid.length;

/** Row: a patch of a picture; column: a label. */
const scores = randomMatrix(IMAGES * PATCHES, LABELS, 1, -2, 2);
const logits = randomMatrix(rows.length, PATCHES, 2, -3, 3);
/** As far apart as what it takes for a label that is not stated to win. */
const prior = randomMatrix(rows.length, PATCHES, 3, -9, 9);

const feeds: Record<string, TensorData> = {
  scores: feed(scores.data, [IMAGES, PATCHES, LABELS]),
  ...rowFeeds,
  text: feedOf(randomMatrix(LABELS, 2, 4)),
  logits: feedOf(logits),
  prior: feedOf(prior),
};
const lossBy =
  (weight: number, batchImages = IMAGES) =>
  (inputs: Inputs): Value =>
    sharingLoss(
      inputs['logits'] as Value,
      inputs['scores'] as Value,
      bankOf(inputs),
      inputs['assignment'] as Value,
      batchImages,
      { logits: inputs['prior'] as Value, weight },
    );

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
/** Numbers above 0 as shares of their sum. */
const sharesOf = (values: readonly number[]): number[] =>
  values.map((value) => value / values.reduce((sum, other) => sum + other, 0));

/** Of a patch: what each row of its picture is to have of it, what it is to reach by itself, and what it has. */
interface Place {
  readonly shares: readonly number[];
  readonly present: readonly number[];
  readonly given: readonly number[];
}

/** Two experts have a say in who has a patch, the captions squared: their opinions are multiplied. */
function placesOf(weight: number, known = prior, given = logits): Place[] {
  return Array.from({ length: IMAGES * PATCHES }, (_, place) => {
    const [image, patch] = [Math.floor(place / PATCHES), place % PATCHES];
    const mine = rows.flatMap((row, index) =>
      row.image === image
        ? [{ ...row, prior: rowOf(known, index)[patch] as number, given: rowOf(given, index)[patch] as number }]
        : [],
    );
    const captions = mine.map(({ label }) =>
      Math.exp((rowOf(scores, place)[label] as number) - (rowOf(stated, image)[label] === 1 ? 0 : 4)),
    );
    const start = mine.map((row) => Math.exp(weight * row.prior));
    const shares = sharesOf(captions.map((opinion, index) => opinion ** 2 * (start[index] as number)));
    return {
      shares,
      present: mine.map((row, index) => Math.max(shares[index] as number, sigmoid(row.prior))),
      given: mine.map((row) => row.given),
    };
  });
}

function expectedSharing(weight: number, batchImages = IMAGES, known = prior, given = logits): number {
  const perPlace = placesOf(weight, known, given).map(({ shares, present, given: values }) => {
    const had = sharesOf(values.map((value) => Math.exp(value - Math.max(...values))));
    const shared = -shares.reduce((sum, share, index) => sum + share * Math.log(had[index] as number), 0);
    const alone = meanOf(
      present.map((target, index) => softplus(values[index] as number) - target * (values[index] as number)),
    );
    return shared + alone / 2;
  });
  return (meanOf(perPlace) * IMAGES) / batchImages;
}

/** Of one picture with one patch, and all labels given: feeds without the logits. */
const onePatch = (
  scoresOfPatch: readonly number[],
  statedOfPicture: readonly number[],
  known: readonly number[],
): Record<string, TensorData> => {
  const count = known.length;
  return {
    ...{
      scores: feed(scoresOfPatch, [1, 1, count]),
      text: feed(
        Array.from({ length: count ** 2 }, (_, at) => Number(at % (count + 1) === 0)),
        [count, count],
      ),
      stated: feed(statedOfPicture, [1, count]),
      valid: feed(new Array(count).fill(1), [1, count]),
    },
    ...{
      labelOfRow: feed(
        known.map((_, label) => label),
        [count],
        'int32',
      ),
      assignment: feed(new Array(count).fill(1), [count, 1]),
      prior: feed(known, [count, 1]),
    },
  };
};

describe('sharingLoss() with a prior', () => {
  it.each([0.5, 1, 2])('and its gradient to the logits are those of the formula (weight %d)', async (weight) => {
    const { value, gradients } = await valueAndGradients(feeds, ['logits'], lossBy(weight));
    const expected = expectedSharing(weight);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    expectGradients(gradients, () => expectedSharing(weight), { logits });
    // Some rows are to reach their share by themselves, others what they reached at the start.
    const lifted = placesOf(weight).flatMap(({ shares, present }) =>
      shares.map((share, index) => (present[index] as number) > share + 0.01),
    );
    expect(new Set(lifted)).toEqual(new Set([true, false]));
  });

  it('is a mean over the images of the whole batch, of which these are a part', async () => {
    const { value } = await valueAndGradients(feeds, ['logits'], lossBy(1, 10));
    expect(value).toBeCloseTo(expectedSharing(1, 10), 5);
    expect(expectedSharing(1, 10)).toBeCloseTo(expectedSharing(1) / 5, 12);
  });

  it('gives every row of a picture a gradient, stated or not, and rows that fill the bucket none at all', async () => {
    const { gradients } = await valueAndGradients(feeds, ['logits'], lossBy(1));
    const perRow = rows.map((_, row) =>
      lengthOf((gradients['logits'] as Float32Array).subarray(row * PATCHES, (row + 1) * PATCHES)),
    );
    expect(perRow.map((length) => length > 1e-6)).toEqual([true, true, true, true, true, false]);
    expect(perRow[FILLING]).toBe(0);
  });

  it.each([0.5, 2])(
    'is the same number, bit for bit, whatever the start decoder made of rows that fill the bucket (weight %d)',
    async (weight) => {
      const filled = ([1, -60, 1e4, -1e4] as const).map((size) => ({
        ...feeds,
        ...Object.fromEntries(
          Object.entries({ logits, prior }).map(([name, { data }]) => [
            name,
            feed(
              data.map((value, at) => (at < FILLING * PATCHES ? value : size * (at % 2 === 0 ? 1 : -2))),
              [rows.length, PATCHES],
            ),
          ]),
        ),
        labelOfRow: feed(
          rows.map(({ image, label }) => (image < 0 ? 1 : label)),
          [rows.length],
          'int32',
        ),
      }));
      const [some, ...others] = await Promise.all(
        [feeds, ...filled].map((inputs) => valueAndGradients(inputs, ['logits'], lossBy(weight))),
      );
      for (const other of others) expect(other).toEqual(some);
    },
  );

  it('sends no gradient to the start decoder, nor to the projector', async () => {
    // With terms that do reach them, so that their gradients are asked for and found to be those terms' alone.
    const { gradients } = await valueAndGradients(feeds, ['prior', 'scores'], (inputs) =>
      ops.add(
        lossBy(1)(inputs),
        ops.add(ops.reduceSum(inputs['prior'] as Value, [0, 1]), ops.reduceSum(inputs['scores'] as Value, [0, 1, 2])),
      ),
    );
    expect([gradients['prior'], gradients['scores']].map((gradient) => [...new Set(gradient)])).toEqual([[1], [1]]);
  });

  it.each([
    ['captions where the start decoder has no favourite', [1, 0], [1, 1], [0.5, 0.5], 1, 'first'],
    ['the start decoder where captions have no favourite', [0, 0], [1, 1], [-1, 1], 1, 'second'],
    ['captions against a start decoder that is not sure', [1, 0], [1, 1], [-0.5, 1], 1, 'first'],
    ['a start decoder that is sure, against captions', [1, 0], [1, 1], [-2, 2], 1, 'second'],
    ['captions where the same start decoder counts little', [1, 0], [1, 1], [-2, 2], 0.4, 'first'],
    ['a start decoder that is not sure, but counts much', [1, 0], [1, 1], [-0.5, 1], 2, 'second'],
    ['what is stated, against a start decoder that is nearly sure', [0, 0], [1, 0], [-3, 4], 1, 'first'],
    ['a start decoder that is very sure of what nobody stated', [0, 0], [1, 0], [-5, 5], 1, 'second'],
  ] as const)(
    'follows %s: of two labels with scores %j, stated %j, prior %j at weight %d, is smaller where the logits give ' +
      'the patch to the %s',
    async (_, scoresOfPatch, statedOfPicture, known, weight, winner) => {
      const place = onePatch(scoresOfPatch, statedOfPicture, known);
      const lossAt = async (given: readonly number[]): Promise<number> =>
        (await valueAndGradients({ ...place, logits: feed(given, [2, 1]) }, ['logits'], lossBy(weight, 1))).value;
      const [first, second] = [await lossAt([1, -1]), await lossAt([-1, 1])];
      expect(first < second ? 'first' : 'second').toBe(winner);
      expect(Math.abs(first - second)).toBeGreaterThan(0.1);
    },
  );

  it('leaves synonyms of one patch where they were at the start, both of them', async () => {
    const place = { ...onePatch([1, 1], [1, 1], [3, 3]), logits: feed([3, 3], [2, 1]) };
    const { gradients } = await valueAndGradients(place, ['logits'], lossBy(1, 1));
    for (const slope of gradients['logits'] as Float32Array) expect(Math.abs(slope)).toBeLessThan(1e-6);
    // Each has half of the patch: without a prior each is to come down to that.
    const plain = await valueAndGradients(place, ['logits'], (inputs) =>
      sharingLoss(
        inputs['logits'] as Value,
        inputs['scores'] as Value,
        bankOf(inputs),
        inputs['assignment'] as Value,
        1,
      ),
    );
    for (const slope of plain.gradients['logits'] as Float32Array)
      expect(slope).toBeCloseTo((0.05 * (sigmoid(3) - 0.5)) / 2, 6);
  });

  it('lets come what was nowhere at the start: a label that shares with none is to have all of its patch', async () => {
    const { value, gradients } = await valueAndGradients(
      { ...onePatch([-1], [1], [-9]), logits: feed([0.7], [1, 1]) },
      ['logits'],
      lossBy(2, 1),
    );
    expect(value).toBeCloseTo(0.5 * softplus(-0.7), 5);
    expect(gradients['logits']?.[0]).toBeCloseTo(0.5 * (sigmoid(0.7) - 1), 5);
  });

  it('of one picture stays, though the start decoder’s logits of another lie far apart and are large', async () => {
    // Apart by more than the 87 of which float32 still has e^−87.
    const large = ({ rows: count, columns, data }: Matrix): Matrix => ({
      rows: count,
      columns,
      data: data.map((value, at) =>
        Math.fround(at < SECOND * columns ? 4 * value + 300 + 120 * (Math.floor(at / columns) % 2) : value),
      ),
    });
    const known = large(prior);
    const { value, gradients } = await valueAndGradients({ ...feeds, prior: feedOf(known) }, ['logits'], lossBy(1));
    // Where e^420 is near too much for the reference: a constant for all rows of a picture makes no difference to what
    // they share.
    const reference = {
      ...known,
      data: known.data.map((number, at) => (at < SECOND * PATCHES ? number - 200 : number)),
    };
    const expected = expectedSharing(1, IMAGES, reference);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    const slopes = centralDifferences(() => expectedSharing(1, IMAGES, reference), logits.data);
    expect(
      relativeError(
        (gradients['logits'] as Float32Array).subarray(SECOND * PATCHES),
        slopes.subarray(SECOND * PATCHES),
      ),
    ).toBeLessThan(1e-4);
  });

  it('stays finite for a start decoder’s logits far from zero', async () => {
    const { value, gradients } = await valueAndGradients(
      {
        ...feeds,
        prior: feed(
          prior.data.map((number) => 1e3 * number),
          [rows.length, PATCHES],
        ),
      },
      ['logits'],
      lossBy(2),
    );
    expect(Number.isFinite(value)).toBe(true);
    expect(gradients['logits']?.every(Number.isFinite)).toBe(true);
  });
});
