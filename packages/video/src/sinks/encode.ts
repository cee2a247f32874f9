/**
 * RGB frames to an H.264 mp4 through one ffmpeg child. Each frame keeps its own time, so sources of variable rate come
 * out right. The file is a fragmented mp4: whatever was written before a crash, even `kill -9`, can be played. It grows
 * under `.name.partial.mp4` and gets its name when it is closed.
 */
import { SynsegError } from '@synseg/core';
import { checkEncodeOptions, checkEncoder, checkNotSource, encodeArguments, type EncodeOptions } from './encode-arguments.ts';
import { matroskaFrameHeader, matroskaHeader } from './raw-matroska.ts';
import { ffmpegVersion, passthroughArguments, startTool, type ToolProcess } from '../process/ffmpeg.ts';
import { locateFfmpeg } from '../process/locate.ts';
import { beginFile, finishFile } from './partial-file.ts';

/** Where frames go. */
export interface VideoSink {
  /** Process id of the encoder once it runs. */
  readonly pid: number | undefined;
  /**
   * Adds an RGB frame, `Uint8Array, [height, width, 3], row-major`; resolves when the encoder has taken all of it.
   *
   * @param timeSeconds Presentation time; one that is not later than the frame before is moved to 0.1 ms after it.
   * @throws {SynsegError} `VIDEO_ENCODE` with ffmpeg's last lines when the encoder has failed.
   */
  write(frame: Uint8Array, timeSeconds: number): Promise<void>;
  /** Finishes the file and puts it in place. @throws {SynsegError} `VIDEO_ENCODE` when the encoder has failed. */
  close(): Promise<void>;
  /** Finishes the file as far as it goes and puts it in place; never rejects, waits 10 s at most. */
  abort(): Promise<void>;
}

const abortMs = 10_000;
/** More than a tick of the file's clock, 1/90000 s: damaged sources repeat times, an mp4 cannot. */
const leastStepSeconds = 0.0001;

/**
 * Opens an H.264 mp4 for writing. ffmpeg starts with the first frame.
 *
 * @throws {RangeError} when the path does not end in .mp4, .m4v or .mov, is the source's, or a number is out of range.
 * @throws {SynsegError} `VIDEO_ENCODE` when this ffmpeg lacks the encoder; `FFMPEG_MISSING` when there is no ffmpeg.
 */
export async function encodeVideo(path: string, options: EncodeOptions): Promise<VideoSink> {
  checkEncodeOptions(path, options);
  await checkNotSource(path, options.source);
  const encoder = options.encoder ?? 'libx264';
  const ffmpeg = await locateFfmpeg();
  const passthrough = passthroughArguments(await ffmpegVersion(ffmpeg));
  await checkEncoder(ffmpeg, encoder);
  await beginFile(path).catch((cause: unknown) => {
    throw new SynsegError('VIDEO_ENCODE', `Cannot write video "${path}": ${String(cause)}`, { cause });
  });
  return new Mp4Sink(path, options, (startSeconds) =>
    startTool(ffmpeg, encodeArguments(path, options, encoder, startSeconds, passthrough), { input: true, outputs: 0 }),
  );
}

class Mp4Sink implements VideoSink {
  readonly #path: string;
  readonly #options: EncodeOptions;
  readonly #start: (startSeconds: number) => ToolProcess;
  #tool: ToolProcess | undefined;
  #startSeconds = 0;
  #lastSeconds = -Infinity;
  #finished: Promise<void> | undefined;

  constructor(path: string, options: EncodeOptions, start: (startSeconds: number) => ToolProcess) {
    this.#path = path;
    this.#options = options;
    this.#start = start;
  }

  get pid(): number | undefined {
    return this.#tool?.pid;
  }

  async write(frame: Uint8Array, timeSeconds: number): Promise<void> {
    const { width, height, frameRate } = this.#options;
    if (this.#finished !== undefined) throw new SynsegError('DISPOSED', `Cannot write frame: "${this.#path}" is closed`);
    if (frame.length !== width * height * 3) {
      throw new RangeError(`Cannot write frame: frame must hold ${width * height * 3} bytes, got ${frame.length}`);
    }
    if (this.#tool === undefined) {
      this.#startSeconds = timeSeconds;
      this.#tool = this.#start(timeSeconds);
      this.#tool.input.on('error', () => {});
      this.#tool.input.write(matroskaHeader(width, height, frameRate));
    }
    const { input } = this.#tool;
    this.#lastSeconds = Math.max(timeSeconds - this.#startSeconds, this.#lastSeconds + leastStepSeconds, 0);
    input.write(matroskaFrameHeader(this.#lastSeconds, frame.length));
    const error = await new Promise<unknown>((resolve) => input.write(frame, resolve));
    if (error) throw await this.#failure(this.#tool);
  }

  close(): Promise<void> {
    this.#finished ??= this.#finish(true);
    return this.#finished;
  }

  async abort(): Promise<void> {
    const timer = setTimeout(() => this.#tool?.kill(), abortMs);
    try {
      this.#finished ??= this.#finish(false);
      await this.#finished.catch(() => {});
    } finally {
      clearTimeout(timer);
    }
  }

  async #finish(strict: boolean): Promise<void> {
    const tool = this.#tool;
    tool?.input.end();
    const exit = await tool?.exited;
    await finishFile(this.#path);
    if (strict && tool !== undefined && exit?.code !== 0) throw await this.#failure(tool);
  }

  async #failure(tool: ToolProcess): Promise<SynsegError> {
    const { code, signal } = await tool.exited;
    const how = signal === null ? `ffmpeg exited with ${code}` : `ffmpeg was ended by ${signal}`;
    return new SynsegError('VIDEO_ENCODE', `Cannot write video "${this.#path}": ${how}. ${tool.lastLines()}`.trim());
  }
}
