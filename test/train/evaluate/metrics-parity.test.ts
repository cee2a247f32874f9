/**
 * The measures of `evaluate()` against those of mmsegmentation written anew: a histogram of each picture, summed over
 * the set, a mean over the classes that are no NaN. Equal to the last bit.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import { uniform } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeModel, labelMap, writePicture, type Rows } from './fake-model.ts';

const folder = temporaryFolder();
const IGNORED = 255;

/** Pixels by class: of both, of the truth, of the answer. */
interface Histograms {
  readonly intersect: number[];
  readonly truth: number[];
  readonly answer: number[];
}

/** `intersect_and_union()` of a picture. */
function histogramsOf(truth: readonly number[], answer: readonly number[], classes: number): Histograms {
  const known = truth.flatMap((value, pixel) => (value === IGNORED ? [] : [pixel]));
  const histogram = (values: readonly number[]): number[] =>
    Array.from({ length: classes }, (_, index) => values.filter((value) => value === index).length);
  return {
    intersect: histogram(known.filter((pixel) => truth[pixel] === answer[pixel]).map((pixel) => answer[pixel]!)),
    truth: histogram(known.map((pixel) => truth[pixel]!)),
    answer: histogram(known.map((pixel) => answer[pixel]!)),
  };
}

/** A mean of the numbers that are any. */
const nanmean = (values: readonly number[]): number => {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
};

/** All measures of several pictures. */
function reference(pictures: readonly Histograms[], classes: number): object {
  const total = (of: keyof Histograms, index: number): number =>
    pictures.reduce((sum, picture) => sum + picture[of][index]!, 0);
  const range = Array.from({ length: classes }, (_, index) => index);
  const union = (index: number): number => total('truth', index) + total('answer', index) - total('intersect', index);
  const iou = range.map((index) => total('intersect', index) / union(index));
  const accuracy = range.map((index) => total('intersect', index) / total('truth', index));
  const pixels = range.reduce((sum, index) => sum + total('truth', index), 0);
  const named = (values: readonly number[]): object =>
    Object.fromEntries(values.map((value, index) => [`c${index}`, Number.isNaN(value) ? null : value]));
  return {
    mIoU: nanmean(iou),
    meanAccuracy: nanmean(accuracy),
    pixelAccuracy: range.reduce((sum, index) => sum + total('intersect', index), 0) / pixels,
    fwIoU: range.reduce((sum, index) => sum + (total('truth', index) / pixels) * (iou[index]! || 0), 0),
    perClass: named(iou),
    perClassAccuracy: named(accuracy),
  };
}

/** Rows of a map. */
const rowsOf = (values: readonly number[], width: number): Rows =>
  Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));

describe.each([
  ['indices from 0', false],
  ['zero reduced: 0 does not count, k is class k − 1', true],
])('evaluate() is exact: %s', (_, reduced) => {
  it.each([1, 2, 3])('random maps with ignored pixels and empty classes, seed %i', async (seed) => {
    const next = uniform(seed);
    const [classes, pictures] = [9, 6];
    const root = join(folder, `${reduced}-${seed}`);
    // Class 4 never occurs and is never found; 5 is found alone; 6 occurs alone.
    const truths = [0, 1, 2, 3, 6, 7, 8, IGNORED];
    const answers = [0, 1, 2, 3, 5, 7, 8];
    const histograms: Histograms[] = [];
    const found: Record<string, Rows> = {};
    for (let picture = 0; picture < pictures; picture++) {
      const [width, height] = [5 + Math.floor(next() * 20), 4 + Math.floor(next() * 20)];
      const draw = (values: readonly number[]): number[] =>
        Array.from({ length: width * height }, () => values[Math.floor(next() ** 2 * values.length)]!);
      const [truth, answer] = [draw(truths), draw(answers)];
      const key = `p${picture}`;
      const stored = reduced ? truth.map((value) => (value === IGNORED ? (next() < 0.5 ? 0 : 255) : value + 1)) : truth;
      await writePicture(root, key, rowsOf(stored, width));
      found[key] = rowsOf(answer, width);
      histograms.push(histogramsOf(truth, answer, classes));
    }
    mkdirSync(root, { recursive: true });
    const list = Array.from({ length: classes }, (_none, index) => ({
      index: reduced ? index + 1 : index,
      name: `c${index}`,
    }));
    const unnamed = reduced ? { background_index: 0 } : {};
    const zero = reduced ? [{ index: 0, name: 'zero' }] : [];
    writeFileSync(
      join(root, 'classes.json'),
      JSON.stringify({ ignore_index: IGNORED, ...unnamed, classes: [...zero, ...list] }),
    );
    const model = new FakeModel((image) => labelMap(found[basename(image, '.jpg')]!));
    const score = await evaluate(model, { dataset: 'index-png', root });
    const wanted = reference(histograms, classes);
    expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, score[name as keyof typeof score]]))).toEqual(
      wanted,
    );
    const { interval } = score;
    expect(interval.low <= score.mIoU && score.mIoU <= interval.high).toBe(true);
    expect(await evaluate(model, { dataset: 'index-png', root })).toMatchObject({ interval, mIoU: score.mIoU });
    expect((await evaluate(model, { dataset: 'index-png', root, seed: 7 })).interval).not.toEqual(interval);
  });
});
