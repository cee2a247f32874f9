import { stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';

/** The file or folder at `path`, links followed; undefined when there is none, or none that may be looked at. */
export function entryOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
