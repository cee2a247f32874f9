/**
 * Files under construction: written beside their final place under another name, and renamed when they are done. What is
 * there already and is no ordinary file (`/dev/stdout`, a named pipe) is written to directly.
 */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** `folder/.name.partial.ext` for `folder/name.ext`. */
export function partialPath(path: string): string {
  const extension = extname(path);
  return join(dirname(path), `.${basename(path, extension)}.partial${extension}`);
}

/** Makes the folder of `path` and returns the name to write under. */
export async function beginFile(path: string): Promise<string> {
  if (await isDevice(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const partial = partialPath(path);
  await rm(partial, { force: true });
  return partial;
}

/** Puts the finished file in place; an empty one is removed instead. True if there is a file now. */
export async function finishFile(path: string): Promise<boolean> {
  if (await isDevice(path)) return true;
  const partial = partialPath(path);
  const bytes = await stat(partial).then((entry) => entry.size, () => 0);
  if (bytes === 0) {
    await rm(partial, { force: true });
    return false;
  }
  await rename(partial, path);
  return true;
}

async function isDevice(path: string): Promise<boolean> {
  return stat(path).then((entry) => !entry.isFile() && !entry.isDirectory(), () => false);
}
