import { expect, it } from 'vitest';
import type { PictureRecord } from '../../../packages/train/src/evaluate/picture-record.ts';
import { countedClasses, worstOf } from '../../../packages/train/src/evaluate/worst-pictures.ts';

it('keeps the worst of the pictures that count, worst first, whatever their order', () => {
  const records: PictureRecord[] = [5, 1, 9, 1, 3, 2].map((hits, order) => ({
    order,
    key: String(order),
    confusion: [0, 0, hits, 0, -1, 10 - hits],
  }));
  records.push({ order: 6, key: '6', failure: 'broken' }, { order: 7, key: '7' });
  const worst = (some: readonly PictureRecord[]): number[] => worstOf(some, 1, 3).map(({ order }) => order);
  expect([worst(records), worst(records.toReversed())]).toEqual([
    [1, 3, 5],
    [1, 3, 5],
  ]);
  expect(worstOf(records, 1, 0)).toEqual([]);
});

it('shows the classes found only where the ground truth counts', () => {
  const truthClass = new Int16Array(256).fill(-1);
  truthClass.set([-1, 0, 1]);
  const predictedClass = new Int16Array(256).fill(-1);
  predictedClass.set([1, 0]);
  const truth = Uint8Array.of(1, 2, 0, 255, 1);
  expect([...countedClasses(Uint8Array.of(0, 1, 0, 0, 255), predictedClass, truth, truthClass)]).toEqual([
    1, 0, 255, 255, 255,
  ]);
  expect([...countedClasses(truth, truthClass, truth, truthClass)]).toEqual([0, 1, 255, 255, 0]);
});
