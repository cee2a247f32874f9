/** The interface of a runtime for graphs; `onnxruntime.ts` and `openvino.ts` implement it. */
import type { Provider } from './providers.ts';

/** Numbers of a tensor, row-major. */
export interface TensorData {
  readonly data: Float32Array | Float64Array | Uint8Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** An output that stayed where its provider computed it, to be fed to a later run. */
export abstract class ResidentTensor {
  /** The memory it lies in: `'cpu'`, or what the runtime calls the device's. */
  abstract readonly location: string;
  /** Frees it; a tensor on the device is not freed by being forgotten. */
  abstract dispose(): void;
}

/** Settings of a session of onnxruntime. */
export interface SessionSettings {
  readonly provider: Provider;
  /** Threads of one operator. */
  readonly threads: number;
  /** Outputs that come back as {@link ResidentTensor}, on the device where the provider allows it. */
  readonly resident?: readonly string[];
  /**
   * True when inputs change their shapes from run to run: a plan of the memory is then made for each shape, and none of
   * them given back. @default false
   */
  readonly changesShapes?: boolean;
}

/** A loaded graph. It is created, used and released in one thread and never shared. */
export interface GraphSession {
  /** Names of the graph's inputs. */
  readonly inputNames: readonly string[];
  /** Runs the graph. May block this thread until done. @throws SynsegError `INFERENCE` with the runtime's message */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>>;
  /** Frees the session's memory. */
  release(): Promise<void>;
}

/** A session whose results may stay where they are. */
export interface ResidentSession extends GraphSession {
  /** {@link GraphSession.run} for graphs that are fed their own results: resident outputs come back as handles. */
  runResident(
    feeds: Readonly<Record<string, TensorData | ResidentTensor>>,
  ): Promise<{ readonly results: Record<string, TensorData>; readonly resident: Record<string, ResidentTensor> }>;
}
