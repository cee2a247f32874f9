/**
 * Numbers and times that go on over reconnects. Each connection counts from 0 and many begin their clock again; seen
 * from outside, a source has one row of numbers and one clock that never goes back.
 */
import { usualMaxGapSeconds, type FrameTime } from '../decode/frame-clock.ts';

/** A step back of the sender's clock that is no reordering but a new beginning, seconds. */
const restart = 1;

/**
 * Until it has heard the sender's clock, RTP may date a frame before the one it follows; it is put this far behind it.
 */
const leastStep = 0.001;

/** The clock of one source. */
export class StreamClock {
  /** Number of jumps of the sender's clock within a connection that were cut. */
  gaps = 0;
  readonly #maxGap: number;
  #firstIndex = 0;
  #nextIndex = 0;
  #shift = 0;
  #last: { readonly timeSeconds: number; readonly arrivedAt: number } | undefined;
  #fresh = false;

  /** @param maxGapSeconds - a clock that has run on further than the time that passed has jumped */
  constructor(maxGapSeconds = usualMaxGapSeconds) {
    this.#maxGap = maxGapSeconds;
  }

  /** A new connection begins: its numbers start at 0. */
  reconnect(): void {
    this.#firstIndex = this.#nextIndex;
    this.#fresh = true;
  }

  /** The frame's place among all frames of the source. `arrivedAt` is in milliseconds. */
  place({ index, timeSeconds, arrivedAt }: FrameTime & { readonly arrivedAt: number }): FrameTime {
    const last = this.#last;
    const earliest = last === undefined ? -Infinity : last.timeSeconds + leastStep;
    if (last !== undefined) {
      const step = timeSeconds + this.#shift - last.timeSeconds;
      const passed = (arrivedAt - last.arrivedAt) / 1000;
      const jumped = step > passed + this.#maxGap || (!this.#fresh && step < -restart);
      if (jumped && !this.#fresh) this.gaps += 1;
      if (jumped || (this.#fresh && step <= 0)) this.#shift = last.timeSeconds + passed - timeSeconds;
    }
    this.#fresh = false;
    const placed = { index: this.#firstIndex + index, timeSeconds: Math.max(timeSeconds + this.#shift, earliest) };
    this.#nextIndex = placed.index + 1;
    this.#last = { timeSeconds: placed.timeSeconds, arrivedAt };
    return placed;
  }
}
