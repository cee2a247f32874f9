/** The built packages under Node and Deno, with a real session: files, live sources, long runs, ends at any moment. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, commandOf } from '../support/runtimes.ts';
import { temporaryFolder as cleanedFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { ffmpeg, frameTimes, inspect, temporaryFolder, testClip } from './clips.ts';
import { freePort } from './live/senders.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const root = cleanedFolder();
const model = writeTinyClipseg(join(root, 'model'));
/** Its frames are large enough (66 kB each with their label maps) that keeping a few thousand would show. */
const largerModel = writeTinyClipseg(join(root, 'larger'), { size: 128, patch: 32, hidden: 8 });
const script = join(import.meta.dirname, 'scripts/scenarios.mjs');

/** Runs a scenario to its end. */
async function run<Report>(
  runtime: 'this Node' | 'Deno',
  scenario: string,
  ...argv: string[]
): Promise<Report & { code: number | null; stderr: string }> {
  const [program = '', ...args] = commandOf(runtime);
  const child = spawn(
    program,
    [...args, script, scenario, scenario === 'long' ? largerModel : model, join(root, 'cache'), ...argv],
    { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'], timeout: 170_000, killSignal: 'SIGKILL' },
  );
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (text.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (text.stderr += part.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr: text.stderr, ...(text.stdout === '' ? {} : (JSON.parse(text.stdout) as Report)) } as Report & {
    code: number | null;
    stderr: string;
  };
}

/** Processes that name `text` in their command line. */
function processesNaming(text: string): string[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return rows.filter((row) => row.includes(text) && /ffmpeg|ffprobe/.test(row) && !row.includes('ps -eo'));
}

describe.each(['this Node', 'Deno'] as const)('under %s', (runtime) => {
  const clip = at(`${runtime.replace(' ', '-')}.mp4`);
  beforeAll(() => void testClip(clip, { seconds: 2 }));

  it('a file gives every frame once, in order, and every kind of file', async () => {
    const out = at(`out-${runtime.replace(' ', '-')}`);
    mkdirSync(out);
    const report = await run<{ indices: number[]; pixels: number; files: string[]; png: number }>(
      runtime,
      'file',
      clip,
      out,
    );
    expect(report).toMatchObject({
      code: 0,
      stderr: '',
      pixels: 50 * 160 * 120,
      files: ['o.csv', 'o.json', 'o.jsonl', 'o.mp4', 'png'],
    });
    expect(report.indices).toEqual(frameTimes(clip).map((_, index) => index));
    expect(report.png).toBeGreaterThanOrEqual(50);
    expect(inspect(join(out, 'o.mp4')).streams[0]?.nb_read_frames).toBe('50');
  });

  it('a live source can be stopped in the middle; nothing is left', async () => {
    const port = await freePort();
    const url = `udp://127.0.0.1:${port}?timeout=5000000`;
    const sender = spawn(
      'ffmpeg',
      [
        '-v',
        'error',
        '-re',
        '-stream_loop',
        '-1',
        '-i',
        clip,
        '-c',
        'copy',
        '-f',
        'mpegts',
        `udp://127.0.0.1:${port}?pkt_size=1316`,
      ],
      { stdio: 'ignore' },
    );
    try {
      const report = await run(runtime, 'live with abort', url);
      expect(report).toMatchObject({ code: 0, frames: 20, ascending: true, reason: 'enough', policy: 'freshest' });
    } finally {
      sender.kill('SIGKILL');
    }
    expect(processesNaming(`timeout=5000000`)).toEqual([]);
  });
});

describe('in the long run', () => {
  it('twenty thousand frames through three threads come in order, and memory stays where it was', async () => {
    const clip = ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=64x48:rate=100:duration=200',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      at('long.mp4'),
    );
    const { second, last, ...report } = await run<{ frames: number; inOrder: boolean; second: number; last: number }>(
      'this Node',
      'long',
      clip,
      '3',
    );
    console.log(`resident memory, median of the second and of the last tenth: ${second} and ${last} MB`);
    expect(report).toMatchObject({ code: 0, frames: 20_000, inOrder: true });
    // The heaps of five threads grow for the first two thousand frames; one frame in ten kept from then on would be 80
    // MB more.
    expect(last).toBeLessThan(second + 60);
  }, 180_000);

  it('stopping at fifty random moments leaves no child, thread, port or file behind', async () => {
    const clip = testClip(at('often.mp4'), { seconds: 4 });
    const out = at('often');
    mkdirSync(out);
    const report = await run<{ aborted: number; ended: number }>('this Node', 'abort again and again', clip, out, '50');
    expect(report).toMatchObject({ code: 0, stderr: '', partial: [] });
    expect(report.aborted + report.ended).toBe(50);
    expect(report.aborted).toBeGreaterThan(25);
    expect(processesNaming(clip)).toEqual([]);
  }, 180_000);
});
