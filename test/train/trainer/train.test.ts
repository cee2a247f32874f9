/**
 * The built trainer in this process: its reports, checkpoints and log, the same twice, and however it is ended and
 * resumed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { train, type TrainProgress } from '@synseg/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyTensors } from '../../support/tiny-clipseg.ts';
import { listing, numbersOf } from '../run/contents.ts';
import { writeTinySet } from './tiny-set.ts';
import { benchIn, checkpointOf, loads, logOf, run, stateOf, stepsOf, timeless, type Outcome } from './runs.ts';

const bench = benchIn(temporaryFolder());
const { options, root, cacheFolder } = bench;
const STEPS = [1, 2, 3, 4, 5, 6, 7, 8];
const uninterrupted = join(root, 'uninterrupted');
let whole: Outcome;

beforeAll(async () => {
  whole = await run(options('uninterrupted'));
});

/** After a run was resumed, all that is there is as if it had never stopped. */
function expectAsUninterrupted(folder: string): void {
  expect(logOf(folder)).toEqual(logOf(uninterrupted));
  expect(checkpointOf(folder)).toEqual(checkpointOf(uninterrupted));
}

describe('train()', () => {
  it('finishes the step and saves on dispose(), as on leaving the loop', async () => {
    const steps = train(options('disposed'));
    expect((await steps.next()).value).toMatchObject({ step: 1 });
    await steps.dispose();
    await steps.dispose();
    expect(await steps.next()).toEqual({ done: true, value: undefined });
    // The step after the one reported was under way.
    expect(await stateOf(join(root, 'disposed'))).toMatchObject({ step: 2 });
  });

  it('reports each step', () => {
    expect(whole.warnings).toEqual([]);
    expect(whole.reports.map(({ step, steps }) => [step, steps])).toEqual(STEPS.map((step) => [step, 8]));
    for (const report of whole.reports) {
      const {
        losses,
        total,
        gradientNorm,
        activationMean,
        activationDeviation,
        clampShare,
        imagesPerSecond,
        dataWaitShare,
        learningRate,
      } = report;
      expect(Object.keys(losses)).toEqual(['align', 'contrast', 'background', 'separation']);
      const { align, contrast, background, separation } = losses as Record<string, number>;
      expect(Math.abs(total - (0.1 * align! + 1e-3 * contrast! + 1e-2 * background! + separation!))).toBeLessThan(
        1e-5 * total,
      );
      expect(gradientNorm).toBeGreaterThan(0);
      for (const share of [activationMean, clampShare, dataWaitShare] as number[])
        expect(share >= 0 && share <= 1).toBe(true);
      expect(activationDeviation).toBeGreaterThan(0);
      expect(activationDeviation).toBeLessThan(0.5);
      expect(imagesPerSecond).toBeGreaterThan(0);
      expect(learningRate).toBe(1e-3);
    }
    // Twelve pictures in batches of four: the fourth batch begins the second epoch.
    expect(whole.reports.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
  });

  it('logs what it reports', () => {
    expect(logOf(uninterrupted)).toEqual(whole.reports.map(timeless));
  });

  it('leaves a checkpoint that the segmenter loads: decoder and projector moved, encoders as they were', async () => {
    expect(await loads(join(uninterrupted, 'last'), ['road', 'the car', 'anything'], cacheFolder)).toEqual({
      width: 40,
      height: 30,
      largest: expect.any(Number),
    });
    const [before, after] = [tinyTensors({ hidden: 16 }), await numbersOf(join(uninterrupted, 'last'))];
    for (const [name, { data }] of before) {
      const same = data.every((value, index) => value === after.get(name)?.[index]);
      expect(same, name).toBe(!name.startsWith('decoder.'));
    }
    expect(after.get('projector.weight')?.length).toBe(16 * 16);
    expect(listing(uninterrupted).filter((name) => !name.startsWith('events.'))).toEqual([
      'config.json',
      'frozen',
      'last',
      'log.jsonl',
    ]);
  });

  it('is the same, byte for byte, with the same seed, and another with another', async () => {
    const [again, other] = [await run(options('again')), await run(options('other', { seed: 43, steps: 2 }))];
    expect(again.reports.map(timeless)).toEqual(whole.reports.map(timeless));
    expect(checkpointOf(join(root, 'again'))).toEqual(checkpointOf(uninterrupted));
    expect(other.reports[1]?.total).not.toBe(whole.reports[1]?.total);
  });

  it('saves the start before the first step, and is content with no step at all', async () => {
    expect(await run(options('none', { steps: 0 }))).toEqual({ reports: [], warnings: [] });
    const folder = join(root, 'none');
    expect(await stateOf(folder)).toMatchObject({ step: 0, position: { epoch: 0, consumed: 0 } });
    expect((await numbersOf(join(folder, 'last'))).get('decoder.film_mul.weight')).toEqual(
      tinyTensors({ hidden: 16 }).get('decoder.film_mul.weight')?.data,
    );
  });

  it('leaves the event loop free while a step runs', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const during: number[] = [];
    for await (const _ of train(options('free', { steps: 4, batchSize: 60, microBatchSize: 60 }))) {
      during.push(ticks);
      ticks = 0;
    }
    clearInterval(timer);
    // The first has what comes before it; were a step run on this thread, the others would have a tick or two.
    expect(Math.max(...during.slice(1))).toBeGreaterThan(5);
  });

  it('tells how far it is before the first step', async () => {
    const progress: TrainProgress[] = [];
    await run(options('progress', { steps: 1, cacheFeatures: true, onProgress: (now) => progress.push(now) }));
    expect(progress[0]).toEqual({ stage: 'load' });
    // Three taps of 17 tokens and 16 channels, 2 bytes each, of twelve pictures.
    const bytes = 3 * 17 * 16 * 2 * 12;
    expect(progress.slice(2)).toEqual([0, 8, 12].map((done) => ({ stage: 'features', done, total: 12, bytes })));
    const estimate = progress[1] as Extract<TrainProgress, { stage: 'estimate' }>;
    expect(estimate).toMatchObject({ stage: 'estimate', microBatchSize: 4, inputSize: [32, 32], device: 'cpu' });
    // A process, with state, gradient and activations of a decoder of 20,000 numbers.
    expect(estimate.memoryBytes).toBeGreaterThan(4.5e8);
    expect(estimate.memoryBytes).toBeLessThan(5.5e8);
    expect(estimate.seconds).toBeGreaterThan(0);
  });
});

describe('a run that is stopped', () => {
  it.each([1, 4])(
    'by leaving the loop after step %i has saved what it did, and resumes as if it had not stopped',
    async (last) => {
      const name = `break ${String(last)}`;
      const { reports } = await run(options(name), ({ step }) => step === last);
      const folder = join(root, name);
      expect(reports).toHaveLength(last);
      const { step } = await stateOf(folder);
      expect(stepsOf(folder)).toEqual(STEPS.slice(0, step));
      expect(step).toBeGreaterThanOrEqual(last);
      const resumed = await run(options(name, { resume: true }));
      expect(resumed.warnings).toEqual([]);
      expect(resumed.reports.map(timeless)).toEqual(whole.reports.slice(step).map(timeless));
      expectAsUninterrupted(folder);
    },
  );

  it('by a signal finishes the step, saves, rejects with the reason, and resumes as if never stopped', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      for await (const { step } of train(options('aborted', { signal: controller.signal }))) {
        seen.push(step);
        if (step === 4) controller.abort(reason);
      }
    };
    await expect(work()).rejects.toBe(reason);
    const folder = join(root, 'aborted');
    const { step } = await stateOf(folder);
    expect(stepsOf(folder)).toEqual(STEPS.slice(0, step));
    expect(seen).toEqual(STEPS.slice(0, step));
    expect(step).toBeGreaterThanOrEqual(4);
    await run(options('aborted', { resume: true }));
    expectAsUninterrupted(folder);
  });

  it.each([0, 30, 120])(
    'by a signal at any moment – here %i ms after the first report – is whole and resumes',
    async (delayMs) => {
      const name = `aborted after ${String(delayMs)}`;
      const controller = new AbortController();
      const work = async (): Promise<void> => {
        for await (const { step } of train(options(name, { signal: controller.signal }))) {
          if (step === 1) setTimeout(() => controller.abort(), delayMs);
          await sleep(20);
        }
      };
      await work().catch((error: unknown) => expect(error).toBe(controller.signal.reason));
      const folder = join(root, name);
      const { step } = await stateOf(folder);
      expect(stepsOf(folder)).toEqual(STEPS.slice(0, step));
      await run(options(name, { resume: true }));
      expectAsUninterrupted(folder);
    },
  );

  it('by a signal while it waits for data has saved its last step', async () => {
    // A broken picture is told of when the loader comes upon it: the abort meets it at work.
    const set = writeTinySet(join(root, 'broken'));
    writeFileSync(set.pictures[5] as string, 'no picture');
    const controller = new AbortController();
    const reason = new Error('enough');
    const work = run(
      options('aborted data', {
        data: set.tags,
        steps: 50,
        batchSize: 2,
        signal: controller.signal,
        onWarning: () => setImmediate(() => controller.abort(reason)),
      }),
    );
    await expect(work).rejects.toBe(reason);
    const folder = join(root, 'aborted data');
    expect(logOf(folder).map(({ step }) => step)).toEqual(
      [...Array((await stateOf(folder)).step).keys()].map((step) => step + 1),
    );
  });

  it('before it started has nothing to save', async () => {
    const reason = new Error('never');
    await expect(run(options('never', { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    expect(existsSync(join(root, 'never'))).toBe(false);
  });

  it('by an error of the caller has saved what it did', async () => {
    const mistake = new Error('our own');
    const work = async (): Promise<void> => {
      for await (const { step } of train(options('thrown'))) if (step === 4) throw mistake;
    };
    await expect(work()).rejects.toBe(mistake);
    const { step } = await stateOf(join(root, 'thrown'));
    expect(stepsOf(join(root, 'thrown'))).toEqual(STEPS.slice(0, step));
    await run(options('thrown', { resume: true }));
    expectAsUninterrupted(join(root, 'thrown'));
  });
});

describe('a run that is resumed', () => {
  it('at its end does nothing', async () => {
    const before = checkpointOf(uninterrupted);
    expect(await run(options('uninterrupted', { resume: true }))).toEqual({ reports: [], warnings: [] });
    expect(checkpointOf(uninterrupted)).toEqual(before);
    expect(stepsOf(uninterrupted)).toEqual(STEPS);
  });

  it('goes on for more steps, and says what is different', async () => {
    await run(options('longer', { steps: 3 }));
    const { reports, warnings } = await run(options('longer', { resume: true }));
    expect(reports.map(timeless)).toEqual(whole.reports.slice(3).map(timeless));
    expect(warnings).toEqual([
      { kind: 'resume', message: expect.stringMatching(/^The configuration differs from the run's: .*steps.*3.*8/) },
    ]);
    expect(checkpointOf(join(root, 'longer'))).toEqual(checkpointOf(uninterrupted));
  });

  it('goes on with a run of before options had their present names, and says which differ', async () => {
    await run(options('before', { steps: 3 }));
    const file = join(root, 'before/config.json');
    const { trains: _, ...plan } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const before = { objective: 'mccl', microBatchSize: 4, trunk: null, clipNorm: null, patchDropout: 0 };
    writeFileSync(file, JSON.stringify({ ...plan, ...before }));
    const { reports, warnings } = await run(options('before', { resume: true }));
    expect(reports.map(timeless)).toEqual(whole.reports.slice(3).map(timeless));
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('objective: "mccl" → "captions"')]);
    expect(checkpointOf(join(root, 'before'))).toEqual(checkpointOf(uninterrupted));
  });

  it('may keep a running mean from then on', async () => {
    await run(options('mean later', { steps: 3 }));
    const before = await stateOf(join(root, 'mean later'));
    expect(before.tensors.has('average')).toBe(false);
    await run(options('mean later', { resume: true, ema: 0.5, steps: 4 }));
    const after = await stateOf(join(root, 'mean later'));
    const [start, end] = [before.tensors.get('parameters')?.data, after.tensors.get('parameters')?.data] as [
      Float32Array,
      Float32Array,
    ];
    const mean = after.tensors.get('average')?.data as Float32Array;
    mean.forEach((value, index) =>
      expect(Math.abs(value - ((start[index] as number) + (end[index] as number)) / 2)).toBeLessThan(1e-6),
    );
  });
});
