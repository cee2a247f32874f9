/** The iterator a caller holds, and the controls of the work behind it. */
import type { SegmentedFrame } from '../segmented-frame.ts';
import { LabelSet } from '@synseg/core';
import { checkKind, integer, readOptions, type OptionsOf } from '@synseg/core/guards';
import type { FrameOutputs } from './frame-outputs.ts';
import type { Lane, LaneReport } from './lane.ts';

/** The state of a source, and its files. */
export interface SourceReport extends LaneReport {
  /** Files that are whole and in place. */
  readonly files: readonly string[];
  /** Files that could not be finished, because the source or something else failed: where they were left. */
  readonly unfinished: readonly string[];
}

/** A source's way through, as far as the stream tells of it. */
export interface StreamTrack {
  readonly lane: Lane;
  readonly outputs: Pick<FrameOutputs, 'files' | 'unfinished'>;
}

/** Options of {@link VideoStream.setLabels}. */
const SET_LABELS_OPTIONS = {
  /**
   * Frame of its source from which the labels apply.
   * @default the next frame that goes to the model
   */
  fromIndex: integer({ least: 0 }),
  /**
   * 0-based place of the source that changes.
   * @default all sources
   */
  source: integer({ least: 0 }),
};
type SetLabelsOptions = OptionsOf<typeof SET_LABELS_OPTIONS>;

/** Segmented frames as they come, and the controls of the work that makes them. */
export class VideoStream implements AsyncGenerator<SegmentedFrame, void, undefined> {
  readonly #frames: AsyncGenerator<SegmentedFrame, void, undefined>;
  readonly #tracks: readonly StreamTrack[];
  readonly #leaving: AbortController;

  /** @internal Use `segmentVideo()` or `segmentVideos()`. */
  constructor(
    frames: AsyncGenerator<SegmentedFrame, void, undefined>,
    tracks: readonly StreamTrack[],
    leaving: AbortController,
  ) {
    this.#frames = frames;
    this.#tracks = tracks;
    this.#leaving = leaving;
  }

  /** The state of each source, in the order they were given; `failure` says why one has failed, also after the end. */
  get sources(): readonly SourceReport[] {
    return this.#tracks.map(({ lane, outputs: { files, unfinished } }) => ({
      ...lane.report,
      files: [...files],
      unfinished: [...unfinished],
    }));
  }

  /**
   * Segments with other labels from now on: from frame `fromIndex` of its source, or from the next frame that goes to
   * the model. Frames under way keep theirs; each frame says in `labels` which it was segmented with.
   *
   * @throws {TypeError | RangeError} when `labels` is no label set, or `fromIndex` or `source` is out of range
   */
  setLabels(labels: LabelSet, options: SetLabelsOptions = {}): void {
    checkKind('change labels', 'labels', labels, labels instanceof LabelSet, 'be a LabelSet (from segmenter.labels())');
    const { fromIndex, source } = readOptions('change labels', SET_LABELS_OPTIONS, options);
    if (source !== undefined && this.#tracks[source] === undefined) {
      throw new RangeError(
        `Cannot change labels: source must be between 0 and ${this.#tracks.length - 1}, got ${source}`,
      );
    }
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
