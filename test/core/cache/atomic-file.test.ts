import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../../packages/core/src/cache/atomic-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

describe('writeFileAtomic()', () => {
  it('writes a file and its folder, and leaves nothing else', async () => {
    const path = join(folder, 'new', `${'x'.repeat(250)}.txt`);
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(join(folder, 'new'))).toHaveLength(1);
  });

  it('writes what a link leads to, and into a device', async () => {
    const links = join(folder, 'links');
    mkdirSync(links);
    writeFileSync(join(links, 'old'), 'old');
    symlinkSync('old', join(links, 'link'));
    symlinkSync('new', join(links, 'dangling'));
    await writeFileAtomic(join(links, 'link'), 'one');
    await writeFileAtomic(join(links, 'dangling'), 'two');
    await writeFileAtomic('/dev/null', 'three');
    expect(['old', 'link', 'new', 'dangling'].map((name) => readFileSync(join(links, name), 'utf8'))).toEqual([
      'one',
      'one',
      'two',
      'two',
    ]);
    expect(lstatSync(join(links, 'link')).isSymbolicLink()).toBe(true);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    rmSync(links, { recursive: true });
  });

  it('writes pieces in their order, and nothing when they end in an error of their own', async () => {
    const path = join(folder, 'pieces', 'file');
    async function* pieces(reason?: Error): AsyncGenerator<string | Uint8Array> {
      yield 'one ';
      yield Uint8Array.of(0x32);
      if (reason !== undefined) throw reason;
    }
    await writeFileAtomic(path, pieces());
    expect(readFileSync(path, 'utf8')).toBe('one 2');
    const reason = new Error('no more');
    await expect(writeFileAtomic(path, pieces(reason))).rejects.toBe(reason);
    await expect(writeFileAtomic(join(folder, 'pieces'), pieces())).rejects.toMatchObject({ code: 'FILE_WRITE' });
    expect(readdirSync(join(folder, 'pieces'))).toEqual(['file']);
    rmSync(join(folder, 'pieces'), { recursive: true });
  });

  it('says with a code which file could not be written and why, not the temporary one', async () => {
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'file'), 'kept');
    symlinkSync('loop', join(folder, 'loop'));
    const refused = (path: string): Promise<unknown> =>
      writeFileAtomic(path, 'text').then(
        () => 'written',
        (error: unknown) => error,
      );
    for (const [path, reason] of [
      ['taken', 'EISDIR'],
      ['file/below', 'EEXIST|ENOTDIR'],
      ['loop/below', 'ELOOP|EEXIST'],
    ] as const) {
      const error = (await refused(join(folder, path))) as Error;
      expect(error).toMatchObject({
        code: 'FILE_WRITE',
        message: expect.stringMatching(
          new RegExp(`^Cannot write file: ${join(folder, path)} must be writable, got (?:${reason}): [^']+$`),
        ),
      });
    }
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('kept');
    expect(readdirSync(folder).sort()).toEqual(['file', 'loop', 'new', 'taken']);
  });
});
