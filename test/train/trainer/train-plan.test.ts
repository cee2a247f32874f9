import { availableParallelism } from 'node:os';
import { defaultCacheFolder } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { DATASETS } from '../../../packages/train/src/benchmarks/datasets.ts';
import { LOSSES, needsCaptions } from '../../../packages/train/src/objective/losses.ts';
import { planEncoders, planTraining } from '../../../packages/train/src/trainer/train-plan.ts';
import { nested, type FlatOptions } from './flat-options.ts';

const plan = (options: Partial<FlatOptions> = {}) =>
  planTraining(
    nested({ recipe: 'paper' as const, data: 'tags.jsonl', init: 'models/start', out: 'runs/a', ...options }),
  ).plan;
const options = (given: Record<string, unknown>): Partial<FlatOptions> => given;

describe('planTraining()', () => {
  it('learns from captions in 2000 steps of 16 pictures when nothing is said', () => {
    const needed = { data: 'tags.jsonl', init: 'models/start', out: 'runs/a' };
    expect(planTraining(needed).plan).toMatchObject({
      trains: 'decoder',
      recipe: 'dense-captions',
      objective: 'captions',
      features: 'windows',
      steps: 2000,
      batchSize: 16,
      microBatchSize: 16,
      schedule: { kind: 'cosine', learningRate: 2e-3 },
      lambda: { partial: 1, sharing: 1, align: 0 },
    });
    expect(planEncoders(needed).plan).toMatchObject({
      trains: 'encoders',
      steps: 5000,
      batchSize: 64,
      microBatchSize: 64,
      schedule: { kind: 'cosine', learningRate: 5e-4, finalLearningRate: 0, warmupSteps: 500, steps: 5000 },
      weightDecay: 0.2,
      decayVectors: false,
      beta2: 0.98,
      adamEpsilon: 1e-6,
      trainable: ['vision', 'text', 'scale'],
    });
  });

  it('is the paper’s settings with the recipe "paper", in micro-batches that memory allows', () => {
    expect(plan({ threads: 3 })).toEqual({
      trains: 'decoder',
      data: { source: 'tags.jsonl' },
      init: 'models/start',
      steps: 10_000,
      batchSize: 256,
      microBatchSize: 16,
      recipe: 'paper',
      objective: 'captions',
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
      unknownCategories: 'compose',
      projectorSteps: 500,
      projectorSchedule: { kind: 'constant', learningRate: 1e-3, finalLearningRate: 0, warmupSteps: 0, steps: 500 },
      schedule: { kind: 'constant', learningRate: 1e-5, finalLearningRate: 0, warmupSteps: 0, steps: 9500 },
      weightDecay: 0.01,
      decayVectors: true,
      beta1: 0.9,
      beta2: 0.999,
      adamEpsilon: 1e-8,
      trainable: ['film', 'reduces', 'layers', 'head', 'projector'],
      seed: 42,
      augmentation: {},
      maxCategories: 32,
      nounPhrases: { keep: 'paper' },
      cacheFeatures: false,
      device: 'auto',
      precision: 'fp32',
      threads: 3,
      saveEvery: 500,
    });
    expect([12, 30, 34, 37].map((batchSize) => plan({ batchSize }).microBatchSize)).toEqual([12, 15, 2, 1]);
  });

  it('takes from the recipe "dense-captions" what reads the shallowest tap and windows, and shares by it', () => {
    const windows = plan({ recipe: 'dense-captions', steps: 1000 });
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
    expect(plan({ recipe: 'dense-captions', steps: 10_000 }).projectorSteps).toBe(800);
  });

  it('takes the other defaults from the recipe "tags", in proportion to the steps', () => {
    const best = plan({ recipe: 'tags', steps: 10_000 });
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
    const short = plan({ recipe: 'tags', steps: 101 });
    expect(short).toMatchObject({
      projectorSteps: 51,
      projectorSchedule: { warmupSteps: 5, steps: 51 },
      schedule: { warmupSteps: 5, steps: 50 },
    });
  });

  it('lets what is said win over the recipe', () => {
    const said = plan({
      recipe: 'tags',
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
    expect(plan({ objective: 'captions', lambda }).lambda).toEqual({
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
    expect(plan({ objective: 'masks', recipe: 'tags' }).lambda).toMatchObject({ masks: 1, maskShare: 1 });
  });

  it('keeps features in a cache where windows are read, and only there unless it is told to', () => {
    const cached = (given: Partial<FlatOptions>): boolean => plan(given).cacheFeatures;
    expect(
      [
        { recipe: 'dense-captions' },
        { recipe: 'dense-captions', objective: 'both' },
        { recipe: 'dense-captions', cacheFeatures: true },
      ].map((given) => cached(given as Partial<FlatOptions>)),
    ).toEqual([true, true, true]);
    expect(
      [
        { recipe: 'tags' },
        {},
        { recipe: 'dense-captions', objective: 'masks' },
        { recipe: 'dense-captions', objective: 'masks', cacheFeatures: false },
      ].map((given) => cached(given as Partial<FlatOptions>)),
    ).toEqual([false, false, false, false]);
  });

  it('counts the decoder that training starts from where the loss sharing counts, unless prior says otherwise', () => {
    const priorOf = (given: Partial<FlatOptions>): number => plan({ recipe: 'dense-captions', ...given }).prior;
    const random = { init: 'random', trunk: 'models/trunk' } as const;
    expect(
      [
        {},
        { objective: 'both' },
        { init: 'embedded' },
        { lambda: { sharing: 0.1 } },
        { recipe: 'tags', lambda: { sharing: 1 } },
      ].map((given) => priorOf(given as Partial<FlatOptions>)),
    ).toEqual([1, 1, 1, 1, 1]);
    expect(
      [
        random,
        { ...random, objective: 'both' },
        { lambda: { sharing: 0 } },
        { objective: 'masks' },
        { recipe: 'tags' },
      ].map((given) => priorOf(given as Partial<FlatOptions>)),
    ).toEqual([0, 0, 0, 0, 0]);
    expect([0, 0.5, 3].map((prior) => priorOf({ prior }))).toEqual([0, 0.5, 3]);
    expect(
      [random, { lambda: { sharing: 0 } }, { objective: 'masks' }].map((given) =>
        priorOf({ ...(given as Partial<FlatOptions>), prior: 0 }),
      ),
    ).toEqual([0, 0, 0]);
  });

  it('has no steps of the projector alone where no loss trains it', () => {
    expect(plan({ recipe: 'tags', objective: 'masks' }).projectorSteps).toBe(0);
    expect(plan({ recipe: 'tags', trainable: ['film', 'head'] }).projectorSteps).toBe(0);
    expect(plan({ recipe: 'tags', lambda: { grounding: 0 } }).projectorSteps).toBe(0);
  });

  it('trains the groups that a loss depends on', () => {
    expect(plan({ objective: 'masks' }).trainable).toEqual(['film', 'reduces', 'layers', 'head']);
    expect(plan({ recipe: 'tags', lambda: { grounding: 0 } }).trainable).toEqual(['film', 'reduces', 'layers', 'head']);
    expect(plan({ recipe: 'tags', lambda: { distillation: 0 } }).trainable).toEqual(['projector']);
    expect(plan({ lambda: { align: 0, contrast: 0, background: 0 } }).trainable).toHaveLength(5);
  });

  it('needs captions for all but the masks', () => {
    expect(
      [plan(), plan({ objective: 'both' }), plan({ objective: 'masks' }), plan({ recipe: 'tags' })].map(({ lambda }) =>
        needsCaptions(lambda),
      ),
    ).toEqual([true, true, false, true]);
  });

  it('orders the trained groups and fills in the rest of a decoder and of an evaluation', () => {
    expect(plan({ trainable: ['projector', 'film', 'film'] }).trainable).toEqual(['film', 'projector']);
    expect(plan({ init: 'random', trunk: 'models/trunk', decoder: { reduceDim: 16, head: 'refined' } })).toMatchObject({
      trunk: 'models/trunk',
      decoder: { reduceDim: 16, head: 'refined' },
    });
    expect(plan({ saveEvery: 7, evaluation: { dataset: 'ccp', root: 'ccp' } }).evaluation).toEqual({
      dataset: 'ccp',
      root: 'ccp',
      labels: 'all',
      views: 1,
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
      advanced: { workers: 2, ema: 0.9, clipNorm: 1, keepEvery: 10 },
    });
    expect(surroundings).toEqual({
      out: 'runs/a',
      cacheFolder: 'cache',
      workers: 2,
      open: ['microBatchSize', 'projectorSteps'],
    });
    expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved);
    expect(plan({ maxPixels: 1e9, maxImageBytes: 1e9 })).toMatchObject({ maxPixels: 1e9, maxImageBytes: 1e9 });
    expect(planTraining({ data: 'a', init: 'x', out: 'y' }).surroundings).toEqual({
      out: 'y',
      cacheFolder: defaultCacheFolder(),
      workers: undefined,
      open: ['microBatchSize', 'projectorSteps'],
    });
    expect(plan().threads).toBe(Math.min(8, availableParallelism()));
  });

  it('may do no step at all', () => {
    expect(plan({ steps: 0, recipe: 'tags' })).toMatchObject({ steps: 0, projectorSteps: 0 });
  });

  it.each([
    [undefined, 'Cannot train: options must be an object, got undefined'],
    [null, 'Cannot train: options must be an object, got null'],
    ['tags.jsonl', 'Cannot train: options must be an object, got "tags.jsonl"'],
  ])('refuses options that are %s', (given, message) => {
    expect(() => planTraining(given as never)).toThrow(new TypeError(message));
  });

  it.each([
    [{ out: undefined }, 'out must be a string that is not empty, got undefined'],
    [{ init: 5 }, 'init must be a string that is not empty, got 5'],
    [{ trunk: null }, 'trunk must be a string that is not empty, got null'],
    [{ stepz: 5 }, 'options must have known names, got "stepz" (did you mean "steps"?)'],
    [{ features: 'taps' }, 'options must have known names, got "features"; known: data, init, trunk, recipe, .*'],
    [{ lambda: { aling: 1 } }, 'advanced.lambda must have known names, got "aling" (did you mean "align"?)'],
    [{ decoder: 4 }, 'advanced.decoder must be an object, got 4'],
    [{ advanced: 4 }, 'advanced must be an object, got 4'],
    [{ data: ['a.json'] }, 'data must be a path or an object with a source, got a list of 1'],
    [{ data: null }, 'data must be a path or an object with a source, got null'],
    [{ init: Promise.resolve('x') }, 'init must be a string that is not empty, got a Promise (did you forget await?)'],
    [{ evaluation: 'ccp' }, 'evaluation must be an object, got "ccp"'],
    [{ evaluation: { dataset: 'ccp' } }, 'evaluation.root must be a string that is not empty, got none'],
    [{ augmentation: { flip: 1 } }, 'augmentation.flip must be true or false, got 1'],
    [
      { augmentation: { crop: 0.5 } },
      'augmentation.crop must be two shares of the area, 0 < least ≤ most ≤ 1, got 0.5',
    ],
    [{ resume: 'yes' }, 'resume must be true or false, got "yes"'],
    [{ onWarning: 'log' }, 'onWarning must be a function, got "log"'],
    [{ signal: 5 }, 'signal must be an AbortSignal, got 5'],
    [{ cacheFolder: 5 }, 'cacheFolder must be a string that is not empty, got 5'],
    [{ trainable: 'film' }, 'advanced.trainable must be a list that is not empty, got "film"'],
    [{ microBatchSize: '4' }, 'microBatchSize must be a positive integer, got "4"'],
    [{ projectorLearningRate: '1' }, 'advanced.projectorLearningRate must be a number of at least 0, got "1"'],
    [{ recipe: 'dense-captions', prior: '1' }, 'advanced.prior must be a number of at least 0, got "1"'],
  ])('refuses %j as of the wrong kind', (given, message) => {
    expect(() => plan(options(given))).toThrow(TypeError);
    expect(() => plan(options(given))).toThrow(exactly(message));
  });

  it('says where an advanced option belongs', () => {
    const needed = { data: 'a', init: 'b', out: 'c' };
    const message = (action: string) => `Cannot ${action}: clipNorm must be given as advanced.clipNorm, got it among`;
    expect(() => planTraining({ ...needed, clipNorm: 1 } as never)).toThrow(message('train'));
    expect(() => planEncoders({ ...needed, clipNorm: 1 } as never)).toThrow(message('train encoders'));
  });

  it.each([
    [{ out: '' }, 'out must be a string that is not empty, got ""'],
    [{ trainable: [] }, 'advanced.trainable must be a list that is not empty, got an empty list'],
    [
      { trunk: 'models/trunk' },
      'trunk must be given with init "random" and only then, got init "models/start" and trunk "models/trunk"',
    ],
    [{ init: 'random' }, 'trunk must be given with init "random" and only then, got init "random" and no trunk'],
    [{ decoder: {} }, 'advanced.decoder must be left out unless init is "random", got init "models/start"'],
    [{ recipe: 'best' }, 'recipe must be one of "dense-captions", "tags", "paper", got "best"'],
    [{ objective: 'mccl' }, 'objective must be one of "captions", "masks", "both", got "mccl"'],
    [{ lambda: { align: -1 } }, 'advanced.lambda.align must be a number of at least 0, got -1'],
    [
      { lambda: { align: 0, contrast: 0, background: 0, separation: 0 } },
      'advanced.lambda must leave a loss of objective "captions", got {"align":0,.*,"maskShare":0}',
    ],
    [
      { objective: 'masks', lambda: { masks: 0 } },
      'advanced.lambda must leave a loss of objective "masks", got {"align":0,.*,"maskShare":0}',
    ],
    [{ steps: -1 }, 'steps must be an integer of at least 0, got -1'],
    [{ steps: 1.5 }, 'steps must be an integer of at least 0, got 1.5'],
    [{ batchSize: 0 }, 'batchSize must be a positive integer, got 0'],
    [{ batchSize: 16, microBatchSize: 5 }, 'microBatchSize must divide batchSize 16, got 5'],
    [{ inputSize: 0 }, 'advanced.inputSize must be a positive integer, got 0'],
    [{ saveEvery: 0 }, 'saveEvery must be a positive integer, got 0'],
    [{ keepEvery: 0 }, 'advanced.keepEvery must be a positive integer, got 0'],
    [
      { trainable: ['decoder'] },
      'advanced.trainable[0] must be one of "film", "reduces", "layers", "head", "projector", "vision", got "decoder"',
    ],
    [
      { trainable: ['projector'], objective: 'masks' },
      'advanced.trainable must have a group that a loss depends on, got ["projector"]',
    ],
    [
      { recipe: 'tags', lambda: { distillation: 0 }, trainable: ['film', 'head'] },
      'advanced.trainable must have a group that a loss depends on, got ["film","head"]',
    ],
    [{ recipe: 'tags', steps: 10, projectorSteps: 11 }, 'advanced.projectorSteps must be at most steps 10, got 11'],
    [
      { objective: 'masks', projectorSteps: 5 },
      'advanced.projectorSteps must be 0 when no loss trains the projector, got 5',
    ],
    [
      { recipe: 'tags', lambda: { grounding: 0 }, projectorSteps: 5 },
      'advanced.projectorSteps must be 0 when no loss trains the projector, got 5',
    ],
    [
      { recipe: 'tags', trainable: ['film'], projectorSteps: 5 },
      'advanced.projectorSteps must be 0 when no loss trains the projector, got 5',
    ],
    [{ schedule: 'linear' }, 'advanced.schedule must be "constant" or "cosine", got "linear"'],
    [{ finalLearningRate: -1 }, 'advanced.finalLearningRate must be a number of at least 0, got -1'],
    [{ warmupSteps: -1 }, 'advanced.warmupSteps must be an integer of at least 0, got -1'],
    [{ learningRate: NaN }, 'learningRate must be a number of at least 0, got NaN'],
    [{ contrastGate: 2 }, 'advanced.contrastGate must be a number from -1 to 1, got 2'],
    [{ epsilon: 0 }, 'advanced.epsilon must be a number from 1e-7 to 0.1, got 0'],
    [
      { lambda: { distillation: 1 } },
      'recipe must be "dense-captions" or "tags" for the losses grounding, distillation, partial, sharing, got paper',
    ],
    [{ recipe: 'dense-captions', prior: -0.5 }, 'advanced.prior must be a number of at least 0, got -0.5'],
    [{ recipe: 'dense-captions', prior: NaN }, 'advanced.prior must be a number of at least 0, got NaN'],
    [
      { recipe: 'dense-captions', init: 'random', trunk: 'models/trunk', prior: 1 },
      'advanced.prior must be 0 with init "random", whose decoder knows nothing, got 1',
    ],
    [
      { init: 'random', trunk: 'models/trunk', prior: 2 },
      'advanced.prior must be 0 with init "random", whose decoder knows nothing, got 2',
    ],
    [{ prior: 1 }, 'advanced.prior must be 0 without the loss sharing, got 1'],
    [
      { recipe: 'dense-captions', lambda: { sharing: 0 }, prior: 0.5 },
      'advanced.prior must be 0 without the loss sharing, got 0.5',
    ],
    [
      { recipe: 'dense-captions', objective: 'masks', prior: 1 },
      'advanced.prior must be 0 without the loss sharing, got 1',
    ],
    [{ unknownCategories: 'ignore' }, 'advanced.unknownCategories must be "compose" or "leave-out", got "ignore"'],
    [{ weightDecay: -0.1 }, 'advanced.weightDecay must be a number of at least 0, got -0.1'],
    [{ beta1: 1 }, 'advanced.beta1 must be a number from 0 to 0.999999, got 1'],
    [{ beta2: 1 }, 'advanced.beta2 must be a number from 0 to 0.999999, got 1'],
    [{ adamEpsilon: -1 }, 'advanced.adamEpsilon must be a number of at least 0, got -1'],
    [{ clipNorm: 0 }, 'advanced.clipNorm must be a number above 0, got 0'],
    [{ ema: 1 }, 'advanced.ema must be a number from 0 to 0.9999999, got 1'],
    [{ seed: -1 }, 'seed must be an integer of at least 0, got -1'],
    [{ maxCategories: 0 }, 'maxCategories must be an integer from 1 to 1024, got 0'],
    [{ maxCategories: 2000 }, 'maxCategories must be an integer from 1 to 1024, got 2000'],
    [{ device: 'tpu' }, 'device must be one of "auto", "cpu", .*, got "tpu"'],
    [{ device: 'openvino' }, 'device must be one of "auto", "cpu", "cuda", "webgpu", "coreml", "dml", got "openvino"'],
    [{ precision: 'int8' }, 'advanced.precision must be "fp32" or "fp16", got "int8"'],
    [{ threads: 0 }, 'threads must be a positive integer, got 0'],
    [{ workers: 0 }, 'advanced.workers must be a positive integer, got 0'],
    [{ evaluation: { dataset: 'ccp', root: 'x', every: 0 } }, 'evaluation.every must be a positive integer, got 0'],
    [{ maxPixels: 0 }, 'advanced.maxPixels must be a positive integer, got 0'],
    [
      { evaluation: { dataset: 'cpp', root: 'x' } },
      `evaluation.dataset must be one of ${DATASETS.map((name) => `"${name}"`).join(', ')}, got "cpp"`,
    ],
    [
      { cacheFeatures: true, augmentation: { flip: true } },
      'augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
    [
      { recipe: 'dense-captions', cacheFeatures: false },
      'cacheFeatures must be true with recipe "dense-captions", whose windows are encoded once, got false',
    ],
    [
      { recipe: 'dense-captions', augmentation: { flip: true } },
      'augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
    [
      { augmentation: { crop: [0.5, 1], scale: [1, 2] } },
      'augmentation.crop must be left out with augmentation.scale, got both',
    ],
    [
      { augmentation: { scale: [0, 2] } },
      'augmentation.scale must be two factors, 1/16 ≤ least ≤ most ≤ 16, got a list of 2',
    ],
    [{ augmentation: { hue: 0.6 } }, 'augmentation.hue must be a number from 0 to 0.5, got 0.6'],
    [{ augmentation: { brightness: 2 } }, 'augmentation.brightness must be a number from 0 to 1, got 2'],
    [
      { cacheFeatures: true, augmentation: { saturation: 0.5 } },
      'augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
    [
      { cacheFeatures: true, augmentation: { crop: [0.5, 1] } },
      'augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    ],
  ])('refuses %j', (given, message) => {
    expect(() => plan(options(given))).toThrow(RangeError);
    expect(() => plan(options(given))).toThrow(exactly(message));
  });

  it('refuses the data of a set of held-out pairs that cannot be', () => {
    expect(() => planEncoders({ data: 'a', init: 'b', out: 'c', evaluation: { data: 5 as never } })).toThrow(
      new TypeError('Cannot train encoders: evaluation.data must be a path or an object with a source, got 5'),
    );
  });
});

/** The whole message; `.*` stands for anything. */
function exactly(message: string): RegExp {
  const escaped = message.split('.*').map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(`^Cannot train: ${escaped.join('.*')}$`);
}
