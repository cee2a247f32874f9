import { expect, it } from 'vitest';
import { ConfusionMatrix, UNCOUNTED } from '../../../packages/train/src/evaluate/confusion-matrix.ts';
import { measure } from '../../../packages/train/src/evaluate/score.ts';
import { uniform } from '../../support/random.ts';

/** 256 entries, the first as given, the others {@link UNCOUNTED}. */
function classOf(...classes: number[]): Int16Array {
  const table = new Int16Array(256).fill(UNCOUNTED);
  table.set(classes);
  return table;
}

it('gives the hand-computed IoU, mean and accuracy', () => {
  const matrix = new ConfusionMatrix(3);
  // truth:      0 0 0 0 1 1 2 · (255 does not count)
  // prediction: 0 0 1 2 1 1 1 0
  matrix.count(
    Uint8Array.of(0, 0, 0, 0, 1, 1, 2, 255),
    classOf(0, 1, 2),
    Uint8Array.of(0, 0, 1, 2, 1, 1, 1, 0),
    classOf(0, 1, 2),
  );
  expect(matrix.rows()).toEqual([
    [2, 1, 1],
    [0, 2, 0],
    [0, 1, 0],
  ]);
  expect([0, 1, 2].map((index) => matrix.iou(index))).toEqual([2 / 4, 2 / 4, 0 / 2]);
  expect(matrix.meanIoU()).toBeCloseTo((0.5 + 0.5 + 0) / 3, 15);
  expect(matrix.accuracy()).toBe(4 / 7);
  expect(matrix.pixels).toBe(7);
});

it('leaves a class that neither occurs nor was predicted out of the mean', () => {
  const matrix = new ConfusionMatrix(3);
  matrix.count(Uint8Array.of(0, 0, 2), classOf(0, 1, 2), Uint8Array.of(0, 2, 2), classOf(0, 1, 2));
  expect(matrix.iou(1)).toBeUndefined();
  expect(matrix.meanIoU()).toBe(0.5);
  const outlines = { both: Float64Array.of(1, 0, 1), either: Float64Array.of(4, 0, 2) };
  expect(measure(matrix, outlines, ['a', 'b', 'c'])).toEqual({
    mIoU: 0.5,
    fwIoU: 0.5,
    pixelAccuracy: 2 / 3,
    meanAccuracy: 0.75,
    boundaryIoU: 0.375,
    perClass: { a: 0.5, b: null, c: 0.5 },
    perClassAccuracy: { a: 0.5, b: null, c: 1 },
    perClassBoundaryIoU: { a: 0.25, b: null, c: 0.5 },
    classes: ['a', 'b', 'c'],
    confusion: [
      [1, 0, 1],
      [0, 0, 0],
      [0, 0, 1],
    ],
    missed: [0, 0, 0],
  });
});

it('counts a predicted class that does not occur as an IoU of 0', () => {
  const matrix = new ConfusionMatrix(2);
  matrix.count(Uint8Array.of(0, 0), classOf(0, 1), Uint8Array.of(0, 1), classOf(0, 1));
  expect(matrix.iou(1)).toBe(0);
  expect(matrix.meanIoU()).toBe(0.25);
});

it('counts pixels that no label won against their class and for no other', () => {
  const matrix = new ConfusionMatrix(2);
  matrix.count(Uint8Array.of(0, 0, 1), classOf(0, 1), Uint8Array.of(0, 255, 1), classOf(0, 1));
  expect(matrix.at(0, UNCOUNTED)).toBe(1);
  expect(matrix.iou(0)).toBe(0.5);
  expect(matrix.iou(1)).toBe(1);
  const none = { both: new Float64Array(2), either: new Float64Array(2) };
  expect(measure(matrix, none, ['a', 'b'])).toMatchObject({ missed: [1, 0], boundaryIoU: null });
});

it('has no mean and no accuracy without a pixel that counts', () => {
  const matrix = new ConfusionMatrix(2);
  matrix.count(Uint8Array.of(9, 9), classOf(0, 1), Uint8Array.of(0, 1), classOf(0, 1));
  expect(matrix.meanIoU()).toBeUndefined();
  expect(matrix.accuracy()).toBeUndefined();
  expect(matrix.pixels).toBe(0);
});

it('follows both tables from values to classes', () => {
  const matrix = new ConfusionMatrix(2);
  matrix.count(Uint8Array.of(7, 7, 3), classOf(-1, -1, -1, 1, -1, -1, -1, 0), Uint8Array.of(0, 1, 0), classOf(1, 0));
  expect(matrix.rows()).toEqual([
    [1, 1],
    [0, 1],
  ]);
});

it('gives the sum of pictures counted apart, and the IoU of sets of pixels, on random maps', () => {
  const [classes, pixels, next] = [6, 500, uniform(3)];
  const total = new ConfusionMatrix(classes);
  const pairs: [number, number][] = [];
  const table = classOf(...Array.from({ length: classes }, (_, index) => index));
  for (let picture = 0; picture < 4; picture++) {
    const [truth, predicted] = [0, 1].map(() =>
      Uint8Array.from({ length: pixels }, () => Math.floor(next() * classes)),
    ) as [Uint8Array, Uint8Array];
    const own = new ConfusionMatrix(classes);
    own.count(truth, table, predicted, table);
    total.addSome(
      Array.from({ length: classes }, (_, index) => index),
      own,
    );
    truth.forEach((value, pixel) => pairs.push([value, predicted[pixel]!]));
  }
  for (let index = 0; index < classes; index++) {
    const both = pairs.filter(([truth, predicted]) => truth === index && predicted === index).length;
    const either = pairs.filter(([truth, predicted]) => truth === index || predicted === index).length;
    expect(total.iou(index)).toBe(both / either);
  }
  expect(total.pixels).toBe(4 * pixels);
});
