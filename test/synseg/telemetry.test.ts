/** The built `synseg`, without `CI`: nothing but our cache is written outside of what it was told to write. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runAtCleanHome } from '../support/clean-home.ts';
import { REPOSITORY } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { testClip } from '../video/clips.ts';

const root = temporaryFolder();
const cli = join(REPOSITORY, 'packages/synseg/dist/cli.js');
const model = writeTinyClipseg(join(root, 'model'));
const clip = join(root, 'clip.mp4');
testClip(clip, { seconds: 1 });

it.each(['this Node', 'Deno'] as const)(
  'onnxruntime leaves nothing in the home folder of who segments a clip under %s',
  async (runtime) => {
    const { code, stderr, written } = await runAtCleanHome(
      root,
      runtime,
      cli,
      'video',
      clip,
      '--model',
      model,
      '--labels',
      'a cat',
      '--csv',
      join(root, `${runtime}.csv`),
    );
    expect(code, stderr).toBe(0);
    expect(written).toContain('.cache/synseg/graphs');
    expect(written.filter((path) => !/^\.cache(\/synseg(\/|$)|$)/.test(path))).toEqual([]);
  },
);
