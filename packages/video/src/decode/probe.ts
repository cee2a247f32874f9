/**
 * Facts about a source from ffprobe, without decoding it. The source is opened: one that can be read only once is then
 * used up.
 */
import { join } from 'node:path';
import { PIXEL_LIMIT, readOptions, SIGNAL_OPTION, type OptionsOf } from '@synseg/core/guards';
import { runTool } from '../process/ffmpeg.ts';
import { ffmpegVersion } from '../process/version.ts';
import { locateFfmpeg, locateFfprobe, proxyEnvironment } from '../process/locate.ts';
import { checkPixels } from './check-end.ts';
import { pixelArguments } from './decode-arguments.ts';
import { refusedSize } from './input-report.ts';
import { pixelAspect } from './frame-clock.ts';
import { NETWORK_OPTIONS, OPENING_OPTIONS } from '../source/input-options.ts';
import { checkInputOptions, openInput } from '../source/input.ts';
import { checkSource, isFrames, sourceInput, sourceName, sourceSecrets, type VideoSource } from '../source/source.ts';
import { videoError } from '../video-error.ts';

/** Facts of a source's first video stream (cover pictures of audio files do not count). */
export interface VideoInfo {
  /** Width in pixels as shown, after rotation. */
  readonly width: number;
  /** Height in pixels as shown, after rotation. */
  readonly height: number;
  /** Width of a pixel by its height, after rotation: 1 for square pixels. */
  readonly pixelAspect: number;
  /** Name of the video codec, as in ffmpeg: `h264`, `hevc`, `vp9`, … */
  readonly codec: string;
  /** Average frames per second. */
  readonly frameRate: number;
  /** Length in seconds, if the container says so. */
  readonly durationSeconds?: number;
  /** Number of frames, if the container says so; a claim, not a count. */
  readonly frameCount?: number;
  /** Clockwise turn in degrees that a player applies. ffmpeg applies it while decoding. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly hasAudio: boolean;
  /** Name of the first audio stream's codec. */
  readonly audioCodec?: string;
  /** True when the average rate differs by more than 1 % from the rate of the fastest frames: a strong hint only. */
  readonly variableRate: boolean;
}

/** Options of {@link probe}. */
export const PROBE_OPTIONS = { ...OPENING_OPTIONS, ...NETWORK_OPTIONS, ...PIXEL_LIMIT, ...SIGNAL_OPTION };
export type ProbeOptions = OptionsOf<typeof PROBE_OPTIONS>;

interface ProbedStream {
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_aspect_ratio?: string;
  readonly avg_frame_rate?: string;
  readonly r_frame_rate?: string;
  readonly duration?: string;
  readonly nb_frames?: string;
  readonly disposition?: { readonly attached_pic?: number };
  readonly side_data_list?: readonly { readonly rotation?: number }[];
  readonly tags?: { readonly rotate?: string };
}

/**
 * Reads size, codec, rate, length, rotation and audio of a source. Not needed before decoding: stdin, a camera or a
 * server of one client is used up by it.
 *
 * @throws {TypeError} when `source` is none, or pushed frames.
 * @throws {SynsegError} `VIDEO_DECODE` naming the source when it cannot be opened, or has no video
 * stream or one without a size;
 * `FFMPEG_MISSING` when there is no ffprobe.
 */
export async function probe(source: VideoSource, options?: ProbeOptions): Promise<VideoInfo> {
  checkSource(source);
  const settings = readOptions('open video', PROBE_OPTIONS, options);
  const { maxPixels, signal } = settings;
  const rule = 'be a path, a URL or { url, inputOptions } to probe it';
  if (isFrames(source)) throw new TypeError(`Cannot open video: source must ${rule}, got pushed frames`);
  checkInputOptions('open video', source, settings);
  const [ffprobe, ffmpeg] = await Promise.all([locateFfprobe(), locateFfmpeg()]);
  const open = await openInput(source, { ...settings, loop: false }, ffmpeg, await ffmpegVersion(ffmpeg));
  if (open.pictures !== undefined) {
    const { folder, first, names, frameRate } = open.pictures;
    const picture = await probe(join(folder, first), options);
    return { ...picture, frameRate, durationSeconds: names.length / frameRate, frameCount: names.length };
  }
  const print = ['-v', 'error', '-print_format', 'json', '-show_streams', '-show_format'];
  const args = [...print, ...pixelArguments(maxPixels), ...open.arguments];
  const { code, stdout, lastLines } = await runTool(ffprobe, args, signal, {
    input: open.input ?? false,
    secrets: sourceSecrets(source),
    environment: proxyEnvironment(sourceInput(source)),
  });
  const name = sourceName(source);
  const action = `decode video "${name}"`;
  checkPixels(action, refusedSize(lastLines), maxPixels);
  if (code !== 0) throw videoError('VIDEO_DECODE', `Cannot open video "${name}": ${lastLines || 'ffprobe failed'}`);
  const report = JSON.parse(stdout) as { streams?: readonly ProbedStream[]; format?: { duration?: string } };
  const streams = report.streams ?? [];
  const video = streams.find((stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1);
  if (video === undefined) {
    const kinds = streams.map((stream) => stream.codec_type ?? 'unknown').join(', ') || 'nothing';
    throw videoError('VIDEO_DECODE', `Cannot open video "${name}": it must have a video stream, got ${kinds}`);
  }
  if (!video.width || !video.height)
    throw videoError('VIDEO_DECODE', `Cannot open video "${name}": its pictures must have a size, got none`);
  checkPixels(action, [video.height, video.width], maxPixels);
  const audio = streams.find((stream) => stream.codec_type === 'audio');
  return describe(video, audio, report.format?.duration);
}

function describe(video: ProbedStream, audio: ProbedStream | undefined, formatDuration?: string): VideoInfo {
  const { width = 0, height = 0 } = video;
  const rotation = clockwise(video);
  const turned = rotation === 90 || rotation === 270;
  const [across = 0, down = 0] = (video.sample_aspect_ratio ?? '').split(':').map(Number);
  const average = ratio(video.avg_frame_rate);
  const base = ratio(video.r_frame_rate);
  const durationSeconds = positive(video.duration) ?? positive(formatDuration);
  const frameCount = positive(video.nb_frames);
  return {
    width: turned ? height : width,
    height: turned ? width : height,
    pixelAspect: turned ? pixelAspect(down, across) : pixelAspect(across, down),
    codec: video.codec_name ?? 'unknown',
    frameRate: average ?? base ?? 25,
    rotation,
    hasAudio: audio !== undefined,
    variableRate: average !== undefined && base !== undefined && Math.abs(average / base - 1) > 0.01,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(frameCount === undefined ? {} : { frameCount }),
    ...(audio?.codec_name === undefined ? {} : { audioCodec: audio.codec_name }),
  };
}

/** ffprobe's display-matrix rotation is counter-clockwise; the older `rotate` tag is clockwise. */
function clockwise(video: ProbedStream): 0 | 90 | 180 | 270 {
  const matrix = video.side_data_list?.find((data) => data.rotation !== undefined)?.rotation;
  const degrees = matrix === undefined ? Number(video.tags?.rotate ?? 0) : -matrix;
  const quarters = ((Math.round(degrees / 90) % 4) + 4) % 4;
  return ([0, 90, 180, 270] as const)[quarters] ?? 0;
}

function ratio(text: string | undefined): number | undefined {
  const [numerator = 0, denominator = 1] = (text ?? '').split('/').map(Number);
  return positive(numerator / denominator);
}

function positive(value: string | number | undefined): number | undefined {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}
