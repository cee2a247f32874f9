/** Clips made by ffmpeg in the test, and what ffprobe says about them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone after the test file; call `remove` in `afterAll`. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'synseg-video-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs ffmpeg quietly; the last argument is the file to write, which is returned. */
export function ffmpeg(...args: readonly string[]): string {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
  return args.at(-1) ?? '';
}

/** A moving test picture, H.264 with B-frames unless told otherwise. */
export function testClip(
  file: string,
  { size = '160x120', rate = 25, seconds = 1, more = [] as string[] } = {},
): string {
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`];
  return ffmpeg(...input, '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '3', '-pix_fmt', 'yuv420p', ...more, file);
}

/** A still test picture; ffmpeg takes its format from the ending. */
export function testPicture(path: string, size: string): string {
  return ffmpeg('-f', 'lavfi', '-i', `testsrc=size=${size}`, '-frames:v', '1', path);
}

/** Presentation times of all frames in seconds, exact, from ffprobe's integers. */
export function frameTimes(file: string): number[] {
  const fields = ['-show_entries', 'stream=time_base:frame=pts,best_effort_timestamp', '-of', 'json'];
  const report = JSON.parse(run('ffprobe', ['-v', 'quiet', '-select_streams', 'v:0', ...fields, file])) as {
    streams: { time_base: string }[];
    frames: { pts?: number; best_effort_timestamp?: number }[];
  };
  const [numerator = 0, denominator = 1] = (report.streams[0]?.time_base ?? '').split('/').map(Number);
  return report.frames.map(
    ({ pts, best_effort_timestamp }) => ((pts ?? best_effort_timestamp ?? NaN) * numerator) / denominator,
  );
}

/** ffprobe's `-show_streams -show_format`, with the frames counted by decoding. */
export function inspect(file: string): { streams: Record<string, string | number>[]; format: Record<string, string> } {
  const text = run('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-show_format', '-of', 'json', file]);
  return JSON.parse(text) as ReturnType<typeof inspect>;
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
}

/** True while a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ids of this process's children that run ffmpeg or ffprobe. */
export function ffmpegChildren(): number[] {
  const rows = run('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)])
    .trim()
    .split('\n');
  return rows.filter((row) => /ffmpeg|ffprobe/.test(row)).map((row) => Number.parseInt(row, 10));
}
