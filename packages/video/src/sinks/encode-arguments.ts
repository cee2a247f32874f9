/** What ffmpeg is told in order to encode, and the checks before it. */
import { realpath } from 'node:fs/promises';
import { extname } from 'node:path';
import { SynsegError } from '@synseg/core';
import { runTool } from '../process/ffmpeg.ts';
import { sourceInput, sourcePath, type VideoSource } from '../source/source.ts';
import { partialPath } from './partial-file.ts';

/** What `encodeVideo` must know. */
export interface EncodeOptions {
  /** Width of each frame in pixels. Odd sizes get one more column in the file, a copy of the last one: H.264 needs it. */
  readonly width: number;
  /** Height of each frame in pixels; odd ones as for `width`. */
  readonly height: number;
  /** Frames per second to plan for; each frame is shown at its own time all the same. */
  readonly frameRate: number;
  /** Where the frames come from; its sound is taken along if `audioCodec` is given. Never written to. */
  readonly source?: VideoSource;
  /** Codec of the source's first audio stream, which is copied in step with the frames, or made AAC if mp4 cannot hold it. */
  readonly audioCodec?: string;
  /** H.264 encoder of ffmpeg. @default 'libx264' */
  readonly encoder?: string;
  /** Constant quality of libx264, 0 (lossless) to 51. @default 20 */
  readonly quality?: number;
}

const containers = ['.mp4', '.m4v', '.mov'];
/** Audio codecs that mp4 takes as they are; others become AAC. */
const audioForMp4 = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac', 'opus', 'flac', 'mp2']);

/** Arguments that read frames from stdin and write the mp4; `startSeconds` is the first frame's time in the source. */
export function encodeArguments(
  path: string,
  { width, height, frameRate, source, audioCodec, quality = 20 }: EncodeOptions,
  encoder: string,
  startSeconds: number,
  passthrough: readonly string[],
): string[] {
  const colors = 'scale=out_color_matrix=bt709:out_range=tv';
  const grow = `format=yuv444p,pad=ceil(iw/2)*2:ceil(ih/2)*2,fillborders=right=${width % 2}:bottom=${height % 2}:mode=smear`;
  const filters = [colors, ...(width % 2 || height % 2 ? [grow] : []), 'format=yuv420p'];
  // `-copyts`, `-itsoffset` and the output's `-ss 0` cut the sound at the first frame's time, to the audio packet.
  const sound =
    source === undefined || audioCodec === undefined
      ? { input: [], output: [] }
      : {
          input: ['-itsoffset', (-startSeconds).toFixed(6), '-i', sourceInput(source)],
          output: ['-map', '1:a:0', '-ss', '0', '-shortest', '-c:a', audioForMp4.has(audioCodec) ? 'copy' : 'aac'],
        };
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'warning', '-y', '-copyts', '-f', 'matroska', '-i', 'pipe:0'],
    ...sound.input,
    ...['-map', '0:v', ...sound.output, ...passthrough, '-enc_time_base', '1:90000', '-vf', filters.join(',')],
    ...['-c:v', encoder, ...(encoder === 'libx264' ? ['-preset', 'veryfast', '-crf', String(quality)] : [])],
    // A fragment ends at each key frame: a crash loses two seconds at most.
    ...['-g', String(Math.max(1, Math.round(frameRate * 2))), '-video_track_timescale', '90000'],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
    ...['-movflags', '+frag_keyframe+delay_moov+default_base_moof', '-flush_packets', '1'],
    ...['-f', extname(path).toLowerCase() === '.mov' ? 'mov' : 'mp4', `file:${partialPath(path)}`],
  ];
}

/** @throws {RangeError} when the path's ending or a number is out of range. */
export function checkEncodeOptions(path: string, { width, height, frameRate, quality }: EncodeOptions): void {
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

/** @throws {RangeError} when `path` is the source itself. */
export async function checkNotSource(path: string, source: VideoSource | undefined): Promise<void> {
  const input = source === undefined ? undefined : sourcePath(source);
  if (input === undefined) return;
  const same = await Promise.all([realpath(path), realpath(input)]).then(([a, b]) => a === b, () => false);
  if (same) throw new RangeError(`Cannot write video: path must not be the source, got "${path}"`);
}

/** @throws {SynsegError} `VIDEO_ENCODE` naming the encoders there are, when `encoder` is none of them. */
export async function checkEncoder(ffmpeg: string, encoder: string): Promise<void> {
  const { stdout } = await runTool(ffmpeg, ['-hide_banner', '-encoders']);
  const names = stdout.split('\n').flatMap((line) => /^ V\S+ +(\S+)/.exec(line)?.[1] ?? []);
  if (names.includes(encoder)) return;
  const h264 = names.filter((name) => /264/.test(name)).join(', ') || 'none';
  throw new SynsegError(
    'VIDEO_ENCODE',
    `Cannot write video: encoder must be one that ${ffmpeg} has, got "${encoder}" (its H.264 encoders: ${h264})`,
  );
}
