/**
 * The main job: decode → segment → (blend → encode) → you, in order. Every arrow is bounded, so memory stays flat and a
 * slow consumer stops ffmpeg. The segmenter sees several frames at a time, which lets it form batches.
 */
import { decodeFrames, type DecodeEnd, type DecodeOptions, type VideoFrame } from './decode/decode.ts';
import { probe, type VideoInfo } from './source/probe.ts';
import { checkSource, sourceName, type VideoSource } from './source/source.ts';
import { mapOrdered } from './pipeline/queue.ts';
import type { FrameLabels, FrameSegmenter, FrameSegmentOptions, SegmentedFrame } from './segmented-frame.ts';
import { checkSelection, type FrameSelection } from './decode/selection.ts';
import { JsonlSink } from './sinks/jsonl.ts';
import { OverlaySink, type SegmentedPicture } from './sinks/overlay.ts';

/** How far a video is. */
export interface VideoProgress {
  /** Frames done. */
  readonly frames: number;
  /** Frames expected, from the container's claim; not known for every source. */
  readonly total?: number;
  /** Time of the frame done last. */
  readonly timeSeconds: number;
  /** Mean speed since the first frame was asked for. */
  readonly framesPerSecond: number;
}

/** Options of {@link segmentVideo}. */
export interface SegmentVideoOptions extends FrameSelection {
  /** 5 looks at each quarter as well: finer and about five times slower. @default 1 */
  readonly views?: 1 | 5;
  /** Least activation of a mask, 0 to 1. @default the label set's */
  readonly threshold?: number;
  /** Write the video with the label colors blended in to this .mp4. */
  readonly overlay?: string;
  /** Write masks as JSON lines to this file. */
  readonly jsonl?: string;
  /** Weight of the label colors in the overlay, 0 to 1. @default 0.5 */
  readonly alpha?: number;
  /** Draw borders in full color in the overlay. @default false */
  readonly contour?: boolean;
  /** ffmpeg's H.264 encoder for the overlay. @default 'libx264' */
  readonly encoder?: string;
  /** Frames in the segmenter at a time. @default 4 */
  readonly maxInFlight?: number;
  /** Stops; files are finished with the frames done so far, then the iterator throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: VideoProgress) => void;
  /** Called once when the source has been read to its end, with ffmpeg's complaints about damaged files. */
  readonly onEnd?: (end: DecodeEnd) => void;
}

/**
 * Segments a video frame by frame and yields the frames in order. Leaving the loop (`break`, an exception, abort) ends
 * ffmpeg and finishes the files.
 *
 * @throws {TypeError | RangeError} at the call, when an argument is of the wrong kind or out of range.
 * @throws {SynsegError} from the iterator: `VIDEO_DECODE`, `VIDEO_ENCODE`, `FFMPEG_MISSING`, and the segmenter's own.
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and a clip
 * import { Segmenter } from '@synseg/core';
 * import { segmentVideo } from '@synseg/video';
 * await using segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car', 'person']);
 * for await (const frame of segmentVideo('drive.mp4', segmenter, street, { overlay: 'overlay.mp4' })) {
 *   console.log(frame.index, frame.timeSeconds, frame.areas);
 * }
 * ```
 */
export function segmentVideo<Labels extends FrameLabels>(
  source: VideoSource,
  segmenter: FrameSegmenter<Labels>,
  labels: Labels,
  options: SegmentVideoOptions = {},
): AsyncGenerator<SegmentedFrame, void, undefined> {
  checkSource(source);
  checkSelection(options);
  const { maxInFlight = 4, alpha = 0.5 } = options;
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1) {
    throw new RangeError(`Cannot segment video: maxInFlight must be a whole number of at least 1, got ${maxInFlight}`);
  }
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(`Cannot segment video: alpha must be between 0 and 1, got ${alpha}`);
  }
  return run(source, segmenter, labels, { ...options, maxInFlight, alpha });
}

type ResolvedOptions = SegmentVideoOptions & { readonly maxInFlight: number; readonly alpha: number };

async function* run<Labels extends FrameLabels>(
  source: VideoSource,
  segmenter: FrameSegmenter<Labels>,
  labels: Labels,
  options: ResolvedOptions,
): AsyncGenerator<SegmentedFrame, void, undefined> {
  const leaving = new AbortController();
  const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
  const started = performance.now();
  const info = await probe(source, { signal });
  const total = expectedFrames(info, options);
  let overlay: OverlaySink | undefined;
  let jsonl: JsonlSink | undefined;
  let done = false;
  try {
    if (options.overlay !== undefined) overlay = await openOverlay(options.overlay, source, info, labels, options);
    if (options.jsonl !== undefined) jsonl = await JsonlSink.open(options.jsonl);
    const decoded = decodeFrames(source, decodeOptions(segmenter, info, options, signal));
    const segmentFrame = segmentWith(source, segmenter, labels, info, options, signal);
    const segmented = mapOrdered(decoded, options.maxInFlight, segmentFrame);
    let frames = 0;
    for await (const { frame, picture } of overlay === undefined ? segmented : overlay.render(segmented)) {
      let wanted = false;
      try {
        if (overlay !== undefined && picture !== undefined) await overlay.write(picture, frame.timeSeconds);
        await jsonl?.write(frame);
        frames += 1;
        const framesPerSecond = (frames * 1000) / (performance.now() - started);
        const progress = { frames, timeSeconds: frame.timeSeconds, framesPerSecond };
        options.onProgress?.(total === undefined ? progress : { ...progress, total });
        yield frame;
        wanted = true;
      } finally {
        // Before the stages are asked to end: the decoder may be waiting for a frame that never comes.
        if (!wanted) leaving.abort();
      }
    }
    done = true;
  } finally {
    const finishOverlay = async (): Promise<void> => (done ? overlay?.close() : overlay?.abort());
    const finishMasks = async (): Promise<void> => jsonl?.close();
    const endings = await Promise.allSettled([finishOverlay(), finishMasks()]);
    const failed = endings.find((ending) => ending.status === 'rejected');
    if (done && failed !== undefined) throw failed.reason;
  }
}

function segmentWith<Labels extends FrameLabels>(
  source: VideoSource,
  segmenter: FrameSegmenter<Labels>,
  labels: Labels,
  info: VideoInfo,
  { views, threshold }: SegmentVideoOptions,
  signal: AbortSignal,
): (frame: VideoFrame) => Promise<SegmentedPicture> {
  const [height, width] = decodeSize(segmenter.inputSize, views);
  const settings: FrameSegmentOptions = {
    ...{ size: 'model', signal },
    ...(views === undefined ? {} : { views }),
    ...(threshold === undefined ? {} : { threshold }),
  };
  return async ({ index, timeSeconds, data, full }) => {
    const result = await segmenter.segment({ data, width, height }, labels, settings);
    const frame: SegmentedFrame = {
      ...{ source: sourceName(source), sourceIndex: 0, latencySeconds: 0, labels: labels.names },
      ...{ index, timeSeconds, dropped: 0, sourceWidth: info.width, sourceHeight: info.height },
      ...{ width: result.width, height: result.height, labelMap: result.labelMap, areas: result.areas },
      toRLE: () => result.toRLE(),
    };
    return full === undefined ? { frame } : { frame, picture: full };
  };
}

/** Five views look at the quarters of the picture, which then have the model's resolution each. */
function decodeSize([height, width]: readonly [number, number], views: 1 | 5 = 1): readonly [number, number] {
  return views === 5 ? [height * 2, width * 2] : [height, width];
}

function decodeOptions(
  segmenter: { readonly inputSize: readonly [number, number] },
  info: VideoInfo,
  { start, end, every, views, overlay, onEnd }: SegmentVideoOptions,
  signal: AbortSignal,
): DecodeOptions {
  return {
    ...{ size: decodeSize(segmenter.inputSize, views), fullResolution: overlay !== undefined, info, signal },
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(every === undefined ? {} : { every }),
    ...(onEnd === undefined ? {} : { onEnd }),
  };
}

function openOverlay(
  path: string,
  source: VideoSource,
  info: VideoInfo,
  { colors }: FrameLabels,
  { alpha, contour = false, every = 1, encoder }: ResolvedOptions,
): Promise<OverlaySink> {
  const settings = { source, info, every, look: { colors, alpha, contour } };
  return OverlaySink.open(path, encoder === undefined ? settings : { ...settings, encoder });
}

function expectedFrames(info: VideoInfo, { start, end, every = 1 }: FrameSelection): number | undefined {
  const { frameCount, durationSeconds, frameRate } = info;
  if (start === undefined && end === undefined && frameCount !== undefined) return Math.ceil(frameCount / every);
  if (durationSeconds === undefined) return undefined;
  const seconds = Math.min(end ?? Infinity, durationSeconds) - Math.max(start ?? 0, 0);
  return Math.max(1, Math.round((seconds * frameRate) / every));
}
