export { DECODE_OPTIONS } from './decode/decode-options.ts';
export { PREVIEW_OPTIONS } from './preview/preview-options.ts';
export { ENCODE_VIDEO_OPTIONS } from './sinks/encode-arguments.ts';
export { PROBE_OPTIONS } from './decode/probe.ts';
export { SAVE_FRAMES_OPTIONS } from './save-frames-options.ts';
export { OUTPUT_FILES, SEGMENT_VIDEO_OPTIONS, SEGMENT_VIDEOS_OPTIONS } from './video-options.ts';
