/** Averages over overlapping windows, and votes for background, against worked examples. */
import { expect, it } from 'vitest';
import { gridWindows, mergeWindows, type WindowSource } from '../../../packages/core/src/session/merge-windows.ts';
import type { ScoreRule } from '../../../packages/core/src/session/protocol.ts';
import { WindowCanvas } from '../../../packages/core/src/session/window-canvas.ts';
import { runGraph } from '../../support/tensors.ts';

const windows = {
  picture: [2, 3],
  size: [2, 2],
  corners: [
    [0, 0],
    [0, 1],
  ],
} as const;
const RULE: ScoreRule = { scores: 'sigmoid', softmaxScale: 1, average: 'scores', refine: undefined, vote: undefined };

/** Windows with these scores, two labels of 2 × 2 pixels each. */
function sourceOf(scores: readonly (readonly number[])[], elements = 1e6): WindowSource {
  return {
    logits: async (window) => ({ data: Float32Array.from(scores[window]!), shape: [1, 2, 2, 2] }),
    run: async (_, build, feeds) => runGraph(build(), feeds),
    elements,
  };
}

const logits = (...scores: number[]): number[] => scores.map((score) => Math.log(score / (1 - score)));
const rounded = (numbers: ArrayLike<number>): number[] => Array.from(numbers, (value) => Number(value.toFixed(5)));

it('averages where windows overlap: sums by the count of windows', () => {
  const canvas = new WindowCanvas(1, windows, false);
  canvas.add([0, 0], 0, { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] });
  canvas.add([0, 1], 0, { data: Float32Array.of(6, 7, 8, 9), shape: [1, 2, 2] });
  const { scores, votes } = canvas.means();
  expect(scores).toEqual({ data: Float32Array.of(1, 4, 7, 3, 6, 9), shape: [1, 1, 2, 3] });
  expect(votes).toBeUndefined();
});

it('cuts margins off again', () => {
  const canvas = new WindowCanvas(1, { picture: [1, 2], size: [3, 4], corners: [[-1, -1]] }, false);
  canvas.add([-1, -1], 0, { data: Float32Array.from({ length: 12 }, (_, at) => at), shape: [1, 3, 4] });
  expect([...(canvas.means().scores.data as Float32Array)]).toEqual([5, 6]);
});

it('averages activations, or logits, or shares of a softmax', async () => {
  const scores = [logits(0.1, 0.2, 0.3, 0.4, 0.9, 0.8, 0.7, 0.6), logits(0.4, 0.3, 0.2, 0.1, 0.5, 0.5, 0.5, 0.5)];
  const merged = async (rule: Partial<ScoreRule>) =>
    rounded((await mergeWindows(sourceOf(scores), windows, 2, { ...RULE, ...rule })).scores.data as Float32Array);
  expect(await merged({})).toEqual(
    rounded([0.1, (0.2 + 0.4) / 2, 0.3, 0.3, (0.4 + 0.2) / 2, 0.1, 0.9, (0.8 + 0.5) / 2, 0.5, 0.7, 0.55, 0.5]),
  );
  const [two, four] = logits(0.2, 0.4);
  expect((await merged({ average: 'logits' }))[1]).toBeCloseTo((two! + four!) / 2, 4);
  // Odds of the two labels are e^(2·(a − b)).
  const shared = await merged({ scores: 'softmax', softmaxScale: 2 });
  const odds = (0.1 / 0.9 / (0.9 / 0.1)) ** 2;
  expect(shared[0]).toBeCloseTo(odds / (1 + odds), 4);
  expect(shared[0]! + shared[6]!).toBeCloseTo(1, 5);
});

it('gives the same when labels come in parts', async () => {
  const scores = [logits(0.1, 0.2, 0.3, 0.4, 0.9, 0.8, 0.7, 0.6), logits(0.4, 0.3, 0.2, 0.1, 0.5, 0.5, 0.5, 0.5)];
  const whole = await mergeWindows(sourceOf(scores), windows, 2, { ...RULE, vote: 0.55 });
  const parts = await mergeWindows(sourceOf(scores, 1), windows, 2, { ...RULE, vote: 0.55 });
  expect(parts).toEqual(whole);
  // Best scores are .9 .8 .7 .6 and .5 .5 .5 .5: nothing reaches .55 in the second, whose bound is then .5.
  expect([...(whole.votes!.data as Float32Array)]).toEqual([0, 0, 0, 0, 0, 0]);
});

it('counts votes for background in each window, below a threshold that its highest score caps', async () => {
  const scores = [logits(0.1, 0.2, 0.3, 0.4, 0.2, 0.6, 0.2, 0.9), logits(0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.3, 0.1)];
  const { votes } = await mergeWindows(sourceOf(scores), windows, 2, { ...RULE, vote: 0.5 });
  // First window, bound .5: best .2 .6 .3 .9 → 1 0 1 0. Second, bound .4: best .4 .3 .3 .1 → 0 1 1 1.
  expect([...(votes!.data as Float32Array)]).toEqual([1, 0, 1, 1, 0.5, 1]);
});

it('takes the tiles of a picture as windows that touch', () => {
  expect(gridWindows([1, 2], [4, 3])).toEqual({
    picture: [4, 6],
    size: [4, 3],
    corners: [
      [0, 0],
      [0, 3],
    ],
  });
});
