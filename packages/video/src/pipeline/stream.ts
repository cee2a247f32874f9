/**
 * The main job: read → segment and render in the pool → files → you. Every arrow is bounded, so memory stays flat: a
 * slow consumer stops ffmpeg for files, and makes live sources drop frames, which are counted.
 */
import { setMaxListeners } from 'node:events';
import type { LabelSet, Segmenter } from '@synseg/core';
import { guarded } from '../callbacks.ts';
import type { DecodeEnd, OpenedSource } from '../decode/decode-options.ts';
import { selectedRate } from '../decode/selection.ts';
import { checkDecode } from '../decode/decode.ts';
import { SourceReader } from '../live/source-reader.ts';
import { pick } from '../pick.ts';
import { FramePool, defaultWorkers } from '../pool/pool.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { describeSource, sourceNames, type VideoSource } from '../source/source.ts';
import type { GivenFiles, OutputFiles, StreamSettings, VideoProgress } from '../video-options.ts';
import { FrameOutputs, renderRequest } from './frame-outputs.ts';
import { FrameWork } from './frame-work.ts';
import { Lane } from './lane.ts';
import { Merger } from './merger.ts';
import { checkPlaces } from './output-files.ts';
import { VideoStream } from './video-stream.ts';

/** The part of a segmenter that a video needs: its session, shared with the pool's threads. */
export type VideoSegmenter = Pick<Segmenter, 'inputSize' | 'share'> & Partial<Pick<Segmenter, 'embeddingDim'>>;

/** A source with the files to write for it. */
export interface SourceWithFiles extends OutputFiles {
  readonly source: VideoSource;
}

/** Errors of callers' functions, thrown where nobody could catch them. */
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

/** The things that all sources share. */
interface Shared {
  readonly action: string;
  readonly segmenter: VideoSegmenter;
  readonly labels: LabelSet;
  readonly settings: StreamSettings;
  readonly names: readonly string[];
  readonly pool: FramePool;
  readonly maxInFlight: number;
  readonly leaving: AbortController;
  readonly trouble: Trouble;
}

/**
 * Sources on their way, for arguments that were checked one by one.
 *
 * @throws {RangeError} when they do not fit together
 */
export function openStream(
  action: string,
  sources: readonly Sourced[],
  segmenter: VideoSegmenter,
  labels: LabelSet,
  settings: StreamSettings,
): VideoStream {
  const { maxInFlight = Math.max(4, 2 * sources.length), workers = defaultWorkers() } = settings;
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
  const pool = new FramePool(segmenter, { workers, tasks: maxInFlight });
  const names = sourceNames(sources.map(({ source }) => source));
  const shared = { action, segmenter, labels, settings, names, pool, maxInFlight, leaving, trouble };
  const tracks = sources.map((entry, index) => openTrack(entry, index, shared));
  return new VideoStream(run(sources, tracks, workers + 2, shared), tracks, leaving);
}

type Sourced = GivenFiles & { readonly source: VideoSource };

function openTrack(files: Sourced, index: number, shared: Shared): Track {
  const { action, segmenter, labels, settings, names, pool, maxInFlight, leaving, trouble } = shared;
  const { source } = files;
  const { policy, onError, maxStalenessSeconds, encoder, fps, every } = settings;
  const { kind, live } = describeSource(source);
  // Live sources have their own speed, and no beginning to go back to.
  const playing = live === true ? { loop: false, realTime: false } : pick(settings, 'loop', 'realTime');
  checkDecode(action, source, { ...settings, ...playing });
  const render = renderRequest(action, settings, files);
  const views = settings.keyframes === undefined ? settings.views : 5;
  const [height, width] = segmenter.inputSize;
  const reader: SourceReader = new SourceReader(source, {
    ...settings,
    ...playing,
    // Five views look at the quarters of the picture, which then have the model's resolution each.
    size: { width: views === 5 ? 2 * width : width, height: views === 5 ? 2 * height : height },
    fullResolution: render.overlay !== undefined,
    signal: leaving.signal,
    name: names[index] as string,
    onState: guarded(settings.onState, trouble.tell),
    onEnd: guarded((end: DecodeEnd) => settings.onEnd?.({ source: reader.name, ...end }), trouble.tell),
  });
  const lane = new Lane({
    ...{ index, reader, labels, policy, onError, maxStalenessSeconds },
    work: new FrameWork(pool, { ...settings, render, inputSize: segmenter.inputSize }),
    // Of an http source it is not known yet whether it is live; pushed frames come when they will, and a loop has no
    // end.
    canWait: (settings.live ?? live) === false && kind !== 'frames' && !settings.loop && !settings.realTime,
    // A live frame that waits behind others of its source in the model is late already: one runs, and one more follows
    // when there is no other source whose frame could.
    limit: (decided) => (decided === 'every-frame' ? maxInFlight : names.length > 1 ? 1 : 2),
  });
  // A loop's clock is not the sound's.
  const sound = settings.loop ? 'none' : 'copy';
  const outputs = new FrameOutputs(files, { source, sound, encoder, fps, every, info: () => reader.info });
  return { reader, lane, outputs };
}

async function* run(
  sources: readonly Sourced[],
  tracks: readonly Track[],
  openFiles: number,
  { action, settings, pool, maxInFlight, leaving, trouble }: Shared,
): AsyncGenerator<SegmentedFrame, void, undefined> {
  const { signal } = settings;
  const lanes = tracks.map(({ lane }) => lane);
  const merger = new Merger(lanes, maxInFlight, openFiles);
  const onProgress = guarded(settings.onProgress, trouble.tell);
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

/** A caller who leaves waits no longer than this for the sound of a video. */
const leaveMs = 10_000;

function progress(
  tracks: readonly Track[],
  frames: number,
  timeSeconds: number,
  started: number,
  selection: StreamSettings,
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
  { start, end, loop, ...selection }: StreamSettings,
): number | undefined {
  if (info?.durationSeconds === undefined || loop) return undefined;
  const seconds = Math.min(end ?? Infinity, info.durationSeconds) - Math.max(start ?? 0, 0);
  return Math.max(1, Math.round(seconds * selectedRate(info.frameRate, selection)));
}
