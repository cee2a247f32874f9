/**
 * The lock of a run folder: two processes must not write one run.
 *
 * The lock names its owner. On the same machine it is stale when that process is gone (kill -9), or its number belongs
 * to another one by now; a lock of another machine (a network folder, an earlier container) when nobody touched it for
 * two minutes; its owner does every twenty seconds. By its age alone a killed run could not be resumed at once, and one
 * whose thread was busy for long would lose its lock.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { createLock } from '@synseg/core/checkpoint';

/** File name of the lock in a run folder. */
export const LOCK_FILE = 'run.lock';
const HEARTBEAT_MS = 20_000;
const SILENCE_MS = 120_000;
/** A lock without contents is being written right now, unless it is older than this. */
const EMPTY_MS = 5_000;

interface Owner {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Distinguishes processes with the same number; empty where the system has no such value. */
  readonly incarnation: string;
  /** ISO time. */
  readonly since: string;
}

/** Paths of the locks that this thread holds. */
const held = new Set<string>();

/**
 * Takes the lock of a folder.
 *
 * @returns a function that releases it
 * @throws SynsegError `RUN_FOLDER` naming the owner while another process, or this one, is writing the run
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const path = join(await realpath(folder), LOCK_FILE);
  const own: Owner = {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    incarnation: await incarnationOf(process.pid),
    since: new Date().toISOString(),
  };
  const create = (): ReturnType<typeof createLock> => createLock(path, JSON.stringify(own), HEARTBEAT_MS);
  let release = await create();
  for (; release === undefined; release = await create()) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      // Released since; any other reason that it cannot be read is permanent.
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (text === undefined) continue;
    const owner = parse(text);
    const touched = (await stat(path).catch(() => undefined))?.mtimeMs;
    const ageMs = touched === undefined ? 0 : Date.now() - touched;
    if (owner === undefined ? ageMs < EMPTY_MS : await isAlive(owner, ageMs, path)) {
      const who = owner && `process ${owner.pid} on ${owner.host} since ${owner.since}`;
      const got = `${folder}, written by ${who ?? 'another process'}; if that process is gone, delete ${LOCK_FILE}`;
      throw new SynsegError('RUN_FOLDER', `Cannot open run: folder must not be in use, got ${got}`);
    }
    await removeStale(path, text);
  }
  held.add(path);
  const end = release;
  return async () => {
    held.delete(path);
    await end();
  };
}

/** Removes a lock if it is still the one that was read: another process may have replaced it since. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function parse(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, host, incarnation }: Owner, ageMs: number, path: string): Promise<boolean> {
  if (host !== hostname()) return ageMs < SILENCE_MS;
  if (held.has(path)) return true;
  const now = await incarnationOf(pid);
  if (incarnation !== '' && now !== '') return incarnation === now;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** On Linux the start of the system and of the process; empty elsewhere and for a process that is gone. */
async function incarnationOf(pid: number): Promise<string> {
  try {
    const [boot, stats] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name in parentheses may hold anything; the start time is the 20th field after it.
    const start = stats.slice(stats.lastIndexOf(')') + 2).split(' ')[19];
    return start === undefined ? '' : `${boot.trim()}:${start}`;
  } catch {
    return '';
  }
}
