export { ENCODE_OPTIONS, SEGMENT_OPTIONS } from './segmenter/segment-options.ts';
