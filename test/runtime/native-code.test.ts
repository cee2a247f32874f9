/** What is imported loads no native code: a session and a decoder do, when there is work for them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { REPOSITORY, commandOf, type Runtime } from '../support/runtimes.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const entries = ['core', 'train', 'video'].flatMap((folder) => {
  const path = join(REPOSITORY, 'packages', folder, 'package.json');
  const { name, exports } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  return Object.keys(exports).map((entry) => join(name, entry));
});

it.each<Runtime>(['this Node', 'Deno'])(
  'importing any entry loads no native code under %s',
  async (runtime) => {
    const [program, ...flags] = commandOf(runtime) as [string, ...string[]];
    const script = join(REPOSITORY, 'test/runtime/scripts/native-code.mjs');
    const { stdout } = await promisify(execFile)(program, [...flags, script, ...entries], { cwd: REPOSITORY });
    const { loaded, encoding } = JSON.parse(stdout) as { loaded: Record<string, string[]>; encoding: string[] };
    expect(entries).toContain('@synseg/core/graph');
    expect(loaded).toEqual(Object.fromEntries(entries.map((entry) => [entry, []])));
    expect(encoding, 'the picture needed some').toContainEqual(expect.stringContaining('sharp'));
  },
  60_000,
);
