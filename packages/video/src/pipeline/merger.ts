/**
 * Many sources, one model: decides which frames go to the model next, and delivers results in the order of each source.
 *
 * Everything is driven by two events, a frame has come and a result is there, so the model never waits for a consumer
 * that is busy with the frame before. What is under way is bounded, what waits is each lane's own business. Files are
 * opened a few at a time, in their order: each takes a decoder. Live sources are opened at once.
 */
import { batchDelay } from './batch-window.ts';
import type { Lane } from './lane.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';

/** The lanes of a stream, joined. */
export class Merger {
  readonly #lanes: readonly Lane[];
  readonly #maxInFlight: number;
  readonly #maxOpenFiles: number;
  /** Lanes in the order of their turns: who was served last comes last. */
  #turns: readonly Lane[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake: (() => void) | undefined;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(lanes: readonly Lane[], maxInFlight: number, maxOpenFiles: number) {
    this.#lanes = lanes;
    this.#maxInFlight = maxInFlight;
    this.#maxOpenFiles = maxOpenFiles;
    this.#turns = lanes;
  }

  /** Something happened in a lane: sends what can be sent, and lets {@link Merger.next} look again. */
  readonly changed = (): void => {
    // Called by timers and events, where nobody could catch it.
    try {
      this.open();
      this.#dispatch();
    } catch (error) {
      this.fail(error);
    }
    this.#wake?.();
  };

  /** Lets {@link Merger.next} throw `error`. */
  readonly fail = (error: unknown): void => {
    this.#failure ??= { error };
    this.#wake?.();
  };

  /** Opens what can be opened; what cannot yet follows when others have ended. */
  open(): void {
    if (this.#closed) return;
    let files = this.#lanes.filter(({ canWait, stage }) => canWait && stage === 'reading').length;
    for (const lane of this.#lanes) {
      if (lane.stage !== 'unopened' || (lane.canWait && files >= this.#maxOpenFiles)) continue;
      if (lane.canWait) files += 1;
      lane.start(this.changed);
    }
  }

  /**
   * The next frame that is ready, from any lane; undefined when all lanes have finished, or after {@link Merger.close}.
   *
   * @throws what a lane throws, the error given to {@link Merger.fail}, and the signal's reason
   */
  async next(signal: AbortSignal | undefined): Promise<SegmentedFrame | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      signal?.throwIfAborted();
      if (this.#closed) return undefined;
      for (const lane of this.#turns) {
        const frame = lane.take();
        if (frame === undefined) continue;
        this.#dispatch();
        return frame;
      }
      this.#dispatch();
      if (this.#lanes.every((lane) => lane.finished)) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Sends nothing more, and delivers nothing more. */
  readonly close = (): void => {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#wake?.();
  };

  #dispatch(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const live = this.#lanes.filter(
      (lane) => lane.policy === 'freshest' && (lane.waitingSince !== undefined || lane.expected),
    );
    const delay = live.some((lane) => lane.waitingSince !== undefined) ? batchDelay(live, performance.now()) : 0;
    if (delay > 0) this.#timer = setTimeout(this.changed, delay);
    let room = this.#maxInFlight - this.#lanes.reduce((sum, lane) => sum + lane.underWay, 0);
    for (let sent = true; sent && room > 0;) {
      sent = false;
      for (const lane of this.#turns) {
        const ready = lane.waitingSince !== undefined && (delay === 0 || lane.policy === 'every-frame');
        if (!ready || room === 0) continue;
        sent = true;
        if (lane.dispatch()) room -= 1;
        this.#turns = [...this.#turns.filter((other) => other !== lane), lane];
      }
    }
  }
}
