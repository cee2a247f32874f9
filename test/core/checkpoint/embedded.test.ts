import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { embeddedFolder } from '../../../packages/core/src/checkpoint/embedded.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const app = join(root, 'my app');
const home = join(app, 'node_modules/@synseg/core');
const folder = join(home, 'embedded');
const urlOf = (path: string): string => pathToFileURL(path).href;

/** Writes a JSON file and the folders it lies in. */
function write(path: string, content: unknown): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
}

beforeEach(() => {
  rmSync(app, { recursive: true, force: true });
  write(join(app, 'package.json'), { name: 'my-app' });
  write(join(home, 'package.json'), { name: '@synseg/core' });
  write(join(folder, 'config.json'), {});
});

describe('embeddedFolder()', () => {
  it.each([
    'dist/index.js',
    'dist/chunk-ABC.js',
    'dist/inference-thread.js',
    'src/checkpoint/embedded.ts',
    'src/a/b/c.ts',
  ])('is found from %s of the package', (module) => {
    expect(embeddedFolder(urlOf(join(home, module)))).toBe(folder);
  });

  it('passes over a package.json without this name, and one that is broken, on the way up', () => {
    write(join(home, 'dist/package.json'), { type: 'module' });
    mkdirSync(join(home, 'dist/deeper'));
    writeFileSync(join(home, 'dist/deeper/package.json'), '{ "name": ');
    expect(embeddedFolder(urlOf(join(home, 'dist/deeper/index.js')))).toBe(folder);
  });

  it('is never that of a package which contains this one', () => {
    write(join(app, 'embedded/config.json'), {});
    rmSync(folder, { recursive: true });
    expect(() => embeddedFolder(urlOf(join(home, 'dist/index.js')))).toThrow(folder);
  });

  it.each([
    ['is not there', (): void => rmSync(folder, { recursive: true })],
    ['is empty', (): void => rmSync(join(folder, 'config.json'))],
  ])('says so when the folder %s', (_, spoil) => {
    spoil();
    expect(() => embeddedFolder(urlOf(join(home, 'dist/index.js')))).toThrow(
      expect.objectContaining({
        name: 'SynsegError',
        code: 'MODEL_LOAD',
        message:
          'Cannot load checkpoint: "embedded" must lie in the package @synseg/core, got no config.json in ' +
          `${folder}; install the package again, or name a folder or a hub id`,
      }),
    );
  });

  it.each(['https://esm.sh/@synseg/core/dist/index.js', urlOf(join(app, 'dist/bundle.js'))])(
    'says so when its code lies elsewhere: %s',
    (module) => {
      expect(() => embeddedFolder(module)).toThrow(
        expect.objectContaining({
          code: 'BUNDLED',
          message:
            `Cannot load checkpoint: the code of @synseg/core must lie in its package, got ${module}; it ` +
            'starts threads and reads files beside it, so it must not be bundled: keep @synseg/core, @synseg/video ' +
            'and @synseg/train external, as \`esbuild --packages=external\` does',
        }),
      );
    },
  );
});
