/**
 * The ffmpeg that `@synseg/video` will use: found in its order and judged by its rule (`process/locate.ts`,
 * `version.ts` there).
 */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors.ts';

/** What was found; `message` says why it will not do. */
export interface FfmpegReport {
  readonly path?: string;
  readonly version?: string;
  readonly message?: string;
}

/** libavformat of ffmpeg 4.4, the oldest that will do; snapshots have no other number. */
const OLDEST = [58, 76] as const;
const HINT = '@synseg/video needs it: install ffmpeg 4.4 or newer, or set FFMPEG_PATH';

/** Finds ffmpeg: `FFMPEG_PATH`, else the npm package `ffmpeg-static`, else `PATH`. */
export async function findFfmpeg(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FfmpegReport> {
  const asked = environment['FFMPEG_PATH'];
  if (asked !== undefined && asked !== '' && !(await isExecutable(asked)))
    return { path: asked, message: `FFMPEG_PATH must name an executable file, got "${asked}"` };
  const path = asked !== undefined && asked !== '' ? asked : ((await staticBinary()) ?? (await onPath(environment)));
  if (path === undefined) return { message: `not on PATH; ${HINT}` };
  try {
    const { stdout } = await promisify(execFile)(path, ['-hide_banner', '-version']);
    const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
    const [, major, minor] = /^libavformat +\d+\. *\d+\. *\d+ *\/ *(\d+)\. *(\d+)/m.exec(stdout) ?? [];
    const tooOld =
      major !== undefined && (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]));
    return {
      path,
      version,
      ...(tooOld ? { message: `${path} is older than 4.4 (libavformat ${major}.${minor ?? '0'}); ${HINT}` } : {}),
    };
  } catch (error) {
    return { path, message: `${messageOf(error).split('\n')[0] ?? ''}; ${HINT}` };
  }
}

async function staticBinary(): Promise<string | undefined> {
  const name: string = 'ffmpeg-static';
  const path = await import(name).then(
    (module: { default?: unknown }) => module.default,
    () => undefined,
  );
  return typeof path === 'string' && (await isExecutable(path)) ? path : undefined;
}

async function onPath({ PATH, Path }: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  for (const folder of (PATH ?? Path ?? '').split(delimiter).filter((part) => part !== '')) {
    const path = join(folder, process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg');
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK)
    .then(async () => (await stat(path)).isFile())
    .catch(() => false);
}
