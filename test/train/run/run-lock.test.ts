import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOCK_FILE, lockRun } from '../../../packages/train/src/run/run-lock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
let count = 0;

function folder(lock?: object | string, ageSeconds = 0): string {
  const path = join(root, `run-${String(count++)}`);
  mkdirSync(path);
  if (lock === undefined) return path;
  writeFileSync(join(path, LOCK_FILE), typeof lock === 'string' ? lock : JSON.stringify(lock));
  const time = Date.now() / 1000 - ageSeconds;
  utimesSync(join(path, LOCK_FILE), time, time);
  return path;
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid as number;
}

const owner = (changes: object): object => ({
  token: 'other',
  pid: process.pid,
  host: hostname(),
  incarnation: '',
  since: '2026-01-02T03:04:05.000Z',
  ...changes,
});

describe('lockRun()', () => {
  it('names its owner while it is held, and leaves nothing when it is given back', async () => {
    const run = folder();
    const unlock = await lockRun(run);
    expect(JSON.parse(readFileSync(join(run, LOCK_FILE), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    });
    await unlock();
    expect(existsSync(join(run, LOCK_FILE))).toBe(false);
    await (
      await lockRun(run)
    )();
  });

  it('refuses a second owner in this process, also by another name of the folder', async () => {
    const run = folder();
    const unlock = await lockRun(run);
    symlinkSync(run, `${run}-link`);
    await expect(lockRun(`${run}-link`)).rejects.toMatchObject({ code: 'RUN_FOLDER' });
    await unlock();
  });

  it('refuses a run that a living process writes, naming it and what to do', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const run = folder(owner({ pid: child.pid }), 3600);
    await expect(lockRun(run)).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        `Cannot open run: folder must not be in use, got ${run}, written by process ${String(child.pid)} on ` +
        `${hostname()} since 2026-01-02T03:04:05.000Z; if that process is gone, delete run.lock`,
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (
      await lockRun(run)
    )();
  });

  /** Takes the lock, and says whose it was then. */
  async function takeOver(run: string): Promise<unknown> {
    const unlock = await lockRun(run);
    const { pid, host } = JSON.parse(readFileSync(join(run, LOCK_FILE), 'utf8')) as { pid: number; host: string };
    await unlock();
    return [pid, host];
  }
  const ours = [process.pid, hostname()];

  it('takes over from a process that is gone', async () => {
    expect(await takeOver(folder(owner({ pid: await deadPid() })))).toEqual(ours);
  });

  it('takes over from an earlier process that had a number in use now, such as its own', async () => {
    expect(await takeOver(folder(owner({})))).toEqual(ours);
    expect(await takeOver(folder(owner({ incarnation: 'earlier start:1' })))).toEqual(ours);
  });

  it('waits two minutes of silence before it takes over from another machine', async () => {
    const foreign = owner({ host: 'somewhere-else', pid: 1 });
    await expect(lockRun(folder(foreign, 100))).rejects.toThrow('written by process 1 on somewhere-else since');
    expect(await takeOver(folder(foreign, 130))).toEqual(ours);
  });

  it('takes a damaged lock for one being written, unless it is old', async () => {
    await expect(lockRun(folder('{"pid":'))).rejects.toThrow('written by another process; if');
    expect(await takeOver(folder('{"pid":', 10))).toEqual(ours);
    expect(await takeOver(folder('', 10))).toEqual(ours);
  });

  it('lets one of many win a stale lock', async () => {
    const run = folder(owner({ pid: await deadPid() }));
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(run)));
    const won = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const { value } of won) await value();
    expect(existsSync(join(run, LOCK_FILE))).toBe(false);
  });
});
