/**
 * Tolerances: the graph computes in float32, the reference in float64 from the same float32 numbers. Values within 1e-5
 * relative, gradients within 1e-4 relative in norm: some dozens of roundings of 6e-8 and the sums over them.
 */
import { ops, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { partialLabelLoss, sharingLoss } from '../../../../packages/train/src/objective/own/dense-captions.ts';
import {
  FILLING,
  IMAGES,
  PATCHES,
  SECOND,
  bankOf,
  rowFeeds,
  rows,
  scoresOf,
  softplus,
  stated,
  valid,
  type Inputs,
} from '../label-bank.ts';
import {
  centralDifferences,
  dot,
  expectGradients,
  feed,
  feedOf,
  lengthOf,
  matrix,
  meanOf,
  randomMatrix,
  relativeError,
  rowOf,
  valueAndGradients,
  type Matrix,
} from '../numeric.ts';

const CHANNELS = 4;
const DIM = 5;

const text = randomMatrix(4, DIM, 1);
const features = randomMatrix(IMAGES * PATCHES, CHANNELS, 2, -3, 3);
const weight = randomMatrix(DIM, CHANNELS, 3);
const bias = randomMatrix(1, DIM, 19, -2, 2);
const logits = randomMatrix(rows.length, PATCHES, 5, -3, 3);

const feeds: Record<string, TensorData> = {
  ...rowFeeds,
  text: feedOf(text),
  features: feed(features.data, [IMAGES, PATCHES, CHANNELS]),
  weight: feedOf(weight),
  bias: feed(bias.data, [DIM]),
  logits: feedOf(logits),
};
/** Another label that fills the bank, and it is stated of every picture. */
const filledBank: Record<string, TensorData> = {
  text: feed(
    text.data.map((value, index) => (index < 3 * DIM ? value : 7 - index)),
    [4, DIM],
  ),
  stated: feed([1, 0, 1, 1, 0, 1, 0, 1], [IMAGES, 4]),
};
const enlarged = (factor: number): TensorData =>
  feed(
    features.data.map((value) => factor * value),
    [IMAGES, PATCHES, CHANNELS],
  );

/** `unit(t) · (W x + b)` of one patch and label; what is added to all scores makes no difference here. */
function score(image: number, patch: number, label: number, from = features): number {
  const t = rowOf(text, label);
  const x = rowOf(from, image * PATCHES + patch);
  const projected = Array.from({ length: DIM }, (_, d) => dot(rowOf(weight, d), x) + (bias.data[d] as number));
  return dot(t, projected) / lengthOf(t);
}

const PATCH_NUMBERS = Array.from({ length: PATCHES }, (_, patch) => patch);
/** Labels that do more than fill the bank. */
const LABELS = valid.flatMap((isValid, label) => (isValid === 1 ? [label] : []));

/** `log Σ e^x` */
function logSum(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/** Logarithms of the softmax of some numbers. */
const logShares = (values: readonly number[]): number[] => values.map((value) => value - logSum(values));

/**
 * Of a picture: a patch is one of the stated labels, of the others each with e^−4; and each stated label has some of
 * it.
 */
function expectedPartial(
  batchImages: number,
  { statements = stated, factor = 1 }: { statements?: Matrix; factor?: number } = {},
): number {
  const from = { ...features, data: features.data.map((value) => factor * value) };
  let sum = 0;
  for (let image = 0; image < IMAGES; image++) {
    const isStated = LABELS.map((label) => rowOf(statements, image)[label] === 1);
    const count = isStated.filter(Boolean).length;
    if (count === 0) continue;
    const shares = PATCH_NUMBERS.map((patch) => logShares(LABELS.map((label) => score(image, patch, label, from))));
    sum -= meanOf(
      shares.map((ofPatch) => logSum(ofPatch.map((share, index) => share - (isStated[index] === true ? 0 : 4)))),
    );
    isStated.forEach(
      (counts, index) =>
        (sum -= counts
          ? (0.7 / count) * (logSum(shares.map((ofPatch) => ofPatch[index] as number)) - Math.log(PATCHES))
          : 0),
    );
  }
  return sum / batchImages;
}

/** What the rows of a picture are to have of a patch goes by: scores, 4 less for what is not stated. */
function evidenceOf(image: number, patch: number, from = features): number[] {
  return rows
    .filter((row) => row.image === image)
    .map(({ label }) => score(image, patch, label, from) - (rowOf(stated, image)[label] === 1 ? 0 : 4));
}

function expectedSharing(batchImages: number, from = features, given = logits): number {
  let sum = 0;
  for (let image = 0; image < IMAGES; image++) {
    for (const patch of PATCH_NUMBERS) {
      const mine = rows.flatMap((row, index) => (row.image === image ? [rowOf(given, index)[patch] as number] : []));
      const targets = logShares(evidenceOf(image, patch, from).map((value) => 2 * value)).map(Math.exp);
      const shares = logShares(mine);
      const shared = -targets.reduce((total, target, index) => total + target * (shares[index] as number), 0);
      const alone = meanOf(
        targets.map((target, index) => softplus(mine[index] as number) - target * (mine[index] as number)),
      );
      sum += (shared + 0.05 * alone) / PATCHES;
    }
  }
  return sum / batchImages;
}

describe('partialLabelLoss()', () => {
  const loss = (inputs: Inputs): Value => partialLabelLoss(scoresOf(inputs), bankOf(inputs), IMAGES);
  /** Of one picture with as many patches as there are scores, each of two labels whose texts have this cosine. */
  const lossOfScores = async (
    scores: readonly (readonly [number, number])[],
    statedOfPicture: readonly [number, number],
    cosine = 0,
  ): Promise<number> => {
    const inputs = {
      scores: feed(scores.flat(), [1, scores.length, 2]),
      text: feed([3, 0, 2 * cosine, 2 * Math.sqrt(1 - cosine ** 2)], [2, 2]),
      stated: feed(statedOfPicture, [1, 2]),
      valid: feed([1, 1], [1, 2]),
      labelOfRow: feed([0], [1], 'int32'),
    };
    return (
      await valueAndGradients(inputs, ['scores'], (values) =>
        partialLabelLoss(values['scores'] as Value, bankOf(values), 1),
      )
    ).value;
  };

  it.each([
    [0.91, 0],
    [0.89, 4],
    [-0.95, 4],
  ])(
    'takes a label for one that may be there when its text has a cosine of at least 0.9 with a stated one: at %d ' +
      'less %d',
    async (cosine, less) => {
      const scores = [
        [0.4, 1.2],
        [-0.3, 2],
      ] as const;
      const shares = scores.map((ofPatch) => logShares(ofPatch));
      const expected =
        -meanOf(shares.map(([own, other]) => logSum([own as number, (other as number) - less]))) -
        0.7 * (logSum(shares.map(([own]) => own as number)) - Math.log(2));
      expect(await lossOfScores(scores, [1, 0], cosine)).toBeCloseTo(expected, 5);
    },
  );

  it('and its gradients are those of the formula', async () => {
    const { value, gradients } = await valueAndGradients(feeds, ['weight', 'bias', 'features'], loss);
    const expected = expectedPartial(IMAGES);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    expectGradients(gradients, () => expectedPartial(IMAGES), { weight, bias, features });
  });

  it('is a mean over the images of the whole batch, of which these are a part', async () => {
    const { value } = await valueAndGradients(feeds, ['weight'], (inputs) =>
      partialLabelLoss(scoresOf(inputs), bankOf(inputs), 10),
    );
    expect(value).toBeCloseTo(expectedPartial(10), 5);
    expect(expectedPartial(10)).toBeCloseTo(expectedPartial(IMAGES) / 5, 12);
  });

  it('is the same number, bit for bit, whatever fills the bank', async () => {
    const [some, other] = await Promise.all(
      [feeds, { ...feeds, ...filledBank }].map((inputs) =>
        valueAndGradients(inputs, ['weight', 'bias', 'features'], loss),
      ),
    );
    expect(other).toEqual(some);
  });

  it('is more where a stated label has no patch than where it has some', async () => {
    const none = await lossOfScores(
      [
        [4, -4],
        [4, -4],
        [4, -4],
      ],
      [1, 1],
    );
    const some = await lossOfScores(
      [
        [4, -4],
        [4, -4],
        [-4, 4],
      ],
      [1, 1],
    );
    // Of the first label e^−0.0003 everywhere, of the second e^−8; of the first 2/3, of the second 1/3.
    const [all, nothing] = logShares([4, -4]) as [number, number];
    expect(none).toBeCloseTo(-0.35 * (all + nothing), 5);
    expect(some).toBeCloseTo(
      -0.35 * (logSum([all, all, nothing]) + logSum([nothing, nothing, all]) - 2 * Math.log(3)),
      5,
    );
    expect(none).toBeGreaterThan(some + 2);
  });

  it(
    'is less where a label that is not stated has no patch than where it has some, though not as much as its ' +
      'scores say',
    async () => {
      const none = await lossOfScores(
        [
          [9, -9],
          [9, -9],
          [9, -9],
        ],
        [1, 0],
      );
      const some = await lossOfScores(
        [
          [9, -9],
          [9, -9],
          [-9, 9],
        ],
        [1, 0],
      );
      expect(none).toBeCloseTo(0, 5);
      // One patch of three is taken for one that nobody spoke of: e^−4 of it, not e^−18.
      expect(some).toBeCloseTo(4 / 3 - 0.7 * Math.log(2 / 3), 4);
    },
  );

  it('gets nothing from a picture of which nothing is stated, and sends nothing there', async () => {
    for (const nothing of [
      [0, 0, 0, 0],
      [0, 0, 0, 1],
    ]) {
      const statements = matrix([[1, 0, 1, 0], nothing]);
      const { value, gradients } = await valueAndGradients(
        { ...feeds, stated: feedOf(statements) },
        ['features'],
        loss,
      );
      const expected = expectedPartial(IMAGES, { statements });
      expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
      const slopes = gradients['features'] as Float32Array;
      expect(lengthOf(slopes.subarray(0, PATCHES * CHANNELS))).toBeGreaterThan(1e-3);
      expect(lengthOf(slopes.subarray(PATCHES * CHANNELS))).toBe(0);
    }
    const { value, gradients } = await valueAndGradients(
      { ...feeds, stated: feed(new Array(IMAGES * 4).fill(0), [IMAGES, 4]) },
      ['weight', 'bias'],
      loss,
    );
    expect(
      [value, lengthOf(gradients['weight'] as Float32Array), lengthOf(gradients['bias'] as Float32Array)].map(Math.abs),
    ).toEqual([0, 0, 0]);
  });

  it('stays right for scores far from zero, and finite for scores however far', async () => {
    const { value } = await valueAndGradients({ ...feeds, features: enlarged(300) }, ['weight'], loss);
    const expected = expectedPartial(IMAGES, { factor: 300 });
    expect(expected).toBeGreaterThan(20);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    const far = await valueAndGradients({ ...feeds, features: enlarged(1e3) }, ['weight', 'bias'], loss);
    expect(Number.isFinite(far.value)).toBe(true);
    expect(
      [...(far.gradients['weight'] as Float32Array), ...(far.gradients['bias'] as Float32Array)].every(Number.isFinite),
    ).toBe(true);
  });
});

describe('sharingLoss()', () => {
  const lossOver = (inputs: Inputs, batchImages: number): Value =>
    sharingLoss(
      inputs['logits'] as Value,
      scoresOf(inputs),
      bankOf(inputs),
      inputs['assignment'] as Value,
      batchImages,
    );
  const loss = (inputs: Inputs): Value => lossOver(inputs, IMAGES);

  it('and its gradient to the logits are those of the formula', async () => {
    const { value, gradients } = await valueAndGradients(feeds, ['logits'], loss);
    const expected = expectedSharing(IMAGES);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    expectGradients(gradients, () => expectedSharing(IMAGES), { logits });
  });

  it('is a mean over the images of the whole batch, of which these are a part', async () => {
    const { value } = await valueAndGradients(feeds, ['logits'], (inputs) => lossOver(inputs, 10));
    expect(value).toBeCloseTo(expectedSharing(10), 5);
    expect(expectedSharing(10)).toBeCloseTo(expectedSharing(IMAGES) / 5, 12);
  });

  it('gives every row of a picture a gradient, stated or not, and rows that fill the bucket none at all', async () => {
    const { gradients } = await valueAndGradients(feeds, ['logits'], loss);
    const perRow = rows.map((_, row) =>
      lengthOf((gradients['logits'] as Float32Array).subarray(row * PATCHES, (row + 1) * PATCHES)),
    );
    expect(perRow.map((length) => length > 1e-6)).toEqual([true, true, true, true, true, false]);
    expect(perRow[FILLING]).toBe(0);
  });

  it('asks the row that wins a patch by the scores to win it by the logits', async () => {
    // Where all logits are equal, the winner's is to rise most.
    const { gradients } = await valueAndGradients(
      { ...feeds, logits: feed(new Array(rows.length * PATCHES).fill(0.3), [rows.length, PATCHES]) },
      ['logits'],
      loss,
    );
    const winners = new Set<string>();
    for (const image of [0, 1]) {
      for (const patch of PATCH_NUMBERS) {
        const evidence = evidenceOf(image, patch);
        const winner = evidence.indexOf(Math.max(...evidence));
        const slopes = rows.flatMap((row, index) =>
          row.image === image ? [gradients['logits']?.[index * PATCHES + patch] as number] : [],
        );
        expect(slopes.indexOf(Math.min(...slopes)), `patch ${String(patch)} of picture ${String(image)}`).toBe(winner);
        expect(slopes[winner]).toBeLessThan(0);
        winners.add(`${String(image)} ${String(winner)}`);
      }
    }
    expect(winners.size).toBeGreaterThan(2);
  });

  it.each([
    [[2, -1], [1, 1], 'first'],
    [[-1, 0.5], [1, 1], 'second'],
    [[-0.5, -0.2], [1, 1], 'second'],
    [[3, -0.5], [0, 1], 'second'],
    [[4, -0.5], [0, 1], 'first'],
    [[-0.5, 3], [1, 0], 'first'],
    [[-3, -2.5], [0, 0], 'second'],
  ])(
    'of two labels with scores %j, stated %j, is smaller where the logits give the patch to the %s than where they ' +
      'give it to the other',
    async (scores, statedOfRow, winner) => {
      const one: Record<string, TensorData> = {
        scores: feed(scores, [1, 1, 2]),
        text: feed([1, 0, 0, 1], [2, 2]),
        stated: feed(statedOfRow, [1, 2]),
        valid: feed([1, 1], [1, 2]),
        labelOfRow: feed([0, 1], [2], 'int32'),
        assignment: feed([1, 1], [2, 1]),
      };
      const lossAt = async (given: readonly number[]): Promise<number> =>
        (
          await valueAndGradients({ ...one, logits: feed(given, [2, 1]) }, ['logits'], (inputs) =>
            sharingLoss(
              inputs['logits'] as Value,
              inputs['scores'] as Value,
              bankOf(inputs),
              inputs['assignment'] as Value,
              1,
            ),
          )
        ).value;
      const [first, second] = [await lossAt([1, -1]), await lossAt([-1, 1])];
      expect(first < second ? 'first' : 'second').toBe(winner);
      expect(Math.abs(first - second)).toBeGreaterThan(0.1);
    },
  );

  it('is the same number, bit for bit, whatever fills bank and bucket', async () => {
    const filled = {
      ...feeds,
      ...filledBank,
      logits: feed(
        logits.data.map((value, index) => (index < FILLING * PATCHES ? value : 50 - 60 * index)),
        [rows.length, PATCHES],
      ),
      labelOfRow: feed(
        rows.map(({ image, label }) => (image < 0 ? 1 : label)),
        [rows.length],
        'int32',
      ),
    };
    const [some, other] = await Promise.all(
      [feeds, filled].map((inputs) => valueAndGradients(inputs, ['logits'], loss)),
    );
    expect(other).toEqual(some);
  });

  it('of one picture is what it is, though another’s scores lie far apart and its logits are large', async () => {
    // Apart by less than the 87 of which float32 still has e^−87: all pictures share one exponential.
    const large = ({ rows: count, columns, data }: Matrix, first: number, offset: number): Matrix => ({
      rows: count,
      columns,
      data: data.map((value, at) => Math.fround(at < first * columns ? 10 * value + offset : value)),
    });
    const [from, given] = [large(features, PATCHES, 0), large(logits, SECOND, 1000)];
    const { value, gradients } = await valueAndGradients(
      { ...feeds, features: feed(from.data, [IMAGES, PATCHES, CHANNELS]), logits: feedOf(given) },
      ['logits'],
      loss,
    );
    const expected = expectedSharing(IMAGES, from, given);
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * expected);
    const slopes = centralDifferences(() => expectedSharing(IMAGES, from, given), given.data);
    expect(
      relativeError(
        (gradients['logits'] as Float32Array).subarray(SECOND * PATCHES),
        slopes.subarray(SECOND * PATCHES),
      ),
    ).toBeLessThan(1e-4);
  });

  it('stays finite for scores and logits far from zero', async () => {
    const far = {
      ...feeds,
      features: enlarged(1e3),
      logits: feed(
        logits.data.map((value) => 1e3 * value),
        [rows.length, PATCHES],
      ),
    };
    const { value, gradients } = await valueAndGradients(far, ['logits'], loss);
    expect(Number.isFinite(value)).toBe(true);
    expect(gradients['logits']?.every(Number.isFinite)).toBe(true);
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
