import { availableParallelism } from 'node:os';
import { defaultCacheFolder } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { LOSSES } from '../../../packages/train/src/objective/losses.ts';
import { needsCaptions, planTraining } from '../../../packages/train/src/trainer/train-plan.ts';
import type { TrainOptions } from '../../../packages/train/src/trainer/train-options.ts';

const plan = (options: Partial<TrainOptions> = {}) =>
  planTraining({ data: 'tags.jsonl', init: 'models/start', out: 'runs/a', ...options }).plan;
const options = (given: Record<string, unknown>): Partial<TrainOptions> => given;

describe('planTraining()', () => {
  it('is the paper’s recipe when nothing is said', () => {
    expect(plan({ threads: 3 })).toEqual({
      data: { source: 'tags.jsonl' },
      init: 'models/start',
      trunk: null,
      decoder: { reduceDim: 64, heads: 4, intermediateSize: 2048, head: 'simple' },
      inputSize: null,
      steps: 10_000,
      batchSize: 256,
      microBatchSize: 256,
      recipe: 'paper',
      objective: 'mccl',
      lambda: {
        align: 0.1,
        contrast: 0.001,
        background: 0.01,
        separation: 1,
        grounding: 0,
        distillation: 0,
        partial: 0,
        sharing: 0,
        masks: 0,
        maskShare: 0,
      },
      contrastGate: 0.1,
      epsilon: 1e-4,
      features: 'conditional',
      prior: 0,
      templates: null,
      unknownCategories: 'compose',
      projectorSteps: 0,
      projectorSchedule: { kind: 'constant', learningRate: 1e-5, finalLearningRate: 0, warmupSteps: 0, steps: 0 },
      schedule: { kind: 'constant', learningRate: 1e-5, finalLearningRate: 0, warmupSteps: 0, steps: 10_000 },
      weightDecay: 0.01,
      decayVectors: true,
      beta1: 0.9,
      beta2: 0.999,
      adamEpsilon: 1e-8,
      clipNorm: null,
      patchDropout: 0,
      trainable: ['film', 'reduces', 'layers', 'head', 'projector'],
      ema: null,
      seed: 42,
      augmentation: {},
      maxCategories: 32,
      cacheFeatures: false,
      device: 'auto',
      precision: 'fp32',
      threads: 3,
      saveEvery: 500,
      keepEvery: null,
      evaluation: null,
    });
  });

  it('takes from the recipe "windows" what reads the shallowest tap and windows, and shares by it', () => {
    const windows = plan({ recipe: 'windows', steps: 1000 });
    expect(windows).toMatchObject({
      features: 'windows',
      projectorSteps: 400,
      cacheFeatures: true,
      lambda: {
        align: 0,
        separation: 0,
        grounding: 0,
        distillation: 0,
        partial: 1,
        sharing: 1,
        masks: 0,
        maskShare: 0,
      },
    });
    expect([windows.projectorSchedule.learningRate, windows.schedule.learningRate]).toEqual([5e-3, 2e-3]);
    expect(plan({ recipe: 'windows' }).projectorSteps).toBe(800);
  });

  it('takes the other defaults from the recipe "best", in proportion to the steps', () => {
    const best = plan({ recipe: 'best' });
    expect(best).toMatchObject({
      features: 'taps',
      projectorSteps: 1000,
      lambda: {
        align: 0,
        contrast: 0,
        background: 0,
        separation: 0,
        grounding: 1,
        distillation: 1,
        partial: 0,
        sharing: 0,
        masks: 0,
        maskShare: 0,
      },
    });
    expect(best.schedule).toEqual({
      kind: 'cosine',
      learningRate: 1e-3,
      finalLearningRate: 0,
      warmupSteps: 20,
      steps: 9000,
    });
    expect(best.projectorSchedule).toEqual({
      kind: 'cosine',
      learningRate: 3e-3,
      finalLearningRate: 0,
      warmupSteps: 20,
      steps: 1000,
    });
    const short = plan({ recipe: 'best', steps: 101 });
    expect(short).toMatchObject({
      projectorSteps: 51,
      projectorSchedule: { warmupSteps: 5, steps: 51 },
      schedule: { warmupSteps: 5, steps: 50 },
    });
  });

  it('lets what is said win over the recipe', () => {
    const said = plan({
      recipe: 'best',
      steps: 100,
      projectorSteps: 10,
      projectorLearningRate: 0.5,
      learningRate: 0.25,
      schedule: 'constant',
      warmupSteps: 3,
      finalLearningRate: 0.1,
      lambda: { grounding: 2 },
    });
    expect(said.lambda).toMatchObject({ grounding: 2, distillation: 1 });
    expect(said.projectorSchedule).toEqual({
      kind: 'constant',
      learningRate: 0.5,
      finalLearningRate: 0.1,
      warmupSteps: 3,
      steps: 10,
    });
    expect(said.schedule).toEqual({
      kind: 'constant',
      learningRate: 0.25,
      finalLearningRate: 0.1,
      warmupSteps: 3,
      steps: 90,
    });
  });

  it('weighs the losses of the objective alone', () => {
    const lambda = { align: 1, contrast: 2, background: 3, separation: 4, masks: 5, maskShare: 6 };
    expect(plan({ objective: 'mccl', lambda }).lambda).toEqual({
      ...lambda,
      grounding: 0,
      distillation: 0,
      partial: 0,
      sharing: 0,
      masks: 0,
      maskShare: 0,
    });
    expect(plan({ objective: 'masks', lambda }).lambda).toEqual({
      ...Object.fromEntries(LOSSES.map((name) => [name, 0])),
      masks: 5,
      maskShare: 6,
    });
    expect(plan({ objective: 'both', lambda }).lambda).toEqual({
      ...lambda,
      grounding: 0,
      distillation: 0,
      partial: 0,
      sharing: 0,
    });
    expect(plan({ objective: 'masks' }).lambda).toMatchObject({ masks: 1, maskShare: 0 });
    expect(plan({ objective: 'masks', recipe: 'best' }).lambda).toMatchObject({ masks: 1, maskShare: 1 });
  });

  it('takes windows for the losses that need what is at a patch', () => {
    expect(plan({ recipe: 'best', features: 'windows' })).toMatchObject({
      features: 'windows',
      lambda: { grounding: 1, distillation: 1 },
    });
    expect(plan({ features: 'windows' }).lambda).toMatchObject({ align: 0.1, grounding: 0, distillation: 0 });
  });

  it('keeps features in a cache where windows are read, and only there unless it is told to', () => {
    const cached = (given: Partial<TrainOptions>): boolean => plan(given).cacheFeatures;
    expect(
      [
        { recipe: 'windows' },
        { recipe: 'windows', objective: 'both' },
        { features: 'windows' },
        { recipe: 'windows', cacheFeatures: true },
      ].map((given) => cached(given as Partial<TrainOptions>)),
    ).toEqual([true, true, true, true]);
    expect(
      [
        { recipe: 'best' },
        { recipe: 'windows', features: 'taps' },
        { recipe: 'windows', objective: 'masks' },
        { recipe: 'windows', objective: 'masks', cacheFeatures: false },
      ].map((given) => cached(given as Partial<TrainOptions>)),
    ).toEqual([false, false, false, false]);
  });

  it('counts the decoder that training starts from where the loss sharing counts and there is one', () => {
    const priorOf = (given: Partial<TrainOptions>): number => plan({ recipe: 'windows', ...given }).prior;
    const random = { init: 'random', trunk: 'models/trunk' } as const;
    expect(
      [
        {},
        { objective: 'both' },
        { init: 'embedded' },
        { features: 'taps' },
        { lambda: { sharing: 0.1 } },
        { recipe: 'best', lambda: { sharing: 1 } },
      ].map((given) => priorOf(given as Partial<TrainOptions>)),
    ).toEqual([1, 1, 1, 1, 1, 1]);
    expect(
      [
        random,
        { ...random, objective: 'both' },
        { lambda: { sharing: 0 } },
        { objective: 'masks' },
        { recipe: 'best' },
      ].map((given) => priorOf(given as Partial<TrainOptions>)),
    ).toEqual([0, 0, 0, 0, 0]);
    expect([0, 0.5, 3].map((prior) => priorOf({ prior }))).toEqual([0, 0.5, 3]);
    expect(
      [random, { lambda: { sharing: 0 } }, { objective: 'masks' }].map((given) =>
        priorOf({ ...(given as Partial<TrainOptions>), prior: 0 }),
      ),
    ).toEqual([0, 0, 0]);
    expect(plan({ objective: 'contrastive', init: 'nano' }).prior).toBe(0);
  });

  it('has no steps of the projector alone where no loss trains it', () => {
    expect(plan({ recipe: 'best', objective: 'masks' }).projectorSteps).toBe(0);
    expect(plan({ recipe: 'best', trainable: ['film', 'head'] }).projectorSteps).toBe(0);
    expect(plan({ recipe: 'best', lambda: { grounding: 0 } }).projectorSteps).toBe(0);
  });

  it('trains the groups that a loss bears on', () => {
    expect(plan({ objective: 'masks' }).trainable).toEqual(['film', 'reduces', 'layers', 'head']);
    expect(plan({ recipe: 'best', lambda: { grounding: 0 } }).trainable).toEqual(['film', 'reduces', 'layers', 'head']);
    expect(plan({ recipe: 'best', lambda: { distillation: 0 } }).trainable).toEqual(['projector']);
    expect(plan({ lambda: { align: 0, contrast: 0, background: 0 } }).trainable).toHaveLength(5);
  });

  it('needs captions for all but the masks', () => {
    expect(
      [plan(), plan({ objective: 'both' }), plan({ objective: 'masks' }), plan({ recipe: 'best' })].map(needsCaptions),
    ).toEqual([true, true, false, true]);
  });

  it('orders the trained groups and fills in the rest of a decoder and of an evaluation', () => {
    expect(plan({ trainable: ['projector', 'film', 'film'] }).trainable).toEqual(['film', 'projector']);
    expect(plan({ init: 'random', trunk: 'models/trunk', decoder: { reduceDim: 16, head: 'refined' } })).toMatchObject({
      trunk: 'models/trunk',
      decoder: { reduceDim: 16, heads: 4, intermediateSize: 2048, head: 'refined' },
    });
    expect(plan({ saveEvery: 7, evaluation: { dataset: 'ccp', root: 'ccp' } }).evaluation).toEqual({
      dataset: 'ccp',
      root: 'ccp',
      every: 7,
    });
    expect(plan({ evaluation: { dataset: 'ccp', root: 'ccp', every: 3 } }).evaluation?.every).toBe(3);
  });

  it('keeps what bears on places and speed apart, and is JSON as it stands', () => {
    const { plan: resolved, surroundings } = planTraining({
      data: { source: ['a.tar'] },
      init: 'x',
      out: 'runs/a',
      cacheFolder: 'cache',
      workers: 2,
      ema: 0.9,
      clipNorm: 1,
      keepEvery: 10,
    });
    expect(surroundings).toEqual({ out: 'runs/a', cacheFolder: 'cache', workers: 2 });
    expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved);
    expect(plan({ maxPixels: 1e9, maxImageBytes: 1e9 })).toMatchObject({ maxPixels: 1e9, maxImageBytes: 1e9 });
    expect(planTraining({ data: 'a', init: 'x', out: 'y' }).surroundings).toEqual({
      out: 'y',
      cacheFolder: defaultCacheFolder(),
      workers: undefined,
    });
    expect(plan().threads).toBe(Math.min(8, availableParallelism()));
  });

  it('may do no step at all', () => {
    expect(plan({ steps: 0, recipe: 'best' })).toMatchObject({ steps: 0, projectorSteps: 0 });
  });

  it.each([
    [undefined, 'Cannot train: options must be an object, got undefined'],
    [null, 'Cannot train: options must be an object, got null'],
    ['tags.jsonl', 'Cannot train: options must be an object, got "tags.jsonl"'],
  ])('refuses options that are %s', (given, message) => {
    expect(() => planTraining(given as never)).toThrow(new TypeError(message));
  });

  it.each([
    [{ out: undefined }, 'Cannot train: out must be a text, got undefined'],
    [{ out: '' }, 'Cannot train: out must be a text, got ""'],
    [{ init: 5 }, 'Cannot train: init must be a text, got 5'],
    [{ trunk: null }, 'Cannot train: trunk must be a text, got null'],
    [{ trainable: [] }, 'Cannot train: trainable must be a list of groups, got an empty list'],
    [{ stepz: 5 }, 'Cannot train: options must have known names, got "stepz" (did you mean "steps"?)'],
    [{ lambda: { aling: 1 } }, 'Cannot train: lambda must have known names, got "aling" (did you mean "align"?)'],
    [{ decoder: 4 }, 'Cannot train: decoder must be an object, got 4'],
    [{ data: ['a.json'] }, 'Cannot train: data must be a path or an object with a source, got a list of 1'],
    [{ data: null }, 'Cannot train: data must be a path or an object with a source, got null'],
    [{ init: Promise.resolve('x') }, 'Cannot train: init must be a text, got a Promise (did you forget await?)'],
    [{ evaluation: 'ccp' }, 'Cannot train: evaluation must be an object, got "ccp"'],
    [{ evaluation: { dataset: 'ccp' } }, 'Cannot train: evaluation.root must be a text, got undefined'],
    [
      { evaluation: { data: 5 }, objective: 'contrastive' },
      'Cannot train: evaluation.data must be a path or an object with a source, got 5',
    ],
    [{ augmentation: { flip: 1 } }, 'Cannot train: augmentation.flip must be true or false, got 1'],
    [{ augmentation: { crop: 0.5 } }, 'Cannot train: augmentation.crop must be two shares of the area, got 0.5'],
    [{ resume: 'yes' }, 'Cannot train: resume must be true or false, got "yes"'],
    [{ onWarning: 'log' }, 'Cannot train: onWarning must be a function, got "log"'],
    [{ signal: 5 }, 'Cannot train: signal must be an AbortSignal, got 5'],
    [{ cacheFolder: 5 }, 'Cannot train: cacheFolder must be a text, got 5'],
    [{ trainable: 'film' }, 'Cannot train: trainable must be a list of groups, got "film"'],
  ])('refuses %j as of the wrong kind', (given, message) => {
    expect(() => plan(options(given))).toThrow(new TypeError(message));
  });

  it.each([
    [
      { trunk: 'models/trunk' },
      'Cannot train: trunk must be given with init "random" and only then, got init "models/start" and trunk ' +
        '"models/trunk"',
    ],
    [
      { init: 'random' },
      'Cannot train: trunk must be given with init "random" and only then, got init "random" and no trunk',
    ],
    [{ decoder: {} }, 'Cannot train: decoder must be left out unless init is "random", got init "models/start"'],
    [{ recipe: 'better' }, 'Cannot train: recipe must be one of paper, best, windows, got "better"'],
    [
      { objective: 'captions' },
      'Cannot train: objective must be one of mccl, masks, both, contrastive, got "captions"',
    ],
    [{ lambda: { align: -1 } }, 'Cannot train: lambda.align must be a number from 0 to Infinity, got -1'],
    [
      { lambda: { align: 0, contrast: 0, background: 0, separation: 0 } },
      'Cannot train: lambda must leave a loss of objective "mccl", got ' +
        '{"align":0,"contrast":0,"background":0,"separation":0,"grounding":0,"distillation":0,"partial":0,' +
        '"sharing":0,"masks":0,"maskShare":0}',
    ],
    [
      { objective: 'masks', lambda: { masks: 0 } },
      'Cannot train: lambda must leave a loss of objective "masks", got ' +
        '{"align":0,"contrast":0,"background":0,"separation":0,"grounding":0,"distillation":0,"partial":0,' +
        '"sharing":0,"masks":0,"maskShare":0}',
    ],
    [{ steps: -1 }, 'Cannot train: steps must be an integer ≥ 0, got -1'],
    [{ steps: 1.5 }, 'Cannot train: steps must be an integer ≥ 0, got 1.5'],
    [{ batchSize: 0 }, 'Cannot train: batchSize must be an integer ≥ 1, got 0'],
    [{ microBatchSize: '4' }, 'Cannot train: microBatchSize must be an integer ≥ 1, got "4"'],
    [{ batchSize: 16, microBatchSize: 5 }, 'Cannot train: microBatchSize must divide batchSize 16, got 5'],
    [{ inputSize: 0 }, 'Cannot train: inputSize must be an integer ≥ 1, got 0'],
    [{ saveEvery: 0 }, 'Cannot train: saveEvery must be an integer ≥ 1, got 0'],
    [{ keepEvery: 0 }, 'Cannot train: keepEvery must be an integer ≥ 1, got 0'],
    [
      { trainable: ['decoder'] },
      'Cannot train: trainable must be one of film, reduces, layers, head, projector, vision, text, scale, got ' +
        '"decoder"',
    ],
    [
      { trainable: ['projector'], objective: 'masks' },
      'Cannot train: trainable must have a group that a loss bears on, got ["projector"]',
    ],
    [
      { recipe: 'best', lambda: { distillation: 0 }, trainable: ['film', 'head'] },
      'Cannot train: trainable must have a group that a loss bears on, got ["film","head"]',
    ],
    [
      { recipe: 'best', steps: 10, projectorSteps: 11 },
      'Cannot train: projectorSteps must be an integer ≥ 0 and ≤ 10, got 11',
    ],
    [
      { objective: 'masks', projectorSteps: 5 },
      'Cannot train: projectorSteps must be 0 when no loss trains the projector, got 5',
    ],
    [
      { recipe: 'best', lambda: { grounding: 0 }, projectorSteps: 5 },
      'Cannot train: projectorSteps must be 0 when no loss trains the projector, got 5',
    ],
    [
      { recipe: 'best', trainable: ['film'], projectorSteps: 5 },
      'Cannot train: projectorSteps must be 0 when no loss trains the projector, got 5',
    ],
    [{ schedule: 'linear' }, 'Cannot train: schedule must be one of constant, cosine, got "linear"'],
    [{ finalLearningRate: -1 }, 'Cannot train: finalLearningRate must be a number from 0 to Infinity, got -1'],
    [{ warmupSteps: -1 }, 'Cannot train: warmupSteps must be an integer ≥ 0, got -1'],
    [{ learningRate: NaN }, 'Cannot train: learningRate must be a number from 0 to Infinity, got NaN'],
    [
      { projectorLearningRate: '1' },
      'Cannot train: projectorLearningRate must be a number from 0 to Infinity, got "1"',
    ],
    [{ contrastGate: 2 }, 'Cannot train: contrastGate must be a number from -1 to 1, got 2'],
    [{ epsilon: 0 }, 'Cannot train: epsilon must be a number from 1e-7 to 0.1, got 0'],
    [{ features: 'deep' }, 'Cannot train: features must be one of conditional, visual, taps, windows, got "deep"'],
    [
      { recipe: 'best', features: 'visual' },
      'Cannot train: features must be "taps" or "windows" for the losses grounding, distillation, partial, ' +
        'sharing, got "visual"',
    ],
    [
      { lambda: { distillation: 1 } },
      'Cannot train: features must be "taps" or "windows" for the losses grounding, distillation, partial, ' +
        'sharing, got "conditional"',
    ],
    [{ recipe: 'windows', prior: -0.5 }, 'Cannot train: prior must be a number from 0 to Infinity, got -0.5'],
    [{ recipe: 'windows', prior: '1' }, 'Cannot train: prior must be a number from 0 to Infinity, got "1"'],
    [{ recipe: 'windows', prior: NaN }, 'Cannot train: prior must be a number from 0 to Infinity, got NaN'],
    [
      { recipe: 'windows', init: 'random', trunk: 'models/trunk', prior: 1 },
      'Cannot train: prior must be 0 with init "random", whose decoder knows nothing, got 1',
    ],
    [
      { init: 'random', trunk: 'models/trunk', prior: 2 },
      'Cannot train: prior must be 0 with init "random", whose decoder knows nothing, got 2',
    ],
    [{ prior: 1 }, 'Cannot train: prior must be 0 without the loss sharing, got 1'],
    [
      { recipe: 'windows', lambda: { sharing: 0 }, prior: 0.5 },
      'Cannot train: prior must be 0 without the loss sharing, got 0.5',
    ],
    [
      { recipe: 'windows', objective: 'masks', prior: 1 },
      'Cannot train: prior must be 0 without the loss sharing, got 1',
    ],
    [
      { unknownCategories: 'ignore' },
      'Cannot train: unknownCategories must be one of compose, leave-out, got "ignore"',
    ],
    [{ weightDecay: -0.1 }, 'Cannot train: weightDecay must be a number from 0 to Infinity, got -0.1'],
    [{ beta1: 1 }, 'Cannot train: beta1 must be a number from 0 to 0.999999, got 1'],
    [{ beta2: 1 }, 'Cannot train: beta2 must be a number from 0 to 0.999999, got 1'],
    [{ adamEpsilon: -1 }, 'Cannot train: adamEpsilon must be a number from 0 to Infinity, got -1'],
    [{ clipNorm: 0 }, 'Cannot train: clipNorm must be a number from 5e-324 to Infinity, got 0'],
    [{ ema: 1 }, 'Cannot train: ema must be a number from 0 to 0.9999999, got 1'],
    [
      { patchDropout: 0.5 },
      'Cannot train: patchDropout must be left out unless the objective is "contrastive", got 0.5',
    ],
    [
      { objective: 'contrastive', init: 'nano', patchDropout: 1 },
      'Cannot train: patchDropout must be a number from 0 to 0.95, got 1',
    ],
    [{ seed: -1 }, 'Cannot train: seed must be an integer ≥ 0, got -1'],
    [{ maxCategories: 0 }, 'Cannot train: maxCategories must be an integer ≥ 1 and ≤ 1024, got 0'],
    [{ maxCategories: 2000 }, 'Cannot train: maxCategories must be an integer ≥ 1 and ≤ 1024, got 2000'],
    [{ device: 'tpu' }, /^Cannot train: device must be one of auto, cpu, .*, got "tpu"$/],
    [{ precision: 'int8' }, 'Cannot train: precision must be one of fp32, fp16, got "int8"'],
    [{ threads: 0 }, 'Cannot train: threads must be an integer ≥ 1, got 0'],
    [{ workers: 0 }, 'Cannot train: workers must be an integer ≥ 1, got 0'],
    [
      { evaluation: { dataset: 'ccp', root: 'x', every: 0 } },
      'Cannot train: evaluation.every must be an integer ≥ 1, got 0',
    ],
    [{ maxPixels: 0 }, 'Cannot train: maxPixels must be a positive integer, got 0'],
    [
      { evaluation: { dataset: 'cpp', root: 'x' } },
      'Cannot train: evaluation.dataset must be one of camvid, ccp, index-png, got "cpp"',
    ],
    [
      { cacheFeatures: true, augmentation: { flip: true } },
      'Cannot train: augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
    [
      { recipe: 'windows', cacheFeatures: false },
      'Cannot train: cacheFeatures must be true with features "windows", which are encoded once, got false',
    ],
    [
      { features: 'windows', cacheFeatures: false },
      'Cannot train: cacheFeatures must be true with features "windows", which are encoded once, got false',
    ],
    [
      { recipe: 'windows', augmentation: { flip: true } },
      'Cannot train: augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
    [
      { cacheFeatures: true, augmentation: { crop: [0.5, 1] } },
      'Cannot train: augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
  ])('refuses %j', (given, message) => {
    expect(() => plan(options(given))).toThrow(RangeError);
    expect(() => plan(options(given))).toThrow(typeof message === 'string' ? new RangeError(message) : message);
  });
});
