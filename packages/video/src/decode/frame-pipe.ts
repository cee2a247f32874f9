/**
 * Cuts the bytes of a pipe into frames of a fixed size. It stops reading when two frames wait, so a slow consumer stops
 * ffmpeg, except while the consumer itself waits for the frame on another pipe of the same ffmpeg.
 */
import type { Readable } from 'node:stream';

/** Complete frames held while nobody waits. */
const readAhead = 2;

/** Frames of `frameBytes` bytes from a stream. */
export class FramePipe {
  readonly #stream: Readable;
  readonly #frameBytes: number;
  readonly #frames: Uint8Array<ArrayBuffer>[] = [];
  #filling: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #awaited = false;
  #ended = false;

  /** @param onChange Called when a frame is complete or the stream has ended. */
  constructor(stream: Readable, frameBytes: number, onChange: () => void) {
    this.#stream = stream;
    this.#frameBytes = frameBytes;
    this.#filling = new Uint8Array(frameBytes);
    const end = (): void => {
      this.#ended = true;
      onChange();
    };
    stream.on('data', (chunk: Uint8Array) => {
      if (this.#fill(chunk)) onChange();
    });
    stream.once('end', end).once('close', end).once('error', end);
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
    this.#stream.resume();
  }

  /** Reads on only up to the bound: nobody waits any more. */
  relax(): void {
    this.#awaited = false;
    if (this.#frames.length >= readAhead) this.#stream.pause();
    else this.#stream.resume();
  }

  /** The oldest complete frame; the caller owns it. */
  take(): Uint8Array<ArrayBuffer> {
    const frame = this.#frames.shift();
    if (frame === undefined) throw new Error('internal: no frame is complete');
    return frame;
  }

  #fill(chunk: Uint8Array): boolean {
    let complete = false;
    for (let offset = 0; offset < chunk.length; ) {
      const count = Math.min(chunk.length - offset, this.#frameBytes - this.#filled);
      this.#filling.set(chunk.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled < this.#frameBytes) continue;
      this.#frames.push(this.#filling);
      this.#filling = new Uint8Array(this.#frameBytes);
      this.#filled = 0;
      complete = true;
      if (!this.#awaited && this.#frames.length >= readAhead) this.#stream.pause();
    }
    return complete;
  }
}
