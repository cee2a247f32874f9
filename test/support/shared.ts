/** Where the reference data lies. It exists beside the repository in development and CI, not on a user's machine. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder of reference data, photos and checkpoints. */
export const SHARED = resolve(import.meta.dirname, '../../../shared');

/** Reference cases: `$SYNSEG_GOLDEN`, or the folder's own. */
export const GOLDEN = process.env['SYNSEG_GOLDEN'] ?? join(SHARED, 'golden');

/** True when the reference data is there; suites that need it say so and skip otherwise. */
export const hasShared = existsSync(SHARED);

/** The road-scene checkpoint. */
export const STREET = join(SHARED, 'checkpoints/street');

/** Names in a folder, sorted; empty when it does not exist. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
