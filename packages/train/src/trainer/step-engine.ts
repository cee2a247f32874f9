/**
 * The sessions and the state of a training run, inside the training thread. The state never leaves the device between
 * steps where the provider allows it; a copy is made on demand.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSynsegError, type Provider } from '@synseg/core';
import { Weights, type PromptBatch } from '@synseg/core/checkpoint';
import { CheckpointParameters, Graph, ops, trunkMaps, writeOnnx, type Parameters } from '@synseg/core/graph';
import { ResidentTensor, createSession, joined, providerCandidates } from '@synseg/core/runtime';
import type { ResidentSession, RunGuard, TensorData } from '@synseg/core/runtime';
import { biasCorrections } from '../optimizer/adamw.ts';
import { buildCosineGraph, buildEmbedGraph, buildStepGraph, figuresOf } from '../step-graph/step-graph.ts';
import { movedRange, stateNames, type StepSpec, type StepWeights } from '../step-graph/step-spec.ts';
import { WINDOWS, windowEmbeddings } from '../step-graph/window-embeddings.ts';
import { pairFeeds, rowFeeds, textFeeds } from './feeds.ts';
import type { EngineStart, PairBatch, PairEmbeddings, StepReply, StepRequest } from './protocol.ts';

type Phase = StepSpec['phase'];
type StateTensor = ResidentTensor | TensorData;

/** Runs of which the fastest counts: the first loads, and other programs slow some down. */
const SPEED_ROUNDS = 6;

/** Trains; one run at a time, each step after the other. */
export class StepEngine {
  readonly device: Provider;
  readonly #start: EngineStart;
  readonly #weights: StepWeights;
  readonly #guard: RunGuard;
  readonly #sessions = new Map<string, ResidentSession>();
  #constants: Record<string, TensorData> = {};
  #state: Record<string, StateTensor>;

  private constructor(device: Provider, start: EngineStart, weights: StepWeights, guard: RunGuard) {
    [this.device, this.#start, this.#weights, this.#guard] = [device, start, weights, guard];
    this.#state = vectors(start.state);
  }

  /**
   * Loads the step's session on the first provider that takes it.
   *
   * @throws SynsegError `DEVICE_UNAVAILABLE` for a named device that does not start
   */
  static async create(start: EngineStart, guard: RunGuard): Promise<StepEngine> {
    const { config } = start.spec;
    const weights: StepWeights = {
      weights: config.trunk.kind === 'onnx' ? undefined : await Weights.open(start.folder),
      trunkModel: config.trunk.kind === 'onnx' ? await readFile(join(start.folder, config.trunk.file)) : undefined,
      frozen: start.frozen,
    };
    const tried = providerCandidates(start.device);
    for (const [index, device] of tried.entries()) {
      const engine = new StepEngine(device, start, weights, guard);
      try {
        await engine.#step(start.stage, start.spec.images < start.spec.batchImages ? 'last' : 'whole');
        return engine;
      } catch (error) {
        const unavailable = isSynsegError(error) && error.code === 'DEVICE_UNAVAILABLE';
        if (!unavailable || index === tried.length - 1) throw error;
      }
    }
    throw new Error('internal: no provider was tried');
  }

  /** One optimizer step over a whole batch. */
  async step({ micro, step, stage, learningRate }: StepRequest): Promise<StepReply> {
    const begin = performance.now();
    if (this.device === 'cpu') await this.#endProjectorStage(stage);
    const { spec } = this.#start;
    const figures = new Float32Array(figuresOf(spec).length);
    const corrections = biasCorrections(step, spec.optimizer);
    const { length } = movedRange({ ...spec, stage });
    let accumulated: StateTensor = { data: new Float32Array(length), shape: [length] };
    for (const [index, part] of micro.entries()) {
      const phase: Phase = micro.length === 1 ? 'whole' : index === micro.length - 1 ? 'last' : 'partial';
      const session = await this.#step(stage, phase);
      const offered: Record<string, StateTensor> = {
        ...this.#constants,
        ...feedsOf(part, spec),
        ...this.#state,
        ...scalars({ learningRate, ...corrections }),
        accumulated,
      };
      // Each stage, phase and choice of losses reads only some of them.
      const feeds = Object.fromEntries(session.inputNames.map((name) => [name, offered[name] as StateTensor]));
      const { results, resident } = await this.#guard.run(() => session.runResident(feeds));
      ((results['figures'] as TensorData).data as Float32Array).forEach(
        (value, at) => (figures[at] = (figures[at] as number) + value),
      );
      dispose(accumulated);
      if (phase === 'partial') accumulated = resident['accumulated'] as ResidentTensor;
      else {
        Object.values(this.#state).forEach(dispose);
        this.#state = resident;
      }
    }
    await this.#endProjectorStage(stage);
    return { figures, milliseconds: performance.now() - begin };
  }

  /** Sets inputs that are the same in every step: float32 vectors. */
  constants(constants: Readonly<Record<string, Float32Array>>): void {
    this.#constants = vectors(constants);
  }

  /** A copy of the state vectors. */
  async state(): Promise<Record<string, Float32Array>> {
    const names = stateNames(this.#start.spec);
    const session = await this.#session('state', [], () => {
      const graph = new Graph('state');
      for (const name of names) {
        const value = graph.input(name, 'float32', [this.#start.spec.layout.length]);
        graph.output(name, ops.multiply(value, ops.scalar(value, 1)));
      }
      return graph;
    });
    const { results } = await this.#guard.run(() => session.runResident(this.#state));
    return Object.fromEntries(names.map((name) => [name, (results[name] as TensorData).data as Float32Array]));
  }

  /** The frozen trunk's taps, float32 `[n, tokens, D_i]` each, shallow to deep. */
  async taps(pixels: Uint8Array): Promise<Float32Array[]> {
    const { config } = this.#start.spec;
    const session = await this.#session('taps', [], () => {
      const graph = new Graph('taps');
      const input = graph.input('pixels', 'uint8', ['n', ...config.inputSize, 3]);
      trunkMaps(config, this.#trunkParameters(graph), input, this.#weights.trunkModel).forEach((tap, index) =>
        graph.output(`tap${index}`, ops.cast(tap, 'float32')),
      );
      return graph;
    });
    const [height, width] = config.inputSize;
    const n = pixels.length / (height * width * 3);
    const results = await this.#guard.run(() =>
      session.run({ pixels: { data: pixels, shape: [n, height, width, 3] } }),
    );
    return config.tapDims.map((_, index) => (results[`tap${index}`] as TensorData).data as Float32Array);
  }

  /**
   * Embeddings of the windows of pictures uint8 `[n, zoom·height, zoom·width, 3]`, one picture after the other: float32
   * `[n, tokens, embeddingDim]`.
   */
  async windows(pixels: Uint8Array): Promise<Float32Array> {
    const { config } = this.#start.spec;
    const shape = [1, ...config.inputSize.map((side) => side * WINDOWS.zoom), 3];
    const session = await this.#session('windows', [], () => {
      const graph = new Graph('windows');
      graph.output(
        'windows',
        windowEmbeddings(this.#trunkParameters(graph), graph.input('pixels', 'uint8', shape), config),
      );
      return graph;
    });
    const bytes = shape.reduce((product, side) => product * side, 1);
    const found: Float32Array[] = [];
    for (let start = 0; start < pixels.length; start += bytes) {
      const results = await this.#guard.run(() =>
        session.run({ pixels: { data: pixels.subarray(start, start + bytes), shape } }),
      );
      found.push((results['windows'] as TensorData).data as Float32Array);
    }
    return joined(found);
  }

  /** Embeddings by the weights that a checkpoint would hold now: the running mean where one is kept. */
  async embed(batch: PairBatch): Promise<PairEmbeddings> {
    const { spec } = this.#start;
    const session = await this.#session('embed', [], () => buildEmbedGraph(spec, this.#weights));
    const { ids, ends, pixels } = pairFeeds(batch, spec) as Record<'ids' | 'ends' | 'pixels', TensorData>;
    const parameters = this.#current();
    const { results } = await this.#guard.run(() => session.runResident({ parameters, ids, ends, pixels }));
    return {
      image: (results['image'] as TensorData).data as Float32Array,
      text: (results['text'] as TensorData).data as Float32Array,
    };
  }

  /** Cosines of texts with the constant `vectors`, float32 `[texts, names]`; weights as of `embed()`. */
  async cosines(prompts: PromptBatch): Promise<Float32Array> {
    const { spec } = this.#start;
    const vectors = this.#constants['vectors'] as TensorData;
    const names = vectors.data.length / spec.config.embeddingDim;
    const session = await this.#session('cosines', [], () => buildCosineGraph(spec, this.#weights, names));
    const feeds = { parameters: this.#current(), vectors, ...prompts };
    const { results } = await this.#guard.run(() => session.runResident(feeds));
    return (results['cosines'] as TensorData).data as Float32Array;
  }

  /** Multiplications and additions a second, of products of square matrices. */
  async speed(): Promise<number> {
    const [side, products] = [512, 4];
    const session = await this.#session('speed', [], () => {
      const graph = new Graph('speed');
      const input = graph.input('matrix', 'float32', [side, side]);
      let product = input;
      for (let index = 0; index < products; index++) product = ops.matmul(product, input);
      graph.output('product', product);
      return graph;
    });
    const feeds = { matrix: { data: new Float32Array(side * side), shape: [side, side] } };
    let fastest = Infinity;
    for (let round = 0; round < SPEED_ROUNDS; round++) {
      const begin = performance.now();
      await this.#guard.run(() => session.run(feeds));
      fastest = Math.min(fastest, performance.now() - begin);
    }
    return (products * 2 * side ** 3 * 1000) / Math.max(0.01, fastest);
  }

  /** The parameters that a checkpoint would hold now. */
  #current(): StateTensor {
    return this.#state[this.#start.spec.ema === undefined ? 'parameters' : 'average'] as StateTensor;
  }

  /** Frees sessions and state. */
  async release(): Promise<void> {
    Object.values(this.#state).forEach(dispose);
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }

  /** The frozen trunk's weights; a ready-made one carries its own. */
  #trunkParameters(graph: Graph): Parameters {
    const { weights } = this.#weights;
    return weights === undefined
      ? { graph, get: noParameters }
      : new CheckpointParameters(graph, weights, this.#start.spec.trunkPrecision);
  }

  /** Frees the projector's sessions after its last step; off the processor the state is theirs until a step more. */
  async #endProjectorStage(stage: StepSpec['stage']): Promise<void> {
    const ended = [...this.#sessions].filter(([key]) => stage === 'all' && key.startsWith('projector '));
    for (const [key, session] of ended) {
      this.#sessions.delete(key);
      await session.release();
    }
  }

  #step(stage: StepSpec['stage'], phase: Phase): Promise<ResidentSession> {
    const { spec } = this.#start;
    const resident = phase === 'partial' ? ['accumulated'] : stateNames(spec);
    return this.#session(`${stage} ${phase}`, resident, () => buildStepGraph({ ...spec, stage, phase }, this.#weights));
  }

  async #session(key: string, resident: readonly string[], build: () => Graph): Promise<ResidentSession> {
    let session = this.#sessions.get(key);
    if (session === undefined) {
      const model = writeOnnx(build());
      session = await this.#guard.run(() =>
        createSession(model, { provider: this.device, threads: this.#start.threads, resident, changesShapes: true }),
      );
      this.#sessions.set(key, session);
    }
    return session;
  }
}

function feedsOf(part: StepRequest['micro'][number], spec: EngineStart['spec']): Record<string, TensorData> {
  if ('texts' in part) return textFeeds(part, spec);
  return 'pairs' in part ? pairFeeds(part, spec) : rowFeeds(part, spec);
}

function noParameters(name: string): never {
  throw new Error(`internal: a ready-made trunk must carry its weights, got a request for "${name}"`);
}

function dispose(tensor: StateTensor): void {
  if (tensor instanceof ResidentTensor) tensor.dispose();
}

function vectors(values: Readonly<Record<string, Float32Array>>): Record<string, TensorData> {
  const tensors = Object.entries(values).map(([name, data]) => [name, { data, shape: [data.length] }] as const);
  return Object.fromEntries(tensors);
}

function scalars(values: Readonly<Record<string, number>>): Record<string, TensorData> {
  const of = (value: number): TensorData => ({ data: Float32Array.of(value), shape: [] });
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, of(value)]));
}
