import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeText, readTextFile } from '../../../packages/core/src/guard/text-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const path = join(temporaryFolder(), 'text');

test('readTextFile() reads UTF-8 with and without a byte order mark, and UTF-16 with one', async () => {
  const swapped = Buffer.from('\uFEFFgrün', 'utf16le').swap16();
  for (const bytes of [Buffer.from('grün'), Buffer.from('\uFEFFgrün'), Buffer.from('\uFEFFgrün', 'utf16le'), swapped]) {
    writeFileSync(path, bytes);
    expect(await readTextFile(path)).toBe('grün');
    expect(decodeText(bytes)).toBe('grün');
  }
  writeFileSync(path, '');
  expect(await readTextFile(path)).toBe('');
});

test('readTextFile() gives up what is longer than the limit, also what has no end', async () => {
  writeFileSync(path, 'x'.repeat(3 << 20));
  expect(await readTextFile(path)).toHaveLength(3 << 20);
  await expect(readTextFile(path, 1000)).rejects.toThrow(new RangeError('more than 1000 bytes (maxTextBytes)'));
});

test.skipIf(process.platform === 'win32')('readTextFile() refuses devices and folders, and reads pipes', async () => {
  await expect(readTextFile('/dev/zero')).rejects.toThrow(new Error('a device'));
  await expect(readTextFile(dirname(path))).rejects.toThrow(new Error('EISDIR: a folder'));
  const pipe = `${path}.pipe`;
  execFileSync('mkfifo', [pipe]);
  const writing = writeFile(pipe, 'from a pipe');
  expect(await readTextFile(pipe)).toBe('from a pipe');
  await writing;
});
