export { decodeFrames, type DecodeEnd, type DecodeOptions, type VideoFrame } from './decode/decode.ts';
export { encodeVideo, type VideoSink } from './sinks/encode.ts';
export type { EncodeOptions } from './sinks/encode-arguments.ts';
export type { FrameTime } from './decode/frame-clock.ts';
export { probe, type ProbeOptions, type VideoInfo } from './source/probe.ts';
export { redactCredentials } from './process/redact.ts';
export type { VideoSource } from './source/source.ts';
export { segmentVideo, type SegmentVideoOptions, type VideoProgress } from './segment-video.ts';
export type {
  FrameLabels,
  FrameSegmentation,
  FrameSegmenter,
  FrameSegmentOptions,
  MaskRle,
  SegmentedFrame,
} from './segmented-frame.ts';
export type { FrameSelection } from './decode/selection.ts';
