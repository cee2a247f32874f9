/** Files that appear whole or not at all: written under a temporary name beside the target, then renamed. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SynsegError, messageOf } from '../errors.ts';

/** Longest beginning of the target's name that a temporary name holds, characters: names end at 255 bytes. */
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
  const temporary = join(dirname(path), `.${basename(path).slice(0, LONGEST_NAME)}.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // "ENOSPC: no space left on device, open '.name.….tmp'": what it says of the file is true of the temporary name only.
    throw new SynsegError('FILE_WRITE', `Cannot write file: ${path} must be writable, got ${messageOf(cause).replace(/, \w+ '.*$/s, '')}`, { cause });
  }
}
