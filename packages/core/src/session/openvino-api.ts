/**
 * OpenVINO's C library through koffi; the only file that imports it, and only when such a device is asked for.
 *
 * Every status is checked here; what a call hands out is freed by its owner, once, with {@link OpenVino.free}. Element
 * types have other numbers in other releases: they are asked for, never named.
 */
import type * as Koffi from 'koffi';
import { SynsegError, messageOf } from '../errors.ts';
import { HOW_TO_GET_OPENVINO, openVinoCandidates } from './openvino-library.ts';

/** Address of an object of the library. */
export type Handle = bigint;

/** Kinds of objects, each freed by a function of its own. */
export type Kind = 'core' | 'model' | 'compiled_model' | 'infer_request' | 'output_const_port' | 'tensor';

const KINDS = ['core', 'model', 'compiled_model', 'infer_request', 'output_const_port', 'tensor'] as const;

/** A type as koffi takes it. */
type Type = Parameters<typeof Koffi.sizeof>[0];
type Native = (...values: readonly unknown[]) => unknown;

interface Shape {
  rank: number | bigint;
  dims: BigInt64Array | Handle;
}

/** The loaded library. */
export class OpenVino {
  /** Where it was found; the loader's name for it when the loader knew. */
  readonly path: string;
  /** Version and build. */
  readonly version: string;
  readonly #koffi: typeof Koffi;
  readonly #functions = new Map<string, Native>();

  private constructor(koffi: typeof Koffi, path: string) {
    [this.#koffi, this.path] = [koffi, path];
    const library = koffi.load(path);
    const shape = koffi.struct({ rank: 'int64_t', dims: 'int64_t *' });
    const version = koffi.struct({ buildNumber: 'void *', description: 'void *' });
    const devices = koffi.struct({ devices: 'void *', size: 'size_t' });
    const made = koffi.out(koffi.pointer('void *'));
    const size = koffi.out(koffi.pointer('size_t'));
    const declare = (name: string, result: string, parameters: Type[]): void =>
      void this.#functions.set(name, library.func(`ov_${name}`, result, parameters) as Native);
    const call = (name: string, ...parameters: Type[]): void => declare(name, 'int', parameters);
    const any = 'void *';
    declare('get_last_err_msg', any, []);
    declare('get_error_info', 'str', ['int']);
    declare('free', 'void', [any]);
    for (const kind of KINDS) declare(`${kind}_free`, 'void', [any]);
    call('get_openvino_version', koffi.out(koffi.pointer(version)));
    declare('version_free', 'void', [koffi.pointer(version)]);
    call('core_create', made);
    call('core_get_available_devices', any, koffi.out(koffi.pointer(devices)));
    declare('available_devices_free', 'void', [koffi.pointer(devices)]);
    call('core_get_property', any, 'str', 'str', made);
    call('core_read_model', any, 'str', 'str', made);
    call('core_read_model_from_memory_buffer', any, any, 'size_t', any, made);
    call('core_compile_model', any, any, 'str', 'size_t', made, '...');
    call('core_compile_model_from_file', any, 'str', 'str', 'size_t', made, '...');
    call('compiled_model_inputs_size', any, size);
    call('compiled_model_outputs_size', any, size);
    call('compiled_model_input_by_index', any, 'size_t', made);
    call('compiled_model_get_property', any, 'str', made);
    call('compiled_model_create_infer_request', any, made);
    call('port_get_element_type', any, koffi.out(koffi.pointer('int')));
    call('tensor_create_from_host_ptr', 'int', shape, any, made);
    call('tensor_get_shape', any, koffi.out(koffi.pointer(shape)));
    call('shape_free', koffi.pointer(shape));
    call('tensor_get_byte_size', any, size);
    call('tensor_data', any, made);
    call('infer_request_set_input_tensor_by_index', any, 'size_t', any);
    call('infer_request_get_output_tensor_by_index', any, 'size_t', made);
    call('infer_request_infer', any);
    const found: { buildNumber?: Handle } = {};
    this.call('get_openvino_version', found);
    this.version = koffi.decode.string(found.buildNumber);
    this.#native('version_free', found);
  }

  /**
   * Finds and loads the library.
   *
   * @throws SynsegError `DEVICE_UNAVAILABLE` that says how to get what is missing
   */
  static async load(): Promise<OpenVino> {
    const unavailable = (rule: string, got: string, cause?: unknown): SynsegError =>
      new SynsegError('DEVICE_UNAVAILABLE', `Cannot use OpenVINO: ${rule}, got ${got} (${HOW_TO_GET_OPENVINO})`, {
        cause,
      });
    let koffi: typeof Koffi;
    try {
      koffi = await import('koffi');
    } catch (cause) {
      throw unavailable('package koffi must be installed', brief(cause), cause);
    }
    const failures: unknown[] = [];
    for (const path of await openVinoCandidates()) {
      try {
        return new OpenVino(koffi, path);
      } catch (error) {
        failures.push(error);
      }
    }
    throw unavailable('its C library must load', failures.map(brief).join('; '), failures.at(-1));
  }

  #native(name: string, ...values: readonly unknown[]): unknown {
    return (this.#functions.get(name) as Native)(...values);
  }

  /** Calls a function that returns a status. @throws Error with the library's message */
  call(name: string, ...values: readonly unknown[]): void {
    const status = this.#native(name, ...values) as number;
    if (status !== 0) throw new Error(this.#lastError(status));
  }

  /** {@link OpenVino.call} of a function whose last value, or the last before `more`, is what it makes. */
  make<T = Handle>(name: string, values: readonly unknown[], more: readonly unknown[] = []): T {
    const made: [T | null] = [null];
    this.call(name, ...values, made, ...more);
    return made[0] as T;
  }

  /** Frees an object. */
  free(kind: Kind, handle: Handle): void {
    this.#native(`${kind}_free`, handle);
  }

  /** {@link OpenVino.make} of a text. */
  text(name: string, ...values: readonly unknown[]): string {
    return this.#take(this.make(name, values));
  }

  /** Names of the devices that the library knows here: CPU, GPU.0. */
  devices(core: Handle): string[] {
    const list: { devices?: Handle; size?: number | bigint } = {};
    this.call('core_get_available_devices', core, list);
    try {
      return [...(this.#koffi.decode(list.devices, 'char *', Number(list.size)) as string[])];
    } finally {
      this.#native('available_devices_free', list);
    }
  }

  /** A tensor on the memory of `data`, which has to stay alive as long as the tensor is used. */
  tensorOn(data: ArrayBufferView, shape: readonly number[], elementType: number): Handle {
    const dims = BigInt64Array.from(shape, BigInt);
    return this.make('tensor_create_from_host_ptr', [elementType, { rank: shape.length, dims } satisfies Shape, data]);
  }

  /** Shape of a tensor. */
  shapeOf(tensor: Handle): number[] {
    const shape: Shape = { rank: 0, dims: 0n };
    this.call('tensor_get_shape', tensor, shape);
    try {
      return Array.from(
        this.#koffi.decode(shape.dims, 'int64_t', Number(shape.rank)) as ArrayLike<number | bigint>,
        Number,
      );
    } finally {
      this.call('shape_free', shape);
    }
  }

  /** A copy of a tensor's bytes. */
  bytesOf(tensor: Handle): ArrayBuffer {
    const bytes = Number(this.make<number | bigint>('tensor_get_byte_size', [tensor]));
    // The library's own memory, valid until the request runs again.
    return bytes === 0 ? new ArrayBuffer(0) : this.#koffi.view(this.make('tensor_data', [tensor]), bytes).slice(0);
  }

  #lastError(status: number): string {
    const text = this.#take(this.#native('get_last_err_msg') as Handle | null);
    const reason = text.replace(/^Exception from .*:\d+:\n/, '').trim();
    return reason === '' ? String(this.#native('get_error_info', status)) : reason.replaceAll(/\s*\n\s*/g, ' ');
  }

  /** Reads a text of the library and frees it. */
  #take(text: Handle | null): string {
    if (text === null) return '';
    try {
      return this.#koffi.decode.string(text);
    } finally {
      this.#native('free', text);
    }
  }
}

function brief(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? '';
}
