/** The decoding threads of the built package, when they cannot load what they need. */
import { appendFileSync, cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY, commandOf } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { writeTinySet } from '../trainer/tiny-set.ts';

const root = temporaryFolder();

describe.each(['this Node', 'Deno'] as const)('under %s', (runtime) => {
  it.each([1, 3])('a training run rejects with why %i threads cannot load, and lets the process end', (workers) => {
    const home = join(root, `${runtime}-${workers}`);
    cpSync(join(REPOSITORY, 'packages/train/dist'), join(home, 'dist'), { recursive: true });
    cpSync(join(REPOSITORY, 'packages/train/package.json'), join(home, 'package.json'));
    symlinkSync(join(REPOSITORY, 'node_modules'), join(home, 'node_modules'), 'junction');
    appendFileSync(join(home, 'dist/decode-worker.js'), '\nthrow new Error("no sharp for this machine");\n');
    const options = {
      data: writeTinySet(join(home, 'set')).tags,
      init: writeTinyClipseg(join(home, 'model')),
      out: join(home, 'run'),
      cacheFolder: join(home, 'cache'),
      steps: 2,
      batchSize: 8,
      device: 'cpu',
      advanced: { workers },
    };
    const [command = '', ...args] = commandOf(runtime);
    const program = join(home, 'program.mjs');
    writeFileSync(
      program,
      `import { train } from './dist/index.js';
try {
  for await (const report of train(${JSON.stringify(options)})) console.log(report.step);
} catch ({ message }) {
  console.log(message);
}
`,
    );
    const { status, stdout } = spawnSync(command, [...args, program], { encoding: 'utf8', timeout: 50_000 });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'no sharp for this machine\n' });
  });
});
