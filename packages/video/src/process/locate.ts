/**
 * Finds ffmpeg and ffprobe. A path that was asked for and is wrong is an error: nothing is looked up behind it. This is
 * the one place of the package that reads environment variables.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { proxyFor } from '@synseg/core/guards';
import { videoError } from '../video-error.ts';

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const howToGetIt =
  'Install it (Debian/Ubuntu: `apt install ffmpeg`, macOS: `brew install ffmpeg`, Windows: `winget install ffmpeg`, ' +
  'any: `npm install ffmpeg-static`) or set FFMPEG_PATH to the executable.';

/**
 * The path of ffmpeg: `FFMPEG_PATH`, else the npm package `ffmpeg-static` if it is installed, else `ffmpeg` on `PATH`.
 *
 * @throws {SynsegError} `FFMPEG_MISSING` when there is none, or when `FFMPEG_PATH` names no executable file.
 */
export async function locateFfmpeg(environment: Environment = process.env): Promise<string> {
  if (environment.FFMPEG_PATH) return requireExecutable('ffmpeg', environment.FFMPEG_PATH);
  const bundled = await staticBinary();
  if (bundled !== undefined) return bundled;
  const found = onPath('ffmpeg', environment);
  if (found !== undefined) return found;
  throw videoError('FFMPEG_MISSING', `Cannot find ffmpeg: it is not on PATH. ${howToGetIt}`);
}

/**
 * The environment in which ffmpeg opens `url`. Of the variables that name a proxy it knows `http_proxy` and `no_proxy`
 * alone, and takes the first for https as well: so it gets the one that is meant. On its command line everybody would
 * see a login.
 */
export function proxyEnvironment(url: string, environment: Environment = process.env): NodeJS.ProcessEnv {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return { ...environment };
  return { ...environment, http_proxy: proxyFor(url), no_proxy: environment.no_proxy || environment.NO_PROXY || '' };
}

/**
 * The path of ffprobe: `FFPROBE_PATH`, else the one beside ffmpeg, else `ffprobe` on `PATH`.
 *
 * @throws {SynsegError} `FFMPEG_MISSING` when there is none.
 */
export async function locateFfprobe(environment: Environment = process.env): Promise<string> {
  if (environment.FFPROBE_PATH) return requireExecutable('ffprobe', environment.FFPROBE_PATH);
  const ffmpeg = await locateFfmpeg(environment);
  const beside = join(dirname(ffmpeg), executableName('ffprobe'));
  if (isExecutable(beside)) return beside;
  const found = onPath('ffprobe', environment);
  if (found !== undefined) return found;
  const how = 'It comes with ffmpeg (not with ffmpeg-static); install ffmpeg or set FFPROBE_PATH to the executable.';
  throw videoError('FFMPEG_MISSING', `Cannot find ffprobe: it is neither beside ${ffmpeg} nor on PATH. ${how}`);
}

function requireExecutable(tool: 'ffmpeg' | 'ffprobe', path: string): string {
  if (isExecutable(path)) return path;
  const rule = `${tool.toUpperCase()}_PATH must name an executable file`;
  throw videoError('FFMPEG_MISSING', `Cannot find ${tool}: ${rule}, got "${path}". ${howToGetIt}`);
}

function onPath(name: string, environment: Environment): string | undefined {
  const folders = (environment.PATH ?? environment.Path ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, executableName(name))).find(isExecutable);
}

function executableName(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function staticBinary(): Promise<string | undefined> {
  const packageName: string = 'ffmpeg-static';
  const { default: path } = (await import(packageName).catch(() => ({}))) as { default?: unknown };
  return typeof path === 'string' && isExecutable(path) ? path : undefined;
}
