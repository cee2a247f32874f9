/**
 * The sound of a source, for the overlay video. It is added when the pictures are done: only then is it known how long
 * they are, and sound that ends before them cannot end the file.
 */
import { entryOf } from '../file-entry.ts';
import { startTool } from '../process/ffmpeg.ts';
import { proxyEnvironment } from '../process/locate.ts';
import { allowedArguments } from '../source/allowed.ts';
import { describeSource, sourceInput, sourcePath, type VideoSource } from '../source/source.ts';

/**
 * Audio codecs that players find in such files; others become AAC, and so do these where the container refuses them.
 */
const audioToCopy = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac', 'opus', 'flac', 'mp2']);
const firstAudio = /^\s*Stream #\d+:\d+.*?: Audio: ([a-z0-9_]+)/;

/**
 * Codec of the source's first audio stream; `undefined` without one, and for what cannot be read a second time:
 * anything but a file and a recording on a web server.
 */
export async function audioCodecOf(ffmpeg: string, source: VideoSource): Promise<string | undefined> {
  if (!(await canBeReadTwice(source))) return undefined;
  let codec: string | undefined;
  // Without an output ffmpeg prints what is in the source, and fails.
  const tool = startTool(ffmpeg, ['-hide_banner', ...open(source)], {
    outputs: 0,
    environment: proxyEnvironment(sourceInput(source)),
    onLine: (line) => {
      codec ??= firstAudio.exec(line)?.[1];
      return true;
    },
  });
  await tool.exited;
  return codec;
}

function open(source: VideoSource): string[] {
  const text = sourceInput(source);
  return [...allowedArguments(describeSource(source).kind, text, undefined), '-i', text];
}

async function canBeReadTwice(source: VideoSource): Promise<boolean> {
  if (typeof source !== 'string' && !(source instanceof URL)) return false;
  const path = sourcePath(source);
  if (path === undefined) return /^https?:/i.test(String(source));
  return (await entryOf(path))?.isFile() === true;
}

/** Options of {@link soundSteps}. */
export interface SoundFacts {
  readonly source: VideoSource;
  readonly audioCodec: string;
  /** Time of the first picture in the source. */
  readonly startSeconds: number;
  /** Length of the pictures. */
  readonly durationSeconds: number;
}

/** Files of {@link soundSteps}. */
export interface SoundFiles {
  readonly pictures: string;
  /** In between; to be removed. */
  readonly sound: string;
  /** Pictures and sound. */
  readonly joined: string;
}

/**
 * The arguments of two runs of ffmpeg, one after the other: the first cuts the sound to the pictures, the second joins
 * both. In one run the cut would take pictures away as well, for some have a decoding time before the first is shown.
 *
 * Each has its attempts: where the container refuses a copy, as mov does of Opus, the sound is made AAC; where AAC does
 * not have its channels, or the source does not say which they are, it is mixed to one or two.
 */
export function soundSteps(
  { pictures, sound, joined }: SoundFiles,
  container: string,
  facts: SoundFacts,
): string[][][] {
  const { source, audioCodec, startSeconds, durationSeconds } = facts;
  // FLAC in mp4 counts as experimental until ffmpeg 6.
  const common = ['-strict', '-2', '-y'];
  const quiet = ['-hide_banner', '-nostats', '-loglevel', 'warning', '-copyts'];
  const cut = (codec: string, ...filters: readonly string[]): string[] => [
    // `-copyts`, `-itsoffset` and the output's `-ss 0` cut at the first picture's time, to the audio packet.
    ...[...quiet, '-itsoffset', (-startSeconds).toFixed(6), ...open(source), '-map', '0:a:0'],
    ...['-ss', '0', '-t', durationSeconds.toFixed(6), '-c:a', codec, ...filters],
    ...[...common, '-f', container, `file:${sound}`],
  ];
  const join = [
    ...[...quiet, '-i', `file:${pictures}`, '-i', `file:${sound}`, '-map', '0:v', '-map', '1:a?'],
    ...['-c', 'copy', '-video_track_timescale', '90000', ...common, '-f', container, `file:${joined}`],
  ];
  const made = [cut('aac'), cut('aac', '-af', 'aformat=channel_layouts=stereo|mono')];
  return [audioToCopy.has(audioCodec) ? [cut('copy'), ...made] : made, [join]];
}
