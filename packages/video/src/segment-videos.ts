/**
 * The main job: read → segment and render in the pool → files → you. Every arrow is bounded, so memory stays flat: a
 * slow consumer stops ffmpeg for files, and makes live sources drop frames, which are counted.
 */
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import type { LabelSet, Segmenter } from '@synseg/core';
import type { OpenedSource } from './decode/decode.ts';
import { selectedRate } from './decode/selection.ts';
import { SourceReader } from './live/source-reader.ts';
import { pick } from './pick.ts';
import { FrameOutputs } from './pipeline/frame-outputs.ts';
import { FrameWork } from './pipeline/frame-work.ts';
import { Lane } from './pipeline/lane.ts';
import { Merger } from './pipeline/merger.ts';
import { VideoStream } from './pipeline/video-stream.ts';
import { FramePool } from './pool/pool.ts';
import type { SegmentedFrame } from './segmented-frame.ts';
import { checkSource, describeSource, type VideoSource } from './source/source.ts';
import { renderRequest, resolveOptions, type OutputFiles, type SegmentVideosOptions, type StreamPlan, type VideoProgress } from './video-options.ts';

/** What a video needs of a segmenter: its session, shared with the pool's threads. */
export type VideoSegmenter = Pick<Segmenter, 'inputSize' | 'share'>;

/** A source with the files to write for it. */
export interface SourceWithFiles extends OutputFiles {
  readonly source: VideoSource;
}

/**
 * Segments many sources with one session, and yields their frames as they are done, each source's in order. A source
 * that is slow, stalls or fails does not hold up the others; the iterator ends when all have ended, and throws only
 * when all have failed. Leaving the loop (`break`, an exception, abort) ends ffmpeg and finishes the files.
 *
 * @throws {TypeError | RangeError} at the call, when an argument is of the wrong kind or out of range
 * @throws {SynsegError} from the iterator: `VIDEO_DECODE`, `VIDEO_ENCODE`, `FFMPEG_MISSING`, and the segmenter's own
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and cameras
 * import { Segmenter } from '@synseg/core';
 * import { segmentVideos } from '@synseg/video';
 * await using segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car', 'person']);
 * for await (const frame of segmentVideos(['rtsp://front/1', 'camera:0'], segmenter, street)) {
 *   console.log(frame.source, frame.index, frame.dropped, frame.latencySeconds, frame.areas);
 * }
 * ```
 */
export function segmentVideos(
  sources: readonly (VideoSource | SourceWithFiles)[],
  segmenter: VideoSegmenter,
  labels: LabelSet,
  options: SegmentVideosOptions = {},
): VideoStream {
  if (sources.length === 0) throw new RangeError('Cannot segment videos: sources must name at least one source, got none');
  const withFiles = sources.map((source) => (hasFiles(source) ? source : { source }));
  for (const { source } of withFiles) checkSource(source);
  checkFiles(withFiles);
  const plan = resolveOptions(options, sources.length);
  const leaving = new AbortController();
  // Every source listens to it, and their number is no leak.
  setMaxListeners(0, leaving.signal);
  const pool = new FramePool(segmenter, { workers: plan.workers, tasks: plan.maxInFlight });
  const tracks = withFiles.map((entry, index) => openTrack(entry, index, withFiles.length > 1, { segmenter, labels, plan, pool, leaving }));
  const lanes = tracks.map(({ lane }) => lane);
  return new VideoStream(run(tracks, pool, plan, leaving), lanes, leaving);
}

/** A source's way through, from its reader to its files. */
interface Track {
  readonly reader: SourceReader;
  readonly lane: Lane;
  readonly outputs: FrameOutputs;
}

interface Surroundings {
  readonly segmenter: VideoSegmenter;
  readonly labels: LabelSet;
  readonly plan: StreamPlan;
  readonly pool: FramePool;
  readonly leaving: AbortController;
}

function openTrack({ source, ...files }: SourceWithFiles, index: number, several: boolean, { segmenter, labels, plan, pool, leaving }: Surroundings): Track {
  const { options, work, maxInFlight, maxStalenessSeconds } = plan;
  const render = renderRequest(options, files);
  const { kind, live } = describeSource(source);
  const reader = new SourceReader(source, {
    ...pick(options, 'start', 'end', 'fps', 'every', 'hardwareAcceleration', 'frameRate', 'live', 'stallTimeoutSeconds', 'connectTimeoutSeconds', 'reconnect', 'onState'),
    // Live sources have their own speed, and no beginning to go back to.
    ...(live === true ? {} : pick(options, 'loop', 'realTime')),
    size: decodeSize(segmenter.inputSize, work.keyframes === undefined ? work.views : 5),
    fullResolution: render.overlay !== undefined,
    signal: leaving.signal,
    onEnd: (end) => options.onEnd?.({ source: reader.name, ...end }),
  });
  const lane = new Lane({
    ...{ index, reader, work: new FrameWork(pool, { ...work, render, inputSize: segmenter.inputSize }), labels, maxStalenessSeconds },
    // Of an http source it is not known yet whether it is live; pushed frames come when they will, and a loop has no end.
    canWait: (options.live ?? live) === false && kind !== 'frames' && options.loop !== true && options.realTime !== true,
    ...{ policy: options.policy ?? 'auto', onError: options.onError ?? 'throw' },
    // A live frame that waits behind others of its source in the model is late already: one runs, and one more follows
    // when there is no other source whose frame could.
    limit: (policy) => (policy === 'every-frame' ? maxInFlight : several ? 1 : 2),
  });
  const look = { alpha: 0.5, contour: false, legend: true, ...render.overlay };
  // A loop's clock is not the sound's.
  const sound = options.loop === true ? 'none' : 'copy';
  const outputs = new FrameOutputs(files, { look, source, sound, ...pick(options, 'encoder', 'fps', 'every'), info: () => reader.info });
  return { reader, lane, outputs };
}

async function* run(tracks: readonly Track[], pool: FramePool, { options, workers, maxInFlight }: StreamPlan, leaving: AbortController): AsyncGenerator<SegmentedFrame, void, undefined> {
  const { signal } = options;
  const lanes = tracks.map(({ lane }) => lane);
  const merger = new Merger(lanes, maxInFlight, workers + 2);
  const started = performance.now();
  let frames = 0;
  let done = false;
  leaving.signal.addEventListener('abort', merger.close);
  signal?.addEventListener('abort', merger.changed);
  try {
    signal?.throwIfAborted();
    pool.start();
    for (const { outputs } of tracks) await outputs.open();
    merger.open();
    for (;;) {
      const frame = await merger.next(signal);
      if (frame === undefined) break;
      await tracks[frame.sourceIndex]?.outputs.write(frame);
      frames += 1;
      options.onProgress?.(progress(tracks, frames, frame.timeSeconds, started, options));
      yield frame;
    }
    const failures = lanes.flatMap(({ failure }) => failure ?? []);
    if (failures[0] !== undefined && failures.length === lanes.length) throw failures[0].error;
    done = !leaving.signal.aborted;
  } finally {
    signal?.removeEventListener('abort', merger.changed);
    leaving.abort();
    pool.cancel();
    await Promise.all(lanes.map((lane) => lane.close()));
    await pool[Symbol.asyncDispose]();
    const endings = await Promise.allSettled(tracks.map(({ outputs }) => (done ? outputs.close() : outputs.abort())));
    const failed = endings.find((ending) => ending.status === 'rejected');
    if (done && failed !== undefined) throw failed.reason;
  }
}

/** Five views look at the quarters of the picture, which then have the model's resolution each. */
function decodeSize([height, width]: readonly [number, number], views: 1 | 5): readonly [number, number] {
  return views === 5 ? [height * 2, width * 2] : [height, width];
}

function progress(tracks: readonly Track[], frames: number, timeSeconds: number, started: number, selection: SegmentVideosOptions): VideoProgress {
  const totals = tracks.map(({ reader }) => expectedFrames(reader.info, selection));
  const total = totals.reduce<number | undefined>((sum, of) => (sum === undefined || of === undefined ? undefined : sum + of), 0);
  const dropped = tracks.reduce((sum, { lane }) => sum + lane.report.dropped, 0);
  const framesPerSecond = (frames * 1000) / (performance.now() - started);
  return { frames, timeSeconds, framesPerSecond, dropped, ...(total === undefined ? {} : { total }) };
}

function expectedFrames(info: OpenedSource | undefined, { start, end, loop, ...selection }: SegmentVideosOptions): number | undefined {
  if (info?.durationSeconds === undefined || loop === true) return undefined;
  const seconds = Math.min(end ?? Infinity, info.durationSeconds) - Math.max(start ?? 0, 0);
  return Math.max(1, Math.round(seconds * selectedRate(info.frameRate, selection)));
}

/** @throws {RangeError} when two files have one path. */
function checkFiles(sources: readonly SourceWithFiles[]): void {
  const paths = sources.flatMap(({ overlay, jsonl, coco, csv, pngFolder }) => [overlay, jsonl, coco, csv, pngFolder].flatMap((path) => (path === undefined ? [] : [resolve(path)])));
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice !== undefined) throw new RangeError(`Cannot segment videos: each file must have a path of its own, got "${twice}" twice`);
}

function hasFiles(source: VideoSource | SourceWithFiles): source is SourceWithFiles {
  return typeof source === 'object' && source !== null && 'source' in source;
}
