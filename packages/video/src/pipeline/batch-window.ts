/**
 * The choice of the live sources whose frames go to the model now, so that frames of several sources share a run of the
 * network and no source waits for one that has nothing to give.
 */

/** A live source as the decision sees it. Times in milliseconds of `performance.now()`. */
export interface LiveLane {
  /** When the frame that waits arrived; undefined when none waits. */
  readonly waitingSince: number | undefined;
  /** Mean time between its frames lately; undefined before the second. */
  readonly interval: number | undefined;
}

const shortestWindowMs = 2;
const longestWindowMs = 100;

/**
 * Milliseconds to wait before the frames at hand are sent; 0 for now.
 *
 * The window is half of the shortest interval between frames, 2 to 100 ms, from the arrival of the first frame that
 * waits: long enough that sources of one rate meet, short against the time to the next frame. Nothing is waited for
 * when each source has a frame already, as it is while the model is the slow part.
 */
export function batchDelay(lanes: readonly LiveLane[], now: number): number {
  const waiting = lanes.flatMap(({ waitingSince }) => waitingSince ?? []);
  if (waiting.length === lanes.length) return 0;
  const intervals = lanes.flatMap(({ interval }) => interval ?? []);
  if (intervals.length === 0) return 0;
  const window = Math.min(longestWindowMs, Math.max(shortestWindowMs, Math.min(...intervals) / 2));
  return Math.max(0, Math.min(...waiting) + window - now);
}
