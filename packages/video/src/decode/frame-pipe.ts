/**
 * Cuts the bytes of a pipe into frames of a fixed size. It stops reading when two frames wait, so a slow consumer stops
 * ffmpeg, except while the consumer itself waits for the frame on another pipe of the same ffmpeg.
 */
import type { Readable } from 'node:stream';

/** Complete frames held while nobody waits. */
const readAhead = 2;

/** A frame's bytes and the moment they were complete. */
export interface PipedFrame {
  readonly data: Uint8Array<ArrayBuffer>;
  /** `performance.now()`, milliseconds. */
  readonly arrivedAt: number;
}

/** Frames from a stream. */
export class FramePipe {
  readonly #stream: Readable;
  readonly #onChange: () => void;
  readonly #frames: PipedFrame[] = [];
  /** Bytes that came before the size of a frame was known; the stream rests meanwhile. */
  #early: Uint8Array[] = [];
  #frameBytes: number | undefined;
  #filling: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #awaited = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param frameBytes Size of a frame, if it is known already; see {@link setFrameBytes}.
   * @param onChange Called when a frame is complete or the stream has ended.
   */
  constructor(stream: Readable, frameBytes: number | undefined, onChange: () => void) {
    [this.#stream, this.#frameBytes, this.#onChange] = [stream, frameBytes, onChange];
    const end = (): void => {
      this.#ended = true;
      onChange();
    };
    stream.on('data', (chunk: Uint8Array) => {
      // There may be no memory for a picture, and nobody could catch that here.
      try {
        if (this.#frameBytes === undefined) {
          this.#early.push(chunk);
          stream.pause();
        } else if (this.#fill(chunk, this.#frameBytes)) onChange();
      } catch (error) {
        this.#failure ??= { error };
        stream.destroy();
        onChange();
      }
    });
    stream.once('end', end).once('close', end).once('error', end);
  }

  /** Says how many bytes a frame has; once, when it was not known before. */
  setFrameBytes(frameBytes: number): void {
    if (this.#frameBytes !== undefined) return;
    this.#frameBytes = frameBytes;
    const early = this.#early;
    this.#early = [];
    if (early.map((chunk) => this.#fill(chunk, frameBytes)).includes(true)) this.#onChange();
    if (this.#awaited || this.#frames.length < readAhead) this.#stream.resume();
  }

  /** @throws what went wrong while frames were cut, such as too little memory for one */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Number of complete frames that wait to be taken. */
  get ready(): number {
    return this.#frames.length;
  }

  /** True when no frame waits and none can come any more. */
  get exhausted(): boolean {
    return this.#ended && this.#frames.length === 0;
  }

  /** Reads on whatever is held already: somebody waits for a frame. */
  await(): void {
    this.#awaited = true;
    if (this.#early.length === 0) this.#stream.resume();
  }

  /** Reads on only up to the bound: nobody waits any more. */
  relax(): void {
    this.#awaited = false;
    if (this.#frames.length >= readAhead) this.#stream.pause();
    else this.#stream.resume();
  }

  /** The oldest complete frame; the caller owns it. */
  take(): PipedFrame {
    const frame = this.#frames.shift();
    if (frame === undefined) throw new Error('internal: no frame is complete');
    return frame;
  }

  #fill(chunk: Uint8Array, frameBytes: number): boolean {
    let complete = false;
    for (let offset = 0; offset < chunk.length;) {
      this.#filling ??= new Uint8Array(frameBytes);
      const count = Math.min(chunk.length - offset, frameBytes - this.#filled);
      this.#filling.set(chunk.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled < frameBytes) continue;
      this.#frames.push({ data: this.#filling, arrivedAt: performance.now() });
      this.#filling = undefined;
      this.#filled = 0;
      complete = true;
      if (!this.#awaited && this.#frames.length >= readAhead) this.#stream.pause();
    }
    return complete;
  }
}
