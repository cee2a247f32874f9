/**
 * The commands in an example's README, run as they stand: at the root, by bash, with nothing but what the block says.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, expect, vi } from 'vitest';
import { REPOSITORY } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A code block of a README. */
export interface CommandBlock {
  /** `run`: a test runs it. `no-run`: it needs a camera, a network or a file of the reader's. */
  readonly mode: string;
  readonly code: string;
}

/** The `sh` blocks of a README, in order. */
export function commandBlocks(example: string): readonly CommandBlock[] {
  const text = readFileSync(join(REPOSITORY, 'examples', example, 'README.md'), 'utf8');
  return [...text.matchAll(/^```sh ?([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, mode = '', code = '']) => ({ mode, code }));
}

/** The blocks of a README that say `run`. */
export function runBlocks(example: string): readonly string[] {
  return commandBlocks(example)
    .filter(({ mode }) => mode === 'run')
    .map(({ code }) => code);
}

/** How a block ended. */
export interface Outcome {
  /** Exit code; null after a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A block on its way. */
export interface Running {
  readonly outcome: Promise<Outcome>;
  /** All that was written to stdout so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Types a line. */
  type(line: string): void;
  /** Sends a signal to everything the block started, as a terminal does. */
  signal(name: NodeJS.Signals): void;
  /** Waits for text on stdout. @throws Error when the block ends without it, or after a minute */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/** What a test file does with its example. */
export interface Shell {
  run(code: string, environment?: Readonly<Record<string, string>>): Promise<Outcome>;
  start(code: string, environment?: Readonly<Record<string, string>>): Running;
}

/** A shell for an example; its results in `out/<example>` are gone before and after, its caches are its own. */
export async function openShell(example: string): Promise<Shell> {
  const results = join(REPOSITORY, 'out', example);
  const cache = temporaryFolder();
  const running = new Set<Running>();
  // A block is several programs, each of which starts from nothing.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  await rm(results, { recursive: true, force: true });
  afterAll(async () => {
    for (const each of running) each.signal('SIGKILL');
    await Promise.all([...running].map(({ outcome }) => outcome));
    await rm(results, { recursive: true, force: true });
  });
  const start: Shell['start'] = (code, environment = {}) => {
    const child = startBash(code, { SYNSEG_CACHE: cache, ...environment });
    running.add(child);
    void child.outcome.then(() => running.delete(child));
    return child;
  };
  return { start, run: async (code, environment) => start(code, environment).outcome };
}

/** Labels with their shares of a picture, percent, from lines such as `road   31.0 %`. */
export function sharesIn(stdout: string): readonly (readonly [name: string, percent: number])[] {
  return [...stdout.matchAll(/^(\S.*?) +([\d.]+) %$/gm)].map(([, name = '', share]) => [name, Number(share)]);
}

/** Asserts that these labels, and no others, share a picture. */
export function expectShares(stdout: string, names: readonly string[], total = 100): void {
  const shares = sharesIn(stdout);
  expect(shares.map(([name]) => name)).toEqual(names);
  // Each is rounded to a tenth.
  expect(Math.abs(shares.reduce((sum, [, share]) => sum + share, 0) - total)).toBeLessThanOrEqual(
    0.05 * names.length + 1e-6,
  );
}

/** Asserts that a block ended well, and shows what it said when not. */
export function expectSuccess({ code, stderr }: Outcome): void {
  expect(code, stderr).toBe(0);
}

function startBash(code: string, environment: Readonly<Record<string, string>>): Running {
  const path = [join(REPOSITORY, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(
    delimiter,
  );
  const child = spawn('bash', ['-euo', 'pipefail', '-c', code], {
    cwd: REPOSITORY,
    // Nothing here may reach the hub: the embedded checkpoint needs no network.
    env: { ...process.env, HF_HUB_OFFLINE: '1', NO_COLOR: '1', ...environment, PATH: path },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
      watchers.forEach((look) => look());
    });
  }
  // A program that has ended reads no more.
  child.stdin.on('error', () => undefined);
  let ended = false;
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      ended = true;
      watchers.forEach((look) => look());
      resolve({ code: exitCode, ...text });
    });
  });
  return {
    outcome,
    get stdout() {
      return text.stdout;
    },
    get stderr() {
      return text.stderr;
    },
    type: (line) => void child.stdin.write(`${line}\n`),
    signal: (name) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended already.
      }
    },
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          act();
        };
        const complain = (why: string): void =>
          finish(() => reject(new Error(`${why} without saying ${String(pattern)}: ${text.stdout}${text.stderr}`)));
        const timer = setTimeout(() => complain('a minute passed'), 60_000);
        const look = (): void => {
          const match = pattern.exec(text.stdout);
          if (match !== null) finish(() => resolve(match));
          else if (ended) complain('it ended');
        };
        watchers.add(look);
        look();
      }),
  };
}
