/** Cameras of this computer: a list of them, and ffmpeg's arguments that open one. */
import { readdirSync, readFileSync } from 'node:fs';
import { readOptions, SIGNAL_OPTION, type OptionsOf } from '@synseg/core/guards';
import { runTool } from '../process/ffmpeg.ts';
import { locateFfmpeg } from '../process/locate.ts';
import { videoError } from '../video-error.ts';

/** A camera that ffmpeg can open. */
export interface CameraDevice {
  /** The name to give as a source: `camera:0`, `camera:1`, … */
  readonly id: string;
  /** The name the system has for it; `camera:NAME` opens it too. */
  readonly name: string;
  /** Number of the device. */
  readonly index: number;
  /** Device file, on Linux. */
  readonly path?: string;
}

/** Options of {@link listDevices}. */
export type ListDevicesOptions = OptionsOf<typeof SIGNAL_OPTION>;

/**
 * The cameras of this computer: by `/sys/class/video4linux` on Linux, by ffmpeg's AVFoundation on macOS and DirectShow
 * on Windows. Empty where there is none.
 *
 * @throws {SynsegError} `FFMPEG_MISSING` when there is no ffmpeg, on macOS and Windows.
 * @example
 * ```ts
 * import { listDevices } from '@synseg/video';
 * for (const { id, name } of await listDevices()) console.assert(id.startsWith('camera:') && name !== '');
 * ```
 */
export async function listDevices(options?: ListDevicesOptions): Promise<readonly CameraDevice[]> {
  const { signal } = readOptions('list cameras', SIGNAL_OPTION, options);
  signal?.throwIfAborted();
  if (process.platform === 'linux') return linuxDevices('/sys/class/video4linux');
  return process.platform === 'darwin' || process.platform === 'win32' ? askFfmpeg(await locateFfmpeg(), signal) : [];
}

async function askFfmpeg(ffmpeg: string, signal?: AbortSignal): Promise<readonly CameraDevice[]> {
  const mac = process.platform === 'darwin';
  const [format, input] = mac ? ['avfoundation', ''] : ['dshow', 'dummy'];
  const args = ['-hide_banner', '-f', format, '-list_devices', 'true', '-i', input];
  const { stderr } = await runTool(ffmpeg, args, signal);
  return mac ? parseAvfoundation(stderr) : parseDshow(stderr);
}

/** Reads `/sys/class/video4linux`: devices that capture have index 0 of their hardware, metadata nodes have others. */
export function linuxDevices(folder: string): readonly CameraDevice[] {
  const read = (file: string): string => {
    try {
      return readFileSync(`${folder}/${file}`, 'utf8').trim();
    } catch {
      return '';
    }
  };
  let nodes: string[];
  try {
    nodes = readdirSync(folder);
  } catch {
    return [];
  }
  return nodes
    .flatMap((node) => /^video(\d+)$/.exec(node)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
    .filter((number) => ['', '0'].includes(read(`video${number}/index`)))
    .map((number) => device(number, read(`video${number}/name`) || `video${number}`, `/dev/video${number}`));
}

/** Reads what `ffmpeg -f avfoundation -list_devices true` says. */
export function parseAvfoundation(text: string): readonly CameraDevice[] {
  const video = text.split(/AVFoundation audio devices/)[0]?.split(/AVFoundation video devices/)[1] ?? '';
  return [...video.matchAll(/\] \[(\d+)\] (.+?)\s*$/gm)].map(([, index, name = '']) => device(Number(index), name));
}

/**
 * Reads what `ffmpeg -f dshow -list_devices true` says, before version 5 under headings, since with a kind on each
 * line.
 */
export function parseDshow(text: string): readonly CameraDevice[] {
  const headed = text.split(/DirectShow audio devices/)[0]?.split(/DirectShow video devices[^\n]*/)[1];
  const names =
    headed === undefined
      ? [...text.matchAll(/\] "([^"]+)" \((?:video|none)(?:, \w+)?\)/g)]
      : [...headed.matchAll(/\] +"([^"@][^"]*)"/g)];
  return names.map(([, name = ''], index) => device(index, name));
}

function device(index: number, name: string, path?: string): CameraDevice {
  return { id: `camera:${index}`, name, index, ...(path === undefined ? {} : { path }) };
}

/**
 * The arguments that open a camera given as `camera:0`, `camera:NAME` or a device file.
 *
 * @throws {SynsegError} `VIDEO_DECODE` naming the cameras there are, when it is none of them.
 */
export async function cameraInput(source: string, frameRate: number | undefined, ffmpeg: string): Promise<string[]> {
  const wanted = source.replace(/^file:/, '').replace(/^camera:/, '');
  const rate = (standard?: number): string[] => {
    const value = frameRate ?? standard;
    return value === undefined ? [] : ['-framerate', String(value)];
  };
  if (process.platform === 'linux') {
    const path = wanted.startsWith('/') ? wanted : /^\d+$/.test(wanted) ? `/dev/video${wanted}` : undefined;
    return ['-f', 'v4l2', ...rate(), '-i', path ?? find(wanted, linuxDevices('/sys/class/video4linux')).path ?? ''];
  }
  if (process.platform === 'darwin') {
    const index = /^\d+$/.test(wanted) ? wanted : find(wanted, await askFfmpeg(ffmpeg)).index;
    // Without a rate AVFoundation asks for 29.97, which many cameras refuse.
    return ['-f', 'avfoundation', ...rate(30), '-i', `${index}:none`];
  }
  if (process.platform === 'win32') {
    return ['-f', 'dshow', ...rate(), '-i', `video=${find(wanted, await askFfmpeg(ffmpeg)).name}`];
  }
  const rule = 'platform must be linux, darwin or win32';
  throw videoError('VIDEO_DECODE', `Cannot open camera "${wanted}": ${rule}, got ${process.platform}`);
}

/** The device of this number or name. @throws {SynsegError} `VIDEO_DECODE` naming those there are. */
export function find(wanted: string, devices: readonly CameraDevice[]): CameraDevice {
  const found = devices.find(({ name, index }) => name === wanted || String(index) === wanted);
  if (found !== undefined) return found;
  const there = devices.map(({ id, name }) => `${id} "${name}"`).join(', ') || 'no camera';
  const rule = `it must be one of this computer's (${there})`;
  throw videoError('VIDEO_DECODE', `Cannot open camera: ${rule}, got "${wanted}"`);
}
