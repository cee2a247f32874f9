import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createLock } from '../../../packages/core/src/cache/lock-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

describe('createLock()', () => {
  it('makes a file that nobody else can make until it is released', async () => {
    const path = join(folder, 'lock');
    const release = await createLock(path, 'mine', 60_000);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(await createLock(path, 'yours', 60_000)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('mine');
    await release?.();
    expect(existsSync(path)).toBe(false);
  });

  it('touches its file as long as it is held', async () => {
    const path = join(folder, 'touched');
    const release = await createLock(path, '', 5);
    utimesSync(path, 1, 1);
    await vi.waitUntil(() => statSync(path).mtimeMs > 1000);
    await release?.();
    writeFileSync(path, '');
    utimesSync(path, 1, 1);
    await createLock(join(folder, 'other'), '', 60_000);
    expect(statSync(path).mtimeMs).toBe(1000);
  });

  it('leaves a file that somebody else has put in its place', async () => {
    const path = join(folder, 'taken');
    const release = await createLock(path, 'mine', 60_000);
    writeFileSync(path, 'yours');
    await release?.();
    expect(readFileSync(path, 'utf8')).toBe('yours');
  });

  it('says why there can be no file at all', async () => {
    await expect(createLock(join(folder, 'none', 'lock'), '', 60_000)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
