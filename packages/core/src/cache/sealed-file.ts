/** Derived files that carry their SHA-256: a file that was damaged on disk is regenerated, never used. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from './atomic-file.ts';

const DIGEST_BYTES = 32;

/** Reads what {@link writeSealed} wrote; undefined when the file is missing, unreadable or damaged. */
export async function readSealed(path: string): Promise<Uint8Array | undefined> {
  const sealed = await readFile(path).catch(() => Buffer.alloc(0));
  const bytes = sealed.subarray(0, -DIGEST_BYTES);
  return sealed.length > DIGEST_BYTES && digest(bytes).equals(sealed.subarray(-DIGEST_BYTES)) ? bytes : undefined;
}

/** Writes a file atomically. A cache that cannot be written costs time later, not the result now. */
export async function writeSealed(path: string, bytes: Uint8Array): Promise<void> {
  await writeFileAtomic(path, Buffer.concat([bytes, digest(bytes)])).catch(() => undefined);
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
