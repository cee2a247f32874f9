/** The built trainer with its options: losses, masks, cached features, what is kept of a run, where it starts from. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { evaluate, type SegmentationScore, type TrainWarning } from '@synseg/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { relativeError } from '../objective/numeric.ts';
import { listing, numbersOf } from '../run/contents.ts';
import { benchIn, checkpointOf, loads, logOf, run, stateOf, timeless, type Outcome } from './runs.ts';
import { writeTinyTrunk } from './tiny-set.ts';

const bench = benchIn(temporaryFolder());
const { options, root, cacheFolder, set, model } = bench;
const totals = ({ reports }: Outcome): number[] => reports.map(({ total }) => total);
const relative = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

describe('microBatchSize', () => {
  it('gives the same losses and nearly the same steps', async () => {
    const [whole, parts] = [
      await run(options('whole', { steps: 4 })),
      await run(options('parts', { steps: 4, microBatchSize: 1 })),
    ];
    // The first step sees the same parameters; AdamW then moves those with next to no gradient by rounding.
    expect(relative(totals(parts)[0]!, totals(whole)[0]!)).toBeLessThan(1e-5);
    totals(parts).forEach((total, step) => expect(relative(total, totals(whole)[step]!)).toBeLessThan(2e-2));
    for (const field of ['gradientNorm', 'activationMean', 'activationDeviation', 'clampShare'] as const)
      expect(parts.reports[0]?.[field], field).toBeCloseTo(whole.reports[0]?.[field] as number, 3);
  });
});

describe('objective "masks"', () => {
  it('learns the masks, and reports their losses alone', async () => {
    const choices = {
      init: 'random',
      trunk: writeTinyTrunk(join(root, 'colors')),
      decoder: { reduceDim: 16, intermediateSize: 32 },
      objective: 'masks',
      recipe: 'tags',
      data: set.masked,
    } as const;
    const { reports } = await run(
      options('masks', { ...choices, steps: 60, batchSize: 6, learningRate: 0.01, saveEvery: 100 }),
    );
    expect(Object.keys(reports[0]?.losses ?? {})).toEqual(['masks', 'maskShare']);
    expect((await numbersOf(join(root, 'masks/last'))).has('projector.weight')).toBe(false);
    await run(options('untrained', { ...choices, steps: 0 }));
    const [before, after] = (await Promise.all(
      ['untrained', 'masks'].map(
        async (name) =>
          (
            await evaluate(join(root, name, 'last'), {
              dataset: 'index-png',
              root: set.folder,
              device: 'cpu',
              cacheFolder,
            })
          ).mIoU,
      ),
    )) as [number, number];
    expect(after).toBeGreaterThan(before + 0.3);
  });

  it('with captions as well adds both', async () => {
    const { reports } = await run(
      options('both', { objective: 'both', data: set.masked, steps: 2, lambda: { masks: 2 } }),
    );
    const { align, contrast, background, separation, masks } = reports[0]?.losses as Record<string, number>;
    expect(Object.keys(reports[0]?.losses ?? {})).toHaveLength(5);
    expect(
      relative(
        reports[0]?.total as number,
        0.1 * align! + 1e-3 * contrast! + 1e-2 * background! + separation! + 2 * masks!,
      ),
    ).toBeLessThan(1e-5);
  });

  it('works from cached features of pictures without captions', async () => {
    const data = join(set.folder, 'bare.jsonl');
    writeFileSync(data, readFileSync(set.masked, 'utf8').replaceAll(/"tags":\[.*?\],/g, ''));
    const { reports, warnings } = await run(
      options('masks cached', { objective: 'masks', data, steps: 2, cacheFeatures: true }),
    );
    expect(warnings).toEqual([]);
    expect(reports).toHaveLength(2);
  });
});

describe('cacheFeatures', () => {
  it('gives the same run up to the rounding of features to fp16, and encodes once', async () => {
    const common = { objective: 'masks', data: set.masked, steps: 6 } as const;
    const stages: string[][] = [[], []];
    const [plain, first, second] = [
      await run(options('uncached', common)),
      await run(
        options('cached', { ...common, cacheFeatures: true, onProgress: ({ stage }) => stages[0]?.push(stage) }),
      ),
      await run(
        options('cached again', { ...common, cacheFeatures: true, onProgress: ({ stage }) => stages[1]?.push(stage) }),
      ),
    ];
    totals(first).forEach((total, step) =>
      expect(relative(total, totals(plain)[step]!)).toBeLessThan(step === 0 ? 1e-3 : 1e-2),
    );
    expect(second.reports.map(timeless)).toEqual(first.reports.map(timeless));
    expect(checkpointOf(join(root, 'cached again'))).toEqual(checkpointOf(join(root, 'cached')));
    expect(stages[1]).not.toContain('features');
  });
});

describe('ema', () => {
  it('puts the running mean of the weights into checkpoints and keeps the weights for going on', async () => {
    const outcome = await run(options('ema', { ema: 0.9, steps: 3 }));
    const plain = await run(options('no ema', { steps: 3 }));
    expect(outcome.reports.map(timeless)).toEqual(plain.reports.map(timeless));
    const [state, reference] = [await stateOf(join(root, 'ema')), await stateOf(join(root, 'no ema'))];
    const [parameters, average] = ['parameters', 'average'].map(
      (name) => state.tensors.get(name)?.data as Float32Array,
    ) as [Float32Array, Float32Array];
    expect(parameters).toEqual(reference.tensors.get('parameters')?.data);
    expect(average).not.toEqual(parameters);
    const [stored, moved] = [await numbersOf(join(root, 'ema/last')), await numbersOf(join(root, 'no ema/last'))];
    const bias = [...(stored.get('projector.bias') as Float32Array)];
    expect(bias).toEqual([...average.slice(-16)]);
    expect([...(moved.get('projector.bias') as Float32Array)]).toEqual([...parameters.slice(-16)]);
  });
});

describe('keepEvery and evaluation', () => {
  let outcome: Outcome;
  const folder = join(root, 'evaluated');
  const evaluation = { dataset: 'index-png', root: set.folder, every: 4 } as const;

  beforeAll(async () => {
    outcome = await run(
      options('evaluated', {
        objective: 'masks',
        data: set.masked,
        steps: 10,
        learningRate: 3e-3,
        saveEvery: 100,
        keepEvery: 4,
        evaluation,
      }),
    );
  });

  it('keep a checkpoint every so many steps, each of which loads', async () => {
    expect(listing(folder).filter((name) => name.startsWith('step-'))).toEqual(['step-4', 'step-8']);
    expect(await loads(join(folder, 'step-4'), ['road'], cacheFolder)).toMatchObject({ width: 40 });
    expect(checkpointOf(folder, 'step-4').get('model-00002-of-00002.safetensors')).not.toEqual(
      checkpointOf(folder, 'step-8').get('model-00002-of-00002.safetensors'),
    );
  });

  it('score every so many steps and at the end, and log it', () => {
    const scored = outcome.reports.filter(({ score }) => score !== undefined);
    expect(scored.map(({ step }) => step)).toEqual([4, 8, 10]);
    expect(scored[0]?.score?.best).toBe(true);
    const lines = logOf(folder).filter((line) => line.score !== undefined);
    expect(lines[0]).toMatchObject({ step: 0, score: { best: true } });
    expect(lines.slice(1).map(({ step, score }) => ({ step, score }))).toEqual(
      scored.map(({ step, score }) => ({ step, score })),
    );
  });

  it('keep the best in best/, with the score that evaluate() gives it', async () => {
    const scores = outcome.reports.flatMap(({ score }) =>
      score === undefined ? [] : [(score as SegmentationScore).mIoU],
    );
    const { mIoU } = await evaluate(join(folder, 'best'), {
      dataset: 'index-png',
      root: set.folder,
      device: 'cpu',
      cacheFolder,
    });
    expect(mIoU).toBe(Math.max(...scores));
    expect((await stateOf(folder)).notes).toEqual({ best: Math.max(...scores) });
  });

  it('keep the start in best/ while nothing is better, and tell its score before the first step', async () => {
    const told: (string | number)[] = [];
    const { reports } = await run(
      options('worse', {
        ...{
          objective: 'masks',
          data: set.masked,
          init: join(folder, 'best'),
          evaluation: { ...evaluation, every: 2 },
        },
        ...{ steps: 2, learningRate: 0.3, warmupSteps: 0 },
        onProgress: (at) => at.stage === 'start' && told.push((at.score as SegmentationScore).mIoU),
        onWarning: ({ kind }) => told.push(kind),
      }),
    );
    const { mIoU, best } = reports[1]?.score as SegmentationScore;
    expect([best, mIoU < (told[0] as number)]).toEqual([false, true]);
    const weights = 'best/model-00002-of-00002.safetensors';
    expect(readFileSync(join(root, 'worse', weights)).equals(readFileSync(join(folder, weights)))).toBe(true);
  });

  it('remember the best score when the run is resumed', async () => {
    const before = readFileSync(join(folder, 'best/model-00002-of-00002.safetensors'));
    const changes = {
      objective: 'masks',
      data: set.masked,
      steps: 12,
      learningRate: 0,
      saveEvery: 100,
      keepEvery: 4,
      evaluation,
      resume: true,
    } as const;
    const { reports } = await run(options('evaluated', changes));
    // Without a learning rate nothing is better than what there was.
    expect(reports.filter(({ score }) => score?.best === true)).toEqual([]);
    expect(reports.at(-1)?.score).toBeDefined();
    expect(readFileSync(join(folder, 'best/model-00002-of-00002.safetensors')).equals(before)).toBe(true);
  });
});

/** The model of the other runs, with a picture encoder that embeds. */
const embedding = writeTinyClipseg(join(root, 'embedding'), { hidden: 16, size: 32, patch: 8, embedsPictures: true });

describe.each([
  ['tags', 'grounding', 'distillation'],
  ['dense-captions', 'partial', 'sharing'],
] as const)('recipe "%s"', (recipe, projectors, decoders) => {
  const STEPS = 8;
  const choices = {
    recipe,
    init: embedding,
    steps: STEPS,
    projectorSteps: 4,
    warmupSteps: 1,
    learningRate: 0.01,
    projectorLearningRate: 0.1,
    saveEvery: 100,
  } as const;
  let whole: Outcome;

  beforeAll(async () => {
    whole = await run(options(recipe, choices));
  });

  it('moves the projector first, each stage with its own schedule', () => {
    expect(whole.warnings).toEqual([]);
    const cosine = (progress: number): number => 0.5 * (1 + Math.cos(Math.PI * progress));
    const expected = [
      0.1,
      0.1 * cosine(1 / 3),
      0.1 * cosine(2 / 3),
      0,
      0.01,
      0.01 * cosine(1 / 3),
      0.01 * cosine(2 / 3),
      0,
    ];
    whole.reports.forEach(({ learningRate }, step) => expect(learningRate).toBeCloseTo(expected[step] as number, 12));
    expect(whole.reports.map(({ losses }) => Object.keys(losses).join())).toEqual([
      ...new Array<string>(4).fill(projectors),
      ...new Array<string>(4).fill(`${projectors},${decoders}`),
    ]);
    expect(whole.reports.map(({ activationMean }) => activationMean === undefined)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(totals(whole)[3]).toBeLessThan(totals(whole)[0]!);
  });

  it('leaves the decoder as it is while the projector moves', async () => {
    await run(options(`${recipe} halfway`, { ...choices, steps: 4 }));
    const [start, halfway, end] = [
      await numbersOf(embedding),
      await numbersOf(join(root, `${recipe} halfway/last`)),
      await numbersOf(join(root, recipe, 'last')),
    ];
    expect(halfway.get('decoder.film_mul.weight')).toEqual(start.get('decoder.film_mul.weight'));
    expect(end.get('decoder.film_mul.weight')).not.toEqual(start.get('decoder.film_mul.weight'));
    expect((await stateOf(join(root, recipe))).tensors.has('tapMean')).toBe(true);
  });

  it.each([2, 5])('resumes in either stage as if it had not stopped (after step %i)', async (last) => {
    const name = `${recipe} until ${String(last)}`;
    await run(options(name, choices), ({ step }) => step === last);
    await run(options(name, { ...choices, resume: true }));
    expect(logOf(join(root, name))).toEqual(whole.reports.map(timeless));
    expect(checkpointOf(join(root, name))).toEqual(checkpointOf(join(root, recipe)));
  });

  it.each([
    [projectors, decoders],
    [decoders, projectors],
  ])('can do without %s', async (name, other) => {
    const { reports } = await run(
      options(`without ${name}`, { recipe, init: embedding, steps: 2, projectorSteps: 0, lambda: { [name]: 0 } }),
    );
    expect(Object.keys(reports[1]?.losses ?? {})).toEqual([other]);
    expect(Number.isFinite(reports[1]?.total)).toBe(true);
  });
});

describe('prior', () => {
  const choices = {
    recipe: 'dense-captions',
    init: embedding,
    steps: 8,
    projectorSteps: 3,
    warmupSteps: 1,
    learningRate: 0.02,
    projectorLearningRate: 0.1,
    saveEvery: 100,
  } as const;
  let whole: Outcome;

  beforeAll(async () => {
    whole = await run(options('prior', choices));
  });

  it('counts from a checkpoint: the decoder’s steps are others than without it, the projector’s the same', async () => {
    const [one, none, two] = [
      await run(options('prior 1', { ...choices, prior: 1 })),
      await run(options('prior 0', { ...choices, prior: 0 })),
      await run(options('prior 2', { ...choices, prior: 2 })),
    ];
    const reports = (outcome: Outcome) => outcome.reports.map(timeless);
    expect(reports(one)).toEqual(reports(whole));
    expect(checkpointOf(join(root, 'prior 1'))).toEqual(checkpointOf(join(root, 'prior')));
    for (const [name, other] of [
      ['prior 0', none],
      ['prior 2', two],
    ] as const) {
      expect(reports(other).slice(0, 3), name).toEqual(reports(whole).slice(0, 3));
      other.reports
        .slice(3)
        .forEach(({ losses }, step) => expect(losses.sharing, name).not.toBe(whole.reports[3 + step]?.losses.sharing));
      const [weights, expected] = (await Promise.all(
        [name, 'prior'].map(
          async (folder) =>
            (await numbersOf(join(root, folder, 'last'))).get('decoder.film_mul.weight') as Float32Array,
        ),
      )) as [Float32Array, Float32Array];
      expect(relativeError(weights, expected), name).toBeGreaterThan(1e-3);
    }
  });

  it('is of the decoder that the run began with, also after a resume, not of the one it goes on from', async () => {
    await run(options('prior halted', choices), ({ step }) => step === 5);
    const { step: done } = await stateOf(join(root, 'prior halted'));
    const rest = whole.reports.slice(done);
    expect([done > 4, rest.length > 0]).toEqual([true, true]);
    cpSync(join(root, 'prior halted'), join(root, 'prior moved'), { recursive: true });
    cpSync(join(root, 'prior halted/last'), join(root, 'halfway'), { recursive: true });
    const same = await run(options('prior halted', { ...choices, resume: true }));
    expect(same.reports.map(timeless)).toEqual(rest.map(timeless));
    expect(logOf(join(root, 'prior halted'))).toEqual(whole.reports.map(timeless));
    expect(checkpointOf(join(root, 'prior halted'))).toEqual(checkpointOf(join(root, 'prior')));
    // Told that it began with what it goes on from: the same weights, but another start decoder.
    const moved = await run(options('prior moved', { ...choices, init: join(root, 'halfway'), resume: true }));
    expect(moved.reports.map(({ step }) => step)).toEqual(rest.map(({ step }) => step));
    expect(moved.reports[0]?.losses.partial).toBe(rest[0]?.losses.partial);
    moved.reports.forEach(({ losses }, step) =>
      expect(relative(losses.sharing as number, rest[step]?.losses.sharing as number)).toBeGreaterThan(1e-3),
    );
  });
});

describe('init "random" on a trunk with a vocabulary', () => {
  const trunk = writeTinyTrunk(join(root, 'trunk'));
  const choices = {
    init: 'random',
    trunk,
    decoder: { reduceDim: 8, heads: 2, intermediateSize: 16 },
    lambda: { align: 1 },
  } as const;

  it('trains a decoder of the shape asked for; what it learned of categories joins the vocabulary', async () => {
    const { warnings } = await run(options('vocabulary', choices));
    expect(warnings).toEqual([
      {
        kind: 'categories',
        message: 'Not in the vocabulary, stood for by other entries: tree (pine tree, apple tree)',
      } satisfies TrainWarning,
    ]);
    await using segmenter = await Segmenter.load(join(root, 'vocabulary/last'), { device: 'cpu', cacheFolder });
    const { labelMap } = await segmenter.segment(
      picture(30, 20, 1),
      await segmenter.labels(['tree', 'road', 'pine tree'], { background: 'none' }),
    );
    expect(labelMap).toHaveLength(600);
    expect(JSON.parse(readFileSync(join(root, 'vocabulary/last/vocab.json'), 'utf8'))).toMatchObject({
      names: ['road', 'car', 'pine tree', 'apple tree', 'sky', 'tree'],
      standIns: [{ category: 'tree', entries: ['pine tree', 'apple tree'] }],
    });
    expect(existsSync(join(root, 'vocabulary/last/vision.onnx'))).toBe(true);
  });

  it('leaves out what the vocabulary does not have, when told to, and counts it', async () => {
    const { warnings, reports } = await run(
      options('left out', { ...choices, unknownCategories: 'leave-out', steps: 2 }),
    );
    const trees = readFileSync(set.tags, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"tree"')).length;
    expect(warnings).toEqual([
      { kind: 'categories', message: `Not in the vocabulary, left out: tree ×${String(trees)}` },
    ]);
    expect(reports).toHaveLength(2);
  });

  it('starts the same for the same seed', async () => {
    await run(options('vocabulary again', choices));
    expect(checkpointOf(join(root, 'vocabulary again'))).toEqual(checkpointOf(join(root, 'vocabulary')));
  });

  it('trains on masks of the classes that the vocabulary has', async () => {
    const { warnings } = await run(
      options('vocabulary masks', {
        ...choices,
        objective: 'masks',
        data: set.masked,
        unknownCategories: 'leave-out',
        steps: 2,
      }),
    );
    expect(warnings.map(({ message }) => message)).toContain('Mask classes not in the vocabulary, left out: tree');
  });
});

describe('inputSize, trainable', () => {
  it('trains at another size, which the checkpoint then has', async () => {
    await run(options('larger', { inputSize: 48, steps: 2 }));
    await using segmenter = await Segmenter.load(join(root, 'larger/last'), { device: 'cpu', cacheFolder });
    expect(segmenter.inputSize).toEqual([48, 48]);
  });

  it('moves the chosen groups alone', async () => {
    await run(options('head only', { trainable: ['head', 'projector'], steps: 2 }));
    const [before, after] = [await numbersOf(model), await numbersOf(join(root, 'head only/last'))];
    const changed = [...after]
      .filter(
        ([name, values]) => before.has(name) && values.some((value, index) => value !== before.get(name)?.[index]),
      )
      .map(([name]) => name);
    expect(changed.sort()).toEqual(['decoder.transposed_convolution.bias', 'decoder.transposed_convolution.weight']);
  });
});
