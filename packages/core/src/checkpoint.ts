export { writeFileAtomic } from './cache/atomic-file.ts';
export { BUILD_ID } from './cache/build-id.ts';
export {
  CACHE_SECTIONS,
  cacheUsage,
  clearCache,
  defaultCacheFolder,
  type CacheSection,
  type CacheUsage,
} from './cache/cache-folder.ts';
export { openCheckpoint, readJson, type Checkpoint } from './checkpoint/checkpoint.ts';
export { EMBEDDED, embeddedFolder } from './checkpoint/embedded.ts';
export { fingerprintFiles, sha256 } from './checkpoint/fingerprint.ts';
export { hubDefaults } from './checkpoint/hub.ts';
export { DOWNLOAD_CHECKPOINT_OPTIONS, HUB_OPTIONS } from './checkpoint/hub-options.ts';
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
export { IMAGE_OPTIONS } from './image/picture-bytes.ts';
export { LABELS_OPTIONS, resolveLabels } from './labels/label-request.ts';
export { LOAD_OPTIONS } from './segmenter/load-options.ts';
export { ENCODE_OPTIONS, SEGMENT_OPTIONS } from './segmenter/segment-options.ts';
export { OVERLAY_OPTIONS } from './segmenter/segmentation.ts';
export { promptBatch } from './text/prompt-batch.ts';
export { ClipTokenizer } from './text/tokenizer.ts';
export { Vocabulary } from './text/vocabulary.ts';
