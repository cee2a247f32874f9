/**
 * onnxruntime-node behind a small interface; the only file that imports it.
 *
 * `run()` is synchronous inside its thread. A session is created, used and released in one thread and never shared.
 */
import * as ort from 'onnxruntime-node';
import { SynsegError, messageOf } from '../errors.ts';
import { callerName, runtimeName, type OnnxModel } from '../graph/onnx-writer.ts';
import type { Provider } from './providers.ts';
import { disableTelemetry } from './telemetry.ts';

/** Numbers of a tensor, row-major. */
export interface TensorData {
  readonly data: Float32Array | Float64Array | Uint8Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** How sessions are made. */
export interface SessionSettings {
  readonly provider: Provider;
  /** Threads of one operator. */
  readonly threads: number;
  /** Outputs that come back as {@link ResidentTensor}, on the device where the provider allows it. */
  readonly resident?: readonly string[];
}

/** An output that stayed where its provider computed it, to be fed to a later run. */
export class ResidentTensor {
  readonly #tensor: ort.Tensor;

  constructor(tensor: ort.Tensor) {
    this.#tensor = tensor;
  }

  /** The runtime's own handle. */
  get handle(): ort.Tensor {
    return this.#tensor;
  }

  /** Frees it; a tensor on the device is not freed by being forgotten. */
  dispose(): void {
    if (this.#tensor.location !== 'cpu') this.#tensor.dispose();
  }
}

const TYPE_OF = new Map<unknown, 'float32' | 'float64' | 'uint8' | 'int32' | 'int64'>([
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Uint8Array, 'uint8'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
]);

// What the runtime would log, it also throws; a provider that is tried and missing is not news for stderr.
ort.env.logLevel = 'fatal';

/** A loaded graph. */
export class RuntimeSession {
  readonly #session: ort.InferenceSession;
  readonly #resident: ReadonlySet<string>;

  private constructor(session: ort.InferenceSession, resident: readonly string[]) {
    this.#session = session;
    this.#resident = new Set(resident);
  }

  /**
   * Loads a graph on a provider.
   *
   * @throws SynsegError `DEVICE_UNAVAILABLE` when the provider cannot make a session, `MODEL_LOAD` when the graph or
   *   its weights cannot be loaded.
   */
  static async create(
    model: OnnxModel,
    { provider, threads, resident = [] }: SessionSettings,
  ): Promise<RuntimeSession> {
    await disableTelemetry();
    // The runtime drops a provider it was not built with and goes on without: that would be a silent fallback.
    const known = ort.listSupportedBackends().map(({ name }) => name);
    if (!known.includes(provider)) {
      throw new SynsegError(
        'DEVICE_UNAVAILABLE',
        `Cannot use device "${provider}": it must be one that onnxruntime has here (${known.join(', ')}), got none ` +
          'of that name',
      );
    }
    const session: Record<string, unknown> = {
      // Idle sessions would spin and slow the one at work.
      intra_op: { allow_spinning: '0' },
      ...(model.externalFolder === undefined
        ? {}
        : { model_external_initializers_file_folder_path: model.externalFolder }),
    };
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      extra: { session },
      ...(provider === 'webgpu' && resident.length > 0
        ? {
            preferredOutputLocation: Object.fromEntries(
              resident.map((name) => [runtimeName(name), 'gpu-buffer' as const]),
            ),
          }
        : {}),
    };
    try {
      return new RuntimeSession(await ort.InferenceSession.create(model.bytes, options), resident);
    } catch (cause) {
      if (provider !== 'cpu') {
        throw new SynsegError(
          'DEVICE_UNAVAILABLE',
          `Cannot use device "${provider}": its execution provider must start, got ${messageOf(cause)}`,
          { cause },
        );
      }
      throw new SynsegError('MODEL_LOAD', `Cannot load graph: onnxruntime must accept it, got ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  /** Names of the graph's inputs. */
  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  /** Runs the graph. Blocks this thread until done. @throws SynsegError `INFERENCE` with the runtime's message. */
  async run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    return (await this.runResident(feeds)).results;
  }

  /** {@link RuntimeSession.run} for graphs that are fed their own results: resident outputs come back as handles. */
  async runResident(
    feeds: Readonly<Record<string, TensorData | ResidentTensor>>,
  ): Promise<{ readonly results: Record<string, TensorData>; readonly resident: Record<string, ResidentTensor> }> {
    const tensors: Record<string, ort.Tensor> = {};
    for (const [name, feed] of Object.entries(feeds)) {
      tensors[name] =
        feed instanceof ResidentTensor
          ? feed.handle
          : new ort.Tensor(TYPE_OF.get(feed.data.constructor) ?? 'float32', feed.data as Float32Array, feed.shape);
    }
    let outputs: ort.InferenceSession.ReturnType;
    try {
      outputs = await this.#session.run(tensors);
    } catch (cause) {
      throw new SynsegError('INFERENCE', `Cannot run graph: onnxruntime must finish, got ${messageOf(cause)}`, {
        cause,
      });
    }
    const results: Record<string, TensorData> = {};
    const resident: Record<string, ResidentTensor> = {};
    for (const [runtime, tensor] of Object.entries(outputs)) {
      const name = callerName(runtime);
      if (this.#resident.has(name)) resident[name] = new ResidentTensor(tensor);
      else results[name] = { data: tensor.data as Float32Array, shape: tensor.dims };
    }
    return { results, resident };
  }

  /** Frees the session's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Version of the runtime and the providers this build contains. */
export function runtimeInfo(): { readonly version: string; readonly bundledProviders: readonly string[] } {
  return {
    version: ort.env.versions.node ?? ort.env.versions.common,
    bundledProviders: ort
      .listSupportedBackends()
      .filter(({ bundled }) => bundled)
      .map(({ name }) => name),
  };
}
