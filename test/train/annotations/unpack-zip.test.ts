/** Exports in a zip. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { unpackZip, type UnpackOptions } from '../../../packages/train/src/annotations/unpack-zip.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { zipOf, type ZipEntry } from '../../support/zip.ts';
import { grayMask, photo, type Rows } from '../benchmarks/miniature.ts';

const folder = temporaryFolder();
const cacheFolder = join(folder, 'cache');
const rows: Rows = [
  [0, 1],
  [1, 255],
];
let made = 0;

function zip(entries: readonly ZipEntry[]): string {
  const path = join(folder, `${made++}.zip`);
  writeFileSync(path, zipOf(entries));
  return path;
}

function refusal(entries: readonly ZipEntry[], options: UnpackOptions = {}): Promise<string> {
  return unpackZip(zip(entries), { cacheFolder, ...options }).then(
    () => 'unpacked',
    (error: unknown) => String(error).replaceAll(folder, ''),
  );
}

describe('a zip', () => {
  it('is read as the folder it holds, and unpacked once', async () => {
    const path = zip([
      { name: '__MACOSX/._a', content: '' },
      { name: 'export/images/a.jpg', content: await photo(rows) },
      { name: 'export/masks/a.png', content: grayMask(rows) },
      { name: 'export/classes.txt', content: 'road\ncar\n' },
    ]);
    for (const _ of ['first', 'second']) {
      const [set] = await openAnnotations(path, { cacheFolder });
      expect(set).toMatchObject({ name: '0', form: 'masks', classes: ['road', 'car'] });
      expect([...(await set!.pictures[0]!.readMask({})).data]).toEqual([0, 1, 1, 255]);
    }
    expect(readdirSync(join(cacheFolder, 'exports'))).toHaveLength(1);
  });

  it('cannot write out of its folder, nor through links', async () => {
    expect(await refusal([{ name: '../out.txt', content: 'x' }])).toContain('invalid relative path: ../out.txt');
    expect(await refusal([{ name: '/out.txt', content: 'x' }])).toContain('absolute path: /out.txt');
    expect(await refusal([{ name: 'a\\..\\..\\out.txt', content: 'x' }])).toContain('invalid relative path');
    const linked = [
      { name: 'link', content: '..', mode: 0o120777 },
      { name: 'link/out.txt', content: 'x' },
    ];
    expect(await refusal(linked)).toBe('unpacked');
    expect(existsSync(join(cacheFolder, 'out.txt'))).toBe(false);
  });

  it('is bounded in entries and bytes, also where it lies about them', async () => {
    const two = [
      { name: 'a', content: 'aaaa' },
      { name: 'b', content: 'bbbb' },
    ];
    expect(await refusal(two, { maxEntries: 1 })).toBe(
      'SynsegError: Cannot read annotations: "/5.zip" must have at most 1 entries, got 2',
    );
    expect(await refusal(two, { maxEntryBytes: 3 })).toContain('must have entries of at most 3 bytes, got 4 of a');
    expect(await refusal(two, { maxBytes: 7 })).toContain('must have at most 7 bytes in all, got more');
    expect(await refusal([{ name: 'a', content: 'a'.repeat(100_000), stated: 10 }])).toContain('too many bytes');
    expect(readdirSync(join(cacheFolder, 'exports')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('names each file once, and is whole', async () => {
    const twice = { name: 'a', content: 'a' };
    expect(await refusal([twice, twice])).toContain('EEXIST');
    const path = join(folder, 'torn.zip');
    writeFileSync(path, zipOf([twice]).subarray(0, 40));
    await expect(openAnnotations(path, { cacheFolder })).rejects.toThrow(
      /^Cannot read annotations: ".*torn.zip" must be a whole zip that can be unpacked, got /,
    );
  });
});
