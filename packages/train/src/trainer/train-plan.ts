/** Options → a plan in which nothing is left open: plain JSON, printed and saved as the run's configuration. */
import { defaultCacheFolder } from '@synseg/core/checkpoint';
import { rangeError, readOptions, type Options, type OptionsOf, type Resolved } from '@synseg/core/guards';
import { defaultThreads } from '@synseg/core/runtime';
import { shortJson } from '../data/data-error.ts';
import { changesPictures, checkAugmentation, checkData } from '../data/data-options.ts';
import { limitsOf, type PICTURE_LIMITS } from '../image/picture.ts';
import { BANK_LOSSES, LOSSES, activeLosses, needsBank, needsDecoder, readsWindows } from '../objective/losses.ts';
import type { LOSS_WEIGHTS, LossWeights } from '../objective/losses.ts';
import type { Schedule } from '../optimizer/schedule.ts';
import { DECODER_GROUPS, ENCODER_GROUPS } from '../step-graph/layout.ts';
import { RECIPES, type Recipe } from './recipes.ts';
import { TEXT_ENCODER_NEEDED, TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS } from './text-encoder-options.ts';
import { TRAIN_TEXT_ENCODER_OPTIONS, type TrainTextEncoderOptions } from './text-encoder-options.ts';
import { NEEDED, TRAIN_ADVANCED_OPTIONS, TRAIN_ENCODERS_ADVANCED_OPTIONS, type RUN_OPTIONS } from './train-options.ts';
import {
  TRAIN_ENCODERS_OPTIONS,
  TRAIN_OPTIONS,
  type TrainEncodersOptions,
  type TrainOptions,
} from './train-options.ts';

/** Resolved options of `train()`. */
export type TrainPlan = ReturnType<typeof planTraining>['plan'];
/** Resolved options of `trainEncoders()`. */
export type EncodersPlan = ReturnType<typeof planEncoders>['plan'];
/** Resolved options of `trainTextEncoder()`. */
export type TextEncoderPlan = ReturnType<typeof planTextEncoder>['plan'];
/** A plan of any of them. */
export type Plan = TrainPlan | EncodersPlan | TextEncoderPlan;

/** Folders and threads, which may change when a run is resumed. */
export interface Surroundings {
  readonly out: string;
  readonly cacheFolder: string;
  readonly workers: number | undefined;
  /** Values of the plan that nobody gave, which the start and the machine may change: see `fit-plan.ts`. */
  readonly open: readonly ('microBatchSize' | 'projectorSteps')[];
}

/** Default limit of pictures in memory at once. */
const MOST_AT_ONCE = 16;

/**
 * Resolves the options of `train()`.
 *
 * @throws TypeError for an option of the wrong kind, RangeError for a value that cannot be; the message names it
 */
export function planTraining(options: TrainOptions) {
  checkPlaces('train', options, TRAIN_OPTIONS, TRAIN_ADVANCED_OPTIONS);
  const given = readOptions('train', TRAIN_OPTIONS, options, NEEDED);
  const advanced = readOptions('train', TRAIN_ADVANCED_OPTIONS, given.advanced, [], 'advanced');
  const { init, trunk, objective } = given;
  const fromRandom = init === 'random';
  if (fromRandom !== (trunk !== undefined))
    throw refusal(
      'trunk',
      'be given with init "random" and only then',
      `init "${init}" and ${trunk === undefined ? 'no trunk' : `trunk "${trunk}"`}`,
    );
  if (advanced.decoder !== undefined && !fromRandom)
    throw refusal('advanced.decoder', 'be left out unless init is "random"', `init "${init}"`);
  const recipe: Recipe = RECIPES[given.recipe];
  const { features } = recipe;
  const lambda = lossWeights(objective, advanced.lambda, recipe.lambda);
  const reading = { features, lambda };
  const { steps = recipe.steps, batchSize = recipe.batchSize } = given;
  const { microBatchSize = largestDivisor(batchSize, MOST_AT_ONCE) } = given;
  if (batchSize % microBatchSize !== 0)
    throw refusal('microBatchSize', `divide batchSize ${batchSize}`, microBatchSize);
  const { trainable } = advanced;
  const projects = trainable.includes('projector') && activeLosses({ lambda, stage: 'projector' }).length > 0;
  const decodes = needsDecoder(activeLosses({ lambda, stage: 'all' }));
  // A group that no loss depends on has no gradient.
  const moving = [...DECODER_GROUPS, 'vision' as const].filter(
    (group) => trainable.includes(group) && (group === 'projector' ? projects : decodes),
  );
  if (moving.length === 0)
    throw refusal('advanced.trainable', 'have a group that a loss depends on', JSON.stringify(trainable));
  const projectorSteps =
    advanced.projectorSteps ??
    (projects ? Math.min(Math.round(steps * recipe.projectorShare), recipe.projectorStepsAtMost) : 0);
  if (projectorSteps > (projects ? steps : 0))
    throw refusal(
      'advanced.projectorSteps',
      projects ? `be at most steps ${steps}` : 'be 0 when no loss trains the projector',
      projectorSteps,
    );
  const kind = advanced.schedule ?? recipe.schedule;
  const scheduled = (rate: number, of: number): Schedule => scheduleOf(kind, rate, of, recipe.warmupSteps, advanced);
  const prior = advanced.prior ?? (lambda.sharing === 0 || fromRandom ? 0 : 1);
  const cacheFeatures = given.cacheFeatures ?? readsWindows(reading);
  const plan = {
    ...shared(given, advanced),
    trains: 'decoder' as const,
    trunk,
    /** Of a random decoder, where the trunk's folder gives none. */
    decoder: advanced.decoder,
    inputSize: advanced.inputSize,
    recipe: given.recipe,
    objective,
    lambda,
    features,
    steps,
    batchSize,
    microBatchSize,
    contrastGate: advanced.contrastGate,
    epsilon: advanced.epsilon,
    prior,
    maxCategories: given.maxCategories,
    nounPhrases: { ...given.nounPhrases, keep: given.nounPhrases.keep ?? recipe.keep },
    templates: given.templates,
    unknownCategories: advanced.unknownCategories,
    projectorSteps,
    projectorSchedule: scheduled(advanced.projectorLearningRate ?? recipe.projectorLearningRate, projectorSteps),
    schedule: scheduled(given.learningRate ?? recipe.learningRate, steps - projectorSteps),
    trainable: moving,
    visionRate: moving.includes('vision') ? advanced.visionRate : undefined,
    visionFrom: moving.includes('vision') ? advanced.visionFrom : undefined,
    cacheFeatures,
    precision: advanced.precision,
    evaluation: evaluationOf(given),
  };
  if (needsBank(lambda) && features === 'conditional')
    throw refusal('recipe', `be "dense-captions" or "tags" for the losses ${BANK_LOSSES.join(', ')}`, given.recipe);
  if (readsWindows(reading) && !cacheFeatures)
    throw refusal('cacheFeatures', 'be true with recipe "dense-captions", whose windows are encoded once', false);
  if (prior > 0 && (fromRandom || lambda.sharing === 0)) {
    const where = fromRandom ? 'with init "random", whose decoder knows nothing' : 'without the loss sharing';
    throw refusal('advanced.prior', `be 0 ${where}`, prior);
  }
  if (cacheFeatures && changesPictures(plan.augmentation))
    throw refusal('augmentation', 'be left out with cacheFeatures, whose pictures are encoded once', 'both');
  const open = [
    ...(given.microBatchSize === undefined ? (['microBatchSize'] as const) : []),
    ...(advanced.projectorSteps === undefined ? (['projectorSteps'] as const) : []),
  ];
  return { plan, surroundings: { ...surroundingsOf(given, advanced), open } };
}

/** Resolves the options of `trainEncoders()`. @throws as {@link planTraining} */
export function planEncoders(options: TrainEncodersOptions) {
  checkPlaces('train encoders', options, TRAIN_ENCODERS_OPTIONS, TRAIN_ENCODERS_ADVANCED_OPTIONS);
  const given = readOptions('train encoders', TRAIN_ENCODERS_OPTIONS, options, NEEDED);
  const advanced = readOptions('train encoders', TRAIN_ENCODERS_ADVANCED_OPTIONS, given.advanced, [], 'advanced');
  const { steps, batchSize, learningRate } = given;
  if (typeof given.data === 'object' && given.data.phrases !== undefined)
    throw refusal('data.phrases', 'be left out, since texts are whole captions', shortJson(given.data.phrases));
  const evaluation = evaluationOf(given);
  if (evaluation !== undefined) checkData('train encoders', evaluation.data, 'evaluation.data');
  const plan = {
    ...shared(given, advanced),
    trains: 'encoders' as const,
    steps,
    batchSize,
    microBatchSize: batchSize,
    patchDropout: given.patchDropout,
    projectorSteps: 0,
    schedule: scheduleOf(advanced.schedule, learningRate, steps, 2000, advanced),
    trainable: ENCODER_GROUPS.filter((group) => advanced.trainable.includes(group)),
    evaluation: evaluation === undefined ? undefined : { ...evaluation, limit: evaluation.limit ?? 512 },
  };
  return { plan, surroundings: surroundingsOf(given, advanced) };
}

/** Resolves the options of `trainTextEncoder()`. @throws as {@link planTraining} */
export function planTextEncoder(options: TrainTextEncoderOptions) {
  const action = 'train text encoder';
  checkPlaces(action, options, TRAIN_TEXT_ENCODER_OPTIONS, TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS);
  const given = readOptions(action, TRAIN_TEXT_ENCODER_OPTIONS, options, TEXT_ENCODER_NEEDED);
  const advanced = readOptions(action, TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS, given.advanced, [], 'advanced');
  const { data, vectors, steps, batchSize, evaluation, out, cacheFolder = defaultCacheFolder() } = given;
  const plan = {
    ...ofAnyRun(given, advanced),
    ...{ data, vectors, trains: 'text' as const },
    ...{ steps, batchSize, microBatchSize: batchSize, projectorSteps: 0 },
    schedule: scheduleOf(advanced.schedule, given.learningRate, steps, 2000, advanced),
    trainable: ['text'] as const,
    evaluation: { data: evaluation.data, every: evaluation.every ?? Math.max(1, steps) },
  };
  const surroundings: Surroundings = { out, cacheFolder, workers: undefined, open: [] };
  return { plan, surroundings };
}

type Given = Resolved<typeof TRAIN_OPTIONS | typeof TRAIN_ENCODERS_OPTIONS, (typeof NEEDED)[number]>;
type Advanced = Resolved<typeof TRAIN_ADVANCED_OPTIONS | typeof TRAIN_ENCODERS_ADVANCED_OPTIONS>;

/** The part of a plan on pictures that both functions have. */
function shared(given: Given, advanced: Advanced) {
  checkAugmentation('train', given.augmentation);
  return {
    data: checkData('train', given.data),
    ...ofAnyRun(given, advanced),
    augmentation: given.augmentation,
    ...limitsOf(advanced),
  };
}

type AnyGiven = Pick<Given, 'init' | keyof typeof RUN_OPTIONS>;
type AnyAdvanced = Omit<Advanced, 'workers' | keyof typeof PICTURE_LIMITS | 'schedule' | 'trainable'>;

/** The part of a plan that every run has. */
function ofAnyRun(
  { init, seed, device, threads = defaultThreads(), saveEvery }: AnyGiven,
  { beta1, beta2, adamEpsilon, weightDecay, decayVectors, clipNorm, ema, keepEvery }: AnyAdvanced,
) {
  return {
    init,
    ...{ beta1, beta2, adamEpsilon, weightDecay, decayVectors, clipNorm, ema, keepEvery },
    ...{ seed, device, threads, saveEvery },
  };
}

function surroundingsOf({ out, cacheFolder = defaultCacheFolder() }: Given, { workers }: Advanced): Surroundings {
  return { out, cacheFolder, workers, open: [] };
}

function evaluationOf<Evaluation extends { readonly every?: number | undefined }>(given: {
  readonly evaluation: Evaluation | undefined;
  readonly saveEvery: number;
}): (Evaluation & { readonly every: number }) | undefined {
  const { evaluation, saveEvery } = given;
  return evaluation && { ...evaluation, every: evaluation.every ?? saveEvery };
}

function scheduleOf(
  kind: Schedule['kind'],
  learningRate: number,
  steps: number,
  warmupAtMost: number,
  { finalLearningRate, warmupSteps = Math.min(warmupAtMost, Math.floor(steps / 10)) }: AnyAdvanced,
): Schedule {
  return { kind, learningRate, finalLearningRate, warmupSteps, steps };
}

/** Losses that an objective does not have weigh nothing. */
function lossWeights(objective: string, given: OptionsOf<typeof LOSS_WEIGHTS>, recipe: LossWeights): LossWeights {
  const counts = (name: string): boolean => objective === 'both' || (objective === 'masks') === name.startsWith('mask');
  const lambda = Object.fromEntries(LOSSES.map((name) => [name, counts(name) ? (given[name] ?? recipe[name]) : 0]));
  if (Object.values(lambda).every((weight) => weight === 0))
    throw refusal('advanced.lambda', `leave a loss of objective "${objective}"`, JSON.stringify(lambda));
  return lambda as unknown as LossWeights;
}

/** @throws TypeError for an advanced option that is not in its group */
function checkPlaces(action: string, options: object | undefined, top: Options, advanced: Options): void {
  const name = Object.keys(options ?? {}).find((given) => given in advanced && !(given in top));
  if (name !== undefined)
    throw new TypeError(`Cannot ${action}: ${name} must be given as advanced.${name}, got it among the others`);
}

function largestDivisor(of: number, most: number): number {
  for (let divisor = Math.min(of, most); divisor > 1; divisor--) if (of % divisor === 0) return divisor;
  return 1;
}

const refusal = rangeError.bind(undefined, 'train');
