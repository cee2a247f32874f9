/** What a file of results is to the pipeline. */
import type { RenderRequest } from '../pool/render.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';

/** A segmented frame with what the sinks asked for: `rle`, `png`, `overlay`. */
export type SinkFrame = SegmentedFrame;

/** What a sink wants to find in its frames. */
export type SinkNeeds = Partial<Pick<RenderRequest, 'rle' | 'png' | 'overlay' | 'mapSize'>>;

/**
 * Takes frames, in order per source. What was written stays readable when a later write fails; one sink's failure does
 * not touch the files of others.
 */
export interface FrameSink {
  readonly needs: SinkNeeds;
  /** Adds a frame. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written, `DISPOSED` after the end. */
  write(frame: SinkFrame): Promise<void>;
  /** Finishes the file and puts it in place; idempotent. @throws {SynsegError} `VIDEO_ENCODE` when that fails. */
  close(): Promise<void>;
  /** Finishes the file as far as it goes and puts it in place; idempotent, never rejects. */
  abort(): Promise<void>;
}
