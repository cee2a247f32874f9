import { describe, expect, it } from 'vitest';
import { IouCounter } from '../../../examples/demo/iou-counter.ts';
import { ConfusionMatrix } from '../../../packages/train/src/evaluate/confusion-matrix.ts';
import { uniform } from '../../support/random.ts';

describe('IouCounter', () => {
  it('counts intersection and union of all frames together', () => {
    const counter = new IouCounter(2);
    counter.add(Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0, 0, 1, 1));
    counter.add(Uint8Array.of(1, 1, 1, 1), Uint8Array.of(1, 1, 0, 255));
    expect(counter.perClass()).toEqual([2 / 4, 3 / 6]);
    expect(counter.mean()).toBe(0.5);
  });

  it('leaves out what does not count in the truth, and takes what is no class for a mistake', () => {
    const counter = new IouCounter(2);
    counter.add(Uint8Array.of(0, 1, 255, 255), Uint8Array.of(0, 255, 1, 0));
    expect(counter.perClass()).toEqual([1, 0]);
  });

  it('agrees with the evaluation of @synseg/train', () => {
    const value = uniform(7);
    const draw = (): Uint8Array =>
      Uint8Array.from({ length: 4000 }, () => {
        const drawn = Math.floor(value() * 6);
        return drawn === 5 ? 255 : drawn;
      });
    const [counter, matrix, classOf] = [
      new IouCounter(5),
      new ConfusionMatrix(5),
      Int16Array.from({ length: 256 }, (_, index) => (index < 5 ? index : -1)),
    ];
    for (let frame = 0; frame < 3; frame++) {
      const [truth, prediction] = [draw(), draw()];
      counter.add(truth, prediction);
      matrix.count(truth, classOf, prediction, classOf);
    }
    for (const [index, iou] of counter.perClass().entries()) expect(iou).toBeCloseTo(matrix.iou(index) as number, 12);
    expect(counter.mean()).toBeCloseTo(matrix.meanIoU() as number, 12);
  });

  it('refuses maps of different sizes', () => {
    expect(() => new IouCounter(1).add(new Uint8Array(6), new Uint8Array(4))).toThrow(
      new RangeError('Cannot count: prediction must have the 6 pixels of the truth, got 4'),
    );
  });
});
