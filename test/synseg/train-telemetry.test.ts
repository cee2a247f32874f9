/** The built `synseg`, without `CI`: nothing but our cache is written outside of what it was told to write. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runAtCleanHome } from '../support/clean-home.ts';
import { REPOSITORY } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { writeTinySet } from '../train/trainer/tiny-set.ts';

const root = temporaryFolder();
const cli = join(REPOSITORY, 'packages/synseg/dist/cli.js');
const init = writeTinyClipseg(join(root, 'model'));
const set = writeTinySet(join(root, 'set'));

it.each(['this Node', 'Deno'] as const)(
  'onnxruntime leaves nothing in the home folder of who trains and evaluates under %s',
  async (runtime) => {
    const out = join(root, runtime);
    const runs = [
      [
        'train',
        '--data',
        set.tags,
        '--init',
        init,
        '--out',
        out,
        '--recipe',
        'tags',
        '--steps',
        '2',
        '--batch-size',
        '4',
      ],
      ['evaluate', '--model', join(out, 'last'), '--dataset', 'index-png', '--root', set.folder, '--labels', 'all'],
    ];
    for (const words of runs) {
      const { code, stderr, written } = await runAtCleanHome(root, runtime, cli, ...words);
      expect(code, stderr).toBe(0);
      expect(written).toContain('.cache/synseg/graphs');
      expect(written.filter((path) => !/^\.cache(\/synseg(\/|$)|$)/.test(path))).toEqual([]);
    }
  },
);
