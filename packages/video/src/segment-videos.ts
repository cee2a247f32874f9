/**
 * The main job: read → segment and render in the pool → files → you. Every arrow is bounded, so memory stays flat: a
 * slow consumer stops ffmpeg for files, and makes live sources drop frames, which are counted.
 */
import { setMaxListeners } from 'node:events';
import { LabelSet, type Segmenter } from '@synseg/core';
import { checkKind, checkOptions } from '@synseg/core/guards';
import { guarded } from './callbacks.ts';
import type { DecodeEnd, OpenedSource } from './decode/decode.ts';
import { selectedRate } from './decode/selection.ts';
import { SourceReader } from './live/source-reader.ts';
import { pick } from './pick.ts';
import { FrameOutputs } from './pipeline/frame-outputs.ts';
import { FrameWork } from './pipeline/frame-work.ts';
import { Lane } from './pipeline/lane.ts';
import { Merger } from './pipeline/merger.ts';
import { checkPlaces } from './pipeline/output-files.ts';
import { VideoStream } from './pipeline/video-stream.ts';
import { FramePool } from './pool/pool.ts';
import type { SegmentedFrame } from './segmented-frame.ts';
import { checkSource, describeSource, sourceNames, type VideoSource } from './source/source.ts';
import {
  checkFiles,
  fileNames,
  renderRequest,
  resolveOptions,
  type OutputFiles,
  type SegmentVideosOptions,
  type StreamPlan,
  type VideoProgress,
} from './video-options.ts';

/** What a video needs of a segmenter: its session, shared with the pool's threads. */
export type VideoSegmenter = Pick<Segmenter, 'inputSize' | 'share'> & Partial<Pick<Segmenter, 'embeddingDim'>>;

/** A source with the files to write for it. */
export interface SourceWithFiles extends OutputFiles {
  readonly source: VideoSource;
}

/**
 * Segments many sources with one session, and yields their frames as they are done, each source's in order. A source
 * that is slow, stalls or fails does not hold up the others; the iterator ends when all have ended, and throws only
 * when all have failed. That one has failed is told by `onState`, and by its `failure` in the stream's `sources`.
 *
 * Leaving the loop (`break`, an exception, abort) ends ffmpeg and finishes the files with the frames done so far. Where
 * something fails, its files are left under the names they grew under, `sources[…].unfinished`, and what was there
 * under
 * their own stays. No file may be one that is read, or another file's. What a callback throws is thrown by the
 * iterator.
 *
 * @throws {TypeError | RangeError} at the call, when an argument is of the wrong kind or out of range
 * @throws {RangeError} from the iterator, before anything is opened: a file to write is one that is read, or another's
 * @throws {SynsegError} from the iterator: `VIDEO_DECODE`, `VIDEO_ENCODE`, `FFMPEG_MISSING`, and the segmenter's own
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and cameras
 * import { Segmenter } from '@synseg/core';
 * import { segmentVideos } from '@synseg/video';
 * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car', 'person']);
 * for await (const frame of segmentVideos(['rtsp://front/1', 'camera:0'], segmenter, street)) {
 *   console.log(frame.source, frame.index, frame.dropped, frame.latencySeconds, frame.areas);
 * }
 * await segmenter.dispose();
 * ```
 */
export function segmentVideos(
  sources: readonly (VideoSource | SourceWithFiles)[],
  segmenter: VideoSegmenter,
  labels: LabelSet,
  options: SegmentVideosOptions = {},
): VideoStream {
  checkKind(
    'segment videos',
    'sources',
    sources,
    Array.isArray(sources),
    'be a list (segmentVideo() takes one source)',
  );
  if (sources.length === 0)
    throw new RangeError('Cannot segment videos: sources must name at least one source, got none');
  const withFiles = sources.map((source) => (hasFiles(source) ? source : { source }));
  for (const entry of withFiles) {
    checkSource(entry.source);
    checkOptions('segment videos', entry, entryNames, 'a source with files');
    checkFiles(entry);
  }
  checkModel(segmenter, labels);
  const plan = resolveOptions(options, sources.length);
  const leaving = new AbortController();
  // Every source listens to it, and their number is no leak.
  setMaxListeners(0, leaving.signal);
  const trouble: Trouble = {
    first: undefined,
    tell: (error) => {
      trouble.first ??= { error };
      leaving.abort();
    },
  };
  const pool = new FramePool(segmenter, { workers: plan.workers, tasks: plan.maxInFlight });
  const names = sourceNames(withFiles.map(({ source }) => source));
  const tracks = withFiles.map((entry, index) =>
    openTrack(entry, index, names, { segmenter, labels, plan, pool, leaving, trouble }),
  );
  const check = (): Promise<void> =>
    checkPlaces(withFiles, (kind, index) => (withFiles.length === 1 ? kind : `${kind} of source ${index}`));
  return new VideoStream(run(tracks, pool, plan, { leaving, trouble, check }), tracks, leaving);
}

const entryNames = new Set(['source', ...fileNames]);

/** @throws {TypeError | RangeError} when there is no segmenter, or the labels are not for it. */
function checkModel(segmenter: VideoSegmenter, labels: LabelSet): void {
  const isSegmenter =
    typeof segmenter === 'object' &&
    segmenter !== null &&
    typeof segmenter.share === 'function' &&
    Array.isArray(segmenter.inputSize);
  checkKind('segment videos', 'segmenter', segmenter, isSegmenter, 'be a Segmenter (from Segmenter.load())');
  checkKind(
    'segment videos',
    'labels',
    labels,
    labels instanceof LabelSet,
    'be a LabelSet (from segmenter.labels() or LabelSet.load())',
  );
  const { embeddingDim = labels.embeddingDim } = segmenter;
  if (labels.embeddingDim === embeddingDim) return;
  throw new RangeError(
    `Cannot segment videos: labels must have embeddings of ${embeddingDim} dimensions, got ${labels.embeddingDim} ` +
      '(made for another checkpoint)',
  );
}

/** What callers' functions threw, where nobody could catch it. */
interface Trouble {
  first: { readonly error: unknown } | undefined;
  readonly tell: (error: unknown) => void;
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
  readonly trouble: Trouble;
}

function openTrack(
  { source, ...files }: SourceWithFiles,
  index: number,
  names: readonly string[],
  { segmenter, labels, plan, pool, leaving, trouble }: Surroundings,
): Track {
  const { options, work, maxInFlight, maxStalenessSeconds } = plan;
  const render = renderRequest(options, files);
  const { kind, live } = describeSource(source);
  const reader: SourceReader = new SourceReader(source, {
    ...pick(
      options,
      'start',
      'end',
      'fps',
      'every',
      'hardwareAcceleration',
      'frameRate',
      'live',
      'publicOnly',
      'maxGapSeconds',
      'maxPixels',
      'stallTimeoutSeconds',
      'connectTimeoutSeconds',
      'reconnect',
    ),
    // Live sources have their own speed, and no beginning to go back to.
    ...(live === true ? {} : pick(options, 'loop', 'realTime')),
    size: decodeSize(segmenter.inputSize, work.keyframes === undefined ? work.views : 5),
    fullResolution: render.overlay !== undefined,
    signal: leaving.signal,
    name: names[index] as string,
    onState: guarded(options.onState, trouble.tell),
    onEnd: guarded((end: DecodeEnd) => options.onEnd?.({ source: reader.name, ...end }), trouble.tell),
  });
  const lane = new Lane({
    ...{
      index,
      reader,
      work: new FrameWork(pool, { ...work, render, inputSize: segmenter.inputSize }),
      labels,
      maxStalenessSeconds,
    },
    // Of an http source it is not known yet whether it is live; pushed frames come when they will, and a loop has no
    // end.
    canWait:
      (options.live ?? live) === false && kind !== 'frames' && options.loop !== true && options.realTime !== true,
    ...{ policy: options.policy ?? 'auto', onError: options.onError ?? 'throw' },
    // A live frame that waits behind others of its source in the model is late already: one runs, and one more follows
    // when there is no other source whose frame could.
    limit: (policy) => (policy === 'every-frame' ? maxInFlight : names.length > 1 ? 1 : 2),
  });
  // A loop's clock is not the sound's.
  const sound = options.loop === true ? 'none' : 'copy';
  const outputs = new FrameOutputs(files, {
    source,
    sound,
    ...pick(options, 'encoder', 'fps', 'every'),
    info: () => reader.info,
  });
  return { reader, lane, outputs };
}

/** What surrounds a run: how it is left, what may go wrong beside it, and what is checked before it. */
interface RunSurroundings {
  readonly leaving: AbortController;
  readonly trouble: Trouble;
  readonly check: () => Promise<void>;
}

async function* run(
  tracks: readonly Track[],
  pool: FramePool,
  { options, workers, maxInFlight }: StreamPlan,
  { leaving, trouble, check }: RunSurroundings,
): AsyncGenerator<SegmentedFrame, void, undefined> {
  const { signal } = options;
  const lanes = tracks.map(({ lane }) => lane);
  const merger = new Merger(lanes, maxInFlight, workers + 2);
  const onProgress = guarded(options.onProgress, trouble.tell);
  const started = performance.now();
  let frames = 0;
  // The caller leaves, unless it turns out otherwise: what there is by then is what was asked for.
  let ending: 'whole' | 'left' | 'failed' = 'left';
  leaving.signal.addEventListener('abort', merger.close);
  signal?.addEventListener('abort', merger.changed);
  try {
    signal?.throwIfAborted();
    await check();
    pool.start();
    for (const { outputs } of tracks) await outputs.open();
    merger.open();
    for (;;) {
      const frame = await merger.next(signal);
      if (frame === undefined) break;
      await tracks[frame.sourceIndex]?.outputs.write(frame);
      frames += 1;
      onProgress(progress(tracks, frames, frame.timeSeconds, started, options));
      yield frame;
    }
    if (trouble.first !== undefined) throw trouble.first.error;
    const failures = lanes.flatMap(({ failure }) => failure ?? []);
    if (failures[0] !== undefined && failures.length === lanes.length) throw failures[0].error;
    if (!leaving.signal.aborted) ending = 'whole';
  } catch (error) {
    if (signal?.aborted !== true || error !== signal.reason) ending = 'failed';
    throw error;
  } finally {
    signal?.removeEventListener('abort', merger.changed);
    leaving.abort();
    pool.cancel();
    await Promise.all(lanes.map((lane) => lane.close()));
    await pool.dispose();
    // What a callback threw at the very end.
    const failed = ending !== 'failed' && trouble.first !== undefined;
    const kept = ending === 'failed' || failed;
    const endings = await Promise.allSettled(
      tracks.map(({ lane, outputs }) =>
        kept || lane.failure !== undefined ? outputs.abandon() : outputs.close(ending === 'left' ? leaveMs : undefined),
      ),
    );
    if (failed) throw trouble.first?.error;
    const broken = endings.find((end) => end.status === 'rejected');
    if (broken !== undefined && signal?.aborted !== true) throw broken.reason;
  }
}

/** Who leaves waits no longer than this for the sound of a video. */
const leaveMs = 10_000;

/** Five views look at the quarters of the picture, which then have the model's resolution each. */
function decodeSize([height, width]: readonly [number, number], views: 1 | 5): readonly [number, number] {
  return views === 5 ? [height * 2, width * 2] : [height, width];
}

function progress(
  tracks: readonly Track[],
  frames: number,
  timeSeconds: number,
  started: number,
  selection: SegmentVideosOptions,
): VideoProgress {
  const totals = tracks.map(({ reader }) => expectedFrames(reader.info, selection));
  const total = totals.reduce<number | undefined>(
    (sum, of) => (sum === undefined || of === undefined ? undefined : sum + of),
    0,
  );
  const dropped = tracks.reduce((sum, { lane }) => sum + lane.report.dropped, 0);
  const framesPerSecond = (frames * 1000) / (performance.now() - started);
  return { frames, timeSeconds, framesPerSecond, dropped, ...(total === undefined ? {} : { total }) };
}

function expectedFrames(
  info: OpenedSource | undefined,
  { start, end, loop, ...selection }: SegmentVideosOptions,
): number | undefined {
  if (info?.durationSeconds === undefined || loop === true) return undefined;
  const seconds = Math.min(end ?? Infinity, info.durationSeconds) - Math.max(start ?? 0, 0);
  return Math.max(1, Math.round(seconds * selectedRate(info.frameRate, selection)));
}

function hasFiles(source: VideoSource | SourceWithFiles): source is SourceWithFiles {
  return typeof source === 'object' && source !== null && 'source' in source && !(Symbol.asyncIterator in source);
}
