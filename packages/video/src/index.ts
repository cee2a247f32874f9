export { decodeFrames, type DecodeEnd, type DecodeOptions, type VideoFrame } from './decode.ts';
export { encodeVideo, type VideoSink } from './encode.ts';
export type { EncodeOptions } from './encode-arguments.ts';
export type { FrameTime } from './frame-clock.ts';
export { probe, type ProbeOptions, type VideoInfo } from './probe.ts';
export { redactCredentials } from './process/redact.ts';
export type { VideoSource } from './process/source.ts';
export { segmentVideo, type SegmentVideoOptions, type VideoProgress } from './segment-video.ts';
export type {
  FrameLabels,
  FrameSegmentation,
  FrameSegmenter,
  FrameSegmentOptions,
  MaskRle,
  SegmentedFrame,
} from './segmented-frame.ts';
export type { FrameSelection } from './selection.ts';
