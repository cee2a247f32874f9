/** A session on a device, by the runtime that has it. */
import type { OnnxModel } from '../graph/onnx-writer.ts';
import type { GraphSession } from './graph-session.ts';
import { createSession } from './onnxruntime.ts';
import { createOpenVinoSession } from './openvino.ts';
import { isOpenVino, type Device } from './providers.ts';
import type { Precision } from './protocol.ts';

/** Settings of a session on any device. */
export interface EngineSessionSettings {
  readonly device: Device;
  /** Threads of one operator. */
  readonly threads: number;
  /** What OpenVINO computes in; for onnxruntime, that is part of the graph. */
  readonly precision: Precision;
  /** Length of a row whose activations OpenVINO quantizes with one scale, where weights are in int8. */
  readonly quantizedRow?: number | undefined;
  readonly cacheFolder: string;
}

/** Loads a graph. @throws SynsegError `DEVICE_UNAVAILABLE` or `MODEL_LOAD` */
export function openSession(model: OnnxModel, settings: EngineSessionSettings): Promise<GraphSession> {
  const { device, threads } = settings;
  if (isOpenVino(device)) return createOpenVinoSession(model, { ...settings, device });
  return createSession(model, { provider: device, threads });
}
