/**
 * A lock file: made by one process, touched while that lives, and removed when it is done. Whether one that is there
 * already still has an owner is for the caller to say, who knows what an owner is doing.
 *
 * Ours, because proper-lockfile 4 knows an owner by the age of its lock alone, takes that of a killed one after two
 * seconds at the least and ten by default, and adds handlers of SIGINT, SIGTERM and SIGHUP to the process.
 */
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { clearInterval, setInterval } from 'node:timers';

/**
 * Makes a lock file, unless there is one.
 *
 * @param text - contents, by which the owner knows its own file at the end
 * @param touchMs - time between two touches
 * @returns a function that removes it; undefined when there is a file already
 */
export async function createLock(
  path: string,
  text: string,
  touchMs: number,
): Promise<(() => Promise<void>) | undefined> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  const touching = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, touchMs);
  touching.unref();
  return async () => {
    clearInterval(touching);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) await rm(path, { force: true });
  };
}
