export { DOWNLOAD_CHECKPOINT_OPTIONS } from './checkpoint/hub-options.ts';
export { IMAGE_OPTIONS } from './image/picture-bytes.ts';
export { LABELS_OPTIONS } from './labels/label-request.ts';
export { LOAD_OPTIONS } from './segmenter/load-options.ts';
export { ENCODE_OPTIONS, REFINE_OPTIONS, SEGMENT_OPTIONS, WINDOW_OPTIONS } from './segmenter/segment-options.ts';
export { OVERLAY_OPTIONS } from './segmenter/segmentation.ts';
export { PROVIDERS } from './session/providers.ts';
