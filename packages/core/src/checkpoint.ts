export { writeDurably, writeFileAtomic, type Chunks } from './cache/atomic-file.ts';
export { createLock } from './cache/lock-file.ts';
export { BUILD_ID } from './cache/build-id.ts';
export {
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
export type { ConvolutionTrunkConfig } from './checkpoint/convolution-config.ts';
export { pictureMaps } from './checkpoint/picture-maps.ts';
export {
  readModelConfig,
  statisticsOf,
  templatesOf,
  type ClipTextConfig,
  type ClipVisionConfig,
  type ModelConfig,
  type TransformerDecoderConfig,
} from './checkpoint/model-config.ts';
export {
  encodeSafetensors,
  halfToFloat,
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
export { STATISTICS } from './checkpoint/statistics.ts';
export { Weights } from './checkpoint/weights.ts';
export { checkpointFolderOf } from './segmenter/load-options.ts';
export { resolveLabels } from './labels/label-request.ts';
export { plainText } from './labels/word-forms.ts';
export { WordTable } from './labels/word-table.ts';
export { promptBatch, type PromptBatch } from './text/prompt-batch.ts';
export { cleanText, unescapeEntities } from './text/clean-text.ts';
export { ClipTokenizer } from './text/tokenizer.ts';
export { Vocabulary } from './text/vocabulary.ts';
