/** Files that a file of a checkpoint names: they lie in the checkpoint's folder, or are refused. */
import { checkpointError } from './checkpoint-error.ts';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, posix, win32 } from 'node:path';
import { shortJson } from '../guard/arguments.ts';
import { isInside } from '../guard/output-paths.ts';

/**
 * True for a name that cannot lead out of the folder it is joined to. Names are read as every system would: what is
 * harmless here may lead out elsewhere.
 */
export function isFileName(name: unknown): name is string {
  if (typeof name !== 'string' || name.includes('\0') || /^[a-z]:/i.test(name)) return false;
  if (posix.isAbsolute(name) || win32.isAbsolute(name)) return false;
  const parts = name.split(/[/\\]/).filter((part) => part !== '.' && part !== '');
  return parts.length > 0 && !parts.includes('..');
}

/**
 * The path of a file that a checkpoint names. Links may lead to where the hub's cache keeps the bytes of its files (the
 * folder `blobs` beside `snapshots`), and to no other place outside.
 *
 * @throws SynsegError `CHECKPOINT_FORMAT` when it leads out of the folder
 */
export async function fileInside(folder: string, name: unknown): Promise<string> {
  const path = isFileName(name) ? join(folder, name) : undefined;
  const [real, home] = await Promise.all([
    path === undefined ? undefined : realpath(path).catch(() => path),
    realpath(folder).catch(() => folder),
  ]);
  const isSnapshot = basename(dirname(home)) === 'snapshots';
  const places = [home, folder, ...(isSnapshot ? [join(dirname(dirname(home)), 'blobs')] : [])];
  if (path !== undefined && places.some((place) => isInside(real as string, place))) return path;
  const got = name === undefined ? 'none' : shortJson(name);
  throw checkpointError('load checkpoint', `files that it names must lie in its folder, got ${got} (${folder})`);
}
