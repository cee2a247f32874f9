/** The version of ffmpeg, and the arguments that depend on it. */
import { checkKind } from '@synseg/core/guards';
import { runTool } from './ffmpeg.ts';
import { locateFfmpeg, type Environment } from './locate.ts';
import { videoError } from '../video-error.ts';

/** A release of ffmpeg, as far as it matters here. */
export type FfmpegVersion = readonly [major: number, minor: number];

/**
 * The libavformat that each release came with (FFmpeg's `doc/APIchanges`), newest first. Snapshots have no other
 * number.
 */
const RELEASES: readonly (readonly [format: FfmpegVersion, release: FfmpegVersion])[] =
  '62.3=8.0 61.7=7.1 61.0=7.0 60.16=6.1 60.0=6.0 59.27=5.1 59.0=5.0 58.76=4.4 58.45=4.3 58.29=4.2 58.20=4.1 58.0=4.0'
    .split(' ')
    .map((pair) => pair.split('=').map(numbered) as [FfmpegVersion, FfmpegVersion]);
const OLDEST: FfmpegVersion = [4, 4];

const versions = new Map<string, Promise<FfmpegVersion>>();

/**
 * The version of the ffmpeg at `path`; a snapshot counts as the release whose libraries it has.
 *
 * @throws {SynsegError} `FFMPEG_MISSING` when it does not run, or is older than 4.4.
 */
export function ffmpegVersion(path: string): Promise<FfmpegVersion> {
  let version = versions.get(path);
  if (version === undefined) {
    version = readVersion(path);
    versions.set(path, version);
    version.catch(() => versions.delete(path));
  }
  return version;
}

async function readVersion(path: string): Promise<FfmpegVersion> {
  const { stdout, code, lastLines } = await runTool(path, ['-hide_banner', '-version']);
  if (code !== 0) throw videoError('FFMPEG_MISSING', `Cannot run ffmpeg: ${path} must run. ${lastLines}`);
  const version = parseVersion(stdout);
  if (version !== undefined && !isOlder(version, OLDEST)) return version;
  const named = /version (\S+)/.exec(stdout)?.[1] ?? 'no version';
  const judged = version === undefined || named.includes(version.join('.')) ? '' : `, as old as ${version.join('.')}`;
  const rule = `must be version ${OLDEST.join('.')} or newer`;
  throw videoError('FFMPEG_MISSING', `Cannot use ffmpeg: ${path} ${rule}, got ${named}${judged}`);
}

/**
 * The ffmpeg that videos are read with: `FFMPEG_PATH`, else the npm package `ffmpeg-static`, else `PATH`; and the
 * release that it counts as, `5.1`.
 *
 * @throws {SynsegError} `FFMPEG_MISSING` when there is none, it does not run, or is older than 4.4.
 */
export async function findFfmpeg(
  environment: Environment = process.env,
): Promise<{ readonly path: string; readonly version: string }> {
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
  const fits = typeof environment === 'object' && environment !== null && Object.values(environment).every(isText);
  checkKind('find ffmpeg', 'environment', environment, fits, 'be an object of strings');
  const path = await locateFfmpeg(environment);
  return { path, version: (await ffmpegVersion(path)).join('.') };
}

/**
 * Reads what `ffmpeg -version` says: by its libavformat, else by the number of the release. Undefined when it has
 * neither.
 */
export function parseVersion(text: string): FfmpegVersion | undefined {
  const format = /^libavformat +\d+\. *\d+\. *\d+ *\/ *(\d+)\. *(\d+)/m.exec(text);
  if (format !== null) {
    const found = [Number(format[1]), Number(format[2])] as const;
    return RELEASES.find(([since]) => !isOlder(found, since))?.[1] ?? [3, 0];
  }
  const release = /^ffmpeg version n?(\d{1,2})\.(\d+)/m.exec(text);
  return release === null ? undefined : [Number(release[1]), Number(release[2])];
}

function isOlder(a: FfmpegVersion, b: FfmpegVersion): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/** The arguments that make an output keep each frame with its own time: `-fps_mode` since 5.1, `-vsync` before. */
export function passthroughArguments(version: FfmpegVersion): readonly string[] {
  return [isOlder(version, [5, 1]) ? '-vsync' : '-fps_mode', 'passthrough'];
}

function numbered(text: string): FfmpegVersion {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  return [major, minor];
}
