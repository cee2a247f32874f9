export { encodeJPEG, JPEG_OPTIONS, type JPEGOptions } from './image/encode.ts';
export { decideLabels, type DecisionRule } from './mask/decide.ts';
export type { LabelBorders } from './mask/label-rows.ts';
export { blendBitmap, drawLegend, type Bitmap, type DrawLegendOptions } from './image/legend-bitmap.ts';
export { legendSVG, type LegendSVGOptions } from './mask/legend.ts';
export { measureRLE, type MaskMeasure } from './mask/measure.ts';
export {
  BLEND_OPTIONS,
  blendOverlay,
  LOOK_OPTIONS,
  RESIZE_OPTIONS,
  resizeLabelMap,
  type BlendOverlayOptions,
  type ResizeLabelMapOptions,
} from './mask/overlay.ts';
export { labelColors } from './mask/palette.ts';
export { encodeIndexedPNG, INDEXED_PNG_OPTIONS, type IndexedPNGOptions } from './image/label-png.ts';
export { TRACE_POLYGONS_OPTIONS, tracePolygons } from './mask/polygons.ts';
export { decodeRLE, encodeLabelMapRLE, encodeLabelRLE, encodeRLE, type DecodeRLEOptions } from './mask/rle.ts';
export type { MadeForms } from './segmenter/segmentation.ts';
