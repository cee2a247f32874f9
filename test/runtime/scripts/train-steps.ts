/**
 * Training steps of tiny models, run as a process of its own: `train-steps.ts DEVICE FOLDER`. Prints a line of JSON per
 * case, {@link StepsOutcome}; every device is given the same numbers.
 */
import { join } from 'node:path';
import process from 'node:process';
import { Weights, readJson, readModelConfig } from '@synseg/core/checkpoint';
import { Graph, writeOnnx } from '@synseg/core/graph';
import { RunGuard, ResidentTensor, createSession, type ResidentSession } from '@synseg/core/runtime';
import {
  LOSSES,
  needsBank,
  needsCaptions,
  needsMasks,
  type FeatureSource,
  type LossWeights,
} from '../../../packages/train/src/objective/losses.ts';
import { flatten, initialValues, unflatten } from '../../../packages/train/src/step-graph/initial-values.ts';
import {
  PARAMETER_GROUPS,
  layoutOf,
  trainedTensors,
  type Layout,
} from '../../../packages/train/src/step-graph/layout.ts';
import { FIGURES } from '../../../packages/train/src/step-graph/step-objective.ts';
import { pictureDims, stateNames, type StepSpec } from '../../../packages/train/src/step-graph/step-spec.ts';
import { projectorChannels } from '../../../packages/train/src/trainer/base-model.ts';
import type { MicroBatch } from '../../../packages/train/src/trainer/protocol.ts';
import { microBatches } from '../../../packages/train/src/trainer/row-batch.ts';
import { StepEngine } from '../../../packages/train/src/trainer/step-engine.ts';
import { gaussians, picture } from '../../support/random.ts';
import { EMBEDDING_DIM, writeTinyClipseg, type TinyClipseg } from '../../support/tiny-clipseg.ts';
import { NOTHING_LEFT_OUT } from '../../train/data/fixtures.ts';

/** Tensors by name, of each state vector. */
export type State = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** What a case comes to. */
export interface StepsOutcome {
  readonly name: string;
  readonly device: string;
  /** Of each step, by name. */
  readonly figures: readonly Readonly<Record<string, number>>[];
  /** True when the state read back before the first step was the one given. */
  readonly startKept: boolean;
  readonly start: State;
  readonly state: State;
  /** Where vectors of the state were when a step took them from another, and when it gave them. */
  readonly taken: readonly string[];
  readonly given: readonly string[];
}

interface Case {
  readonly lambda: Partial<LossWeights>;
  readonly features?: FeatureSource;
  readonly spec?: Partial<StepSpec>;
  readonly model?: TinyClipseg;
  /** Two steps each. */
  readonly stages?: readonly StepSpec['stage'][];
}

type EngineSpec = Omit<StepSpec, 'phase' | 'stage'>;

const PAPER = { align: 0.1, contrast: 1e-3, background: 1e-2, separation: 1 };
const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: undefined };
const BATCH = 2;
const LEARNING_RATE = 1e-3;
const LABELS = ['red car', 'road', 'tree', 'sky', 'dog'];

const CASES: Readonly<Record<string, Case>> = {
  'the paper, from pixels': { lambda: PAPER },
  'the paper, saturated maps': {
    lambda: PAPER,
    spec: { input: 'taps' },
    model: { tensors: { 'decoder.transposed_convolution.bias': { shape: [1], data: Float32Array.of(120) } } },
  },
  'grounding and distillation': {
    lambda: { grounding: 1, distillation: 1 },
    features: 'taps',
    spec: { input: 'taps' },
    stages: ['projector', 'all'],
  },
  'windows, partial labels and sharing': {
    lambda: { partial: 1, sharing: 1 },
    features: 'windows',
    spec: { input: 'taps' },
    stages: ['projector', 'all'],
  },
  'masks': { lambda: { masks: 1, maskShare: 1 }, spec: { ema: 0.9, optimizer: { ...ADAMW, clipNorm: 0.5 } } },
  'micro-batches': {
    lambda: { align: 1, background: 1, masks: 1 },
    features: 'taps',
    spec: { images: 1, input: 'taps' },
  },
  'refined head': { lambda: { masks: 1 }, spec: { input: 'taps' }, model: { head: 'refined', patch: 16, size: 32 } },
};

const engines: StepEngine[] = [];

async function runSteps(
  name: string,
  { lambda: some, features = 'conditional', spec: rest, model, stages = ['all'] }: Case,
  device: 'cpu' | 'webgpu',
  folder: string,
): Promise<StepsOutcome> {
  writeTinyClipseg(folder, { size: 16, hidden: 16, ...model });
  const config = readModelConfig(
    await readJson(join(folder, 'config.json')),
    await readJson(join(folder, 'preprocessor_config.json')),
    folder,
  );
  const lambda = { ...Object.fromEntries(LOSSES.map((loss) => [loss, 0])), ...some } as unknown as LossWeights;
  const channels = pictureDims({ config, features, lambda }).reduce((sum, dim) => sum + dim, 0);
  const tensors = trainedTensors(config, needsCaptions(lambda) ? projectorChannels({ features }, config) : undefined);
  const layout = layoutOf(tensors, PARAMETER_GROUPS, false);
  const contrastive = { epsilon: 1e-4, contrastGate: 0.1 };
  const spec: EngineSpec = {
    kind: 'rows',
    config,
    layout,
    lambda,
    features,
    prior: 0,
    contrastive,
    optimizer: ADAMW,
    ema: undefined,
    images: BATCH,
    batchImages: BATCH,
    input: 'pixels',
    trunkPrecision: 'float32',
    patchesKept: undefined,
    ...rest,
  };
  const parameters = flatten(layout, (await initialValues(tensors, await Weights.open(folder), 42)).tensors);
  const state = Object.fromEntries(
    stateNames(spec).map((vector) => [
      vector,
      vector === 'parameters' || vector === 'average' ? parameters.slice() : new Float32Array(layout.length),
    ]),
  );
  const places = await watchState();
  const guard = new RunGuard(new RunGuard().memory);
  const engine = await StepEngine.create(
    { spec, stage: stages[0] as StepSpec['stage'], folder, frozen: new Map(), state, device, threads: 1 },
    guard,
  );
  engines.push(engine);
  engine.constants({
    tapMean: gaussians(channels, 7, 0.1),
    tapDeviation: gaussians(channels, 8, 0.1).map((value) => 1 + Math.abs(value)),
  });
  const start = await engine.state();
  const figures: Record<string, number>[] = [];
  for (const stage of stages.flatMap((each) => [each, each])) {
    const step = figures.length + 1;
    const reply = await engine.step({ step, stage, learningRate: LEARNING_RATE, micro: batchOf(spec, step) });
    figures.push(Object.fromEntries(FIGURES.map((figure, index) => [figure, reply.figures[index] as number])));
  }
  return {
    name,
    device: engine.device,
    figures,
    startKept: Object.entries(state).every(([vector, data]) =>
      data.every((value, index) => value === start[vector]?.[index]),
    ),
    start: named(layout, start),
    state: named(layout, await engine.state()),
    taken: [...places.taken],
    given: [...places.given],
  };
}

function named(layout: Layout, state: Readonly<Record<string, Float32Array>>): State {
  return Object.fromEntries(
    Object.entries(state).map(([vector, flat]) => [
      vector,
      Object.fromEntries([...unflatten(layout, flat)].map(([tensor, { data }]) => [tensor, [...data]])),
    ]),
  );
}

/** Notes where vectors are that enter and leave sessions as handles. */
async function watchState(): Promise<{ readonly taken: Set<string>; readonly given: Set<string> }> {
  const [taken, given] = [new Set<string>(), new Set<string>()];
  const probe = new Graph('probe');
  probe.output('y', probe.input('x', 'float32', [1]));
  const session = await createSession(writeOnnx(probe), { provider: 'cpu', threads: 1 });
  const sessions = Object.getPrototypeOf(session) as ResidentSession;
  const { runResident } = sessions;
  sessions.runResident = async function (this: ResidentSession, feeds) {
    for (const feed of Object.values(feeds)) if (feed instanceof ResidentTensor) taken.add(feed.location);
    const outcome = await runResident.call(this, feeds);
    for (const tensor of Object.values(outcome.resident)) given.add(tensor.location);
    return outcome;
  };
  await session.release();
  return { taken, given };
}

/** Two pictures with three and two labels, cut into micro-batches and filled up as the trainer does. */
function batchOf({ config, input, images, lambda, features }: EngineSpec, step: number): MicroBatch[] {
  const [height, width] = config.inputSize;
  const tokens = 1 + config.patchGrid[0] * config.patchGrid[1];
  const settings = {
    microBatchSize: images,
    inputSize: config.inputSize,
    embeddingDim: EMBEDDING_DIM,
    maxCategories: 32,
    seed: 42,
    captions: true,
    unstated: lambda.sharing !== 0,
    textCentre: needsBank(lambda) ? gaussians(EMBEDDING_DIM, 99, 0.1) : undefined,
    classes: needsMasks(lambda) ? LABELS.slice(0, 3).map((name, index) => ({ name, index })) : undefined,
  };
  const batch = {
    images: BATCH,
    masks: Uint8Array.from({ length: BATCH * height * width }, (_, pixel) =>
      pixel % 7 === 0 ? 255 : Math.floor(pixel / 5) % 3,
    ),
    keys: ['a', 'b'],
    indices: [0, 1],
    categories: [
      ['red car', 'road', 'sky'],
      ['tree', 'dog'],
    ],
    said: [
      ['red car', 'road', 'sky'],
      ['tree', 'dog'],
    ],
    leftOut: NOTHING_LEFT_OUT,
    after: { epoch: 0, consumed: BATCH * step },
  };
  const embeddings = new Map(LABELS.map((label, index) => [label, gaussians(EMBEDDING_DIM, 100 + index)]));
  return microBatches(batch, settings, embeddings, (first, last) => {
    const numbers = Array.from({ length: last - first }, (_, index) => 10 * step + first + index);
    if (input === 'pixels')
      return { pixels: Uint8Array.from(numbers.flatMap((number) => [...picture(width, height, number).data])) };
    return {
      taps: pictureDims({ config, features, lambda }).map((channels, tap) =>
        Float32Array.from(numbers.flatMap((number) => [...gaussians(tokens * channels, 100 * number + tap)])),
      ),
    };
  });
}

const [device, folder] = process.argv.slice(2) as ['cpu' | 'webgpu', string];
for (const [index, [name, chosen]] of Object.entries(CASES).entries())
  console.log(JSON.stringify(await runSteps(name, chosen, device, join(folder, String(index)))));
// Only now: WebGPU forgets its compiled shaders with the last session.
for (const engine of engines) await engine.release();
