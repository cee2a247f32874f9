import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { SUBJECTS } from './subject.ts';

const root = join(import.meta.dirname, '../..');
const folder = temporaryFolder();

/** What the program prints, and its exit code. */
async function fuzz(...args: string[]): Promise<{ code: number; out: string }> {
  const program = [
    process.execPath,
    '--import',
    'tsx',
    join(import.meta.dirname, 'fuzz.ts'),
    '--out',
    folder,
    ...args,
  ] as const;
  const options = { cwd: root, env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.run.json') } };
  return promisify(execFile)(program[0], program.slice(1), options).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, out: error.stdout }),
  );
}

it(
  'every subject takes a few hundred cases of another seed: each ends in a value or an error of ours',
  { timeout: 300_000 },
  async () => {
    const { code, out } = await fuzz('--seed', '20', '--cases', '50');
    expect(code, out).toBe(0);
    for (const subject of SUBJECTS)
      expect(out).toMatch(
        new RegExp(`^${subject}: 50 cases, \\d+ accepted, \\d+ refused, \\d+ MiB at most, \\d+ s, 0 findings$`, 'm'),
      );
  },
);

it('a finding prints the command that repeats it, and fails', { timeout: 60_000 }, async () => {
  const { code, out } = await fuzz('--only', 'faulty', '--case', '5', '--seed', '9');
  expect(code).toBe(1);
  expect(out).toContain('npm run fuzz -- --seed 9 --only faulty --case 5');
  expect(out).toContain("Cannot read properties of undefined (reading 'length')");
});

it('a subject that takes everything fails, as little was tried', { timeout: 60_000 }, async () => {
  const { code, out } = await fuzz('--only', 'agreeable', '--cases', '100');
  expect(code).toBe(1);
  expect(out).toContain('Fuzzed too little: agreeable accepted 100 and refused 0 of 100 cases');
});
