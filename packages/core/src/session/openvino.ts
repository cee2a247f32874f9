/**
 * OpenVINO behind {@link GraphSession}. `run()` is synchronous in the thread that owns the session: no callback, no
 * thread of the library ever enters JavaScript. On the processor the library computes int64 in 32 bits: our graphs
 * count pixels, tokens and labels.
 */
import { SynsegError, messageOf } from '../errors.ts';
import { decodeModel, type ValueInfoProto } from '../graph/onnx-schema.ts';
import { callerName, type OnnxModel } from '../graph/onnx-writer.ts';
import { ONNX_DTYPE } from '../graph/tensor-type.ts';
import type { GraphSession, TensorData } from './graph-session.ts';
import { OpenVino, type Handle, type Kind } from './openvino-api.ts';
import { compileCached } from './openvino-cache.ts';
import type { Precision } from './protocol.ts';
import type { OpenVinoDevice } from './providers.ts';

/** Settings of a session. */
export interface OpenVinoSettings {
  readonly device: OpenVinoDevice;
  /** Threads of one operator, on the processor. */
  readonly threads: number;
  readonly precision: Precision;
  /** Activations of products with int8 weights are quantized in groups of so many: the length of their rows. */
  readonly quantizedRow?: number | undefined;
  readonly cacheFolder: string;
}

/** The library's name of each device. */
const DEVICES: Readonly<Record<OpenVinoDevice, string>> = {
  'openvino': 'CPU',
  'openvino:gpu': 'GPU',
  'openvino:npu': 'NPU',
};
/** What a device must be able to compute in, by precision; int8 has a form for devices without bf16. */
const CAPABILITY: Readonly<Record<Precision, string>> = { fp32: 'FP32', fp16: 'FP16', bf16: 'BF16', int8: 'INT8' };
const HINT: Readonly<Record<string, string>> = { FP32: 'f32', FP16: 'f16', BF16: 'bf16' };

const ARRAYS = new Map<number, new (buffer: ArrayBuffer) => TensorData['data']>([
  [ONNX_DTYPE.float32, Float32Array],
  [ONNX_DTYPE.float64, Float64Array],
  [ONNX_DTYPE.uint8, Uint8Array],
  [ONNX_DTYPE.int32, Int32Array],
  [ONNX_DTYPE.int64, BigInt64Array],
]);

/** An input or output, as the graph declares it. */
interface Port {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly type: number;
  /** Dimensions; undefined where they are open. */
  readonly shape: readonly (number | undefined)[];
}

interface Input extends Port {
  readonly index: number;
  /** The library's number of the element type. */
  readonly elementType: number;
}

/**
 * Loads a graph on a device of OpenVINO.
 *
 * @throws SynsegError `DEVICE_UNAVAILABLE` when library, device or precision are missing, `MODEL_LOAD` when the graph
 *   or its weights cannot be loaded
 */
export async function createOpenVinoSession(model: OnnxModel, settings: OpenVinoSettings): Promise<GraphSession> {
  const openVino = await OpenVino.load();
  const owned = new Owned(openVino);
  try {
    const core = owned.add('core', openVino.make('core_create', []));
    const device = DEVICES[settings.device];
    const properties = propertiesFor(openVino, core, settings);
    const key = [openVino.version, openVino.text('core_get_property', core, device, 'FULL_DEVICE_NAME'), device];
    const compiled = await compileCached(model, [...key, ...properties], settings.cacheFolder, (file, folder) => {
      const pairs = [...properties, 'CACHE_DIR', folder];
      const typed = pairs.flatMap((text) => ['str', text]);
      return openVino.make('core_compile_model_from_file', [core, file, device, pairs.length], typed);
    });
    owned.add('compiled_model', compiled);
    return new OpenVinoSession(openVino, owned, compiled, decodeModel(model.bytes).graph);
  } catch (cause) {
    owned.free();
    if (cause instanceof SynsegError) throw cause;
    const text = `Cannot load graph: OpenVINO must accept it, got ${messageOf(cause)}`;
    throw new SynsegError('MODEL_LOAD', text, { cause });
  }
}

/** Version, place and devices of the library. @throws SynsegError `DEVICE_UNAVAILABLE` when there is none */
export async function openVinoInfo(): Promise<{ path: string; version: string; devices: readonly string[] }> {
  const openVino = await OpenVino.load();
  const core = openVino.make('core_create', []);
  try {
    return { path: openVino.path, version: openVino.version, devices: openVino.devices(core) };
  } finally {
    openVino.free('core', core);
  }
}

/** Names and values of the settings that a graph is compiled with, in turns. */
function propertiesFor(openVino: OpenVino, core: Handle, settings: OpenVinoSettings): readonly string[] {
  const { precision, threads, quantizedRow } = settings;
  const device = DEVICES[settings.device];
  const unavailable = (what: string, rule: string, got: readonly string[]): SynsegError => {
    const text = `Cannot use ${what}: it must ${rule}, got ${got.join(', ') || 'none'}`;
    return new SynsegError('DEVICE_UNAVAILABLE', text);
  };
  const devices = openVino.devices(core);
  if (!devices.some((name) => name === device || name.startsWith(`${device}.`)))
    throw unavailable(`device "${settings.device}"`, `be one that OpenVINO finds here`, devices);
  const able = openVino.text('core_get_property', core, device, 'OPTIMIZATION_CAPABILITIES').split(' ');
  if (!able.includes(CAPABILITY[precision]))
    throw unavailable(`precision "${precision}"`, `be one that device "${settings.device}" computes in`, able);
  const rest = precision === 'int8' ? (able.includes('BF16') ? 'BF16' : 'FP32') : CAPABILITY[precision];
  return [
    ...['PERFORMANCE_HINT', 'LATENCY', 'INFERENCE_PRECISION_HINT', HINT[rest] as string],
    ...(quantizedRow === undefined ? [] : ['DYNAMIC_QUANTIZATION_GROUP_SIZE', String(quantizedRow)]),
    // Pinned threads wait for their own core while another is free, and those of two sessions for the same one.
    ...(device === 'CPU' ? ['INFERENCE_NUM_THREADS', String(threads), 'ENABLE_CPU_PINNING', 'NO'] : []),
  ];
}

/** Objects of the library, freed once and in the order against that of their making. */
class Owned {
  readonly #openVino: OpenVino;
  readonly #objects: (readonly [Kind, Handle])[] = [];

  constructor(openVino: OpenVino) {
    this.#openVino = openVino;
  }

  add(kind: Kind, handle: Handle): Handle {
    this.#objects.push([kind, handle]);
    return handle;
  }

  free(): void {
    for (const [kind, handle] of this.#objects.splice(0).reverse()) this.#openVino.free(kind, handle);
  }
}

class OpenVinoSession implements GraphSession {
  readonly #openVino: OpenVino;
  readonly #owned: Owned;
  readonly #inputs: ReadonlyMap<string, Input>;
  readonly #outputs: readonly Port[];
  readonly #request: Handle;
  #released = false;
  /** What the library reads where it lies: kept from collection until it has. */
  readonly #read = new Set<unknown>();

  constructor(
    openVino: OpenVino,
    owned: Owned,
    compiled: Handle,
    graph: { readonly input: readonly ValueInfoProto[]; readonly output: readonly ValueInfoProto[] },
  ) {
    [this.#openVino, this.#owned] = [openVino, owned];
    const [inputs, outputs] = [graph.input.map(portOf), graph.output.map(portOf)];
    for (const [side, ports] of Object.entries({ inputs, outputs })) {
      const count = Number(openVino.make<number | bigint>(`compiled_model_${side}_size`, [compiled]));
      if (count !== ports.length) throw new Error(`${count} ${side} where the graph has ${ports.length}`);
    }
    const elementType = (index: number): number => {
      const port = openVino.make('compiled_model_input_by_index', [compiled, index]);
      try {
        return openVino.make<number>('port_get_element_type', [port]);
      } finally {
        openVino.free('output_const_port', port);
      }
    };
    this.#inputs = new Map(
      inputs.map((port, index) => [port.name, { ...port, index, elementType: elementType(index) }]),
    );
    this.#outputs = outputs;
    this.#request = owned.add('infer_request', openVino.make('compiled_model_create_infer_request', [compiled]));
  }

  get inputNames(): readonly string[] {
    return [...this.#inputs.keys()];
  }

  async run(feeds: Parameters<GraphSession['run']>[0]): ReturnType<GraphSession['run']> {
    if (this.#released) throw failure('the session must not be released, got a run after that');
    for (const name of this.#inputs.keys())
      if (feeds[name] === undefined) throw failure(`input "${name}" must be fed, got nothing`);
    const tensors = new Owned(this.#openVino);
    this.#read.add(feeds);
    try {
      for (const [name, feed] of Object.entries(feeds)) {
        const { index, elementType } = this.#checked(name, feed);
        const tensor = tensors.add('tensor', this.#openVino.tensorOn(feed.data, feed.shape, elementType));
        this.#openVino.call('infer_request_set_input_tensor_by_index', this.#request, index, tensor);
      }
      this.#openVino.call('infer_request_infer', this.#request);
      return Object.fromEntries(this.#outputs.map((port, index) => [callerName(port.name), this.#output(port, index)]));
    } catch (cause) {
      if (cause instanceof SynsegError) throw cause;
      throw failure(`OpenVINO must finish, got ${messageOf(cause)}`, cause);
    } finally {
      tensors.free();
      this.#read.clear();
    }
  }

  /** The library reads as many bytes as a shape says: nothing else keeps it inside the array. */
  #checked(name: string, { data, shape }: TensorData): Input {
    const input = this.#inputs.get(name);
    if (input === undefined) throw failure(`inputs must be of ${this.inputNames.join(', ')}, got "${name}"`);
    const fits =
      shape.length === input.shape.length &&
      shape.every((size, axis) => size >= 0 && size === (input.shape[axis] ?? size)) &&
      data.length === shape.reduce((product, size) => product * size, 1) &&
      data instanceof (ARRAYS.get(input.type) as new (buffer: ArrayBuffer) => TensorData['data']);
    if (fits) return input;
    const declared = input.shape.map((size) => size ?? '?').join(', ');
    const given = `${data.length} numbers of ${data.constructor.name} as [${shape.join(', ')}]`;
    throw failure(`input "${name}" must be [${declared}] of the graph's type, got ${given}`);
  }

  #output({ type, name, shape }: Port, index: number): TensorData {
    const tensor = this.#openVino.make('infer_request_get_output_tensor_by_index', [this.#request, index]);
    try {
      const NumberArray = ARRAYS.get(type);
      if (NumberArray === undefined) throw new Error(`internal: output "${name}" has type ${type}`);
      const data = new NumberArray(this.#openVino.bytesOf(tensor));
      // A scalar's shape can only be known: the library refuses to tell it.
      return { data, shape: isKnown(shape) ? shape : this.#openVino.shapeOf(tensor) };
    } finally {
      this.#openVino.free('tensor', tensor);
    }
  }

  release(): Promise<void> {
    this.#released = true;
    this.#owned.free();
    return Promise.resolve();
  }
}

function portOf({ name, type: { tensorType } }: ValueInfoProto): Port {
  const dimension = ({ dimValue, dimParam = '' }: { dimValue?: number; dimParam?: string }): number | undefined =>
    dimParam === '' ? Number(dimValue ?? 0) : undefined;
  return { name, type: tensorType.elemType, shape: tensorType.shape.dim.map(dimension) };
}

function isKnown(shape: Port['shape']): shape is readonly number[] {
  return shape.every((size) => size !== undefined);
}

function failure(rest: string, cause?: unknown): SynsegError {
  return new SynsegError('INFERENCE', `Cannot run graph: ${rest}`, cause === undefined ? {} : { cause });
}
