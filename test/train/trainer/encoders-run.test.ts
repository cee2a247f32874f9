/** `trainEncoders()` with the built package: a fresh nano learns shapes and colors from captions. */
import { join } from 'node:path';
import {
  createCheckpoint,
  exportCheckpoint,
  trainEncoders,
  type RetrievalScore,
  type TrainEncodersOptions,
  type TrainOptions,
} from '@synseg/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { numbersOf } from '../run/contents.ts';
import { checkpointOf, loads, logOf, run as runAny, stateOf, timeless, type Outcome } from './runs.ts';
import { CAPTIONS, writeShapeSet } from './shape-set.ts';
import { writeTinyTrunk } from './tiny-set.ts';

const root = temporaryFolder();
const run = (options: TrainEncodersOptions, until?: Parameters<typeof runAny>[1]): Promise<Outcome> =>
  runAny(options, until, trainEncoders);
const cacheFolder = join(root, 'cache');
const init = join(root, 'nano');
let [data, heldOut] = ['', ''];

const options = (name: string, changes: Partial<TrainEncodersOptions> = {}): TrainEncodersOptions => ({
  ...{ data, init, out: join(root, name), steps: 8, batchSize: 16, learningRate: 2e-3, saveEvery: 3 },
  ...{ device: 'cpu', threads: 1, cacheFolder, evaluation: { data: heldOut, every: 4 } },
  ...changes,
});

beforeAll(async () => {
  data = await writeShapeSet(join(root, 'shapes'), 8, 1);
  heldOut = await writeShapeSet(join(root, 'held-out'), 2, 2);
  await createCheckpoint(init, CAPTIONS, {
    vision: { side: 32, width: 64, layers: 3, heads: 2 },
    text: { width: 64, layers: 2, heads: 2, tokens: 8 },
    projectionDim: 64,
    vocabulary: 600,
  });
});

describe('a run on pictures and captions', () => {
  let outcome: Outcome;
  const folder = join(root, 'learnt');

  beforeAll(async () => {
    outcome = await run(options('learnt', { steps: 90, batchSize: 32, saveEvery: 45, evaluation: { data: heldOut } }));
  });

  it('learns: held-out pictures and captions find each other far more often than by chance', () => {
    const scores = outcome.reports.flatMap(({ score }) => (score === undefined ? [] : [score as RetrievalScore]));
    expect(scores).toHaveLength(2);
    const last = scores.at(-1)!;
    expect(last).toMatchObject({ chance: 1 / 32, pairs: 64, best: true });
    expect(last.imageToText).toBeGreaterThan(6 / 32);
    expect(last.textToImage).toBeGreaterThan(6 / 32);
  });

  it('reports loss, accuracy in the batch and scale', () => {
    expect(outcome.warnings).toEqual([]);
    const [first, last] = [outcome.reports[0]!, outcome.reports.at(-1)!];
    // Guessing costs log(32) = 3.5; a start at random is that and its noise.
    expect(first.losses['infoNCE']).toBe(first.total);
    expect(first.total).toBeGreaterThan(3);
    expect(last.total).toBeLessThan(2);
    expect(last.accuracy).toBeGreaterThan(0.3);
    expect((first.accuracy! * 32) % 1).toBe(0);
    expect(first.logitScale).toBeCloseTo(1 / 0.07, 3);
    expect(last.logitScale).not.toBe(first.logitScale);
    expect(first.activationMean).toBeUndefined();
    // A line for each step, and scores of the start, at step 45 and at the end.
    expect(logOf(folder)).toHaveLength(93);
  });

  it('leaves a checkpoint that segments: encoders moved, the decoder as it was', async () => {
    expect(await loads(join(folder, 'best'), ['a red circle', 'a bar'], cacheFolder)).toMatchObject({
      width: 40,
      height: 30,
    });
    const [before, after] = [await numbersOf(init), await numbersOf(join(folder, 'last'))];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    const still = [...before]
      .filter(([name, values]) => values.every((value, index) => value === after.get(name)?.[index]))
      .map(([name]) => name);
    expect(still.filter((name) => !name.startsWith('decoder.'))).toEqual([]);
    expect(still).toContain('decoder.film_mul.weight');
  });

  it('can be exported, and taught to segment by the objectives that freeze encoders', async () => {
    await exportCheckpoint(join(folder, 'last'), join(root, 'exported'), { precision: 'fp16' });
    const { reports } = await runAny<TrainOptions>({
      data,
      init: join(root, 'exported'),
      out: join(root, 'head'),
      recipe: 'tags',
      steps: 2,
      batchSize: 4,
      device: 'cpu',
      threads: 1,
      cacheFolder,
    });
    expect(Object.keys(reports[0]!.losses)).toEqual(['grounding']);
    expect(reports.every(({ total }) => Number.isFinite(total))).toBe(true);
  });
});

describe('a run that is stopped', () => {
  it('goes on as if it had never been, byte for byte', async () => {
    const whole = await run(options('whole', { advanced: { ema: 0.9 }, patchDropout: 0.5 }));
    await run(options('stopped', { advanced: { ema: 0.9 }, patchDropout: 0.5 }), ({ step }) => step === 5);
    const rest = await run(options('stopped', { advanced: { ema: 0.9 }, patchDropout: 0.5, resume: true }));
    expect(rest.reports.map(timeless)).toEqual(whole.reports.slice(-rest.reports.length).map(timeless));
    expect(logOf(join(root, 'stopped'))).toEqual(logOf(join(root, 'whole')));
    expect(checkpointOf(join(root, 'stopped'))).toEqual(checkpointOf(join(root, 'whole')));
    expect((await stateOf(join(root, 'whole'))).step).toBe(8);
  });
});

describe('what does not go with it', () => {
  const refusal = async (changes: object): Promise<unknown> =>
    trainEncoders(options('refused', changes))
      .next()
      .catch((error: unknown) => error);

  it.each<[object, string]>([
    [{ init: 'random' }, 'init must be a folder or hub id (createCheckpoint() writes a fresh one), got "random"'],
    [{ microBatchSize: 8 }, 'options must have known names, got "microBatchSize"'],
    [{ lambda: { align: 1 } }, 'options must have known names, got "lambda"'],
    [{ recipe: 'tags' }, 'options must have known names, got "recipe"'],
    [{ ema: 0.9 }, 'ema must be given as advanced.ema, got it among the others'],
    [{ advanced: { prior: 0 } }, 'advanced must have known names, got "prior"'],
    [{ data: { source: 'x.jsonl', phrases: 'y.jsonl' } }, 'data.phrases must be left out, since texts are whole'],
    [{ evaluation: { dataset: 'camvid', root: 'x' } }, 'evaluation must have known names, got "dataset"'],
    [{ evaluation: { data: 'x.jsonl', limit: 1 } }, 'evaluation.limit must be an integer of at least 2, got 1'],
    [
      { advanced: { trainable: ['film'] } },
      'advanced.trainable[0] must be one of "vision", "text", "scale", got "film"',
    ],
  ])('is refused: %j', async (changes, message) => {
    const error = await refusal(changes);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain(`: ${message}`);
  });

  it('is told of a checkpoint that lacks an encoder, or a part of one', async () => {
    const trunk = writeTinyTrunk(join(root, 'trunk'));
    expect(await refusal({ init: trunk })).toMatchObject({ code: 'CHECKPOINT_FORMAT' });
    const part = writeTinyClipseg(join(root, 'part'));
    expect(await refusal({ init: part })).toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining(
        'tensor "clip.vision_model.post_layernorm.weight" [32] must be in model.safetensors, got none',
      ),
    });
  });

  it('trains one encoder against the other when only that is to move', async () => {
    await run(
      options('text-alone', { advanced: { trainable: ['text'] }, steps: 2, evaluation: { data: heldOut, limit: 8 } }),
    );
    const [before, after] = [await numbersOf(init), await numbersOf(join(root, 'text-alone', 'last'))];
    expect(after.get('clip.visual_projection.weight')).toEqual(before.get('clip.visual_projection.weight'));
    expect(after.get('clip.text_projection.weight')).not.toEqual(before.get('clip.text_projection.weight'));
  });
});
