/** Training runs as processes of their own: killed in mid-run, left in mid-step, and under Deno. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TrainOptions } from '@synseg/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, commandOf, type Runtime } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { benchIn, checkpointOf, loads, logOf, run, stateOf, stepsOf } from './runs.ts';

const bench = benchIn(temporaryFolder());
const { root, cacheFolder } = bench;
const script = join(import.meta.dirname, 'scripts/train.mjs');
const STEPS = 16;
const options = (name: string, changes: Partial<TrainOptions> = {}): TrainOptions =>
  bench.options(name, { steps: STEPS, keepEvery: 8, ...changes });
const uninterrupted = join(root, 'uninterrupted');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

beforeAll(async () => {
  await run(options('uninterrupted'));
});

function start(
  training: TrainOptions,
  { runtime = 'this Node', delayMs = 0, exitAt = 0 }: { runtime?: Runtime; delayMs?: number; exitAt?: number } = {},
): ChildProcessByStdio<null, Readable, Readable> {
  const [program = '', ...words] = commandOf(runtime);
  return spawn(program, [...words, script, JSON.stringify(training), String(delayMs), String(exitAt)], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for the end of a process. */
async function outcomeOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

/** Starts a run and kills it once it has reported a step. */
async function killAfter(step: number, training: TrainOptions): Promise<void> {
  const child = start(training, { delayMs: 25 });
  child.stdout.on('data', (part: Buffer) => {
    if (
      part
        .toString()
        .trim()
        .split('\n')
        .some((line) => Number(line) >= step)
    )
      child.kill('SIGKILL');
  });
  expect(await outcomeOf(child)).toMatchObject({ code: null, signal: 'SIGKILL', stderr: '' });
}

describe('a run that is killed', () => {
  it('loses no more than saveEvery steps, loads, and, resumed, ends as if it had never been', async () => {
    const folder = join(root, 'killed');
    let before = 0;
    for (const step of [5, 11]) {
      await killAfter(step, options('killed', { resume: before > 0 }));
      const state = await stateOf(folder);
      expect(state.step).toBeGreaterThanOrEqual(step - 3);
      expect(state.step).toBeGreaterThan(before);
      const logged = stepsOf(folder);
      expect(logged).toEqual(numbers(logged.length));
      expect(logged.length).toBeGreaterThanOrEqual(state.step);
      expect(await loads(join(folder, 'last'), ['road'], cacheFolder)).toMatchObject({ width: 40 });
      before = state.step;
    }
    await run(options('killed', { resume: true }));
    expect(logOf(folder)).toEqual(logOf(uninterrupted));
    for (const name of ['last', 'step-8', 'step-16'])
      expect(checkpointOf(folder, name), name).toEqual(checkpointOf(uninterrupted, name));
  });
});

describe('a program that trains', () => {
  it('may leave in the middle of a step: exit code and stderr are its own', async () => {
    expect(await outcomeOf(start(options('left'), { exitAt: 2 }))).toEqual({
      code: 0,
      signal: null,
      stdout: '1\n2\n',
      stderr: '',
    });
  });

  it('ends by itself when the run does, and has then written what this process wrote, byte for byte', async () => {
    expect(await outcomeOf(start(options('process')))).toEqual({
      code: 0,
      signal: null,
      stdout: `${numbers(STEPS).join('\n')}\n`,
      stderr: '',
    });
    expect(checkpointOf(join(root, 'process'))).toEqual(checkpointOf(uninterrupted));
  });

  it('does the same under Deno, byte for byte', async () => {
    expect(await outcomeOf(start(options('deno'), { runtime: 'Deno' }))).toEqual({
      code: 0,
      signal: null,
      stdout: `${numbers(STEPS).join('\n')}\n`,
      stderr: '',
    });
    expect(logOf(join(root, 'deno'))).toEqual(logOf(uninterrupted));
    expect(checkpointOf(join(root, 'deno'))).toEqual(checkpointOf(uninterrupted));
  });

  it('resumes under Deno what Node began', async () => {
    const { stdout } = await outcomeOf(start(options('both'), { exitAt: 7 }));
    expect(stdout).toBe(`${numbers(7).join('\n')}\n`);
    expect((await outcomeOf(start(options('both', { resume: true }), { runtime: 'Deno' }))).code).toBe(0);
    expect(logOf(join(root, 'both'))).toEqual(logOf(uninterrupted));
    expect(checkpointOf(join(root, 'both'))).toEqual(checkpointOf(uninterrupted));
  });
});
