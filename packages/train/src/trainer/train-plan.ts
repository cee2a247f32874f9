/** Options → a plan in which nothing is left open. What is printed and saved as the run's configuration is this. */
import type { Provider, Templates } from '@synseg/core';
import { defaultCacheFolder } from '@synseg/core/checkpoint';
import {
  checkBooleans,
  checkCallback,
  checkKind,
  checkLimits,
  checkOptions,
  checkSignal,
  describeValue,
} from '@synseg/core/guards';
import { PROVIDERS, defaultThreads } from '@synseg/core/runtime';
import type { Augmentation } from '../data/data-options.ts';
import { checkData, type DataOptions } from '../data/data-options.ts';
import { DATASETS } from '../evaluate/datasets.ts';
import { limitsOf, type PictureLimits } from '../image/picture-bytes.ts';
import type { Schedule } from '../optimizer/schedule.ts';
import { PARAMETER_GROUPS, isEncoderGroup, type ParameterGroup } from '../step-graph/layout.ts';
import {
  BANK_LOSSES,
  FEATURE_SOURCES,
  LOSSES,
  activeLosses,
  needsBank,
  needsDecoder,
  needsProjector,
  needsStatistics,
  readsWindows,
  type FeatureSource,
  type LossWeights,
} from '../objective/losses.ts';
import { checkPairOptions } from './pair-options.ts';
import { RECIPES } from './recipes.ts';
import {
  NESTED_NAMES,
  TRAIN_NAMES,
  type DecoderShape,
  type Objective,
  type PeriodicEvaluation,
  type RecipeName,
  type RetrievalEvaluation,
  type TrainOptions,
} from './train-options.ts';

/** A resolved configuration: plain JSON. Limits are in it where they were given. */
export interface TrainPlan extends PictureLimits {
  readonly data: DataOptions;
  readonly init: string;
  readonly trunk: string | null;
  readonly decoder: Required<DecoderShape>;
  readonly inputSize: number | null;
  readonly steps: number;
  readonly batchSize: number;
  readonly microBatchSize: number;
  readonly recipe: RecipeName;
  readonly objective: Objective;
  readonly lambda: LossWeights;
  readonly contrastGate: number;
  readonly epsilon: number;
  readonly features: FeatureSource;
  readonly prior: number;
  /** Null: the checkpoint's own. */
  readonly templates: Templates | null;
  readonly unknownCategories: 'compose' | 'leave-out';
  readonly projectorSteps: number;
  /** Of the steps that move the projector alone. */
  readonly projectorSchedule: Schedule;
  readonly schedule: Schedule;
  readonly weightDecay: number;
  readonly decayVectors: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly adamEpsilon: number;
  readonly clipNorm: number | null;
  readonly patchDropout: number;
  readonly trainable: readonly ParameterGroup[];
  readonly ema: number | null;
  readonly seed: number;
  readonly augmentation: Augmentation;
  readonly maxCategories: number;
  readonly cacheFeatures: boolean;
  readonly device: Provider | 'auto';
  readonly precision: 'fp32' | 'fp16';
  readonly threads: number;
  readonly saveEvery: number;
  readonly keepEvery: number | null;
  readonly evaluation: ((PeriodicEvaluation | RetrievalEvaluation) & { readonly every: number }) | null;
}

/** What bears on speed and places alone, and may change when a run is resumed. */
export interface Surroundings {
  readonly out: string;
  readonly cacheFolder: string;
  readonly workers: number | undefined;
}

/** 2048: a decoder row per label and picture needs about 5 MB at 224 px. */
const MOST_CATEGORIES = 1024;

/**
 * Resolves options.
 *
 * @throws TypeError for an option of the wrong kind, RangeError for a value that cannot be; the message names it
 */
export function planTraining(options: TrainOptions): { plan: TrainPlan; surroundings: Surroundings } {
  checkKinds(options);
  const out = text('out', options.out);
  const init = text('init', options.init);
  const trunk = options.trunk === undefined ? null : text('trunk', options.trunk);
  if ((init === 'random') !== (trunk !== null)) {
    throw new RangeError(
      `Cannot train: trunk must be given with init "random" and only then, got init "${init}" and ` +
        `${trunk === null ? 'no trunk' : `trunk "${trunk}"`}`,
    );
  }
  if (options.decoder !== undefined && init !== 'random')
    throw new RangeError(`Cannot train: decoder must be left out unless init is "random", got init "${init}"`);
  const objective = choice('objective', options.objective ?? 'mccl', ['mccl', 'masks', 'both', 'contrastive']);
  const onPairs = objective === 'contrastive';
  const recipe = choice(
    'recipe',
    options.recipe ?? (onPairs ? 'clip' : 'paper'),
    onPairs ? ['clip'] : ['paper', 'best', 'windows'],
  );
  const defaults = RECIPES[recipe];
  checkPairOptions(objective, options);
  const lambda = onPairs ? defaults.lambda : lossWeights(objective, { ...defaults.lambda, ...options.lambda });
  const features = choice('features', options.features ?? defaults.features, FEATURE_SOURCES);
  const steps = count('steps', options.steps ?? 10_000, 0);
  const batchSize = count('batchSize', options.batchSize ?? 256);
  const microBatchSize = count('microBatchSize', options.microBatchSize ?? batchSize);
  if (batchSize % microBatchSize !== 0)
    throw new RangeError(
      `Cannot train: microBatchSize must divide batchSize ${String(batchSize)}, got ${String(microBatchSize)}`,
    );
  const saveEvery = count('saveEvery', options.saveEvery ?? 500);
  const trainable = options.trainable ?? PARAMETER_GROUPS;
  if (!Array.isArray(trainable) || trainable.length === 0)
    throw new TypeError(`Cannot train: trainable must be a list of groups, got ${describeValue(trainable)}`);
  for (const group of trainable) choice('trainable', group, PARAMETER_GROUPS);
  const projects = trainable.includes('projector') && activeLosses({ lambda, stage: 'projector' }).length > 0;
  const decodes = needsDecoder(activeLosses({ lambda, stage: 'all' }));
  // A group that no loss bears on has no gradient.
  const moves = (group: ParameterGroup): boolean =>
    isEncoderGroup(group) ? onPairs : group === 'projector' ? projects : decodes;
  const moving = PARAMETER_GROUPS.filter((group) => trainable.includes(group) && moves(group));
  if (moving.length === 0)
    throw new RangeError(
      `Cannot train: trainable must have a group that a loss bears on, got ${JSON.stringify(trainable)}`,
    );
  const projectorSteps = count(
    'projectorSteps',
    options.projectorSteps ??
      (projects ? Math.min(Math.round(steps * defaults.projectorShare), defaults.projectorStepsAtMost) : 0),
    0,
    steps,
  );
  if (projectorSteps > 0 && !projects) {
    throw new RangeError(
      `Cannot train: projectorSteps must be 0 when no loss trains the projector, got ${String(projectorSteps)}`,
    );
  }
  const schedule = (of: number, learningRate: number): Schedule => ({
    kind: choice('schedule', options.schedule ?? defaults.schedule, ['constant', 'cosine']),
    learningRate,
    finalLearningRate: number('finalLearningRate', options.finalLearningRate ?? 0, 0),
    warmupSteps: count('warmupSteps', options.warmupSteps ?? Math.min(defaults.warmupSteps, Math.floor(of / 10)), 0),
    steps: of,
  });
  const plan: TrainPlan = {
    data: checkData('train', options.data),
    init,
    trunk,
    decoder: { reduceDim: 64, heads: 4, intermediateSize: 2048, head: 'simple', ...defined(options.decoder ?? {}) },
    inputSize: options.inputSize === undefined ? null : count('inputSize', options.inputSize),
    steps,
    batchSize,
    microBatchSize,
    recipe,
    objective,
    lambda,
    contrastGate: number('contrastGate', options.contrastGate ?? 0.1, -1, 1),
    epsilon: number('epsilon', options.epsilon ?? 1e-4, 1e-7, 0.1),
    features,
    prior: number('prior', options.prior ?? (lambda.sharing === 0 || init === 'random' ? 0 : 1), 0),
    templates: options.templates ?? null,
    unknownCategories: choice('unknownCategories', options.unknownCategories ?? 'compose', ['compose', 'leave-out']),
    projectorSteps,
    projectorSchedule: schedule(
      projectorSteps,
      number('projectorLearningRate', options.projectorLearningRate ?? defaults.projectorLearningRate, 0),
    ),
    schedule: schedule(
      steps - projectorSteps,
      number('learningRate', options.learningRate ?? defaults.learningRate, 0),
    ),
    weightDecay: number('weightDecay', options.weightDecay ?? defaults.weightDecay, 0),
    decayVectors: options.decayVectors ?? defaults.decayVectors,
    beta1: number('beta1', options.beta1 ?? 0.9, 0, 0.999999),
    beta2: number('beta2', options.beta2 ?? defaults.beta2, 0, 0.999999),
    adamEpsilon: number('adamEpsilon', options.adamEpsilon ?? defaults.adamEpsilon, 0),
    clipNorm: options.clipNorm === undefined ? null : number('clipNorm', options.clipNorm, Number.MIN_VALUE),
    patchDropout: number('patchDropout', options.patchDropout ?? 0, 0, 0.95),
    trainable: moving,
    ema: options.ema === undefined ? null : number('ema', options.ema, 0, 0.9999999),
    seed: count('seed', options.seed ?? 42, 0),
    augmentation: options.augmentation ?? {},
    maxCategories: count('maxCategories', options.maxCategories ?? (onPairs ? 1 : 32), 1, MOST_CATEGORIES),
    cacheFeatures: options.cacheFeatures ?? readsWindows({ features, lambda }),
    device: choice('device', options.device ?? 'auto', ['auto', ...PROVIDERS]),
    precision: choice('precision', options.precision ?? 'fp32', ['fp32', 'fp16']),
    threads: count('threads', options.threads ?? defaultThreads()),
    saveEvery,
    keepEvery: options.keepEvery === undefined ? null : count('keepEvery', options.keepEvery),
    evaluation:
      options.evaluation === undefined
        ? null
        : {
            ...options.evaluation,
            ...('data' in options.evaluation
              ? { limit: count('evaluation.limit', options.evaluation.limit ?? 512, 2) }
              : {}),
            every: count('evaluation.every', options.evaluation.every ?? saveEvery),
          },
    ...limitsOf(options),
  };
  if (needsBank(lambda) && !needsStatistics(plan.features))
    throw new RangeError(
      `Cannot train: features must be "taps" or "windows" for the losses ${BANK_LOSSES.join(', ')}, got ` +
        `"${plan.features}"`,
    );
  if (readsWindows(plan) && !plan.cacheFeatures)
    throw new RangeError(
      'Cannot train: cacheFeatures must be true with features "windows", which are encoded once, got false',
    );
  if (plan.prior > 0 && (init === 'random' || lambda.sharing === 0))
    throw new RangeError(
      'Cannot train: prior must be 0 ' +
        `${init === 'random' ? 'with init "random", whose decoder knows nothing' : 'without the loss sharing'}, ` +
        `got ${String(plan.prior)}`,
    );
  if (plan.cacheFeatures && (plan.augmentation.flip === true || plan.augmentation.crop !== undefined)) {
    throw new RangeError(
      'Cannot train: augmentation must be left out with cacheFeatures, whose pictures are encoded once, got both',
    );
  }
  return {
    plan,
    surroundings: {
      out,
      cacheFolder: options.cacheFolder === undefined ? defaultCacheFolder() : text('cacheFolder', options.cacheFolder),
      workers: options.workers === undefined ? undefined : count('workers', options.workers),
    },
  };
}

/** What is of the wrong kind, or misspelt. */
function checkKinds(options: TrainOptions): void {
  checkKind('train', 'options', options, (options as unknown) !== undefined, 'be an object');
  checkOptions('train', options, TRAIN_NAMES);
  for (const [name, names] of Object.entries(NESTED_NAMES))
    checkOptions('train', options[name as keyof typeof NESTED_NAMES], names, name);
  checkBooleans('train', options, ['cacheFeatures', 'decayVectors', 'resume']);
  for (const name of ['onWarning', 'onProgress'] as const) checkCallback('train', name, options[name]);
  checkSignal('train', options.signal);
  checkLimits('train', options);
  const { augmentation: { flip, crop } = {}, evaluation } = options;
  checkKind('train', 'augmentation.flip', flip, flip === undefined || typeof flip === 'boolean', 'be true or false');
  checkKind(
    'train',
    'augmentation.crop',
    crop,
    crop === undefined ||
      (Array.isArray(crop) && crop.length === 2 && crop.every((share) => typeof share === 'number')),
    'be two shares of the area',
  );
  if (evaluation === undefined) return;
  if ('data' in evaluation) checkData('train', evaluation.data, 'evaluation.data');
  else {
    choice('evaluation.dataset', evaluation.dataset, DATASETS);
    text('evaluation.root', evaluation.root);
  }
}

/** Losses an objective does not have weigh nothing. */
function lossWeights(objective: Objective, weights: LossWeights): LossWeights {
  const names = Object.keys(weights) as (keyof LossWeights)[];
  for (const name of names) choice('a name in lambda', name, LOSSES);
  const checked = Object.fromEntries(
    names.map((name) => [name, number(`lambda.${name}`, weights[name], 0)]),
  ) as unknown as LossWeights;
  const lambda = Object.fromEntries(
    names.map((name) => [
      name,
      objective === 'both' || (objective === 'masks') === name.startsWith('mask') ? checked[name] : 0,
    ]),
  ) as unknown as LossWeights;
  if (names.every((name) => lambda[name] === 0))
    throw new RangeError(
      `Cannot train: lambda must leave a loss of objective "${objective}", got ${JSON.stringify(lambda)}`,
    );
  return lambda;
}

/** True when captions, tags or nouns are needed. */
export function needsCaptions({ lambda }: Pick<TrainPlan, 'lambda'>): boolean {
  return needsProjector(lambda);
}

function defined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`Cannot train: ${name} must be a text, got ${describeValue(value)}`);
  return value;
}

function number(name: string, value: unknown, least: number, most = Infinity): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new RangeError(
      `Cannot train: ${name} must be a number from ${String(least)} to ${String(most)}, got ${describeValue(value)}`,
    );
  }
  return value;
}

function count(name: string, value: unknown, least = 1, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    throw new RangeError(
      `Cannot train: ${name} must be an integer ≥ ` +
        `${String(least)}${most === Number.MAX_SAFE_INTEGER ? '' : ` and ≤ ${String(most)}`}, got ` +
        `${describeValue(value)}`,
    );
  }
  return value as number;
}

function choice<Choice extends string>(name: string, value: Choice, choices: readonly Choice[]): Choice {
  if (!choices.includes(value))
    throw new RangeError(`Cannot train: ${name} must be one of ${choices.join(', ')}, got ${describeValue(value)}`);
  return value;
}
