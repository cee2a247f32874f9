/**
 * RGB frames to an H.264 mp4 through one ffmpeg child. Each frame keeps its own time, so sources of variable rate come
 * out right. The file is a fragmented mp4: whatever was written before a crash, even `kill -9`, can be played. It grows
 * under a name of its own, `.name.….partial.mp4`, gets the source's sound at the end, and then its name.
 */
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import type { SynsegError } from '@synseg/core';
import { checkKind, checkOutputs, describeValue, readOptions } from '@synseg/core/guards';
import { checkEncoder, checkEnding, containerOf, ENCODE_VIDEO_OPTIONS, encodeArguments } from './encode-arguments.ts';
import type { EncodeOptions, EncodeSettings, FrameFormat } from './encode-arguments.ts';
import { matroskaFrameHeader, matroskaHeader } from '../process/raw-matroska.ts';
import { startTool, type ToolProcess } from '../process/ffmpeg.ts';
import { ffmpegVersion, passthroughArguments } from '../process/version.ts';
import { locateFfmpeg, proxyEnvironment } from '../process/locate.ts';
import { beginFile, finishFile, keptFile } from './partial-file.ts';
import { checkSource, sourceInput, sourcePath } from '../source/source.ts';
import { audioCodecOf, soundSteps, type SoundFiles } from './sound.ts';
import { closedError, failedWrite } from './write-error.ts';
import { videoError } from '../video-error.ts';

/** A video file that frames are written to. */
export interface VideoSink {
  /** Process id of the encoder once it runs. */
  readonly pid: number | undefined;
  /** The path under which the file grows until it is finished. */
  readonly partial: string;
  /**
   * Adds an RGB frame, `Uint8Array, [height, width, 3], row-major`; resolves when the encoder has taken all of it.
   *
   * @param timeSeconds Presentation time; one that is not later than the frame before is moved to 0.1 ms after it.
   * @throws {SynsegError} `VIDEO_ENCODE` with ffmpeg's last lines when the encoder has failed.
   */
  write(frame: Uint8Array, timeSeconds: number): Promise<void>;
  /**
   * Finishes the file and puts it in place. @throws {SynsegError} `VIDEO_ENCODE` when the encoder has failed: what was
   * there stays, and what was encoded can be played under `partial`.
   */
  close(): Promise<void>;
  /** Ends the file without putting it in place; what was encoded can be played under `partial`. Never rejects. */
  abort(): Promise<void>;
}

const abortMs = 10_000;
/** Some versions of ffmpeg lose the end of a file on a full disk and exit with 0 all the same. */
const lost = /No space left|Disk quota|File too large|Error writing trailer|Input\/output error/i;
/** More than a tick of the file's clock, 1/90000 s: damaged sources repeat times, an mp4 cannot. */
const leastStepSeconds = 0.0001;

/**
 * Opens an H.264 mp4 for writing. ffmpeg starts with the first frame.
 *
 * @throws {TypeError} when an argument is of the wrong kind, or an option's name is not known.
 * @throws {RangeError} when the path does not end in .mp4, .m4v or .mov, is the source's, or a number is out of range.
 * @throws {SynsegError} `VIDEO_ENCODE` when this ffmpeg lacks the encoder; `FFMPEG_MISSING` when there is no ffmpeg.
 */
export async function encodeVideo(path: string, options: EncodeOptions): Promise<VideoSink> {
  checkKind('write video', 'path', path, typeof path === 'string' && path !== '', 'be a path');
  const settings = readOptions('write video', ENCODE_VIDEO_OPTIONS, options, ['width', 'height', 'frameRate']);
  if (settings.source !== undefined) checkSource(settings.source);
  const prepared = await prepareVideo(path, settings);
  return prepared.open(settings, settings.audioCodec);
}

/** Options that do not depend on the frames. */
type VideoFileOptions = Partial<Pick<EncodeSettings, 'source'>> & Pick<EncodeSettings, 'encoder' | 'quality'>;

/** A file that is known to be writable, before its frames are known. */
export interface PreparedVideo {
  /** Codec of the source's sound, if it has any that can be taken along. */
  readonly audioCodec: () => Promise<string | undefined>;
  /** Opens the file for frames of one size. */
  readonly open: (format: FrameFormat, audioCodec: string | undefined) => Mp4Sink;
}

/** The part of {@link encodeVideo} that does not need the frames' size; throws what it throws. */
export async function prepareVideo(path: string, options: VideoFileOptions): Promise<PreparedVideo> {
  const { source, encoder, quality } = options;
  checkEnding(path);
  const read = source === undefined ? undefined : sourcePath(source);
  if (read !== undefined) await checkOutputs('write video', [{ name: 'path', path }], [read]);
  const ffmpeg = await locateFfmpeg();
  const passthrough = passthroughArguments(await ffmpegVersion(ffmpeg));
  await checkEncoder(ffmpeg, encoder);
  const partial = await beginFile(path).catch(failedWrite('video', path));
  return {
    audioCodec: async () => (source === undefined ? undefined : audioCodecOf(ffmpeg, source)),
    open: (format, audioCodec) => {
      const pictures = encodeArguments(partial, format, encoder, quality, passthrough);
      const encode = (): ToolProcess => startTool(ffmpeg, pictures, { input: true, outputs: 0 });
      if (source === undefined || audioCodec === undefined) return new Mp4Sink(path, partial, format, { encode });
      const environment = proxyEnvironment(sourceInput(source));
      return new Mp4Sink(path, partial, format, {
        encode,
        start: (args) => startTool(ffmpeg, args, { outputs: 0, environment }),
        soundSteps: (startSeconds, durationSeconds) => {
          const facts = { source, audioCodec, startSeconds, durationSeconds };
          return soundSteps(soundFiles(partial), containerOf(path), facts);
        },
      });
    },
  };
}

function soundFiles(pictures: string): SoundFiles {
  const beside = (name: string): string =>
    pictures.slice(0, pictures.length - extname(pictures).length) + name + extname(pictures);
  return { pictures, sound: beside('.sound'), joined: beside('.joined') };
}

/** The children that make the file. */
interface Mp4Tools {
  readonly encode: () => ToolProcess;
  readonly start?: (args: readonly string[]) => ToolProcess;
  /** Steps to be made one after the other, each with the attempts to make it; not there when there is no sound. */
  readonly soundSteps?: (startSeconds: number, durationSeconds: number) => string[][][];
}

/** The file as the pipeline sees it. */
export class Mp4Sink implements VideoSink {
  readonly #path: string;
  readonly partial: string;
  readonly #format: FrameFormat;
  readonly #tools: Mp4Tools;
  #tool: ToolProcess | undefined;
  #startSeconds = 0;
  #lastSeconds = -Infinity;
  #finished: Promise<void> | undefined;
  #isLate = false;

  constructor(path: string, partial: string, format: FrameFormat, tools: Mp4Tools) {
    [this.#path, this.partial, this.#format, this.#tools] = [path, partial, format, tools];
  }

  get pid(): number | undefined {
    return this.#tool?.pid;
  }

  async write(frame: Uint8Array, timeSeconds: number): Promise<void> {
    checkKind('write frame', 'frame', frame, ArrayBuffer.isView(frame), 'be a Uint8Array');
    const refuse = (rule: string, got: unknown): never => {
      throw new RangeError(`Cannot write frame: ${rule}, got ${describeValue(got)}`);
    };
    if (!Number.isFinite(timeSeconds)) refuse('timeSeconds must be a finite number', timeSeconds);
    const { width, height, frameRate } = this.#format;
    if (this.#finished !== undefined) throw closedError('frame', this.#path);
    const bytes = width * height * 3;
    if (frame.length !== bytes) refuse(`frame must hold ${bytes} bytes`, frame.length);
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

  /** @param limitMs - sound that is not there after so long is left out */
  close(limitMs?: number): Promise<void> {
    this.#finished ??= this.#finish(limitMs);
    return this.#finished;
  }

  async abort(): Promise<void> {
    await this.abandon();
  }

  /** Ends the file where it is, and says where if there is anything in it. Idempotent, never rejects. */
  async abandon(): Promise<readonly string[]> {
    this.#finished ??= this.#inTime(abortMs, async () => void (await this.#encoded()));
    await this.#finished.catch(() => undefined);
    const kept = await keptFile(this.#path, this.partial).catch(() => this.partial);
    return kept === undefined ? [] : [kept];
  }

  async #finish(limitMs: number | undefined): Promise<void> {
    const failure = await this.#inTime(limitMs, async () => (await this.#encoded()) ?? this.#addSound());
    if (failure !== undefined) throw failure;
    await finishFile(this.#path, this.partial).catch(failedWrite('video', this.#path));
  }

  async #inTime<Result>(limitMs: number | undefined, work: () => Promise<Result>): Promise<Result> {
    const end = (): void => {
      this.#isLate = true;
      this.#tool?.kill();
    };
    const timer = limitMs === undefined ? undefined : setTimeout(end, limitMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets the encoder write what it holds. What it says when it could not. */
  async #encoded(): Promise<SynsegError | undefined> {
    const tool = this.#tool;
    tool?.input.end();
    const exit = await tool?.exited;
    return tool === undefined || (exit?.code === 0 && !lost.test(tool.lastLines())) ? undefined : this.#failure(tool);
  }

  /** Replaces the file of pictures by one with sound; when that fails, the pictures stay. */
  async #addSound(): Promise<SynsegError | undefined> {
    const { start, soundSteps: stepsOf } = this.#tools;
    if (this.#tool === undefined || start === undefined || stepsOf === undefined) return undefined;
    const { pictures, sound, joined } = soundFiles(this.partial);
    try {
      for (const attempts of stepsOf(this.#startSeconds, this.#lastSeconds + 1 / this.#format.frameRate)) {
        let isMade = false;
        for (const args of attempts) {
          this.#tool = start(args);
          const { code } = await this.#tool.exited;
          if (this.#isLate) return undefined;
          isMade = code === 0 && !lost.test(this.#tool.lastLines());
          if (isMade) break;
        }
        const where = `the pictures are in "${pictures}", their sound could not be added: `;
        if (!isMade) return await this.#failure(this.#tool, where);
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
    const message = `Cannot write video "${this.#path}": ${where}${how}. ${tool.lastLines()}`;
    return videoError('VIDEO_ENCODE', message.trim());
  }
}
