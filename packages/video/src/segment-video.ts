/**
 * The main job: decode → segment → (blend → encode) → you, in order. Every arrow is bounded, so memory stays flat and a
 * slow consumer stops ffmpeg. The segmenter sees several frames at a time, which lets it form batches.
 */
import { decodeFrames, type DecodeEnd, type VideoFrame } from './decode.ts';
import { probe, type VideoInfo } from './probe.ts';
import { checkSource, type VideoSource } from './process/source.ts';
import { mapOrdered } from './queue.ts';
import type { FrameLabels, FrameSegmenter, SegmentedFrame } from './segmented-frame.ts';
import { checkSelection, type FrameSelection } from './selection.ts';
import { JsonlSink } from './sinks/jsonl.ts';
import { OverlaySink } from './sinks/overlay.ts';

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

/** Frames decoded ahead of the segmenter. */
const decodedAhead = 2;

/**
 * Segments a video frame by frame and yields the frames in order. Leaving the loop (`break`, an exception, abort) ends
 * ffmpeg and finishes the files.
 *
 * @throws {TypeError | RangeError} at the call, when an argument is of the wrong kind or out of range.
 * @throws {SynsegError} from the iterator: `VIDEO_DECODE`, `VIDEO_ENCODE`, `FFMPEG_MISSING`, and the segmenter's own.
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
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  const started = performance.now();
  const info = await probe(source, { signal });
  const files: { readonly overlay?: OverlaySink; readonly jsonl?: JsonlSink } = await openFiles(source, info, labels, options);
  let done = false;
  try {
    let frames = 0;
    const total = expectedFrames(info, options);
    const decoded = decodeFrames(source, decodeOptions(segmenter, info, options, signal));
    const ahead = mapOrdered(decoded, decodedAhead, (frame) => Promise.resolve(frame));
    const segmented = mapOrdered(ahead, options.maxInFlight, (frame) => segment(frame, segmenter, labels, info, options, signal));
    const results = files.overlay === undefined ? segmented : files.overlay.render(segmented);
    for await (const { frame, picture } of results) {
      if (picture !== undefined) await files.overlay?.write(picture, frame.timeSeconds);
      await files.jsonl?.write(frame);
      frames += 1;
      const framesPerSecond = (frames * 1000) / (performance.now() - started);
      options.onProgress?.({ frames, timeSeconds: frame.timeSeconds, framesPerSecond, ...(total === undefined ? {} : { total }) });
      let wanted = false;
      try {
        yield frame;
        wanted = true;
      } finally {
        if (!wanted) left.abort();
      }
    }
    done = true;
  } finally {
    left.abort();
    await (done ? files.overlay?.close() : files.overlay?.abort());
    await files.jsonl?.close();
  }
}
