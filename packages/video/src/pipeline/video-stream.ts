/**
 * The main job: read → segment and render in the pool → files → you. Every arrow is bounded, so memory stays flat: a
 * slow consumer stops ffmpeg for files, and makes live sources drop frames, which are counted.
 */
import { setMaxListeners } from 'node:events';
import { LabelSet } from '@synseg/core';
import { checkKind, integer, readOptions, type OptionsOf } from '@synseg/core/guards';
import { guarded } from '../callbacks.ts';
import { expectedFrames } from '../decode/expected-frames.ts';
import { FramePool, defaultWorkers } from '../pool/pool.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { sourceNames } from '../source/source.ts';
import type { StreamSettings, VideoProgress } from '../video-options.ts';
import type { LaneReport } from './lane.ts';
import { Merger } from './merger.ts';
import { checkPlaces, type SourceOutputs } from './output-files.ts';
import { openTrack, type Shared, type Track, type VideoSegmenter } from './track.ts';

/** The state of a source, and its files. */
export interface SourceReport extends LaneReport {
  /** Files that are whole and in place. */
  readonly files: readonly string[];
  /** Files that could not be finished, because the source or something else failed: where they were left. */
  readonly unfinished: readonly string[];
}

/** Options of {@link VideoStream.setLabels}. */
const SET_LABELS_OPTIONS = {
  /** Frame of its source from which the labels apply. @default the next frame that goes to the model */
  fromIndex: integer({ least: 0 }),
  /** 0-based place of the source that changes. @default all sources */
  source: integer({ least: 0 }),
};
type SetLabelsOptions = OptionsOf<typeof SET_LABELS_OPTIONS>;

type Frames = AsyncGenerator<SegmentedFrame, void, undefined>;

/** Segmented frames as they come, and the controls of the work that makes them. */
export class VideoStream implements AsyncGenerator<SegmentedFrame, void, undefined> {
  readonly #frames: Frames;
  readonly #tracks: readonly Track[];
  readonly #leaving: AbortController;

  /** @internal Use `segmentVideo()` or `segmentVideos()`. */
  constructor(frames: Frames, tracks: readonly Track[], leaving: AbortController) {
    [this.#frames, this.#tracks, this.#leaving] = [frames, tracks, leaving];
  }

  /** The state of each source, in the order they were given; `failure` says why one has failed, also after the end. */
  get sources(): readonly SourceReport[] {
    return this.#tracks.map(({ lane, outputs }) => {
      return { ...lane.report, files: [...outputs.files], unfinished: [...outputs.unfinished] };
    });
  }

  /**
   * Segments with other labels from now on: from frame `fromIndex` of its source, or from the next frame that goes to
   * the model. Frames under way keep theirs; each frame says in `labels` which it was segmented with.
   *
   * @throws {TypeError | RangeError} when `labels` is no label set, or `fromIndex` or `source` is out of range
   */
  setLabels(labels: LabelSet, options: SetLabelsOptions = {}): void {
    const action = 'change labels';
    checkKind(action, 'labels', labels, labels instanceof LabelSet, 'be a LabelSet (from segmenter.labels())');
    const { fromIndex, source } = readOptions(action, SET_LABELS_OPTIONS, options);
    const last = this.#tracks.length - 1;
    if (source !== undefined && source > last)
      throw new RangeError(`Cannot ${action}: source must be between 0 and ${last}, got ${source}`);
    for (const { lane } of this.#tracks)
      if (source === undefined || lane.index === source) lane.labels.set(labels, fromIndex);
  }

  next(): Promise<IteratorResult<SegmentedFrame, void>> {
    return this.#frames.next();
  }

  /** Ends the work: ffmpeg is stopped, files are finished with the frames delivered. */
  return(): Promise<IteratorResult<SegmentedFrame, void>> {
    this.#leaving.abort();
    return this.#frames.return();
  }

  throw(error: unknown): Promise<IteratorResult<SegmentedFrame, void>> {
    this.#leaving.abort();
    return this.#frames.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the work as leaving the loop does; never rejects. Idempotent. */
  async dispose(): Promise<void> {
    await this.return().catch(() => undefined);
  }

  /** {@link VideoStream.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Errors of callers' functions, thrown where nobody could catch them. */
interface Trouble {
  first?: { readonly error: unknown };
}

/**
 * Sources on their way, for arguments that were checked one by one.
 *
 * @throws {RangeError} when they do not fit together
 */
export function openStream(
  action: string,
  sources: readonly SourceOutputs[],
  segmenter: VideoSegmenter,
  labels: LabelSet,
  settings: StreamSettings,
): VideoStream {
  const { maxInFlight = Math.max(4, 2 * sources.length), workers = defaultWorkers() } = settings;
  const leaving = new AbortController();
  // Every source listens to it, and their number is no leak.
  setMaxListeners(0, leaving.signal);
  const trouble: Trouble = {};
  const tell = (error: unknown): void => {
    trouble.first ??= { error };
    leaving.abort();
  };
  const pool = new FramePool(segmenter, { workers, tasks: maxInFlight });
  const names = sourceNames(sources.map(({ source }) => source));
  const shared = { action, segmenter, labels, settings, names, pool, maxInFlight, leaving, tell };
  const tracks = sources.map((entry, index) => openTrack(entry, index, shared));
  return new VideoStream(run(sources, tracks, workers + 2, shared, trouble), tracks, leaving);
}

/** A caller who leaves waits no longer than this for the sound of a video. */
const leaveMs = 10_000;

async function* run(
  sources: readonly SourceOutputs[],
  tracks: readonly Track[],
  openFiles: number,
  { action, settings, pool, maxInFlight, leaving, tell }: Shared,
  trouble: Trouble,
): Frames {
  const { signal } = settings;
  const lanes = tracks.map(({ lane }) => lane);
  const merger = new Merger(lanes, maxInFlight, openFiles);
  const onProgress = guarded(settings.onProgress, tell);
  const started = performance.now();
  let frames = 0;
  // The caller leaves, unless it turns out otherwise: what there is by then is what was asked for.
  let ending: 'whole' | 'left' | 'failed' = 'left';
  leaving.signal.addEventListener('abort', merger.close);
  signal?.addEventListener('abort', merger.changed);
  try {
    signal?.throwIfAborted();
    await checkPlaces(action, sources, (kind, index) => (sources.length === 1 ? kind : `${kind} of source ${index}`));
    await pool.start();
    for (const { outputs } of tracks) await outputs.open();
    merger.open();
    for (;;) {
      const frame = await merger.next(signal);
      if (frame === undefined) break;
      await tracks[frame.sourceIndex]?.outputs.write(frame);
      frames += 1;
      onProgress(progress(tracks, frames, frame.timeSeconds, started, settings));
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

function progress(
  tracks: readonly Track[],
  frames: number,
  timeSeconds: number,
  started: number,
  settings: StreamSettings,
): VideoProgress {
  const total = tracks.reduce((sum, { reader }) => sum + expectedFrames(reader.info, settings), 0);
  const dropped = tracks.reduce((sum, { lane }) => sum + lane.report.dropped, 0);
  const framesPerSecond = (frames * 1000) / (performance.now() - started);
  return { frames, timeSeconds, framesPerSecond, dropped, ...(Number.isNaN(total) ? {} : { total }) };
}
