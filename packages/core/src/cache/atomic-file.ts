/**
 * Files that appear whole or not at all: written under a temporary name beside the target, then renamed.
 *
 * Ours, because write-file-atomic 7 puts a file in the place of a pipe, a device and a dangling link, makes no folder,
 * writes a stream as "[object Object]", and names its temporary file by process and thread, which two containers on one
 * disk share.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SynsegError, messageOf } from '../errors.ts';
import { leadsTo } from '../guard/output-paths.ts';

/** Characters of the target's name that the temporary name keeps: file names have at most 255 bytes. */
const LONGEST_NAME = 40;

/** Contents of a file, in order. */
export type Chunks = Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** Writes a file and waits until the disk has it; on failure nothing is left. */
export async function writeDurably(path: string, chunks: Chunks): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const chunk of chunks) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let written = 0; written < bytes.length;)
        written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
    }
    await file.sync();
    await file.close();
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/**
 * Writes a file atomically, creating its folder. Two processes may write the same path: the last rename wins, and a
 * reader sees one whole file or the other. Contents that come piece by piece are on the disk before the rename.
 *
 * @param path - target
 * @param data - contents
 * @throws SynsegError `FILE_WRITE` naming the target, with the system's error as its cause
 * @throws what `data` throws while it is read
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string | Chunks): Promise<void> {
  // A symbolic link is kept; its target is written.
  const target = await leadsTo(path);
  const isWhole = typeof data === 'string' || data instanceof Uint8Array;
  const temporary = join(dirname(target), `.${basename(target).slice(0, LONGEST_NAME)}.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(target), { recursive: true });
    const there = await stat(target).catch(() => undefined);
    // Pipes and devices are written to directly; a rename would replace them.
    if (there !== undefined && !there.isFile() && !there.isDirectory()) return await writeFile(target, data);
    if (isWhole) await writeFile(temporary, data);
    else await writeDurably(temporary, data);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    // The pieces may fail for reasons of their own.
    if (!isWhole && !(cause instanceof Error && 'syscall' in cause)) throw cause;
    // In "ENOSPC: no space left on device, open '.name.….tmp'" the path is the temporary one, which is left out.
    const got = messageOf(cause).replace(/, \w+ '.*$/s, '');
    throw new SynsegError('FILE_WRITE', `Cannot write file: ${path} must be writable, got ${got}`, { cause });
  }
}
