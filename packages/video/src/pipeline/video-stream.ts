/** The iterator a caller holds, and the controls of the work behind it. */
import type { LabelSet } from '@synseg/core';
import type { SegmentedFrame } from '../segmented-frame.ts';
import type { Lane, SourceReport } from './lane.ts';

/** Segmented frames as they come, and the controls of the work that makes them. */
export class VideoStream implements AsyncGenerator<SegmentedFrame, void, undefined> {
  readonly #frames: AsyncGenerator<SegmentedFrame, void, undefined>;
  readonly #lanes: readonly Lane[];
  readonly #leaving: AbortController;

  /** @internal Use `segmentVideo()` or `segmentVideos()`. */
  constructor(frames: AsyncGenerator<SegmentedFrame, void, undefined>, lanes: readonly Lane[], leaving: AbortController) {
    this.#frames = frames;
    this.#lanes = lanes;
    this.#leaving = leaving;
  }

  /** How each source is doing, in the order they were given. */
  get sources(): readonly SourceReport[] {
    return this.#lanes.map(({ report }) => report);
  }

  /**
   * Segments with other labels from now on: from frame `fromIndex` of its source, or from the next frame that goes to
   * the model. Frames under way keep theirs; each frame says in `labels` which it was segmented with.
   *
   * @param source - 0-based place of the source that changes; all when left out
   * @throws {RangeError} when `fromIndex` or `source` is out of range
   */
  setLabels(labels: LabelSet, { fromIndex, source }: { readonly fromIndex?: number; readonly source?: number } = {}): void {
    if (source !== undefined && this.#lanes[source] === undefined) {
      throw new RangeError(`Cannot change labels: source must be between 0 and ${this.#lanes.length - 1}, got ${source}`);
    }
    for (const lane of this.#lanes) if (source === undefined || lane.index === source) lane.labels.set(labels, fromIndex);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return().catch(() => undefined);
  }
}
