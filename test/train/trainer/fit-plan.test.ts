/** What is left to the start and to the machine. */
import { describe, expect, it } from 'vitest';
import { fitMicroBatch, fitProjector } from '../../../packages/train/src/trainer/fit-plan.ts';
import { planTraining } from '../../../packages/train/src/trainer/train-plan.ts';

const planned = (changes: object = {}) =>
  planTraining({ data: 'x.jsonl', init: 'x', out: 'y', recipe: 'paper', ...changes });

describe('fitMicroBatch()', () => {
  const cost = async ({ microBatchSize }: { microBatchSize: number }): Promise<{ bytes: number }> => ({
    bytes: 100 + 50 * microBatchSize,
  });
  const fits = async (memory: number, changes: object = {}): Promise<number> =>
    (await fitMicroBatch(planned(changes).plan, memory, cost)).microBatchSize;

  it('takes the largest divisor of the batch that half of the memory holds, at most 16', async () => {
    expect(await Promise.all([10_000, 1800, 1799, 1000, 999, 300, 1].map((memory) => fits(memory)))).toEqual([
      16, 16, 8, 8, 4, 1, 1,
    ]);
    expect(await fits(1000, { batchSize: 6 })).toBe(6);
    expect(await fits(798, { batchSize: 6 })).toBe(3);
  });

  it('is asked only where no size was given', () => {
    expect(planned().surroundings.open).toEqual(['microBatchSize', 'projectorSteps']);
    expect(planned({ microBatchSize: 4, advanced: { projectorSteps: 2 } }).surroundings.open).toEqual([]);
  });
});

describe('fitProjector()', () => {
  it('gives a random projector the first steps, and one that is there none', () => {
    const { plan } = planned();
    expect([plan.projectorSteps, plan.schedule.steps]).toEqual([500, 9500]);
    expect(fitProjector(plan, { random: ['projector.weight'] })).toEqual(plan);
    expect(fitProjector(plan, { random: [] })).toMatchObject({ projectorSteps: 0, schedule: { steps: 10_000 } });
    const own = planned({ recipe: 'tags' }).plan;
    expect(fitProjector(own, { random: [] })).toBe(own);
  });
});
