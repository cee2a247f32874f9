import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../packages/core/src/guard/package-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const home = join(root, 'node_modules/@synseg/video');
mkdirSync(join(home, 'dist'), { recursive: true });
writeFileSync(join(home, 'package.json'), '{ "name": "@synseg/video" }');
for (const file of [join(home, 'dist/worker.js'), join(root, 'worker.js')]) writeFileSync(file, '');
const find = (path: string): URL =>
  packageFile('segment video', '@synseg/video', () => new URL('./worker.js', pathToFileURL(path)));
const failing = (got: string): unknown =>
  expect.objectContaining({
    code: 'BUNDLED',
    message: expect.stringContaining(
      `Cannot segment video: the code of @synseg/video must lie in its package, got ${got}; `,
    ) as string,
  });

describe('packageFile()', () => {
  it('finds a file beside a module of the package', () => {
    expect(find(join(home, 'dist/index.js'))).toEqual(pathToFileURL(join(home, 'dist/worker.js')));
  });

  it('says what there is instead', () => {
    expect(() => packageFile('segment video', '@synseg/video', () => new URL('./worker.js', undefined))).toThrow(
      failing('code without import.meta.url'),
    );
    expect(() => find(join(home, 'src/index.js'))).toThrow(failing(`no file ${join(home, 'src/worker.js')}`));
    expect(() => find(join(root, 'bundle.js'))).toThrow(failing(pathToFileURL(join(root, 'worker.js')).href));
  });
});
