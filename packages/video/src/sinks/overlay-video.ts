/**
 * The source's picture with the label colors blended in, as a video. Blending is done where frames are rendered; here
 * the pictures are encoded, at the time each has, with the source's sound where it can be read again: a file or a
 * recording on a web server, not a camera, a pipe or a live stream.
 */
import type { SegmentedFrame } from '../segmented-frame.ts';
import { selectedRate } from '../decode/selection.ts';
import type { VideoSource } from '../source/source.ts';
import { ENCODE_VIDEO_OPTIONS, type FrameFormat } from './encode-arguments.ts';
import { prepareVideo, type Mp4Sink, type PreparedVideo } from './encode.ts';
import type { FrameSink } from './frame-sink.ts';

/** Options of an overlay video. */
export interface OverlayVideoOptions {
  /** The source of the frames; never written over. */
  readonly source?: VideoSource;
  /** `'none'` leaves the source's sound out, for instance when its clock is not the frames'. @default 'copy' */
  readonly sound?: 'copy' | 'none';
  /**
   * The facts known of the source when its first frame has come; plans the rate of the file, and live sources have no
   * sound.
   */
  readonly info?: () => { readonly frameRate?: number | undefined; readonly live?: boolean | undefined } | undefined;
  /** Pictures per second at most, and one in this many of them. @default all */
  readonly fps?: number | undefined;
  readonly every?: number;
  /** H.264 encoder of ffmpeg. @default 'libx264' */
  readonly encoder?: string;
  /** Constant quality of libx264, 0 (lossless) to 51. @default 20 */
  readonly quality?: number;
}

const usualFrameRate = 25;
/**
 * Averages below this many pictures per second may be those of a clock that jumps: the last picture would stand for
 * long.
 */
const doubtedFrameRate = 5;
/** A first step so many times shorter than the average tells more of how long pictures last. */
const muchShorter = 3;

/** Writes the overlay pictures of one source to an mp4. */
export class OverlayVideoSink implements FrameSink {
  static readonly needs = { overlay: true } as const;
  readonly #prepared: PreparedVideo;
  readonly #options: OverlayVideoOptions;
  #file: Promise<Mp4Sink> | undefined;
  /** The first frame, where the second one's time is needed to tell how long it lasts. */
  #first: SegmentedFrame | undefined;

  private constructor(prepared: PreparedVideo, options: OverlayVideoOptions) {
    [this.#prepared, this.#options] = [prepared, options];
  }

  /** Prepares the file at `path`; ffmpeg starts with the first frame. @throws what `encodeVideo` throws. */
  static async open(path: string, options: OverlayVideoOptions): Promise<OverlayVideoSink> {
    const { fallback: usual } = ENCODE_VIDEO_OPTIONS.encoder;
    const { source, encoder = usual, quality = ENCODE_VIDEO_OPTIONS.quality.fallback } = options;
    return new OverlayVideoSink(await prepareVideo(path, { source, encoder, quality }), options);
  }

  async write(frame: SegmentedFrame): Promise<void> {
    if (frame.overlay === undefined)
      throw new Error('internal: a frame for the overlay video came without its picture');
    if (this.#file === undefined && this.#first === undefined && !this.#isLive && this.#rate < doubtedFrameRate) {
      this.#first = frame;
      return;
    }
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) await this.#write(first, frame.timeSeconds - first.timeSeconds);
    await this.#write(frame);
  }

  async close(limitMs?: number): Promise<void> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) await this.#write(first);
    await (await this.#file)?.close(limitMs);
  }

  async abandon(): Promise<readonly string[]> {
    const file = await this.#file?.catch(() => undefined);
    return (await file?.abandon()) ?? [];
  }

  async #write(frame: SegmentedFrame, stepSeconds?: number): Promise<void> {
    const { overlay = new Uint8Array(), sourceWidth: width, sourceHeight: height, pixelAspect, timeSeconds } = frame;
    this.#file ??= this.#begin({ width, height, pixelAspect }, stepSeconds);
    await (await this.#file).write(overlay, timeSeconds);
  }

  get #isLive(): boolean {
    return this.#options.info?.()?.live === true;
  }

  /** Pictures per second by the source's average. */
  get #rate(): number {
    const { frameRate = usualFrameRate } = this.#options.info?.() ?? {};
    return selectedRate(Number.isFinite(frameRate) && frameRate > 0 ? frameRate : usualFrameRate, this.#options);
  }

  async #begin(shape: Omit<FrameFormat, 'frameRate'>, stepSeconds = Infinity): Promise<Mp4Sink> {
    const { sound = 'copy' } = this.#options;
    const rate = this.#rate;
    const frameRate = stepSeconds > 0 && stepSeconds * rate * muchShorter < 1 ? 1 / stepSeconds : rate;
    const audioCodec = sound === 'copy' && !this.#isLive ? await this.#prepared.audioCodec() : undefined;
    return this.#prepared.open({ ...shape, frameRate }, audioCodec);
  }
}
