/**
 * Programs whose code lies elsewhere than a file beside our packages: made one file by a bundler, or given to Node as
 * text.
 */
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasEmbedded, runToEnd, type Ended } from '../support/installed-core.ts';
import { REPOSITORY, commandOf } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { writeTinySet, writeTinyTrunk } from '../train/trainer/tiny-set.ts';

const root = temporaryFolder();
const program = join(root, 'program.mjs');
copyFileSync(join(import.meta.dirname, 'scripts/bundled.mjs'), program);
symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'), 'junction');
// Deno asks for it.
writeFileSync(
  join(root, 'package.json'),
  JSON.stringify({ dependencies: { '@synseg/core': '*', '@synseg/video': '*', '@synseg/train': '*' } }),
);
const model = writeTinyClipseg(join(root, 'model'));
const trunk = writeTinyTrunk(join(root, 'trunk'));
const data = writeTinySet(join(root, 'set')).tags;
/** Node loads this in every thread. */
const preload = join(root, 'preload.mjs');
writeFileSync(preload, '');

const SCENARIOS = [
  ...(hasEmbedded ? ['the embedded checkpoint'] : []),
  'the inference thread',
  'the threads of the pool',
  'the training thread',
];

/** Runs a program in one scenario. @returns what it prints */
async function outcomeOf(
  command: readonly string[],
  scenario: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const [first = '', ...args] = command;
  const task = { scenario, model, trunk, data, out: join(root, 'runs', crypto.randomUUID()) };
  const { stdout, stderr, code }: Ended = await runToEnd(first, args, {
    cwd: root,
    env: { ...process.env, SYNSEG_CACHE: join(root, 'cache'), SYNSEG_TEST: JSON.stringify(task), ...environment },
  });
  return stdout === '' ? { code, stderr } : JSON.parse(stdout);
}

describe('a program made one file', () => {
  const natives = ['onnxruntime-node', 'sharp', 'ffmpeg-static'].map((name) => `--external:${name}`);
  const require =
    "--banner:js=import { createRequire as require_ } from 'node:module'; const require = require_(import.meta.url);";
  const BUNDLES = {
    'bundle.cjs': [...natives, '--format=cjs'],
    'bundle.mjs': [...natives, '--format=esm', require],
    'external.mjs': ['--packages=external', '--format=esm'],
  };
  const inPlace = (name: string): string => join(root, name);

  beforeAll(async () => {
    for (const [name, args] of Object.entries(BUNDLES)) {
      // Without this repository's tsconfig.json, by which our packages are their sources.
      const common = [
        '--bundle',
        '--platform=node',
        '--log-level=error',
        '--tsconfig-raw={}',
        `--outfile=${inPlace(name)}`,
      ];
      const { code, stderr } = await runToEnd(
        process.execPath,
        [join(REPOSITORY, 'node_modules/esbuild/bin/esbuild'), program, ...common, ...args],
        { cwd: root },
      );
      if (code !== 0) throw new Error(stderr);
    }
  });

  it.each(['bundle.cjs', 'bundle.mjs'].flatMap((bundle) => SCENARIOS.map((scenario) => [bundle, scenario] as const)))(
    'says in %s, asked for %s, what to do instead',
    async (bundle, scenario) => {
      const [action, name] = scenario.includes('pool')
        ? ['segment video', 'video']
        : scenario.includes('training')
          ? ['train', 'train']
          : ['load checkpoint', 'core'];
      const file = {
        'the embedded checkpoint': 'bundle.mjs',
        'the inference thread': 'inference-thread.js',
        'the threads of the pool': 'frame-worker.js',
        'the training thread': 'train-thread.js',
      }[scenario];
      const got =
        bundle === 'bundle.cjs' ? 'code without import.meta.url' : expect.stringMatching(`^file:.*/${file as string}$`);
      const { code, message } = (await outcomeOf([process.execPath, inPlace(bundle)], scenario)) as {
        code: string;
        message: string;
      };
      const [, said, found, advice] = /^(.*), got (.*?); (.*)$/.exec(message) ?? [];
      expect({ code, said, found, advice }).toEqual({
        code: 'BUNDLED',
        said: `Cannot ${action}: the code of @synseg/${name} must lie in its package`,
        found: got,
        advice:
          'it starts threads and reads files beside it, so it must not be bundled: keep @synseg/core, ' +
          '@synseg/video and @synseg/train external, as `esbuild --packages=external` does',
      });
    },
  );

  it.each(SCENARIOS)('works with our packages external: %s', async (scenario) => {
    expect(await outcomeOf([process.execPath, inPlace('external.mjs')], scenario)).toEqual({ done: true });
  });
});

describe('a program given as text', () => {
  const text = readFileSync(program, 'utf8');
  const preloading = ['--import', preload];

  it.each(
    (['this Node', 'a newer Node', 'Deno'] as const).flatMap((runtime) =>
      SCENARIOS.map((scenario) => [runtime, scenario] as const),
    ),
  )('starts under %s %s', async (runtime, scenario) => {
    const [node = ''] = commandOf(runtime);
    const command =
      runtime === 'Deno'
        ? [node, 'eval', text]
        : [node, '--input-type=module', '--max-old-space-size=2000', ...preloading, '--eval', text];
    expect(await outcomeOf(command, scenario)).toEqual({ done: true });
  });

  it.each(SCENARIOS)('and so does with its flags in NODE_OPTIONS %s', async (scenario) => {
    expect(
      await outcomeOf([process.execPath, '--eval', text], scenario, {
        NODE_OPTIONS: `--input-type=module --import ${preload}`,
      }),
    ).toEqual({ done: true });
  });
});
