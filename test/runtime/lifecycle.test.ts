/**
 * The built package as a program uses it, under Node 20, a newer Node and Deno: however the program ends, in the middle
 * of an inference too, it ends with its own exit code. Ending a thread inside the runtime would abort (134, SIGABRT).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasOpenVino, whyNoOpenVino } from '../support/openvino.ts';
import { REPOSITORY, commandOf } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';

const script = join(import.meta.dirname, 'scripts/scenarios.mjs');
const root = temporaryFolder();
/** A run of five views takes some hundred milliseconds: long enough to be inside it. */
const model = join(root, 'model');
const cacheFolder = join(root, 'cache');

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const runtimes = ['this Node', 'a newer Node', 'Deno'] as const;

const hashes = new Map<string, string>();

beforeAll(() => void writeTinyClipseg(model, { hidden: 96, patch: 8, size: 160 }));

/** Runs a scenario to its end; sends SIGINT when it says it is ready. */
async function run(
  command: readonly string[],
  scenario: string,
  { delayMs = 0, device = 'cpu' } = {},
): Promise<Outcome> {
  const [program = '', ...rest] = command;
  const child = spawn(program, [...rest, script, scenario, model, cacheFolder, String(delayMs), device], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => {
    stdout += part.toString();
    if (stdout.endsWith('ready\n')) child.kill('SIGINT');
  });
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

/** How each of them prints when it ends as it should. */
const ENDINGS = [
  ['with dispose', 'DISPOSED\n'],
  ['aborted run', 'enough 90\n'],
  ['caught exception', 'our own mistake\n'],
  ['dispose in mid-run', 'DISPOSED\n'],
  ['dispose while another thread segments', '90 DISPOSED\n'],
  ['process.exit with an idle session', 'at once\n'],
  ['process.exit in mid-run', 'leaving\n'],
  ['process.exit while labels are embedded', 'leaving\n'],
  ['SIGINT in mid-run', 'ready\ninterrupted\n'],
] as const;

describe.each(runtimes)('under %s', (name) => {
  let command: readonly string[];
  beforeAll(() => {
    command = commandOf(name);
  });

  it('segments, and ends by itself without being disposed', async () => {
    const outcome = await run(command, 'without dispose');
    expect(outcome).toEqual({ code: 0, signal: null, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/), stderr: '' });
    hashes.set(name, outcome.stdout);
    expect(new Set(hashes.values()).size, 'every runtime gives the same label maps').toBe(1);
  });

  it.each(ENDINGS)('%s: exits with 0 and says nothing on stderr', async (scenario, stdout) => {
    expect(await run(command, scenario)).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });

  // The thread loads its code, then the runtime's addon, then the graphs: wherever it is then.
  it.each([0, 20, 40, 60, 80])(
    'process.exit %i ms into loading: exits with 0 and says nothing on stderr',
    async (delayMs) => {
      expect(await run(command, 'process.exit while loading', { delayMs })).toEqual({
        code: 0,
        signal: null,
        stdout: 'leaving\n',
        stderr: '',
      });
    },
  );

  it('an uncaught exception in mid-run: exits with 1 and shows the exception, no abort', async () => {
    const outcome = await run(command, 'uncaught exception');
    expect(outcome).toMatchObject({ code: 1, signal: null, stdout: 'throwing\n' });
    expect(outcome.stderr).toContain('nobody catches this');
    expect(outcome.stderr).not.toMatch(/terminate called|Aborted|SIGABRT|core dumped|libc\+\+abi/);
  });
});

describe.skipIf(!hasOpenVino).each(runtimes)(`on OpenVINO under %s${whyNoOpenVino}`, (name) => {
  const device = 'openvino';
  let command: readonly string[];
  beforeAll(() => {
    command = commandOf(name);
  });

  it("segments as on onnxruntime's processor, and ends by itself without being disposed", async () => {
    const [theirs, ours] = [await run(command, 'without dispose'), await run(command, 'without dispose', { device })];
    expect(ours).toEqual({ code: 0, signal: null, stdout: theirs.stdout, stderr: '' });
    expect(ours.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it.each(ENDINGS)('%s: exits with 0 and says nothing on stderr', async (scenario, stdout) => {
    expect(await run(command, scenario, { device })).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });

  // The thread asks Python, loads koffi and the library, then compiles.
  it.each([0, 40, 100, 200])('process.exit %i ms into loading: exits with 0', async (delayMs) => {
    const outcome = await run(command, 'process.exit while loading', { delayMs, device });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: 'leaving\n', stderr: '' });
  });

  it('an uncaught exception in mid-run: exits with 1 and shows the exception, no abort', async () => {
    const outcome = await run(command, 'uncaught exception', { device });
    expect(outcome).toMatchObject({ code: 1, signal: null, stdout: 'throwing\n' });
    expect(outcome.stderr).not.toMatch(/terminate called|Aborted|SIGABRT|core dumped|libc\+\+abi/);
  });
});
