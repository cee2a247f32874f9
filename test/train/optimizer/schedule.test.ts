import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from '../../../packages/train/src/optimizer/schedule.ts';

const rates = (schedule: Schedule, steps: readonly number[]): number[] =>
  steps.map((step) => learningRateAt(step, schedule));
const constant: Schedule = { kind: 'constant', learningRate: 0.4, finalLearningRate: 0, warmupSteps: 0, steps: 10 };
const cosine: Schedule = { ...constant, kind: 'cosine' };

describe('learningRateAt()', () => {
  it('is the same all the time when constant', () => {
    expect(rates(constant, [1, 5, 10, 1000])).toEqual([0.4, 0.4, 0.4, 0.4]);
  });

  it('rises in a line over the warm-up, whose last step has all of it', () => {
    expect(rates({ ...constant, warmupSteps: 4 }, [1, 2, 3, 4, 5])).toEqual([0.1, 0.2, 0.30000000000000004, 0.4, 0.4]);
    expect(rates({ ...cosine, warmupSteps: 4 }, [1, 2, 4])).toEqual([0.1, 0.2, 0.4]);
  });

  it('falls along half a cosine to the final rate at the last step', () => {
    const [first, middle, last] = rates(cosine, [1, 5, 10]) as [number, number, number];
    expect(first).toBeCloseTo(0.2 * (1 + Math.cos(Math.PI / 10)), 15);
    expect(middle).toBeCloseTo(0.2, 15);
    expect(last).toBe(0);
    expect(learningRateAt(10, { ...cosine, finalLearningRate: 0.1 })).toBeCloseTo(0.1, 15);
    expect(learningRateAt(5, { ...cosine, finalLearningRate: 0.1 })).toBeCloseTo(0.25, 15);
  });

  it('falls over the steps that the warm-up leaves', () => {
    expect(learningRateAt(7, { ...cosine, warmupSteps: 4 })).toBeCloseTo(0.2, 15);
    expect(learningRateAt(10, { ...cosine, warmupSteps: 4 })).toBe(0);
  });

  it('stays at the end after the last step, and is a number when all steps are warm-up', () => {
    expect(rates({ ...cosine, finalLearningRate: 0.1 }, [11, 100])).toEqual([0.1, 0.1]);
    expect(rates({ ...cosine, warmupSteps: 10 }, [10, 11])).toEqual([0.4, 0]);
    expect(rates({ ...cosine, warmupSteps: 20 }, [10, 20])).toEqual([0.2, 0.4]);
  });
});
