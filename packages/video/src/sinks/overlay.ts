/** The source's picture with the label colors blended in, as a video with the source's sound. */
import { encodeVideo, type VideoSink } from './encode.ts';
import { OverlayRenderer, type OverlayLook } from '../pool/overlay-renderer.ts';
import type { VideoInfo } from '../source/probe.ts';
import type { VideoSource } from '../source/source.ts';
import { mapOrdered } from '../pipeline/queue.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';

/** A segmented frame and its picture at source size, RGB: plain before {@link OverlaySink.render}, blended after. */
export interface SegmentedPicture {
  readonly frame: SegmentedFrame;
  readonly picture?: Uint8Array<ArrayBuffer>;
}

/** What {@link OverlaySink.open} must know. */
export interface OverlaySettings {
  readonly source: VideoSource;
  readonly info: VideoInfo;
  readonly look: OverlayLook;
  /** One picture in this many is taken; plans the rate of the file. */
  readonly every: number;
  readonly encoder?: string;
}

/** Blends on worker threads, encodes in order. */
export class OverlaySink {
  readonly #renderer: OverlayRenderer;
  readonly #file: VideoSink;

  private constructor(renderer: OverlayRenderer, file: VideoSink) {
    this.#renderer = renderer;
    this.#file = file;
  }

  /** Prepares the file at `path`. @throws what `encodeVideo` throws. */
  static async open(path: string, { source, info, look, every, encoder }: OverlaySettings): Promise<OverlaySink> {
    const { width, height, frameRate, audioCodec } = info;
    const file = await encodeVideo(path, {
      ...{ width, height, frameRate: frameRate / every, source },
      ...(audioCodec === undefined ? {} : { audioCodec }),
      ...(encoder === undefined ? {} : { encoder }),
    });
    return new OverlaySink(new OverlayRenderer(look), file);
  }

  /** Blends the pictures of a stream; order is kept and a few are under way at a time. */
  render(frames: AsyncIterable<SegmentedPicture>): AsyncGenerator<SegmentedPicture, void, undefined> {
    return mapOrdered(frames, this.#renderer.inFlight, async ({ frame, picture }) => {
      if (picture === undefined) throw new Error('internal: a frame for the overlay came without its picture');
      const { sourceWidth, sourceHeight } = frame;
      return { frame, picture: await this.#renderer.render(picture, sourceWidth, sourceHeight, frame) };
    });
  }

  /** Adds a blended picture to the file. @throws {SynsegError} `VIDEO_ENCODE` when the encoder has failed. */
  async write(picture: Uint8Array, timeSeconds: number): Promise<void> {
    await this.#file.write(picture, timeSeconds);
  }

  /** Ends the threads and finishes the file. @throws {SynsegError} `VIDEO_ENCODE` when the encoder has failed. */
  async close(): Promise<void> {
    await this.#renderer[Symbol.asyncDispose]();
    await this.#file.close();
  }

  /** Ends the threads and finishes the file as far as it goes; never rejects. */
  async abort(): Promise<void> {
    await this.#renderer[Symbol.asyncDispose]();
    await this.#file.abort();
  }
}
