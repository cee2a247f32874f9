export { decodeFrames } from './decode/decode.ts';
export type { DecodeEnd, DecodeOptions, OpenedSource, VideoFrame } from './decode/decode-options.ts';
export type { FrameTime } from './decode/frame-clock.ts';
export type { PixelFormat } from './source/pixel-formats.ts';
export type { FrameSelection } from './decode/selection.ts';
export type { ReconnectOptions } from './live/backoff.ts';
export type { SourceState, SourceStateChange } from './live/reader-options.ts';
export type { Policy } from './pipeline/frame-buffer.ts';
export type { SourceWithFiles, VideoSegmenter } from './pipeline/stream.ts';
export type { SourceReport, VideoStream } from './pipeline/video-stream.ts';
export { PreviewServer } from './preview/preview-server.ts';
export type { PreviewLabel, PreviewLabels, PreviewOptions, PreviewPicture } from './preview/preview-options.ts';
export { findFfmpeg } from './process/version.ts';
export { segmentVideo, segmentVideos } from './segment-videos.ts';
export type { SegmentedFrame } from './segmented-frame.ts';
export type { EncodeOptions } from './sinks/encode-arguments.ts';
export { encodeVideo, type VideoSink } from './sinks/encode.ts';
export { listDevices, type CameraDevice } from './source/devices.ts';
export { probe, type ProbeOptions, type VideoInfo } from './decode/probe.ts';
export {
  describeSource,
  sourceNames,
  type FfmpegInput,
  type RawFrame,
  type SourceDescription,
  type VideoSource,
} from './source/source.ts';
export type { HoldOptions } from './temporal/hold.ts';
export type { KeyframeOptions } from './temporal/keyframes.ts';
export type { SmoothingOptions } from './temporal/smoothing.ts';
export type { OutputFiles, SegmentVideoOptions, SegmentVideosOptions, VideoProgress } from './video-options.ts';
