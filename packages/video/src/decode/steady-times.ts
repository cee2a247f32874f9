/**
 * Times of frames that never fall and leave no hole: a recording whose clock jumps, ahead or back, goes on one frame
 * after
 * the one before, so that nothing made of it stands still for hours. Times are left as they are until then.
 */

/** Longest time between two frames that is believed, seconds; see `maxGapSeconds`. */
export const usualMaxGapSeconds = 10;

/** A step back of more frames than this is no disorder but a new beginning. */
const disorderFrames = 3;

/** The clock of one recording, or of frames that are pushed. */
export class SteadyTimes {
  readonly #maxGap: number;
  #step: number;
  #shift = 0;
  #last: number | undefined;
  #gaps = 0;

  /** @param frameSeconds - what a frame lasts by the container's average; of slow recordings three are no gap */
  constructor(maxGapSeconds = usualMaxGapSeconds, frameSeconds = 1 / 25) {
    this.#maxGap = Math.max(maxGapSeconds, 3 * frameSeconds);
    this.#step = Math.min(frameSeconds, 1);
  }

  /** How often the clock jumped and the jump was cut. */
  get gaps(): number {
    return this.#gaps;
  }

  /** Where the frame stands. `elapsedSeconds`: since the frame before came, for frames that come at their own time. */
  place(timeSeconds: number, elapsedSeconds = 0): number {
    let time = timeSeconds + this.#shift;
    if (this.#last !== undefined) {
      const step = time - this.#last;
      if (step > this.#maxGap + elapsedSeconds || step < -disorderFrames * this.#step) {
        this.#gaps += 1;
        this.#shift += this.#last + this.#step - time;
        time = this.#last + this.#step;
      } else if (step <= 0) time = this.#last;
      else if (step <= 1) this.#step = step;
    }
    return (this.#last = time);
  }
}
