/** What is left to the start and to the machine. */
import { describe, expect, it } from 'vitest';
import { fitMicroBatch, fitProjector, memoryFor, type Memory } from '../../../packages/train/src/trainer/fit-plan.ts';
import { planTraining } from '../../../packages/train/src/trainer/train-plan.ts';

const planned = (changes: object = {}) =>
  planTraining({ data: 'x.jsonl', init: 'x', out: 'y', recipe: 'paper', ...changes });

describe('fitMicroBatch()', () => {
  const cost = async ({ microBatchSize }: { microBatchSize: number }) => ({
    graphBytes: 50 * microBatchSize,
    processBytes: 100 + 50 * microBatchSize,
  });
  const fitsIn = async (memory: Memory, changes: object = {}): Promise<number> =>
    (await fitMicroBatch(planned(changes).plan, memory, cost)).microBatchSize;
  const fits = (machine: number, changes: object = {}): Promise<number> => fitsIn({ machine, gpu: undefined }, changes);

  it('takes the largest divisor of the batch that half of the memory holds, at most 16', async () => {
    expect(await Promise.all([10_000, 1800, 1799, 1000, 999, 300, 1].map((memory) => fits(memory)))).toEqual([
      16, 16, 8, 8, 4, 1, 1,
    ]);
    expect(await fits(1000, { batchSize: 6 })).toBe(6);
    expect(await fits(798, { batchSize: 6 })).toBe(3);
  });

  it('bounds the graphs by half of what the GPU has free, by it alone where they are known to run there', async () => {
    expect(await fitsIn({ machine: 10_000, gpu: 800 })).toBe(8);
    expect(await fitsIn({ machine: 1000, gpu: 800 })).toBe(8);
    expect(await fitsIn({ machine: 999, gpu: 800 })).toBe(4);
    expect(await fitsIn({ machine: undefined, gpu: 1600 })).toBe(16);
    expect(await fitsIn({ machine: undefined, gpu: 0 })).toBe(1);
  });

  it('is asked only where no size was given', () => {
    expect(planned().surroundings.open).toEqual(['microBatchSize', 'projectorSteps']);
    expect(planned({ microBatchSize: 4, advanced: { projectorSteps: 2 } }).surroundings.open).toEqual([]);
  });
});

describe('memoryFor()', () => {
  const asked = (device: 'auto' | 'cpu' | 'cuda', free: number | undefined) =>
    memoryFor({ device }, () => Promise.resolve(free));

  it('asks the GPU where CUDA is named, and keeps to the memory of the machine where none answers', async () => {
    expect(await asked('cuda', 5e9)).toEqual({ gpu: 5e9, machine: undefined });
    const { gpu, machine } = await asked('cuda', undefined);
    expect(gpu).toBeUndefined();
    expect(machine).toBeGreaterThan(1e8);
    expect(await asked('cpu', 5e9)).toEqual({ gpu: undefined, machine });
  });

  it('counts both where the device is not known yet', async () => {
    const isLinux = process.platform === 'linux';
    expect(await asked('auto', 5e9)).toEqual({ gpu: isLinux ? 5e9 : undefined, machine: expect.any(Number) });
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
