import { expect, it } from 'vitest';
import {
  WorstPictures,
  countedClasses,
  type JudgedPicture,
} from '../../../packages/train/src/evaluate/worst-pictures.ts';

function picture(order: number, meanIoU: number): JudgedPicture {
  return {
    order,
    key: String(order),
    image: '',
    meanIoU,
    iou: [],
    width: 1,
    height: 1,
    truth: Uint8Array.of(0),
    prediction: Uint8Array.of(0),
  };
}

it('keeps the worst, worst first, whatever the order of the offers', () => {
  const scores = [0.5, 0.1, 0.9, 0.1, 0.3, 0.2];
  for (const orders of [
    [0, 1, 2, 3, 4, 5],
    [5, 4, 3, 2, 1, 0],
    [2, 3, 5, 0, 1, 4],
  ]) {
    const worst = new WorstPictures(3);
    for (const order of orders) worst.offer({ order, meanIoU: scores[order]! }, () => picture(order, scores[order]!));
    expect(worst.pictures.map(({ order }) => order)).toEqual([1, 3, 5]);
  }
});

it('asks for the maps of a picture only when it is kept', () => {
  const worst = new WorstPictures(1);
  worst.offer({ order: 0, meanIoU: 0.2 }, () => picture(0, 0.2));
  worst.offer({ order: 1, meanIoU: 0.4 }, () => expect.unreachable());
  new WorstPictures(0).offer({ order: 0, meanIoU: 0 }, () => expect.unreachable());
  expect(worst.pictures).toHaveLength(1);
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
