/**
 * A hash that identifies the contents of a checkpoint's weight files.
 *
 * Hashing half a gigabyte takes a second, so the result is remembered per file under its path, its number on the
 * device, its size and the times of its last changes: of content, which anyone can set, and of the entry, which nobody
 * can.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../cache/atomic-file.ts';

/** SHA-256 over the contents of the given files, in order, as hex. */
export async function fingerprintFiles(paths: readonly string[], cacheFolder: string): Promise<string> {
  const hashes = await Promise.all(paths.map((path) => fingerprintFile(path, cacheFolder)));
  return hashes.length === 1 ? (hashes[0] as string) : sha256(hashes.join('\n'));
}

async function fingerprintFile(path: string, cacheFolder: string): Promise<string> {
  const { size, mtimeNs, ctimeNs, ino, dev } = await stat(path, { bigint: true });
  const note = join(cacheFolder, 'fingerprints', sha256([path, size, mtimeNs, ctimeNs, ino, dev].join('\n')));
  const remembered = await readFile(note, 'utf8').catch(() => undefined);
  if (remembered !== undefined && /^[0-9a-f]{64}$/.test(remembered)) return remembered;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  await writeFileAtomic(note, digest).catch(() => undefined);
  return digest;
}

/** SHA-256 of a string as hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
