/**
 * Files that appear whole or not at all: written under a temporary name beside the target, then renamed.
 *
 * Ours, because write-file-atomic replaces devices and pipes, follows no dangling link, makes no folder, and names its
 * temporary file by process and thread, which two containers on one disk share.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SynsegError, messageOf } from '../errors.ts';
import { leadsTo } from '../guard/output-paths.ts';

/** Characters of the target's name that the temporary name keeps: file names have at most 255 bytes. */
const LONGEST_NAME = 40;

/**
 * Writes a file atomically, creating its folder. Two processes may write the same path: the last rename wins, and a
 * reader sees one whole file or the other.
 *
 * @param path - target
 * @param data - contents
 * @throws SynsegError `FILE_WRITE` naming the target, with the system's error as its cause
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string): Promise<void> {
  // A symbolic link is kept; its target is written.
  const target = await leadsTo(path);
  const temporary = join(dirname(target), `.${basename(target).slice(0, LONGEST_NAME)}.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(target), { recursive: true });
    const there = await stat(target).catch(() => undefined);
    // Pipes and devices are written to directly; a rename would replace them.
    if (there !== undefined && !there.isFile() && !there.isDirectory()) return await writeFile(target, data);
    await writeFile(temporary, data);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // In "ENOSPC: no space left on device, open '.name.….tmp'" the path is the temporary one, which is left out.
    throw new SynsegError(
      'FILE_WRITE',
      `Cannot write file: ${path} must be writable, got ${messageOf(cause).replace(/, \w+ '.*$/s, '')}`,
      { cause },
    );
  }
}
