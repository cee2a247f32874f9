export {
  cacheUsage,
  clearCache,
  defaultCacheFolder,
  CACHE_SECTIONS,
  type CacheSection,
  type CacheUsage,
} from './cache/cache-folder.ts';
export {
  downloadCheckpoint,
  hubDefaults,
  type DownloadCheckpointOptions,
  type DownloadProgress,
} from './checkpoint/hub.ts';
export {
  SynsegError,
  deserialiseError,
  isSynsegError,
  messageOf,
  serialiseError,
  type SerialisedError,
  type SynsegErrorCode,
} from './errors.ts';
export { encodeJPEG, type ImageInput, type JPEGOptions, type RawImage } from './image/image.ts';
export type { ImageOptions } from './image/picture-bytes.ts';
export { LabelSet, type LabelSetParts } from './labels/label-set.ts';
export type { LabelInput, LabelsOptions } from './labels/label-request.ts';
export { decideLabels, type DecisionRule } from './mask/decide.ts';
export { legendSVG, type LegendSVGOptions } from './mask/legend.ts';
export { blendBitmap, drawLegend, type Bitmap, type DrawLegendOptions } from './mask/legend-bitmap.ts';
export type { LabelBorders } from './mask/label-rows.ts';
export { blendOverlay, resizeLabelMap, type BlendOverlayOptions, type ResizeLabelMapOptions } from './mask/overlay.ts';
export { labelColors, type LabelColor } from './mask/palette.ts';
export { encodeIndexedPNG, type IndexedPNGOptions } from './mask/png.ts';
export { tracePolygons, type Polygon, type TracePolygonsOptions } from './mask/polygons.ts';
export {
  decodeRLE,
  encodeLabelMapRLE,
  encodeLabelRLE,
  encodeRLE,
  type CocoRle,
  type DecodeRLEOptions,
} from './mask/rle.ts';
export { measureRLE, type MaskMeasure } from './mask/measure.ts';
export { BACKGROUND } from './mask/background.ts';
export type { Background } from './model/postprocess.ts';
export type { MergeRule, ViewCount } from './model/views.ts';
export { EncodedImage } from './segmenter/encoded-image.ts';
export type { LoadProgress, SegmenterOptions } from './segmenter/load-options.ts';
export type { EncodeOptions, Output, SegmentOptions } from './segmenter/segment-options.ts';
export { Segmentation, type OverlayOptions } from './segmenter/segmentation.ts';
export { Segmenter, type SharedSegmenter } from './segmenter/segmenter.ts';
export type { Precision } from './session/protocol.ts';
export type { Provider } from './session/providers.ts';
export type { TemplateName, Templates } from './text/templates.ts';
