/**
 * Files under construction: written beside their final place under another name, and renamed when they are whole. Until
 * then what was there stays, and two runs into one file do not meet: the last to finish wins. A link stays one: what it
 * leads to is written. What is there already and is no ordinary file (`/dev/stdout`, a named pipe) is written to
 * directly.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { leadsTo } from '@synseg/core/guards';
import { entryOf } from '../file-entry.ts';

/** A file system takes 255 bytes of name, four of them for some characters. */
const keptCharacters = 40;

/** A name of its own for what grows beside `path`: `folder/.name.1a2b3c4d.partial.ext` for `folder/name.ext`. */
export function partialPath(path: string): string {
  const extension = extname(path);
  const stem = [...basename(path, extension)].slice(0, keptCharacters).join('');
  return join(dirname(path), `.${stem}.${randomBytes(4).toString('hex')}.partial${extension}`);
}

/** Makes the folder of `path` and returns the name to write under. @throws a system error when `path` is a folder */
export async function beginFile(path: string): Promise<string> {
  const entry = await entryOf(path);
  if (entry !== undefined && !entry.isFile() && !entry.isDirectory()) return path;
  const target = await leadsTo(path);
  await mkdir(dirname(target), { recursive: true });
  if ((await entryOf(target))?.isDirectory() === true)
    throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  return partialPath(target);
}

/** Puts the whole file in place, once the disk has it; an empty one is removed instead. */
export async function finishFile(path: string, partial: string): Promise<void> {
  if (path === partial || !(await keptFile(path, partial))) return;
  const file = await open(partial, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, await leadsTo(path));
}

/** The path of a file that could not be finished; undefined when there is nothing in it. */
export async function keptFile(path: string, partial: string): Promise<string | undefined> {
  if (path === partial) return undefined;
  if (((await entryOf(partial))?.size ?? 0) > 0) return partial;
  await rm(partial, { force: true });
  return undefined;
}
