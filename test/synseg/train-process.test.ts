/** The command as a process of its own: signals, a reader that goes away, and the built command under each runtime. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const repository = resolve(import.meta.dirname, '../..');
const built = join(repository, 'packages/synseg/dist/cli.js');
const newerNode = join(
  repository,
  `node_modules/.cache/newer-node/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Interfere = (child: ReturnType<typeof spawn>, text: { readonly stdout: string; readonly stderr: string }) => void;

/** Runs a command to its end; `interfere` sees all that it says. */
async function run([program = '', ...args]: readonly string[], interfere: Interfere = () => {}): Promise<Outcome> {
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(repository, 'tsconfig.run.json') };
  const child = spawn(program, args, {
    cwd: repository,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (part: Buffer) => {
      text[name] += part.toString();
      interfere(child, text);
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...text };
}

describe('the process of synseg', () => {
  const fake = (out: string, ...more: string[]): string[] => [
    ...[process.execPath, '--import', 'tsx', join(import.meta.dirname, 'fake-train-cli.ts')],
    ...['train', '--data', 'd', '--init', 'i', '--out', join(folder, out), '--steps', '100000', '--json', ...more],
  ];

  it.each(['SIGINT', 'SIGTERM'] as const)('saves on %s and ends with 130', async (name) => {
    let sent = false;
    const { code, stdout, stderr } = await run(fake(name), (child, text) => {
      if (!sent && text.stderr.includes('at 3\n')) sent = child.kill(name);
    });
    expect(code, stderr).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, checkpoint: join(folder, name, 'last') });
    expect(existsSync(join(folder, name, 'last/saved'))).toBe(true);
    expect(stderr).toContain('Stopping: what is done is being saved.');
  });

  it('ends at once on the second signal', async () => {
    let sent = 0;
    const { signal } = await run(fake('twice', '--seed', '7'), (child, text) => {
      if (sent === 0 && text.stderr.includes('at 3\n')) sent += Number(child.kill('SIGINT'));
      if (sent === 1 && text.stderr.includes('Stopping')) sent += Number(child.kill('SIGINT'));
    });
    expect(signal).toBe('SIGINT');
    expect(existsSync(join(folder, 'twice/last/saved'))).toBe(false);
  });

  it('saves when its reader goes away', async () => {
    const { code } = await run(fake('head', '--steps', '10'), (child, text) => {
      if (text.stderr.includes('at 3\n')) child.stdout?.destroy();
    });
    expect(code).toBe(0);
    expect(existsSync(join(folder, 'head/last/saved'))).toBe(true);
  });
});

describe.each<[string, () => readonly string[], boolean]>([
  [
    'this Node',
    () => [process.execPath],
    typeof (process.features as { typescript?: unknown }).typescript === 'string',
  ],
  ['a newer Node', () => [newerNode], true],
  // The binary itself: npm's `deno` is a Node script, which does not pass signals on.
  [
    'Deno',
    () => [
      execFileSync(join(repository, 'node_modules/.bin/deno'), ['eval', 'console.log(Deno.execPath())'], {
        encoding: 'utf8',
      }).trim(),
      'run',
      '-A',
      '--no-lock',
    ],
    true,
  ],
])('the built synseg under %s', (name, locate, runsTypescript) => {
  let command: readonly string[];
  beforeAll(() => {
    command = locate();
    if (!existsSync(command[0] as string))
      throw new Error(`${name} must be at ${command[0] as string}: run "npm run setup"`);
  });

  it('has help and a version', async () => {
    const help = await run([...command, built, '--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^Usage: synseg/);
    expect((await run([...command, built, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  it('extracts phrases', async () => {
    const [captions, out] = [join(folder, `${name}.tsv`), join(folder, `${name}.jsonl`)];
    writeFileSync(captions, 'http://a.org/1.jpg\tA red car parked on the street\n');
    const { code, stdout, stderr } = await run([...command, built, 'phrases', captions, '--out', out, '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kept: 1,
      frequent: [
        { phrase: 'red car', count: 1 },
        { phrase: 'street', count: 1 },
      ],
    });
  });

  it(`${runsTypescript ? 'reads' : 'refuses'} a configuration in TypeScript`, async () => {
    const config = join(folder, 'config.ts');
    writeFileSync(config, 'const steps: number = 1.5;\nexport default { data: "d", init: "i", out: "o", steps };\n');
    const { code, stderr } = await run([...command, built, 'train', '--config', config]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      runsTypescript
        ? /^synseg: Cannot read config: ".*config\.ts"\.steps must be an integer of at least 0, got 1\.5$/m
        : /^synseg: Cannot read config: a \.ts file must be run by Deno, Node ≥ 22\.18 or Node ≥ 23\.6, got Node \d+\.\d+\.\d+; write it as \.mjs or \.json$/m,
    );
  });
});
