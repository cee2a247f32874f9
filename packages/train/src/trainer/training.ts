/** The open resources of a run: data, the training thread, the run folder. */
import { SynsegError } from '@synseg/core';
import { checkOutputs } from '@synseg/core/guards';
import type { FloatTensor } from '@synseg/core/checkpoint';
import type { BatchLoaderOptions } from '../data/batch-loader.ts';
import type { DataWarning } from '../data/data-warning.ts';
import { checkData } from '../data/data-options.ts';
import { START } from '../data/dataset.ts';
import { expandSource } from '../data/source.ts';
import { limitsOf } from '../image/picture.ts';
import { exclusionsFile } from '../phrases/exclusions.ts';
import { formatDifference } from '../run/config-differences.ts';
import { RunFolder } from '../run/run-folder.ts';
import type { TrainerState } from '../run/trainer-state.ts';
import { flatten } from '../step-graph/initial-values.ts';
import { layoutOf, type Layout } from '../step-graph/layout.ts';
import { stateNames, type StepSpec } from '../step-graph/step-spec.ts';
import { openBaseModel, type BaseModel } from './base-model.ts';
import type { BatchSource } from './batch-source.ts';
import { openDecoderSubject, rowsSpec } from './decoder-subject.ts';
import { openEncoderSubject } from './encoder-subject.ts';
import { openTextEncoderSubject } from './text-encoder-subject.ts';
import { EngineLink } from './engine-link.ts';
import { fitMicroBatch, fitProjector, memoryFor, stepCost } from './fit-plan.ts';
import type { TrainEstimate, TrainWarning } from './reports.ts';
import type { SetStatistics } from './set-statistics.ts';
import type { Callbacks, Opening, Score, SharedSpec, Subject } from './subject.ts';
import type { Plan, Surroundings, TrainPlan } from './train-plan.ts';

/** An open run. */
export interface Training {
  readonly plan: Plan;
  readonly run: RunFolder;
  readonly engine: EngineLink;
  readonly batches: BatchSource;
  readonly base: BaseModel;
  readonly layout: Layout;
  readonly files: Subject['files'];
  readonly statistics: SetStatistics | undefined;
  readonly evaluate: (() => Promise<Score>) | undefined;
  /** The state that a resumed run continues from. */
  readonly resumed: TrainerState | undefined;
  /** Closes everything, the last opened first. */
  readonly close: () => Promise<void>;
}

/** Opens all parts of a run, or none. */
export async function openTraining(given: Plan, surroundings: Surroundings, callbacks: Callbacks): Promise<Training> {
  const { out, cacheFolder, workers, open } = surroundings;
  const { onWarning, onProgress, signal, resume = false } = callbacks;
  const limits = given.trains === 'text' ? {} : limitsOf(given);
  const warn = (kind: TrainWarning['kind'], message: string): void => onWarning?.({ kind, message });
  const reading = {
    limits,
    onWarning: (data: DataWarning): void => onWarning?.({ kind: 'data', message: data.message, data }),
    signal,
  };
  const closers: (() => Promise<void>)[] = [];
  const onClose = (closer: () => Promise<void>): void => void closers.push(closer);
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    onProgress?.({ stage: 'load' });
    signal?.throwIfAborted();
    await checkOutputs('train', [{ name: 'out', path: out, folder: true }], filesRead(given));
    const base = await openBaseModel(given, cacheFolder, signal);
    const layout = layoutOf(
      base.specs,
      given.trainable,
      given.decayVectors,
      'visionFrom' in given ? given.visionFrom : undefined,
    );
    const plan = given.trains === 'decoder' ? await fitted(given, base, layout, open) : given;
    const opening: Opening = { base, cacheFolder, callbacks, reading, warn, onClose };
    const subject = await openSubject(plan, opening);
    const run = await RunFolder.create(out, {
      config: plan,
      resume,
      onDifferences: (differences) =>
        warn('resume', `The configuration differs from the run's: ${differences.map(formatDifference).join('; ')}`),
    });
    onClose(() => run.close());
    const resumed = resume ? await run.state() : undefined;
    if (resumed !== undefined && resumed.layoutKey !== layout.key)
      throw new SynsegError(
        'RUN_FOLDER',
        'Cannot resume run: trained tensors must be those of the run, got others (recipe, objective, trainable or ' +
          'decoder changed; a run that was begun without a recipe before "dense-captions" was the default has the ' +
          `recipe "paper"): ${run.path}`,
      );
    await run.rewind(resumed?.step ?? 0);
    const engine = await EngineLink.start({
      spec: { ...sharedSpec(plan, base, layout), ...subject.spec },
      stage: stageOf((resumed?.step ?? 0) + 1, plan),
      folder: base.folder,
      frozen: new Map([...base.tensors].filter(([name]) => !layout.entries.some((entry) => entry.name === name))),
      state: stateOf(plan, layout, base, resumed),
      device: plan.device,
      threads: plan.threads,
    });
    onClose(() => engine.dispose());
    const loading: BatchLoaderOptions = {
      inputSize: base.config.inputSize,
      batchSize: plan.batchSize,
      seed: plan.seed,
      from: resumed?.position ?? START,
      ...('augmentation' in plan ? { augmentation: plan.augmentation } : {}),
      ...reading,
      workers,
    };
    if (plan.trains === 'decoder') {
      const left = plan.steps - (resumed?.step ?? 0);
      onProgress?.({ stage: 'estimate', ...(await estimate(plan, base, layout, engine, left)) });
    }
    const { batches, statistics, evaluate } = await subject.start({ engine, run, layout, resumed, loading });
    return { plan, run, engine, batches, base, layout, files: subject.files, statistics, evaluate, resumed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fitted(
  given: TrainPlan,
  base: BaseModel,
  layout: Layout,
  open: Surroundings['open'],
): Promise<TrainPlan> {
  const plan = open.includes('projectorSteps') ? fitProjector(given, base) : given;
  if (!open.includes('microBatchSize')) return plan;
  return fitMicroBatch(plan, await memoryFor(plan), (one) => stepCost(one, base, specOf(one, base, layout)));
}

async function estimate(
  plan: TrainPlan,
  base: BaseModel,
  layout: Layout,
  engine: EngineLink,
  steps: number,
): Promise<TrainEstimate> {
  const { graphBytes, processBytes, work } = await stepCost(plan, base, specOf(plan, base, layout));
  const seconds = (steps * work) / (await engine.speed());
  const { device } = engine;
  const memoryBytes = device === 'cpu' ? processBytes : graphBytes;
  return { memoryBytes, seconds, microBatchSize: plan.microBatchSize, inputSize: base.config.inputSize, device };
}

function specOf(plan: TrainPlan, base: BaseModel, layout: Layout): Omit<StepSpec, 'phase' | 'stage'> {
  return { ...sharedSpec(plan, base, layout), ...rowsSpec(plan) };
}

function openSubject(plan: Plan, opening: Opening): Promise<Subject> {
  if (plan.trains === 'text') return openTextEncoderSubject(plan, opening);
  return plan.trains === 'encoders' ? openEncoderSubject(plan, opening) : openDecoderSubject(plan, opening);
}

/** Sources of one set that are compared with the run folder: shards lie side by side. */
const SOURCES_COMPARED = 100;

/** Files and folders that a run reads; not those of a hub id. */
function filesRead(plan: Plan): string[] {
  if (plan.trains === 'text') {
    const files = [plan.data, plan.vectors, plan.evaluation.data, plan.init];
    return files.filter((path) => path !== undefined);
  }
  const { data, init, evaluation } = plan;
  const scored = evaluation && ('data' in evaluation ? evaluation.data : { source: evaluation.root });
  const sets = [data, ...(scored === undefined ? [] : [checkData('train', scored)])];
  const files = sets.flatMap(({ source, classes, phrases }) => [
    ...expandSource(source).slice(0, SOURCES_COMPARED),
    classes,
    phrases,
  ]);
  const trunk = 'trunk' in plan ? plan.trunk : undefined;
  const exclusions = 'nounPhrases' in plan ? exclusionsFile(plan.nounPhrases.exclude) : undefined;
  return [...files, init, trunk, exclusions].filter((path): path is string => path !== undefined);
}

/** The part of a step's specification that every subject has. */
export function sharedSpec(plan: Plan, { config }: BaseModel, layout: Layout): SharedSpec {
  return {
    config,
    layout,
    optimizer: {
      beta1: plan.beta1,
      beta2: plan.beta2,
      epsilon: plan.adamEpsilon,
      weightDecay: plan.weightDecay,
      ...('visionRate' in plan && plan.visionRate !== undefined ? { visionRate: plan.visionRate } : {}),
      clipNorm: plan.clipNorm,
    },
    ema: plan.ema,
    images: plan.microBatchSize,
    batchImages: plan.batchSize,
  };
}

/** Stage of a step: the first `projectorSteps` update the projector alone. */
export function stageOf(step: number, { projectorSteps }: Pick<Plan, 'projectorSteps'>): StepSpec['stage'] {
  return step <= projectorSteps ? 'projector' : 'all';
}

/** State vectors before the next step; a running mean that is kept only from now on starts at the parameters. */
export function stateOf(
  plan: Pick<Plan, 'ema'>,
  layout: Layout,
  base: BaseModel,
  resumed?: TrainerState,
): Record<string, Float32Array> {
  if (resumed !== undefined) {
    const { tensors } = resumed;
    const saved = (name: string): Float32Array =>
      ((tensors.get(name) ?? tensors.get('parameters')) as FloatTensor).data;
    return Object.fromEntries(stateNames(plan).map((name) => [name, saved(name)]));
  }
  const parameters = flatten(layout, base.tensors);
  const atStart = (name: string): Float32Array =>
    name === 'parameters' || name === 'average' ? parameters.slice() : new Float32Array(layout.length);
  return Object.fromEntries(stateNames(plan).map((name) => [name, atStart(name)]));
}
