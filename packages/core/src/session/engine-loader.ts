/** Loads the sessions of a checkpoint: selects the provider and the precision, and builds or caches the graphs. */
import { join } from 'node:path';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { isSynsegError } from '../errors.ts';
import { rangeError } from '../guard/arguments.ts';
import type { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { fingerprintFiles } from '../checkpoint/fingerprint.ts';
import { CheckpointParameters, type Parameters } from '../model/parameters.ts';
import { buildRangeGraph, type ParameterSource } from '../model/model-graphs.ts';
import { QuantizedConvolutions } from '../model/quantized-convolutions.ts';
import { DequantizedParameters, QuantizedParameters } from '../model/quantized-parameters.ts';
import { GraphCache } from './graph-cache.ts';
import type { EngineInfo, EngineSettings, Precision } from './protocol.ts';
import type { RunGuard } from './run-guard.ts';
import { isOpenVino, type Device, type Provider } from './providers.ts';
import { openSession, type EngineSessionSettings } from './engine-session.ts';
import type { GraphSession } from './graph-session.ts';
import { measureRanges } from './measured-ranges.ts';

/** Providers that `'auto'` tries, in order. WebGPU on Linux only by name: software adapters look like GPUs there. */
export function providerCandidates<Named extends Device>(device: Named | 'auto'): readonly (Named | Provider)[] {
  if (device !== 'auto') return [device];
  return process.platform === 'linux' ? ['cuda', 'cpu'] : ['webgpu', 'cpu'];
}

/** Builds, caches and loads the graphs of one checkpoint on one provider. */
export class EngineLoader {
  readonly checkpoint: Checkpoint;
  readonly device: Device;
  readonly precision: Precision;
  readonly #settings: EngineSettings;
  readonly #guard: RunGuard;
  readonly #cache: GraphCache;

  private constructor(checkpoint: Checkpoint, device: Device, settings: EngineSettings, guard: RunGuard) {
    [this.checkpoint, this.device, this.#settings, this.#guard] = [checkpoint, device, settings, guard];
    this.precision = settings.precision === 'auto' ? 'fp32' : settings.precision;
    this.#cache = new GraphCache(settings.cacheFolder);
  }

  /**
   * Finds the first provider that loads `build`'s graph.
   *
   * @throws SynsegError `DEVICE_UNAVAILABLE` for a named device that does not start
   */
  static async start(
    checkpoint: Checkpoint,
    settings: EngineSettings,
    guard: RunGuard,
    load: (loader: EngineLoader) => Promise<GraphSession>,
  ): Promise<{ loader: EngineLoader; session: GraphSession }> {
    const { kind } = checkpoint.config.trunk;
    const rule = 'be another than "int8" for a ready-made ONNX trunk';
    if (settings.precision === 'int8' && kind === 'onnx')
      throw rangeError('load checkpoint', 'precision', rule, '"int8"');
    const tried = providerCandidates(settings.device);
    for (const [index, device] of tried.entries()) {
      const loader = new EngineLoader(checkpoint, device, settings, guard);
      try {
        return { loader, session: await load(loader) };
      } catch (error) {
        const unavailable = isSynsegError(error) && error.code === 'DEVICE_UNAVAILABLE';
        if (!unavailable || index === tried.length - 1) throw error;
      }
    }
    throw new Error('internal: no provider was tried');
  }

  /** Description of the engine. */
  get info(): EngineInfo {
    const { checkpoint, device, precision } = this;
    return { config: checkpoint.config, device, precision, weightFiles: checkpoint.weights.files };
  }

  /** Parameters of a graph in this engine's precision; those of a convolution trunk are {@link trunkParameters}. */
  readonly parameters = (graph: Graph): Parameters => {
    const openVino = isOpenVino(this.device);
    const compute = this.precision === 'fp16' && !openVino ? 'float16' : 'float32';
    const parameters = new CheckpointParameters(graph, this.checkpoint.weights, compute);
    const { config, weights } = this.checkpoint;
    if (this.precision !== 'int8' || config.trunk.kind !== 'clip') return parameters;
    return openVino ? new DequantizedParameters(parameters, weights) : new QuantizedParameters(parameters, weights);
  };

  /** Parameters of the trunk's graph. In int8, a convolution trunk runs for them: its ranges are measured. */
  async trunkParameters(): Promise<ParameterSource> {
    const { config, weights } = this.checkpoint;
    if (this.precision !== 'int8' || config.trunk.kind !== 'convolution') return this.parameters;
    const session = await this.exactSession('ranges', () => buildRangeGraph(config, this.parameters));
    try {
      const ranges = await measureRanges(config.inputSize, (feeds) => this.#guard.run(() => session.run(feeds)));
      return (graph) => new QuantizedConvolutions(new CheckpointParameters(graph, weights), weights, ranges);
    } finally {
      await session.release();
    }
  }

  /** Loads a graph of the network, from the cache when it was built before. `kind` names what `build` depends on. */
  session(kind: string, build: () => Promise<Graph> | Graph): Promise<GraphSession> {
    const { device, precision } = this;
    // OpenVINO takes its precisions from one graph, and CLIP's int8 in a form of its own.
    const form = !isOpenVino(device) ? precision : precision === 'int8' ? 'int8 for OpenVINO' : 'fp32';
    const { trunk } = this.checkpoint.config;
    const quantizedRow = precision === 'int8' && trunk.kind === 'clip' ? trunk.hiddenSize : undefined;
    return this.#load({ device, precision, quantizedRow }, form, kind, build);
  }

  /**
   * {@link EngineLoader.session} of what comes before and after the network, which computes in fp32 in every precision.
   * On OpenVINO's devices onnxruntime computes it: its resampling takes a third of the time, and labels are decided
   * alike.
   */
  exactSession(kind: string, build: () => Promise<Graph> | Graph): Promise<GraphSession> {
    const device = isOpenVino(this.device) ? 'cpu' : this.device;
    return this.#load({ device, precision: 'fp32' }, 'fp32', kind, build);
  }

  async #load(
    engine: Pick<EngineSessionSettings, 'device' | 'precision' | 'quantizedRow'>,
    form: string,
    kind: string,
    build: () => Promise<Graph> | Graph,
  ): Promise<GraphSession> {
    const { config, weights } = this.checkpoint;
    const key = { kind, precision: form, config, weights, ...(await this.#fingerprint()) };
    const model = await this.#cache.get(key, async () => writeOnnx(await build()));
    const { threads, cacheFolder } = this.#settings;
    return this.#guard.run(() => openSession(model, { ...engine, threads, cacheFolder }));
  }

  /** Identifies bytes that graphs carry themselves: a ready-made trunk, int8 weights. All others are referred to. */
  async #fingerprint(): Promise<{ fingerprint?: string }> {
    const { config, weights, folder } = this.checkpoint;
    const files = [
      ...(config.trunk.kind === 'onnx' ? [join(folder, config.trunk.file)] : []),
      ...(this.precision === 'int8' ? weights.files : []),
    ];
    return files.length === 0 ? {} : { fingerprint: await fingerprintFiles(files, this.#settings.cacheFolder) };
  }
}
