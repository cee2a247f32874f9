/**
 * onnxruntime-node behind a small interface; the only file that imports it.
 *
 * `run()` is synchronous inside its thread. A session is created, used and released in one thread and never shared.
 */
import * as ort from 'onnxruntime-node';
import { SynsegError, messageOf } from '../errors.ts';
import { callerName, type OnnxModel } from '../graph/onnx-writer.ts';
import type { Provider } from './providers.ts';

/** Numbers of a tensor, row-major. */
export interface TensorData {
  readonly data: Float32Array | Uint8Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** How sessions are made. */
export interface SessionSettings {
  readonly provider: Provider;
  /** Threads of one operator. */
  readonly threads: number;
}

const TYPE_OF = new Map<unknown, 'float32' | 'uint8' | 'int64'>([
  [Float32Array, 'float32'],
  [Uint8Array, 'uint8'],
  [BigInt64Array, 'int64'],
]);

// What the runtime would log, it also throws; a provider that is tried and missing is not news for stderr.
ort.env.logLevel = 'fatal';

/** A loaded graph. */
export class RuntimeSession {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /**
   * Loads a graph on a provider.
   *
   * @throws SynsegError `DEVICE_UNAVAILABLE` when the provider cannot make a session, `MODEL_LOAD` when the graph or
   *   its weights cannot be loaded.
   */
  static async create(model: OnnxModel, { provider, threads }: SessionSettings): Promise<RuntimeSession> {
    // The runtime drops a provider it was not built with and goes on without: that would be a silent fallback.
    const known = ort.listSupportedBackends().map(({ name }) => name);
    if (!known.includes(provider)) {
      throw new SynsegError('DEVICE_UNAVAILABLE', `Cannot use device "${provider}": it must be one that onnxruntime has here (${known.join(', ')}), got none of that name`);
    }
    const session: Record<string, unknown> = {
      // Idle sessions would spin and slow the one at work.
      intra_op: { allow_spinning: '0' },
      ...(model.externalFolder === undefined ? {} : { model_external_initializers_file_folder_path: model.externalFolder }),
    };
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      extra: { session },
    };
    try {
      return new RuntimeSession(await ort.InferenceSession.create(model.bytes, options));
    } catch (cause) {
      if (provider !== 'cpu') {
        throw new SynsegError('DEVICE_UNAVAILABLE', `Cannot use device "${provider}": its execution provider must start, got ${messageOf(cause)}`, { cause });
      }
      throw new SynsegError('MODEL_LOAD', `Cannot load graph: onnxruntime must accept it, got ${messageOf(cause)}`, { cause });
    }
  }

  /** Runs the graph. Blocks this thread until done. @throws SynsegError `INFERENCE` with the runtime's message. */
  async run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    const tensors: Record<string, ort.Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(feeds)) {
      tensors[name] = new ort.Tensor(TYPE_OF.get(data.constructor) ?? 'float32', data as Float32Array, shape);
    }
    let results: ort.InferenceSession.ReturnType;
    try {
      results = await this.#session.run(tensors);
    } catch (cause) {
      throw new SynsegError('INFERENCE', `Cannot run graph: onnxruntime must finish, got ${messageOf(cause)}`, { cause });
    }
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [callerName(name), { data: tensor.data as Float32Array, shape: tensor.dims }]),
    );
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
    bundledProviders: ort.listSupportedBackends().filter(({ bundled }) => bundled).map(({ name }) => name),
  };
}
