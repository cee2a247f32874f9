/** Derived files that carry their SHA-256: one that was damaged on disk is made again, never used. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from './atomic-file.ts';

const DIGEST_BYTES = 32;

/** What {@link writeSealed} wrote; undefined when it is not there, cannot be read, or is not what was written. */
export async function readSealed(path: string): Promise<Uint8Array | undefined> {
  const sealed = await readFile(path).catch(() => Buffer.alloc(0));
  const bytes = sealed.subarray(0, -DIGEST_BYTES);
  return sealed.length > DIGEST_BYTES && digest(bytes).equals(sealed.subarray(-DIGEST_BYTES)) ? bytes : undefined;
}

/**
 * Writes a file atomically. A cache that cannot be written (full disk, read-only folder) costs time later, not the
 * result now.
 */
export async function writeSealed(path: string, bytes: Uint8Array): Promise<void> {
  await writeFileAtomic(path, Buffer.concat([bytes, digest(bytes)])).catch(() => undefined);
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
