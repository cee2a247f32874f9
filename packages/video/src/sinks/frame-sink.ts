/** A file of results, as the pipeline sees it. */
import type { SegmentedFrame } from '../segmented-frame.ts';

/** Forms that a kind of sink needs in its frames, beside their facts. */
export interface SinkNeeds {
  readonly rle?: true;
  readonly png?: true;
  readonly overlay?: true;
  /** Label maps and masks of the source's size, instead of the model's. */
  readonly mapSize?: 'source';
}

/**
 * Takes frames, in order per source. What was written stays readable when a later write fails; one sink's failure does
 * not touch the files of others.
 */
export interface FrameSink {
  /** Adds a frame. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written, `DISPOSED` after the end. */
  write(frame: SegmentedFrame): Promise<void>;
  /**
   * Finishes the file and puts it in place; idempotent.
   *
   * @param limitMs - somebody is waiting to leave: what can be done without, a video's sound, is left out after so long
   * @throws {SynsegError} `VIDEO_ENCODE` when that fails; what was there stays
   */
  close(limitMs?: number): Promise<void>;
  /** Ends the file where it is, under its partial name, and says where; idempotent, never rejects. */
  abandon(): Promise<readonly string[]>;
}
