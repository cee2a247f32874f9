/**
 * The place where frames of one source wait for the model, and where it is decided what happens when they come faster
 * than they are taken: `every-frame` lets the source wait, `freshest` replaces the frame that waits and counts it.
 */

/** The fate of frames that come faster than they are segmented. */
export type Policy = 'every-frame' | 'freshest';

/** Frames held for the model under `every-frame`, so that it never waits for a decoder that keeps up. */
const readAhead = 2;

/** Frames of one source between its reader and the model. */
export class FrameBuffer<Frame> {
  #policy: Policy = 'every-frame';
  #frames: Frame[] = [];
  #dropped = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  /** Decides what a full buffer does; to be called before the first {@link FrameBuffer.offer}. */
  set policy(policy: Policy) {
    this.#policy = policy;
  }

  /** The frame that is next, left where it is. */
  get next(): Frame | undefined {
    return this.#frames[0];
  }

  /** Adds a frame: resolves when there is room for another. False once closed. */
  async offer(frame: Frame): Promise<boolean> {
    if (this.#policy === 'freshest') {
      this.#dropped += this.#frames.length;
      this.#frames = [frame];
    } else {
      this.#frames.push(frame);
      while (this.#frames.length >= readAhead && !this.#closed)
        await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return !this.#closed;
  }

  /** Takes the next frame and the number of frames dropped since the one before. */
  take(): { readonly frame: Frame; readonly dropped: number } | undefined {
    const frame = this.#frames.shift();
    if (frame === undefined) return undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#wake?.();
    return { frame, dropped };
  }

  /** Nobody takes frames any more. */
  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#wake?.();
  }
}
