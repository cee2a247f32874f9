/**
 * Cuts the bytes of a pipe into frames of a fixed size. It reads only while it is resumed, so a slow consumer stops
 * ffmpeg: at most the frame being filled, a stream buffer of 64 KiB and the frames in {@link FramePipe.ready} are held.
 */
import type { Readable } from 'node:stream';

/** Frames of `frameBytes` bytes from a stream. */
export class FramePipe {
  readonly #stream: Readable;
  readonly #frameBytes: number;
  readonly #frames: Uint8Array<ArrayBuffer>[] = [];
  #filling: Uint8Array<ArrayBuffer>;
  #filled = 0;
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
    stream.pause();
  }

  /** Number of complete frames that wait to be taken. */
  get ready(): number {
    return this.#frames.length;
  }

  /** True when no frame waits and none can come any more. */
  get exhausted(): boolean {
    return this.#ended && this.#frames.length === 0;
  }

  resume(): void {
    this.#stream.resume();
  }

  pause(): void {
    this.#stream.pause();
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
    }
    return complete;
  }
}
