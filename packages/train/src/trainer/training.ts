/** Everything a run has open: data, texts, the training thread, the run folder. Opened in one place, closed in one. */
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { checkOutputs } from '@synseg/core/guards';
import { ClipTokenizer, templatesOf, type FloatTensor } from '@synseg/core/checkpoint';
import { BatchLoader, type Batch, type BatchLoaderOptions } from '../data/batch-loader.ts';
import type { DataWarning } from '../data/data-warning.ts';
import { checkData, type DataOptions } from '../data/data-options.ts';
import { openDataset } from '../data/open-dataset.ts';
import { START, type DataContext, type Dataset, type MaskClass } from '../data/dataset.ts';
import { expandSource } from '../data/source.ts';
import { PhraseExtractor } from '../phrases/phrase-extractor.ts';
import { limitsOf } from '../image/picture-bytes.ts';
import { formatDifference } from '../run/config-differences.ts';
import { RunFolder } from '../run/run-folder.ts';
import type { TrainerState } from '../run/trainer-state.ts';
import { flatten } from '../step-graph/initial-values.ts';
import { layoutOf, type Layout } from '../step-graph/layout.ts';
import { needsBank, needsMasks, needsStatistics, readsWindows } from '../objective/losses.ts';
import { encodersOf } from '../step-graph/encode-pairs.ts';
import { pictureDims, stateNames, type StepSpec } from '../step-graph/step-spec.ts';
import { openBaseModel, type BaseModel } from './base-model.ts';
import { BatchSource, composePairs, composeRows } from './batch-source.ts';
import { openCategoryTexts, type CategoryTexts } from './category-texts.ts';
import { EngineLink } from './engine-link.ts';
import { FeatureCache } from './feature-cache.ts';
import { WHOLE_CAPTIONS, readHeldOut } from './held-out-pairs.ts';
import type { Tokenise } from './pair-batch.ts';
import type { EngineStart, PairBatch } from './protocol.ts';
import type { RowSettings } from './row-batch.ts';
import { STATISTICS, measureSet, type SetStatistics } from './set-statistics.ts';
import type { TrainOptions, TrainWarning } from './train-options.ts';
import { needsCaptions, planTraining, type TrainPlan } from './train-plan.ts';

/** An open run. */
export interface Training {
  readonly plan: TrainPlan;
  readonly run: RunFolder;
  readonly engine: EngineLink;
  readonly batches: BatchSource;
  readonly base: BaseModel;
  readonly layout: Layout;
  readonly texts: CategoryTexts;
  /** What was measured of the set before the first step, where a loss needs it. */
  readonly statistics: SetStatistics | undefined;
  /** Pairs that the run is scored on. */
  readonly heldOut: PairBatch | undefined;
  /** The state that a resumed run goes on from. */
  readonly resumed: TrainerState | undefined;
  /** Closes everything, the last opened first. */
  readonly close: () => Promise<void>;
}

/** Opens all parts of a run, or none. */
export async function openTraining(options: TrainOptions): Promise<Training> {
  const { plan, surroundings } = planTraining(options);
  const { cacheFolder, workers } = surroundings;
  const { signal } = options;
  const limits = limitsOf(plan);
  const warn = (kind: TrainWarning['kind'], message: string): void => options.onWarning?.({ kind, message });
  const dataWarning = (data: DataWarning): void => options.onWarning?.({ kind: 'data', message: data.message, data });
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    options.onProgress?.({ stage: 'load' });
    signal?.throwIfAborted();
    await checkOutputs('train', [{ name: 'out', path: surroundings.out, folder: true }], filesRead(plan));
    const base = await openBaseModel(plan, options.decoder !== undefined, cacheFolder, signal);
    const layout = layoutOf(base.specs, plan.trainable, plan.decayVectors);
    const pairs = plan.objective === 'contrastive' ? await openPairs(base) : undefined;
    const dataset = await openDataset(plan.data, {
      ...(pairs === undefined ? nounPhrases() : WHOLE_CAPTIONS),
      onWarning: dataWarning,
      limits,
      ...(signal === undefined ? {} : { signal }),
    });
    const texts = await openCategoryTexts({
      folder: base.folder,
      config: base.config,
      templates: plan.templates ?? templatesOf(base.config),
      unknown: plan.unknownCategories,
      cacheFolder,
      device: plan.device,
      threads: plan.threads,
    });
    closers.push(texts.dispose);
    await learnCategories(dataset, texts, warn);
    const classes = needsMasks(plan.lambda) ? knownClasses(dataset, texts, warn) : undefined;
    const run = await RunFolder.create(surroundings.out, {
      config: plan,
      resume: options.resume ?? false,
      onDifferences: (differences) =>
        warn('resume', `The configuration differs from the run's: ${differences.map(formatDifference).join('; ')}`),
    });
    closers.push(() => run.close());
    const resumed = options.resume === true ? await run.state() : undefined;
    if (resumed !== undefined && resumed.layoutKey !== layout.key) {
      throw new SynsegError(
        'RUN_FOLDER',
        'Cannot resume run: trained tensors must be those of the run, got others (objective, features, trainable ' +
          `or decoder changed): ${run.path}`,
      );
    }
    await run.rewind(resumed?.step ?? 0);
    const engine = await EngineLink.start({
      spec: stepSpec(plan, base, layout),
      stage: stageOf((resumed?.step ?? 0) + 1, plan),
      folder: base.folder,
      frozen: new Map([...base.tensors].filter(([name]) => !layout.entries.some((entry) => entry.name === name))),
      state: resumed === undefined ? freshState(plan, layout, base) : resumedState(plan, resumed),
      device: plan.device,
      threads: plan.threads,
    });
    closers.push(() => engine.dispose());
    const dims = pictureDims({ ...plan, config: base.config });
    const features = plan.cacheFeatures ? await openFeatures() : undefined;
    if (features !== undefined) closers.push(() => features.dispose());
    const loading: BatchLoaderOptions = {
      inputSize: base.config.inputSize,
      batchSize: plan.batchSize,
      seed: plan.seed,
      from: resumed?.position ?? START,
      pixels: features === undefined,
      masks: !needsMasks(plan.lambda) ? false : needsCaptions(plan) ? true : 'required',
      augmentation: plan.augmentation,
      maxCategories: plan.maxCategories,
      known: texts.knows,
      limits,
      onWarning: dataWarning,
      ...(workers === undefined ? {} : { workers }),
      ...(signal === undefined ? {} : { signal }),
    };
    const known = (batch: Batch): Promise<readonly Float32Array[]> =>
      features?.read(batch.indices) ?? engine.taps(batch.pixels as Uint8Array);
    const statistics =
      !needsStatistics(plan.features) || !needsCaptions(plan)
        ? undefined
        : (statisticsOf(resumed) ?? (await measureSet(readable(dataset, features), loading, texts, known, dims)));
    if (statistics !== undefined)
      await engine.constants({ ...statistics, ...(plan.prior > 0 ? { start: flatten(layout, base.tensors) } : {}) });
    const loader = BatchLoader.open(readable(dataset, features), loading);
    closers.push(() => loader.dispose());
    const rows: RowSettings = {
      microBatchSize: plan.microBatchSize,
      inputSize: base.config.inputSize,
      embeddingDim: base.config.embeddingDim,
      maxCategories: plan.maxCategories,
      seed: plan.seed,
      captions: needsCaptions(plan),
      unstated: plan.lambda.sharing !== 0,
      textCentre: needsBank(plan.lambda) ? statistics?.textCentre : undefined,
      classes,
    };
    const batches = new BatchSource(
      loader,
      pairs === undefined
        ? composeRows(texts, features, rows)
        : composePairs(
            { ...pairs, tokens: 1 + patchesOf(base), patchesKept: patchesKept(plan, base), seed: plan.seed },
            (message) => warn('health', message),
          ),
    );
    const heldOut =
      pairs === undefined || plan.evaluation === null || !('data' in plan.evaluation)
        ? undefined
        : await readHeldOut(plan.evaluation, loading, pairs.tokenise, pairs.maxTokens);
    return { plan, run, engine, batches, base, layout, texts, statistics, heldOut, resumed, close };

    function openFeatures(): Promise<FeatureCache> {
      return FeatureCache.open({
        dataset,
        config: base.config,
        dims,
        trunkKey: `${base.trunkKey} ${plan.precision} ${engine.device}`,
        folder: join(cacheFolder, 'features'),
        workers,
        limits,
        encode: (pixels) => engine.taps(pixels),
        encodeWindows: readsWindows(plan) ? (pixels) => engine.windows(pixels) : undefined,
        onProgress: (done, total, bytes) => options.onProgress?.({ stage: 'features', done, total, bytes }),
        onWarning: dataWarning,
        signal,
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** Sources of one set that are compared with the run folder: shards lie side by side. */
const SOURCES_COMPARED = 100;

/** Files and folders that a run reads, of a hub's id nothing. */
function filesRead({ data, init, trunk, evaluation }: TrainPlan): string[] {
  const sets =
    evaluation === null
      ? [data]
      : 'data' in evaluation
        ? [data, checkData('train', evaluation.data)]
        : [data, { source: evaluation.root }];
  const files = sets.flatMap(({ source, classes, phrases }: DataOptions) => [
    ...expandSource(source).slice(0, SOURCES_COMPARED),
    classes,
    phrases,
  ]);
  return [...files, init, trunk].filter((path): path is string => typeof path === 'string');
}

/** What the plan says of a step graph. */
export function stepSpec(plan: TrainPlan, base: BaseModel, layout: Layout): EngineStart['spec'] {
  const { config } = base;
  return {
    kind: plan.objective === 'contrastive' ? 'pairs' : 'rows',
    config,
    layout,
    lambda: plan.lambda,
    features: plan.features,
    prior: plan.prior,
    contrastive: { epsilon: plan.epsilon, contrastGate: plan.contrastGate },
    optimizer: {
      beta1: plan.beta1,
      beta2: plan.beta2,
      epsilon: plan.adamEpsilon,
      weightDecay: plan.weightDecay,
      clipNorm: plan.clipNorm ?? undefined,
    },
    ema: plan.ema ?? undefined,
    images: plan.microBatchSize,
    batchImages: plan.batchSize,
    input: plan.cacheFeatures ? 'taps' : 'pixels',
    trunkPrecision: plan.precision === 'fp16' ? 'float16' : 'float32',
    patchesKept: patchesKept(plan, base),
  };
}

function patchesOf({ config: { patchGrid } }: BaseModel): number {
  return patchGrid[0] * patchGrid[1];
}

/** Patches that a training step sees of a picture, at least one; undefined for all. */
function patchesKept({ patchDropout }: TrainPlan, base: BaseModel): number | undefined {
  return patchDropout === 0 ? undefined : Math.max(1, Math.round(patchesOf(base) * (1 - patchDropout)));
}

/** The tokenizer of a checkpoint whose encoders are trained. */
async function openPairs({
  folder,
  config,
}: BaseModel): Promise<{ readonly tokenise: Tokenise; readonly maxTokens: number }> {
  const { maxTokens } = encodersOf(config).text;
  const tokenizer = await ClipTokenizer.load(folder, maxTokens);
  return { tokenise: (text) => tokenizer.encode(text), maxTokens };
}

function nounPhrases(): Pick<DataContext, 'phrases'> {
  const extractor = new PhraseExtractor();
  return { phrases: (caption) => extractor.extract(caption) };
}

/** What a step moves: the first `projectorSteps` the projector alone. */
export function stageOf(step: number, { projectorSteps }: TrainPlan): StepSpec['stage'] {
  return step <= projectorSteps ? 'projector' : 'all';
}

/** The statistics a state was saved with. */
function statisticsOf(state: TrainerState | undefined): SetStatistics | undefined {
  const entries = STATISTICS.map((name) => [name, state?.tensors.get(name)?.data] as const);
  return entries.every(([, data]) => data !== undefined)
    ? (Object.fromEntries(entries) as unknown as SetStatistics)
    : undefined;
}

/** State vectors before the first step. */
export function freshState(plan: TrainPlan, layout: Layout, base: BaseModel): Record<string, Float32Array> {
  const parameters = flatten(layout, base.tensors);
  return Object.fromEntries(
    stateNames({ ema: plan.ema ?? undefined }).map((name) => [
      name,
      name === 'parameters' || name === 'average' ? parameters.slice() : new Float32Array(layout.length),
    ]),
  );
}

/** The vectors that were saved; a running mean that is kept only from now on starts at the parameters. */
function resumedState(plan: TrainPlan, { tensors }: TrainerState): Record<string, Float32Array> {
  return Object.fromEntries(
    stateNames({ ema: plan.ema ?? undefined }).map((name) => [
      name,
      ((tensors.get(name) ?? tensors.get('parameters')) as FloatTensor).data,
    ]),
  );
}

/** Samples of a set looked at for categories before the first step; those of a larger set are met as they come. */
const SAMPLES_MET = 50_000;

/**
 * Meets the categories of a set of known size once, so that what a vocabulary lacks is known, and told, from the start.
 */
async function learnCategories(
  dataset: Dataset,
  texts: CategoryTexts,
  warn: (kind: TrainWarning['kind'], message: string) => void,
): Promise<void> {
  if (texts.extended === undefined || dataset.size === undefined) return;
  const unknown = new Map<string, number>();
  let left = Math.min(dataset.size, SAMPLES_MET);
  for await (const { sample } of dataset.draw(START, 0)) {
    for (const category of sample.categories)
      if (!texts.knows(category)) unknown.set(category, (unknown.get(category) ?? 0) + 1);
    left -= 1;
    if (left <= 0) break;
  }
  const { standIns } = texts.extended();
  if (standIns.length > 0)
    warn(
      'categories',
      'Not in the vocabulary, stood for by other entries: ' +
        `${standIns.map(({ category, entries }) => `${category} (${entries.join(', ')})`).join('; ')}`,
    );
  if (unknown.size > 0) {
    const list = [...unknown].sort((a, b) => b[1] - a[1]).map(([category, count]) => `${category} ×${String(count)}`);
    warn('categories', `Not in the vocabulary, left out: ${list.join(', ')}`);
  }
}

/** Mask classes that can be trained on: those with an embedding, and not the background. */
function knownClasses(
  dataset: Dataset,
  texts: CategoryTexts,
  warn: (kind: TrainWarning['kind'], message: string) => void,
): readonly MaskClass[] {
  const named = (dataset.classes ?? []).filter(
    ({ index }) => index !== dataset.backgroundIndex && index !== dataset.ignoreIndex,
  );
  if (named.length === 0)
    throw new SynsegError(
      'DATASET_FORMAT',
      'Cannot train: data must name the classes of its masks (classes.json) for objective "masks", got none in ' +
        `${dataset.description}`,
    );
  const known = named.flatMap(({ name, index, prompts = [name] }) => {
    const words = prompts.filter((word) => texts.knows(word));
    return words.length === 0 ? [] : [{ name, index, prompts: words }];
  });
  const unknown = named.filter(({ index }) => !known.some((one) => one.index === index)).map(({ name }) => name);
  if (unknown.length > 0) warn('categories', `Mask classes not in the vocabulary, left out: ${unknown.join(', ')}`);
  if (known.length === 0)
    throw new SynsegError(
      'LABEL_UNKNOWN',
      'Cannot train: the vocabulary must have a class of the masks, got none of ' +
        `${named.map(({ name }) => name).join(', ')}`,
    );
  return known;
}

/** The samples whose pictures could be read when features were cached; all without a cache. */
function readable(dataset: Dataset, features: FeatureCache | undefined): Dataset {
  if (features === undefined) return dataset;
  return {
    ...dataset,
    async *draw(...place) {
      for await (const drawn of dataset.draw(...place)) if (features.has(drawn.index)) yield drawn;
    },
  };
}
