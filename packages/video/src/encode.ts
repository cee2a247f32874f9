/**
 * RGB frames to an H.264 mp4 through one ffmpeg child. Each frame keeps its own time, so sources of variable rate come
 * out right. The file is a fragmented mp4: whatever was written before a crash, even `kill -9`, can be played. It grows
 * under `.name.partial.mp4` and gets its name when it is closed.
 */
import { extname } from 'node:path';
import { realpath } from 'node:fs/promises';
import { SynsegError } from '@synseg/core';
import { matroskaFrameHeader, matroskaHeader } from './raw-matroska.ts';
import { ffmpegVersion, passthroughArguments, runTool, startTool, type ToolProcess } from './process/ffmpeg.ts';
import { locateFfmpeg } from './process/locate.ts';
import { sourceInput, sourcePath, type VideoSource } from './process/source.ts';
import { beginFile, finishFile, partialPath } from './sinks/partial-file.ts';

/** What {@link encodeVideo} must know. */
export interface EncodeOptions {
  /** Width of each frame in pixels. Odd sizes get one more column in the file, a copy of the last one: H.264 needs it. */
  readonly width: number;
  /** Height of each frame in pixels; odd ones as for `width`. */
  readonly height: number;
  /** Frames per second to plan for; each frame is shown at its own time all the same. */
  readonly frameRate: number;
  /** Take the sound from the first audio stream of this source, in step with the frames' times. */
  readonly audioFrom?: { readonly source: VideoSource; readonly codec: string };
  /** H.264 encoder of ffmpeg. @default 'libx264' */
  readonly encoder?: string;
  /** Constant quality of libx264, 0 (lossless) to 51. @default 20 */
  readonly quality?: number;
}

/** Where frames go. */
export interface VideoSink {
  /** Process id of the encoder once it runs. */
  readonly pid: number | undefined;
  /**
   * Adds an RGB frame, `Uint8Array, [height, width, 3], row-major`; resolves when the encoder has taken all of it.
   *
   * @param timeSeconds Presentation time, later than that of the frame before.
   * @throws {SynsegError} `VIDEO_ENCODE` with ffmpeg's last lines when the encoder has failed.
   */
  write(frame: Uint8Array, timeSeconds: number): Promise<void>;
  /** Finishes the file and puts it in place. @throws {SynsegError} `VIDEO_ENCODE` when the encoder has failed. */
  close(): Promise<void>;
  /** Finishes the file as far as it goes and puts it in place; never rejects, waits 10 s at most. */
  abort(): Promise<void>;
}

const containers = ['.mp4', '.m4v', '.mov'];
/** Audio codecs that mp4 takes as they are; others become AAC. */
const audioForMp4 = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac', 'opus', 'flac', 'mp2']);
const abortMs = 10_000;

/**
 * Opens an H.264 mp4 for writing. ffmpeg starts with the first frame.
 *
 * @throws {RangeError} when the path does not end in .mp4, .m4v or .mov, is the audio source, or a number is out of range.
 * @throws {SynsegError} `VIDEO_ENCODE` when this ffmpeg lacks the encoder; `FFMPEG_MISSING` when there is no ffmpeg.
 */
export async function encodeVideo(path: string, options: EncodeOptions): Promise<VideoSink> {
  checkEncodeOptions(path, options);
  await checkNotSource(path, options.audioFrom?.source);
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
    input.write(matroskaFrameHeader(Math.max(0, timeSeconds - this.#startSeconds), frame.length));
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

function encodeArguments(
  path: string,
  { width, height, frameRate, audioFrom, quality = 20 }: EncodeOptions,
  encoder: string,
  startSeconds: number,
  passthrough: readonly string[],
): string[] {
  const filters = [
    'scale=out_color_matrix=bt709:out_range=tv,format=yuv444p',
    'pad=ceil(iw/2)*2:ceil(ih/2)*2',
    ...(width % 2 || height % 2 ? [`fillborders=right=${width % 2}:bottom=${height % 2}:mode=smear`] : []),
    'format=yuv420p',
  ];
  // `-copyts`, `-itsoffset` and the output's `-ss 0` cut the sound at the first frame's time, to the audio packet.
  const audio =
    audioFrom === undefined
      ? []
      : ['-map', '1:a:0', '-ss', '0', '-shortest', '-c:a', audioForMp4.has(audioFrom.codec) ? 'copy' : 'aac'];
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'warning', '-y', '-copyts', '-f', 'matroska', '-i', 'pipe:0'],
    ...(audioFrom === undefined ? [] : ['-itsoffset', (-startSeconds).toFixed(6), '-i', sourceInput(audioFrom.source)]),
    ...['-map', '0:v', ...audio, ...passthrough, '-enc_time_base', '1:90000', '-vf', filters.join(',')],
    ...['-c:v', encoder, ...(encoder === 'libx264' ? ['-preset', 'veryfast', '-crf', String(quality)] : [])],
    // A fragment ends at each key frame: a crash loses two seconds at most.
    ...['-g', String(Math.max(1, Math.round(frameRate * 2))), '-video_track_timescale', '90000'],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
    ...['-movflags', '+frag_keyframe+delay_moov+default_base_moof', '-f', extname(path) === '.mov' ? 'mov' : 'mp4'],
    `file:${partialPath(path)}`,
  ];
}

function checkEncodeOptions(path: string, { width, height, frameRate, quality }: EncodeOptions): void {
  if (!containers.includes(extname(path).toLowerCase())) {
    throw new RangeError(`Cannot write video: path must end in ${containers.join(', ')}, got "${path}"`);
  }
  for (const [name, value] of Object.entries({ width, height })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new RangeError(`Cannot write video: ${name} must be positive whole pixels, got ${value}`);
  }
  if (!(Number.isFinite(frameRate) && frameRate > 0)) {
    throw new RangeError(`Cannot write video: frameRate must be a positive number, got ${frameRate}`);
  }
  if (quality !== undefined && !(quality >= 0 && quality <= 51)) {
    throw new RangeError(`Cannot write video: quality must be between 0 and 51, got ${quality}`);
  }
}

async function checkNotSource(path: string, source: VideoSource | undefined): Promise<void> {
  const input = source === undefined ? undefined : sourcePath(source);
  if (input === undefined) return;
  const same = await Promise.all([realpath(path), realpath(input)]).then(([a, b]) => a === b, () => false);
  if (same) throw new RangeError(`Cannot write video: path must not be the source, got "${path}"`);
}

async function checkEncoder(ffmpeg: string, encoder: string): Promise<void> {
  const { stdout } = await runTool(ffmpeg, ['-hide_banner', '-encoders']);
  const names = stdout.split('\n').flatMap((line) => /^ V\S+ +(\S+)/.exec(line)?.[1] ?? []);
  if (names.includes(encoder)) return;
  const h264 = names.filter((name) => /264/.test(name)).join(', ') || 'none';
  throw new SynsegError(
    'VIDEO_ENCODE',
    `Cannot write video: encoder must be one that ${ffmpeg} has, got "${encoder}" (its H.264 encoders: ${h264})`,
  );
}
