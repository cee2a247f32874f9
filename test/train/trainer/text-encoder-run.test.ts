/** `trainTextEncoder()` with the built package: a fresh text encoder on a convolution trunk learns vectors of words. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCheckpoint, trainTextEncoder } from '@synseg/train';
import type { TextScore, TrainOptions, TrainTextEncoderOptions } from '@synseg/train';
import { encodeSafetensors, readFloats, readSafetensors } from '@synseg/core/checkpoint';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, commandOf } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, NAMES } from '../../support/tiny-convolution.ts';
import { tinyConvolutionConfig, writeTinyConvolution, writeTinyVectors } from '../../support/tiny-convolution.ts';
import { numbersOf } from '../run/contents.ts';
import { checkpointOf, loads, logOf, run as runAny, stateOf, timeless, type Outcome } from './runs.ts';
import { writeTinySet } from './tiny-set.ts';

const root = temporaryFolder();
const run = (options: TrainTextEncoderOptions, until?: Parameters<typeof runAny>[1]): Promise<Outcome> =>
  runAny(options, until, trainTextEncoder);
const cacheFolder = join(root, 'cache');
const [trunk, init] = [join(root, 'trunk'), join(root, 'fresh')];
const vectors = writeTinyVectors(join(root, 'vectors'));
const data = join(root, 'texts.jsonl');
const TEXTS = NAMES.flatMap((name) =>
  [name, `${name}s`, `a red ${name}`, `the ${name}`].map((text) => ({ text, name })),
);

let textParameters = 0;

const options = (name: string, changes: Partial<TrainTextEncoderOptions> = {}): TrainTextEncoderOptions => ({
  ...{ data, vectors, init, out: join(root, name), steps: 8, batchSize: 5, learningRate: 5e-3, saveEvery: 3 },
  ...{ device: 'cpu', threads: 1, cacheFolder },
  ...changes,
});
const failure = (changes: object): Promise<unknown> =>
  trainTextEncoder(options('refused', changes))
    .next()
    .catch((error: unknown) => error);

beforeAll(async () => {
  writeTinyConvolution(trunk);
  writeFileSync(join(trunk, 'LICENSE.trunk.txt'), 'free');
  writeFileSync(data, TEXTS.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const texts = TEXTS.map(({ text }) => text);
  const made = await createCheckpoint(init, texts, {
    trunk,
    text: { width: 24, layers: 2, heads: 2, tokens: 9 },
    vocabulary: 530,
  });
  textParameters = made.parameters.text;
});

describe('a run on texts', () => {
  let outcome: Outcome;
  const folder = join(root, 'learnt');

  beforeAll(async () => {
    outcome = await run(options('learnt', { steps: 200, batchSize: 12, saveEvery: 100, evaluation: { every: 100 } }));
  });

  it('learns: every text is nearest to its own name, and nearly its vector', () => {
    const scores = outcome.reports.flatMap(({ score }) => (score === undefined ? [] : [score as TextScore]));
    expect(scores).toHaveLength(2);
    expect(scores[1]).toMatchObject({ nearest: 1, texts: 12, names: 3, best: true });
    expect(scores[1]!.cosine).toBeGreaterThan(0.98);
  });

  it('reports both losses, whose sum is the total', () => {
    expect(outcome.warnings).toEqual([]);
    const [first, last] = [outcome.reports[0]!, outcome.reports.at(-1)!];
    expect(Object.keys(first.losses)).toEqual(['cosine', 'distance']);
    expect(first.losses['cosine']! + first.losses['distance']!).toBeCloseTo(first.total, 4);
    expect(last.losses['distance']).toBeLessThan(0.05);
    expect(last.epoch).toBe(199);
    // A line for each step, and scores of the start, at step 100 and at the end.
    expect(logOf(folder)).toHaveLength(203);
  });

  it('leaves a checkpoint whose labels are free text; trunk and decoder are as they were', async () => {
    expect(await loads(join(folder, 'best'), ['the car', 'some other thing'], cacheFolder)).toMatchObject({
      width: 40,
    });
    const [before, after] = [await numbersOf(init), await numbersOf(join(folder, 'last'))];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    const still = [...before]
      .filter(([name, values]) => values.every((value, index) => value === after.get(name)?.[index]))
      .map(([name]) => name);
    expect(still.filter((name) => name.startsWith('clip.'))).toEqual([]);
    expect(still).toHaveLength(before.size - [...before.keys()].filter((name) => name.startsWith('clip.')).length);
    expect(readdirSync(join(folder, 'last'))).toEqual(
      expect.arrayContaining(['merges.txt', 'vocab.json', 'LICENSE.trunk.txt']),
    );
  });

  it('gives words to train() for its decoder', async () => {
    const { masked } = writeTinySet(join(root, 'set'));
    const { reports } = await runAny<TrainOptions>({
      ...{ data: masked, init: join(folder, 'last'), out: join(root, 'head'), objective: 'masks', steps: 2 },
      ...{ batchSize: 4, maxCategories: 4, cacheFeatures: false, device: 'cpu', threads: 1, cacheFolder },
    });
    expect(reports.every(({ total }) => Number.isFinite(total))).toBe(true);
    expect(await loads(join(root, 'head/last'), ['a car'], cacheFolder)).toMatchObject({ width: 40 });
  });
});

describe('a run that is stopped', () => {
  const changes = { advanced: { ema: 0.9 }, evaluation: { data, every: 4 } };

  it('goes on as if it had never been, byte for byte, under Deno too', async () => {
    const whole = await run(options('whole', changes));
    await run(options('stopped', changes), ({ step }) => step === 5);
    const rest = await run(options('stopped', { ...changes, resume: true }));
    expect(rest.reports.map(timeless)).toEqual(whole.reports.slice(-rest.reports.length).map(timeless));
    expect(logOf(join(root, 'stopped'))).toEqual(logOf(join(root, 'whole')));
    expect(checkpointOf(join(root, 'stopped'))).toEqual(checkpointOf(join(root, 'whole')));
    expect((await stateOf(join(root, 'whole'))).step).toBe(8);
    const [program = '', ...words] = commandOf('Deno');
    const script = join(import.meta.dirname, 'scripts/train-text-encoder.mjs');
    const given = JSON.stringify(options('deno', changes));
    expect(execFileSync(program, [...words, script, given], { cwd: REPOSITORY, encoding: 'utf8' })).toBe('8\n');
    expect(checkpointOf(join(root, 'deno'))).toEqual(checkpointOf(join(root, 'whole')));
  });

  it('saves when it is aborted, and says so', async () => {
    const controller = new AbortController();
    const stopped = run(options('aborted', { signal: controller.signal, steps: 1000 }), ({ step }) => {
      if (step === 4) controller.abort(new Error('enough'));
      return false;
    });
    await expect(stopped).rejects.toThrow('enough');
    expect((await stateOf(join(root, 'aborted'))).step).toBeGreaterThanOrEqual(4);
  });
});

describe('what does not go with it', () => {
  it.each<[object, string]>([
    [{ vectors: undefined }, 'vectors must be a string that is not empty, got undefined'],
    [{ init: 'random' }, 'init must be a folder or hub id (createCheckpoint() writes a fresh one), got "random"'],
    [{ ema: 0.9 }, 'ema must be given as advanced.ema, got it among the others'],
    [{ augmentation: { flip: true } }, 'options must have known names, got "augmentation"'],
    [{ advanced: { trainable: ['vision'] } }, 'advanced must have known names, got "trainable"'],
    [{ data: { source: 'x.jsonl' } }, 'data must be a string that is not empty, got an object'],
    [{ evaluation: { limit: 1 } }, 'evaluation must have known names, got "limit"'],
  ])('is refused: %j', async (changes, message) => {
    expect(((await failure(changes)) as Error).message).toContain(`Cannot train text encoder: ${message}`);
  });

  it('is told of vectors of another length, of zeros, and of a folder without them', async () => {
    const long = writeTinyVectors(join(root, 'long'), NAMES, 7);
    expect(await failure({ vectors: long })).toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message:
        `Cannot load vocabulary: tensor "embeddings" must be [3, ${EMBEDDING_DIM}], got [3, 7] in ` +
        join(long, 'vocab.safetensors'),
    });
    expect(await failure({ vectors: join(root, 'nowhere') })).toMatchObject({ code: 'CHECKPOINT_FORMAT' });
  });

  it('is told of a line that cannot be, before a run folder is made', async () => {
    const bad = join(root, 'bad.jsonl');
    writeFileSync(bad, '{"text": "lorries", "name": "lorry"}\n');
    expect(await failure({ data: bad, out: join(root, 'never') })).toMatchObject({
      code: 'DATASET_FORMAT',
      message: expect.stringContaining(`"${bad}" line 1: name must be one of the 3 with a vector, got "lorry"`),
    });
    expect(readdirSync(root)).not.toContain('never');
  });

  it('is told of a checkpoint with a vocabulary, and warned of texts that lose their end', async () => {
    expect(await failure({ init: trunk })).toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: 'Cannot train: checkpoint must have a text encoder, got a vocabulary',
    });
    const longer = join(root, 'longer.jsonl');
    writeFileSync(longer, '{"text": "a car that stands beside another car", "name": "car"}\n');
    const { warnings } = await run(options('longer', { data: longer, steps: 1 }));
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        'Texts may lose their end: 1 of 1 have the 9 tokens that the text encoder takes, or more',
      ),
    ]);
  });
});

describe('createCheckpoint() on a trunk', () => {
  const texts = ['a red car', 'the road'];

  it('says of texts what is new, and of all else what the folder says', async () => {
    const json = JSON.parse(readFileSync(join(init, 'config.json'), 'utf8')) as Record<string, unknown>;
    const { text: _, ...kept } = tinyConvolutionConfig();
    expect(json).toMatchObject({ ...kept, projection_dim: EMBEDDING_DIM, prompt_templates: ['{}'] });
    expect(json['text']).toBeUndefined();
    expect(textParameters).toBeGreaterThan(10_000);
    const [before, after] = [await numbersOf(trunk), await numbersOf(init)];
    for (const [name, values] of before) expect(after.get(name), name).toEqual(values);
    expect(readdirSync(init)).not.toContain('vocab.safetensors');
  });

  it('of a folder without a decoder has none, vectors of any length, and gets its decoder from train()', async () => {
    const bare = writeTinyConvolution(join(root, 'bare'));
    const { decoder: _, ...json } = tinyConvolutionConfig();
    const { tensors } = await readSafetensors(join(bare, 'model.safetensors'));
    const kept = await Promise.all(
      [...tensors]
        .filter(([name]) => name.startsWith('trunk.'))
        .map(async ([name, entry]) => [name, { shape: entry.shape, data: await readFloats(entry) }] as const),
    );
    writeFileSync(join(bare, 'model.safetensors'), encodeSafetensors(new Map(kept)));
    writeFileSync(join(bare, 'config.json'), JSON.stringify(json));
    const texts = TEXTS.map(({ text }) => text);
    const made = await createCheckpoint(join(root, 'eight'), texts, { trunk: bare, projectionDim: 8 });
    expect(made.parameters).toMatchObject({ decoder: 0 });
    const eight = writeTinyVectors(join(root, 'vectors of eight'), NAMES, 8);
    await run(options('eight run', { init: join(root, 'eight'), vectors: eight, steps: 2 }));
    const choices = { data: writeTinySet(join(root, 'set two')).masked, objective: 'masks', steps: 1 } as const;
    const from = { init: 'random', trunk: join(root, 'eight run/last'), out: join(root, 'decoder run') } as const;
    await runAny<TrainOptions>({
      ...{ ...choices, ...from, batchSize: 4, maxCategories: 4, cacheFeatures: false },
      ...{ device: 'cpu', threads: 1, cacheFolder },
    });
    expect(await loads(join(root, 'decoder run/last'), ['a car'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('has the length of vectors that its decoder takes', async () => {
    await expect(createCheckpoint(join(root, 'other'), texts, { trunk, projectionDim: 8 })).rejects.toThrow(
      'Cannot create checkpoint: projectionDim must be 6, which the decoder of trunk takes, got 8',
    );
  });

  it.each<[object, string]>([
    [{ vision: {} }, 'vision must be left out with trunk, whose folder has its own, got {'],
    [{ taps: [0] }, 'taps must be left out with trunk, whose folder has its own, got [0]'],
    [{ decoder: {} }, 'decoder must be left out with trunk, whose folder has its own, got {'],
    [{ trunk: '/nowhere' }, 'trunk must hold config.json, got "/nowhere"'],
  ])('refuses %j', async (changes, message) => {
    await expect(createCheckpoint(join(root, 'refused'), texts, { trunk, ...changes })).rejects.toThrow(
      `Cannot create checkpoint: ${message}`,
    );
  });
});
