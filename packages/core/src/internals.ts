export { writeFileAtomic } from './cache/atomic-file.ts';
export { BUILD_ID } from './cache/build-id.ts';
export { openCheckpoint, readJson, type Checkpoint } from './checkpoint/checkpoint.ts';
export { EMBEDDED, embeddedFolder } from './checkpoint/embedded.ts';
export { fingerprintFiles, sha256 } from './checkpoint/fingerprint.ts';
export {
  readModelConfig,
  templatesOf,
  type ClipTextConfig,
  type ClipVisionConfig,
  type DecoderConfig,
  type ModelConfig,
} from './checkpoint/model-config.ts';
export {
  encodeSafetensors,
  readFloats,
  readSafetensors,
  safetensorsHeader,
  toFloat16,
  toFloat32,
  writeSafetensors,
  type FloatTensor,
  type SafetensorsFile,
  type TensorEntry,
  type TensorLayout,
} from './checkpoint/safetensors.ts';
export { Weights } from './checkpoint/weights.ts';
export { deserialiseError, disposedError, serialiseError, type SerialisedError } from './errors.ts';
export { Graph, Value, expectOperand, sameDType, type Attribute, type GraphNode } from './graph/graph.ts';
export { addForeignModel } from './graph/onnx-inline.ts';
export { writeOnnx, type OnnxModel } from './graph/onnx-writer.ts';
export * as ops from './graph/ops.ts';
export * as shapeOps from './graph/shape-ops.ts';
export {
  ONNX_DTYPE,
  broadcastShapes,
  productOf,
  sameShape,
  type DType,
  type Dimension,
  type Shape,
} from './graph/tensor-type.ts';
export { encodePNG, openImage, type OpenedImage } from './image/image.ts';
export { LabelEmbedder } from './labels/label-embedder.ts';
export { resolveLabels } from './labels/label-request.ts';
export { decode, upsampleToLogits } from './model/decoder.ts';
export { trunkTaps } from './model/model-graphs.ts';
export { CheckpointParameters, type Parameters } from './model/parameters.ts';
export { textEmbeddings } from './model/text-encoder.ts';
export { imageEmbeddings, normalisePixels } from './model/vision-trunk.ts';
export { defaultThreads } from './segmenter/load-options.ts';
export { providerCandidates } from './session/engine-loader.ts';
export { eventTurn, turnTaker } from './session/event-turn.ts';
export { PROVIDERS } from './session/providers.ts';
export type { EngineSettings } from './session/protocol.ts';
export { ThreadClient } from './session/thread-client.ts';
export { RunGuard } from './session/run-guard.ts';
export { ResidentTensor, RuntimeSession, type TensorData } from './session/runtime.ts';
export { promptBatch } from './text/prompt-batch.ts';
export { ClipTokenizer } from './text/tokenizer.ts';
export { Vocabulary } from './text/vocabulary.ts';
