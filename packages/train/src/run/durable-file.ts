/**
 * Several files as one, and whole folders, that survive a kill, a full disk and a power cut: bytes reach the disk under
 * a temporary name before a rename gives them their own. Single files are core's `writeDurably` and `writeFileAtomic`.
 *
 * Temporary names are fixed, not random: one process writes a run, so the remains of a killed one are overwritten.
 */
import { randomUUID } from 'node:crypto';
import { constants, copyFile, chmod, link, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SynsegError, isSynsegError } from '@synseg/core';
import { writeDurably, type Chunks } from '@synseg/core/checkpoint';
import { exists } from '../data/source.ts';

/** The temporary name of a file or folder until it is complete. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp`);
}

/** Appends to a file; a failure, such as a full disk, leaves no half of it. */
export async function appendWhole(file: FileHandle, data: Uint8Array | string): Promise<void> {
  const { size } = await file.stat();
  try {
    await file.appendFile(data);
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/**
 * Replaces several files of one folder: all bytes are on disk before the first file is replaced, so that a full disk
 * changes nothing. Replacing is one rename per file, in the given order.
 */
export async function replaceFiles(folder: string, files: ReadonlyMap<string, Chunks>): Promise<void> {
  const staged: string[] = [];
  try {
    for (const [name, chunks] of files) {
      await writeDurably(temporaryName(join(folder, name)), chunks);
      staged.push(name);
    }
  } catch (error) {
    await Promise.all(staged.map((name) => rm(temporaryName(join(folder, name)), { force: true })));
    throw error;
  }
  for (const name of staged) await rename(temporaryName(join(folder, name)), join(folder, name));
  await syncFolder(folder);
}

type Fill = (staging: string) => Promise<void>;

/** Makes a folder that appears whole: `fill` writes into a temporary one, which is then renamed. */
export async function createFolder(path: string, fill: Fill): Promise<void> {
  const staging = temporaryName(path);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    await fill(staging);
    for (const entry of await readdir(staging, { recursive: true, withFileTypes: true }))
      if (entry.isDirectory()) await syncFolder(join(entry.parentPath, entry.name));
    await syncFolder(staging);
    await rename(staging, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** Names in a folder that is about to be created or replaced; empty where there is no such folder. */
export async function placedNames(path: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/**
 * Makes a folder appear whole in place of one that may exist: the old one is moved aside only once the new one is
 * ready, and only if its contents are unchanged.
 *
 * @param before - names in it, from {@link placedNames}
 */
export async function placeFolder(path: string, before: readonly string[], fill: Fill): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = (what: string): string => join(dirname(path), `.${what}-${randomUUID()}`);
  const [ready, aside] = [beside('new'), beside('old')];
  await createFolder(ready, fill);
  try {
    // Removing what is not empty fails: another process may have filled it since.
    if (before.length > 0) await rename(path, aside);
    else if (await exists(path)) await rmdir(path);
    await rename(ready, path);
  } catch (error) {
    if (!(await exists(path))) await rename(aside, path).catch(() => undefined);
    throw error;
  } finally {
    await rm(ready, { recursive: true, force: true });
    await rm(aside, { recursive: true, force: true });
  }
  await syncFolder(dirname(path));
}

/** Makes a file appear in a second folder without a second copy of its bytes where links are possible. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyDurably(from, to));
}

/** Copies a file, writable whatever the original was, and waits until the disk has it. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o644);
  const file = await open(to, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the disk has a folder's names; where folders cannot be opened (Windows) the file system sees to it. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** A failure of the file system as `RUN_FOLDER`; any other error stays what it is. */
export function diskError(action: string, path: string, error: unknown, consequence = ''): unknown {
  const code = error instanceof Error && !isSynsegError(error) ? (error as NodeJS.ErrnoException).code : undefined;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  const rule = full ? 'have room' : 'be a folder that can be written';
  const text = `Cannot ${action}: ${path} must ${rule}, got ${code}${consequence}`;
  return new SynsegError('RUN_FOLDER', text, { cause: error });
}
