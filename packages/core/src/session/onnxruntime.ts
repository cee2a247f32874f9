/**
 * onnxruntime-node behind {@link ResidentSession}; the only file that imports it, and only when a session is made.
 *
 * `run()` is synchronous inside its thread.
 */
import type * as Ort from 'onnxruntime-node';
import { SynsegError, messageOf } from '../errors.ts';
import { callerName, runtimeName, type OnnxModel } from '../graph/onnx-writer.ts';
import { ResidentTensor, type ResidentSession, type SessionSettings, type TensorData } from './graph-session.ts';
import { disableTelemetry } from './telemetry.ts';

async function runtime(): Promise<typeof Ort> {
  const ort = await import('onnxruntime-node');
  // What the runtime would log, it also throws; a provider that is tried and missing is not news for stderr.
  ort.env.logLevel = 'fatal';
  return ort;
}

/**
 * Loads a graph on a provider.
 *
 * @throws SynsegError `DEVICE_UNAVAILABLE` when the provider cannot make a session, `MODEL_LOAD` when the graph or its
 *   weights cannot be loaded.
 */
export async function createSession(model: OnnxModel, settings: SessionSettings): Promise<ResidentSession> {
  const { provider, threads, resident = [], changesShapes = false } = settings;
  await disableTelemetry();
  const ort = await runtime();
  // The runtime drops a provider it was not built with and goes on without: that would be a silent fallback.
  const known = ort.listSupportedBackends().map(({ name }) => name);
  if (!known.includes(provider)) {
    const rule = `be one that onnxruntime has here (${known.join(', ')})`;
    const text = `Cannot use device "${provider}": it must ${rule}, got none of that name`;
    throw new SynsegError('DEVICE_UNAVAILABLE', text);
  }
  const onDevice = provider === 'webgpu' && resident.length > 0;
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: !changesShapes,
    logSeverityLevel: 4,
    extra: {
      session: {
        // Idle sessions would spin and slow the one at work.
        intra_op: { allow_spinning: '0' },
        ...(model.externalFolder !== undefined && {
          model_external_initializers_file_folder_path: model.externalFolder,
        }),
      },
    },
    ...(onDevice && {
      preferredOutputLocation: Object.fromEntries(resident.map((name) => [runtimeName(name), 'gpu-buffer' as const])),
    }),
  };
  try {
    return new OnnxSession(ort, await ort.InferenceSession.create(model.bytes, options), new Set(resident));
  } catch (cause) {
    const [code, message] =
      provider === 'cpu'
        ? (['MODEL_LOAD', 'Cannot load graph: onnxruntime must accept it'] as const)
        : (['DEVICE_UNAVAILABLE', `Cannot use device "${provider}": its execution provider must start`] as const);
    throw new SynsegError(code, `${message}, got ${messageOf(cause)}`, { cause });
  }
}

/** Version of the runtime and the providers this build contains. */
export async function runtimeInfo(): Promise<{ version: string; bundledProviders: readonly string[] }> {
  const { env, listSupportedBackends } = await runtime();
  const bundled = listSupportedBackends().filter((backend) => backend.bundled);
  return { version: env.versions.node ?? env.versions.common, bundledProviders: bundled.map(({ name }) => name) };
}

class OnnxTensor extends ResidentTensor {
  constructor(readonly handle: Ort.Tensor) {
    super();
  }

  get location(): string {
    return this.handle.location;
  }

  dispose(): void {
    if (this.location !== 'cpu') this.handle.dispose();
  }
}

const TYPE_OF = new Map<unknown, 'float32' | 'float64' | 'uint8' | 'int32' | 'int64'>([
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Uint8Array, 'uint8'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
]);

class OnnxSession implements ResidentSession {
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  readonly #resident: ReadonlySet<string>;

  constructor(ort: typeof Ort, session: Ort.InferenceSession, resident: ReadonlySet<string>) {
    [this.#ort, this.#session, this.#resident] = [ort, session, resident];
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  async run(feeds: Parameters<ResidentSession['run']>[0]): ReturnType<ResidentSession['run']> {
    return (await this.runResident(feeds)).results;
  }

  async runResident(feeds: Parameters<ResidentSession['runResident']>[0]): ReturnType<ResidentSession['runResident']> {
    const tensors: Record<string, Ort.Tensor> = {};
    for (const [name, feed] of Object.entries(feeds)) tensors[name] = this.#tensorOf(feed);
    let outputs: Ort.InferenceSession.ReturnType;
    try {
      outputs = await this.#session.run(tensors);
    } catch (cause) {
      const text = `Cannot run graph: onnxruntime must finish, got ${messageOf(cause)}`;
      throw new SynsegError('INFERENCE', text, { cause });
    }
    const results: Record<string, TensorData> = {};
    const resident: Record<string, ResidentTensor> = {};
    for (const [output, tensor] of Object.entries(outputs)) {
      const name = callerName(output);
      if (this.#resident.has(name)) resident[name] = new OnnxTensor(tensor);
      else results[name] = { data: tensor.data as Float32Array, shape: tensor.dims };
    }
    return { results, resident };
  }

  #tensorOf(feed: TensorData | ResidentTensor): Ort.Tensor {
    if (feed instanceof OnnxTensor) return feed.handle;
    const { data, shape } = feed as TensorData;
    return new this.#ort.Tensor(TYPE_OF.get(data.constructor) ?? 'float32', data as Float32Array, shape);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
