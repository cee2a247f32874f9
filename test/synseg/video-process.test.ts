/** The command as a process of its own: signals, `kill -9`, and the same under Deno. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { inspect, isAlive, temporaryFolder, testClip } from '../video/clips.ts';
import { partialOf } from '../video/sinks/frames.ts';
import { node, runtimes } from '../video/source-runtimes.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('long.mp4'), { seconds: 40, size: '320x240' });
const fakeCli = 'test/synseg/fake-video-cli.ts';

interface Running {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<[code: number | null, signal: string | null]>;
}

function start([command = '', ...args]: readonly string[], argv: readonly string[]): Running {
  const child = spawn(command, [...args, fakeCli, 'video', clip, '--model', 'm', '--labels', 'left,right', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (text.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (text.stderr += part.toString()));
  return { child, text, ended: once(child, 'close') as Promise<[number | null, string | null]> };
}

/** Waits until the file that is to be called `name` has grown past `bytes`, and says where. */
async function grown(name: string, bytes: number, { child }: Running): Promise<string> {
  for (;;) {
    try {
      const path = partialOf(folder.path, name);
      if (statSync(path).size >= bytes) return path;
    } catch {
      // Not there yet.
    }
    if (child.exitCode !== null) throw new Error('the command ended too early');
    await sleep(20);
  }
}

/** All processes below `pid`. */
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/ +/).map(Number));
  const below = (parent: number): number[] =>
    pairs.filter(([, of]) => of === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

async function expectGone(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 200 && pids.some(isAlive); tries++) await sleep(25);
  expect(pids.filter(isAlive)).toEqual([]);
}

describe.each(runtimes)('synseg video under %s', (name, runtime) => {
  const file = (what: string): string => at(`${name}-${what}`);

  it.each(['SIGINT', 'SIGTERM'] as const)('finishes its files on %s and ends with 130', async (signal) => {
    const [out, jsonl] = [file(`${signal}.mp4`), file(`${signal}.jsonl`)];
    const running = start(runtime, ['--out', out, '--jsonl', jsonl, '--json']);
    await grown(`${name}-${signal}.jsonl`, 2000, running);
    const children = descendants(running.child.pid ?? 0);
    expect(children.length).toBeGreaterThanOrEqual(2);
    running.child.kill(signal);
    expect(await running.ended).toEqual([130, null]);
    const report = JSON.parse(running.text.stdout) as { frames: number };
    expect(report).toMatchObject({ interrupted: true, out, jsonl });
    expect(report.frames).toBeGreaterThan(0);
    expect(report.frames).toBeLessThan(1000);
    expect(inspect(out).streams[0]?.nb_read_frames).toBe(String(report.frames));
    expect(running.text.stderr).toContain('Stopping: what is done is being saved.');
    await expectGone(children);
  });

  it('leaves a playable file and no child when it is killed', async () => {
    const running = start(runtime, ['--out', file('killed.mp4'), '--quiet']);
    const partial = await grown(`${name}-killed.mp4`, 20_000, running);
    const children = descendants(running.child.pid ?? 0);
    running.child.kill('SIGKILL');
    await running.ended;
    await expectGone(children);
    expect(Number(inspect(partial).streams[0]?.nb_read_frames)).toBeGreaterThan(5);
  });

  it('runs to its end', async () => {
    const running = start(runtime, ['--out', file('whole.mp4'), '--end', '1', '--json', '--quiet']);
    expect([await running.ended, running.text.stderr]).toEqual([[0, null], '']);
    expect(JSON.parse(running.text.stdout)).toMatchObject({ frames: 25, interrupted: false, areas: { left: 0.5 } });
    expect(inspect(file('whole.mp4')).streams[0]?.nb_read_frames).toBe('25');
  });
});

describe('synseg video', () => {
  it.each([
    ['-', '--out'],
    ['pipe:0', 'overlay'],
  ])('leaves the file behind stdin as it is (%s)', (source, name) => {
    const piped = testClip(at('piped.mp4'), { seconds: 1, size: '64x64' });
    const before = readFileSync(piped);
    const [program = '', ...args] = node;
    const words = ['video', source, '--model', 'm', '--labels', 'left,right', '--out', piped];
    const { status, stderr } = spawnSync(program, [...args, fakeCli, ...words], {
      stdio: [openSync(piped, 'r'), 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    const rule = 'must not be what is read (stdin)';
    expect([status, stderr]).toEqual([2, `synseg: Cannot segment videos: ${name} ${rule}, got "${piped}"\n`]);
    expect(readFileSync(piped).equals(before)).toBe(true);
  });

  it('ends at once on a second Ctrl-C', async () => {
    const running = start(node, ['--out', at('twice.mp4')]);
    await grown('twice.mp4', 2000, running);
    const children = descendants(running.child.pid ?? 0);
    running.child.stderr?.on('data', () => running.child.kill('SIGINT'));
    running.child.kill('SIGINT');
    const [code, signal] = await running.ended;
    expect(code === 130 || signal === 'SIGINT').toBe(true);
    await expectGone(children);
  });
});
