/** docs/paper.md: every file and test that it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from '../support/runtimes.ts';

const rows = readFileSync(join(REPOSITORY, 'docs/paper.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, item = '']) => item !== 'item' && item !== 'item of the paper' && !item.startsWith('---'));

const pathsIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => path!);
const isThere = (path: string, folders: readonly string[], endings: readonly string[]): boolean =>
  folders.some((folder) => endings.some((ending) => existsSync(join(REPOSITORY, folder, path + ending))));

it.each(rows)('%s%s', (_, item, file, test) => {
  expect(item).not.toBe('');
  const files = pathsIn(file);
  expect(files.filter((path) => !isThere(path, ['packages/train/src', 'packages', '.'], ['.ts']))).toEqual([]);
  expect(pathsIn(test).filter((path) => !isThere(path, ['test/train', '.'], ['.test.ts']))).toEqual([]);
});
