/** Folders that vanish when the test file is done. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Makes an empty folder; call it at the top of a test file or of a `describe`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'synseg-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
