/** ffmpeg's arguments for encoding, and the checks before it. */
import { extname } from 'node:path';
import { integer, number, text, value, withDefault, type OptionsOf, type Resolved } from '@synseg/core/guards';
import { runTool } from '../process/ffmpeg.ts';
import { isSource, type VideoSource } from '../source/source.ts';
import { videoError } from '../video-error.ts';

/** Options of `encodeVideo()`; `width`, `height` and `frameRate` are needed. */
export const ENCODE_VIDEO_OPTIONS = {
  /** Width of each frame in pixels. Odd sizes get one more column, a copy of the last one: H.264 needs it. */
  width: integer(),
  /** Height of each frame in pixels; odd ones as for `width`. */
  height: integer(),
  /** Width of a pixel by its height; players stretch the picture by it. @default 1 */
  pixelAspect: withDefault(number({ above: 0 }), 1),
  /** Frames per second to plan for; each frame is shown at its own time all the same. */
  frameRate: number({ above: 0 }),
  /** Source of the frames; its sound is taken along if `audioCodec` is given. It is never written to. */
  source: value<VideoSource>('be a source of video', isSource),
  /**
   * Codec of the source's first audio stream, which is copied in step with the frames, or made AAC if the file cannot
   * hold it. The source is read again for it when the frames are done, so it must be a file or a recording, not a live
   * stream.
   */
  audioCodec: text(),
  /** H.264 encoder of ffmpeg. @default 'libx264' */
  encoder: withDefault(text(), 'libx264'),
  /** Constant quality of libx264, 0 (lossless) to 51. @default 20 */
  quality: withDefault(number({ least: 0, most: 51 }), 20),
};
export type EncodeOptions = OptionsOf<typeof ENCODE_VIDEO_OPTIONS, 'width' | 'height' | 'frameRate'>;
/** The same after they were read. */
export type EncodeSettings = Resolved<typeof ENCODE_VIDEO_OPTIONS, 'width' | 'height' | 'frameRate'>;

const containers = ['.mp4', '.m4v', '.mov'];
/** Size and rate of the frames: what a live source tells with its first one. */
export type FrameFormat = Pick<EncodeSettings, 'width' | 'height' | 'pixelAspect' | 'frameRate'>;

/** ffmpeg's name of the container that the path's ending asks for. */
export function containerOf(path: string): string {
  return extname(path).toLowerCase() === '.mov' ? 'mov' : 'mp4';
}

/** Arguments that read frames from stdin and write the mp4 to `path`. */
export function encodeArguments(
  path: string,
  { width, height, pixelAspect, frameRate }: FrameFormat,
  encoder: string,
  quality: number,
  passthrough: readonly string[],
): string[] {
  const colors = 'scale=out_color_matrix=bt709:out_range=tv';
  const smear = `fillborders=right=${width % 2}:bottom=${height % 2}:mode=smear`;
  const grow = `format=yuv444p,pad=ceil(iw/2)*2:ceil(ih/2)*2,${smear}`;
  const aspect = `setsar=${pixelAspect.toFixed(12)}:max=65535`;
  const filters = [colors, ...(width % 2 || height % 2 ? [grow] : []), 'format=yuv420p', aspect];
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'warning', '-y', '-copyts', '-f', 'matroska', '-i', 'pipe:0'],
    ...['-map', '0:v', ...passthrough, '-enc_time_base', '1:90000', '-vf', filters.join(',')],
    ...['-c:v', encoder, ...(encoder === 'libx264' ? ['-preset', 'veryfast', '-crf', String(quality)] : [])],
    // With B-frames an mp4 begins earlier than its first picture, by a gap that follows it, and its last one stays as
    // long.
    ...['-bf', '0'],
    // A fragment ends at each key frame: a crash loses two seconds at most.
    ...['-g', String(Math.max(1, Math.round(frameRate * 2))), '-video_track_timescale', '90000'],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
    ...['-movflags', '+frag_keyframe+delay_moov+default_base_moof', '-flush_packets', '1'],
    ...['-f', containerOf(path), `file:${path}`],
  ];
}

/** @throws {RangeError} when the path ends otherwise. */
export function checkEnding(path: string): void {
  if (!containers.includes(extname(path).toLowerCase()))
    throw new RangeError(`Cannot write video: path must end in ${containers.join(', ')}, got "${path}"`);
}

/** @throws {SynsegError} `VIDEO_ENCODE` naming the encoders there are, when `encoder` is none of them. */
export async function checkEncoder(ffmpeg: string, encoder: string): Promise<void> {
  const { stdout } = await runTool(ffmpeg, ['-hide_banner', '-encoders']);
  const names = stdout.split('\n').flatMap((line) => /^ V\S+ +(\S+)/.exec(line)?.[1] ?? []);
  if (names.includes(encoder)) return;
  const h264 = names.filter((name) => /264/.test(name)).join(', ') || 'none';
  const got = `"${encoder}" (its H.264 encoders: ${h264})`;
  throw videoError('VIDEO_ENCODE', `Cannot write video: encoder must be one that ${ffmpeg} has, got ${got}`);
}
