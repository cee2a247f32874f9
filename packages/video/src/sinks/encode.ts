/**
 * RGB frames to an H.264 mp4 through one ffmpeg child. Each frame keeps its own time, so sources of variable rate come
 * out right. The file is a fragmented mp4: whatever was written before a crash, even `kill -9`, can be played. It grows
 * under `.name.partial.mp4`, gets the source's sound at the end, and then its name.
 */
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { SynsegError } from '@synseg/core';
import {
  checkEncoder,
  checkFile,
  checkFormat,
  checkNotSource,
  containerOf,
  encodeArguments,
  type EncodeOptions,
  type FrameFormat,
} from './encode-arguments.ts';
import { matroskaFrameHeader, matroskaHeader } from './raw-matroska.ts';
import { startTool, type ToolProcess } from '../process/ffmpeg.ts';
import { ffmpegVersion, passthroughArguments } from '../process/version.ts';
import { locateFfmpeg } from '../process/locate.ts';
import { beginFile, finishFile, partialPath } from './partial-file.ts';
import { audioCodecOf, soundSteps, type SoundFiles } from './sound.ts';
import { writeError } from './write-error.ts';

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
  /** Finishes the file as far as it goes and puts it in place; never rejects. Waits 10 s at most, then leaves the sound out. */
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
  checkFile(path, options);
  checkFormat(options);
  const prepared = await prepareVideo(path, options);
  return prepared.open(options, options.audioCodec);
}

/** A file that is known to be writable, before its frames are known. */
export interface PreparedVideo {
  /** Codec of the source's sound, if it has any that can be taken along. */
  readonly audioCodec: () => Promise<string | undefined>;
  /** Opens the file for frames of one size. @throws {RangeError} when a number is out of range. */
  readonly open: (format: FrameFormat, audioCodec: string | undefined) => VideoSink;
}

/** The part of {@link encodeVideo} that does not need the frames' size; throws what it throws. */
export async function prepareVideo(path: string, options: Omit<EncodeOptions, keyof FrameFormat>): Promise<PreparedVideo> {
  const { source, encoder = 'libx264', quality = 20 } = options;
  checkFile(path, options);
  await checkNotSource(path, source);
  const ffmpeg = await locateFfmpeg();
  const passthrough = passthroughArguments(await ffmpegVersion(ffmpeg));
  await checkEncoder(ffmpeg, encoder);
  await beginFile(path).catch((cause: unknown) => {
    throw writeError('video', path, cause);
  });
  return {
    audioCodec: async () => (source === undefined ? undefined : audioCodecOf(ffmpeg, source)),
    open: (format, audioCodec) => {
      checkFormat(format);
      const pictures = encodeArguments(path, format, encoder, quality, passthrough);
      return new Mp4Sink(path, format, {
        encode: () => startTool(ffmpeg, pictures, { input: true, outputs: 0 }),
        ...(source === undefined || audioCodec === undefined
          ? {}
          : {
              addSound: (startSeconds, durationSeconds) =>
                soundSteps(soundFiles(path), containerOf(path), { source, audioCodec, startSeconds, durationSeconds }).map(
                  (args) => () => startTool(ffmpeg, args, { outputs: 0 }),
                ),
            }),
      });
    },
  };
}

function soundFiles(path: string): SoundFiles {
  const pictures = partialPath(path);
  const beside = (name: string): string => partialPath(path.slice(0, path.length - extname(path).length) + name + extname(path));
  return { pictures, sound: beside('.sound'), joined: beside('.joined') };
}

/** The children that make the file. */
interface Mp4Tools {
  readonly encode: () => ToolProcess;
  /** To be run one after the other; not there when there is no sound. */
  readonly addSound?: (startSeconds: number, durationSeconds: number) => readonly (() => ToolProcess)[];
}

class Mp4Sink implements VideoSink {
  readonly #path: string;
  readonly #format: FrameFormat;
  readonly #tools: Mp4Tools;
  #tool: ToolProcess | undefined;
  #startSeconds = 0;
  #lastSeconds = -Infinity;
  #finished: Promise<void> | undefined;
  #isLate = false;

  constructor(path: string, format: FrameFormat, tools: Mp4Tools) {
    [this.#path, this.#format, this.#tools] = [path, format, tools];
  }

  get pid(): number | undefined {
    return this.#tool?.pid;
  }

  async write(frame: Uint8Array, timeSeconds: number): Promise<void> {
    const { width, height, frameRate } = this.#format;
    if (this.#finished !== undefined) throw new SynsegError('DISPOSED', `Cannot write frame: "${this.#path}" is closed`);
    if (frame.length !== width * height * 3) {
      throw new RangeError(`Cannot write frame: frame must hold ${width * height * 3} bytes, got ${frame.length}`);
    }
    if (this.#tool === undefined) {
      this.#startSeconds = timeSeconds;
      this.#tool = this.#tools.encode();
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
    const timer = setTimeout(() => {
      this.#isLate = true;
      this.#tool?.kill();
    }, abortMs);
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
    let failure = tool === undefined || exit?.code === 0 ? undefined : await this.#failure(tool);
    if (failure === undefined && tool !== undefined) failure = await this.#addSound();
    await finishFile(this.#path).catch((cause: unknown) => {
      throw writeError('video', this.#path, cause);
    });
    if (strict && failure !== undefined) throw failure;
  }

  /** Replaces the file of pictures by one with sound; when that fails, the pictures stay. */
  async #addSound(): Promise<SynsegError | undefined> {
    const steps = this.#tools.addSound?.(this.#startSeconds, this.#lastSeconds + 1 / this.#format.frameRate) ?? [];
    if (steps.length === 0) return undefined;
    const { pictures, sound, joined } = soundFiles(this.#path);
    try {
      for (const start of steps) {
        this.#tool = start();
        const { code } = await this.#tool.exited;
        if (code !== 0 || this.#isLate) return await this.#failure(this.#tool, 'the pictures are there, their sound could not be added: ');
      }
      await rename(joined, pictures);
      return undefined;
    } finally {
      await Promise.all([sound, joined].map((file) => rm(file, { force: true })));
    }
  }

  async #failure(tool: ToolProcess, where = ''): Promise<SynsegError> {
    const { code, signal } = await tool.exited;
    const how = signal === null ? `ffmpeg exited with ${code}` : `ffmpeg was ended by ${signal}`;
    return new SynsegError('VIDEO_ENCODE', `Cannot write video "${this.#path}": ${where}${how}. ${tool.lastLines()}`.trim());
  }
}
