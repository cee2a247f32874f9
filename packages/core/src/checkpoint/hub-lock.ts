/**
 * A lock file that marks a running download, so that other processes wait instead of downloading the file again.
 *
 * Advice, not exclusion: its owner touches it twice a second, and one not touched for a few seconds belongs to a
 * process that is gone (kill -9), so anyone takes it. A frozen owner may come back, and two takers may both win;
 * `hub-transfer.ts` stays right when they do. Nothing stronger is available: Node has no `flock`, which is also
 * unreliable on network file systems.
 */
import { rm, stat } from 'node:fs/promises';
import { createLock } from '../cache/lock-file.ts';

const HEARTBEAT_MS = 500;
/** A lock older than this has lost its owner; one from the future comes from a clock that cannot be compared. */
const STALE_MS = 3000;

/** Takes the lock and returns a function that releases it; `undefined` while another process holds it. */
export async function takeLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const found = await stat(path).catch(() => undefined);
  const age = found && Date.now() - found.mtimeMs;
  if (age !== undefined && Math.abs(age) < STALE_MS) return undefined;
  if (age !== undefined) await rm(path, { force: true });
  return createLock(path, '', HEARTBEAT_MS);
}
