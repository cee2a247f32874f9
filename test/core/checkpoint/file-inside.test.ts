/** What a checkpoint names lies in its folder. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileInside, isFileName } from '../../../packages/core/src/checkpoint/file-inside.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const folder = join(root, 'models--a--b/snapshots/abc');
mkdirSync(join(folder, 'sub'), { recursive: true });
mkdirSync(join(root, 'models--a--b/blobs'));
writeFileSync(join(root, 'secret'), 'x');
writeFileSync(join(root, 'models--a--b/blobs/123'), 'x');
writeFileSync(join(folder, 'vision.onnx'), 'x');
symlinkSync('../../blobs/123', join(folder, 'linked.onnx'));
symlinkSync(join(root, 'secret'), join(folder, 'leaves.onnx'));

test.each(['vision.onnx', 'sub/vision.onnx', './vision.onnx', 'linked.onnx', 'missing.onnx', 'a..b', '..a'])(
  'fileInside() takes %j',
  async (name) => {
    expect(await fileInside(folder, name)).toBe(join(folder, name));
  },
);

test.each([
  '..',
  '../secret',
  'sub/../../secret',
  '..\\secret',
  'C:\\secret',
  'C:secret',
  '\\\\host\\share',
  '/etc/passwd',
  '.',
  './',
  '',
  'a\0b',
  'leaves.onnx',
  5,
  null,
  undefined,
  {},
])('fileInside() refuses %j', async (name) => {
  await expect(fileInside(folder, name)).rejects.toMatchObject({
    code: 'CHECKPOINT_FORMAT',
    message:
      'Cannot load checkpoint: files that it names must lie in its folder, got ' +
      `${JSON.stringify(name) ?? 'none'} (${folder})`,
  });
  expect(isFileName(name)).toBe(name === 'leaves.onnx');
});

test('a link outside of a hub cache may lead to no blobs beside it', async () => {
  const plain = join(root, 'plain/model');
  mkdirSync(plain, { recursive: true });
  mkdirSync(join(root, 'blobs'));
  writeFileSync(join(root, 'blobs/1'), 'x');
  symlinkSync('../../blobs/1', join(plain, 'vision.onnx'));
  await expect(fileInside(plain, 'vision.onnx')).rejects.toThrow('must lie in its folder');
});
