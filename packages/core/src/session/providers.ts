/** Devices by the name users give; apart from the runtimes, so that callers' threads never load them. */

/** Execution providers of onnxruntime. */
export const PROVIDERS = ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'] as const;

/** One of {@link PROVIDERS}. */
export type Provider = (typeof PROVIDERS)[number];

/** Devices of OpenVINO: the processor, and what it has beside. */
export const OPENVINO_DEVICES = ['openvino', 'openvino:gpu', 'openvino:npu'] as const;

/** One of {@link OPENVINO_DEVICES}. */
export type OpenVinoDevice = (typeof OPENVINO_DEVICES)[number];

/** What a segmenter runs on. */
export type Device = Provider | OpenVinoDevice;

/** True for a device of OpenVINO. */
export function isOpenVino(device: string): device is OpenVinoDevice {
  return (OPENVINO_DEVICES as readonly string[]).includes(device);
}
