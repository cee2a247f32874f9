/** Moving scenes → an H.264 file through ffmpeg, and a mask for each frame. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { classesJson, replace } from './dataset.ts';
import { drawScene, encodeMask, widthOf, type Drawing } from './draw.ts';
import { movingScene, type MotionOptions, type MovingScene } from './motion.ts';

/** How a clip is made. */
export interface ClipOptions extends MotionOptions {
  /** Height in pixels; even. @default 256 */
  readonly size?: number;
  /** Is told after each frame how many are done. */
  readonly onFrame?: (done: number, frames: number) => void;
}

/** What was written. */
export interface Clip {
  readonly video: string;
  /** Folder of `00000.png` …, 8-bit gray, the value is the class; with `classes.json` and `frames.jsonl`. */
  readonly masks: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

const HOW_TO_GET_FFMPEG =
  'Install ffmpeg (Debian, Ubuntu: apt install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ' +
  'ffmpeg), or set FFMPEG_PATH to the executable.';

/** The frames of a moving scene, drawn one after the other. */
async function* drawFrames(moving: MovingScene, size: number): AsyncGenerator<Drawing> {
  for (let index = 0; index < moving.frames; index++)
    yield await drawScene(moving.frame(index), { size, frame: index });
}

/**
 * Writes a clip and beside it its masks; both appear when they are whole.
 *
 * @throws RangeError when the size is odd
 * @throws Error when ffmpeg cannot be started or fails; FFMPEG_PATH says where it is
 */
export async function writeClip(
  video: string,
  seed: number,
  { size = 256, onFrame, ...options }: ClipOptions = {},
): Promise<Clip> {
  if (size % 2 !== 0) throw new RangeError(`Cannot write clip: size must be even, got ${size}`);
  const moving = movingScene(seed, options);
  const width = widthOf(moving.frame(0), size);
  const name = basename(video, extname(video));
  const masks = join(dirname(video), `${name}.masks`);
  const [videoPart, masksPart] = [join(dirname(video), `${name}.part${extname(video)}`), `${masks}.part`];
  await rm(masksPart, { recursive: true, force: true });
  await mkdir(masksPart, { recursive: true });
  const input = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${width}x${size}`,
    '-r',
    String(moving.frameRate),
    '-i',
    '-',
  ];
  const output = [
    '-c:v',
    'libx264',
    '-preset',
    'medium',
    '-crf',
    '16',
    '-pix_fmt',
    'yuv420p',
    '-movflags',
    '+faststart',
    '-map_metadata',
    '-1',
  ];
  const child = spawn(
    await findFfmpeg(),
    ['-hide_banner', '-loglevel', 'error', '-y', ...input, ...output, videoPart],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaints = '';
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', ({ message }) => resolve(`${message}. ${HOW_TO_GET_FFMPEG}`));
    child.once('close', (code) => resolve(code === 0 ? undefined : `exit code ${String(code)}: ${complaints.trim()}`));
  });
  // A child that is gone is told of by its end, not by the pipe it no longer reads.
  child.stdin.on('error', () => undefined);
  let lines = '';
  try {
    let index = 0;
    for await (const { pixels, labels, height } of drawFrames(moving, size)) {
      const mask = `${String(index).padStart(5, '0')}.png`;
      await replace(join(masksPart, mask), await encodeMask(labels, width, height));
      lines += `${JSON.stringify({ index, time_seconds: index / moving.frameRate, mask })}\n`;
      if (child.stdin.destroyed) break;
      if (!child.stdin.write(pixels))
        await Promise.race([new Promise((resolve) => child.stdin.once('drain', resolve)), ended]);
      index += 1;
      onFrame?.(index, moving.frames);
    }
    child.stdin.end();
    const failure = await ended;
    if (failure !== undefined) throw new Error(`Cannot write clip: ffmpeg must succeed, got ${failure}`);
    await replace(join(masksPart, 'frames.jsonl'), lines);
    await replace(join(masksPart, 'classes.json'), classesJson());
    await rm(masks, { recursive: true, force: true });
    await rename(masksPart, masks);
    await rename(videoPart, video);
  } catch (error) {
    child.kill('SIGKILL');
    await Promise.all([rm(masksPart, { recursive: true, force: true }), rm(videoPart, { force: true })]);
    throw error;
  }
  return { video, masks, frames: moving.frames, width, height: size };
}

/** `FFMPEG_PATH`, else the npm package ffmpeg-static where it is installed, else `ffmpeg` on `PATH`. */
async function findFfmpeg(): Promise<string> {
  const given = process.env['FFMPEG_PATH'];
  if (given !== undefined && given !== '') return given;
  const packageName: string = 'ffmpeg-static';
  const found = (await import(packageName).catch(() => undefined)) as { default?: unknown } | undefined;
  const path = found?.default;
  return typeof path === 'string' && existsSync(path) ? path : 'ffmpeg';
}
