/**
 * Training on the WebGPU provider, with SwiftShader for a GPU: the same steps as on the CPU, in processes of their own.
 * `VK_ICD_FILENAMES` names another Vulkan driver to run this on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, commandOf, type Runtime } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import type { State, StepsOutcome } from './scripts/train-steps.ts';

const root = temporaryFolder();
const scripts = join(import.meta.dirname, 'scripts');

/** Fetched by `npm test` on Debian. */
const swiftShader = join(REPOSITORY, 'node_modules/.cache/synseg/swiftshader');
const driver = process.env['VK_ICD_FILENAMES'] ?? join(swiftShader, 'vk_swiftshader_icd.json');
const hasDriver = existsSync(driver);
if (!hasDriver)
  console.info(
    `WebGPU tests are skipped: there is no Vulkan driver at ${driver}; on Debian, "npm run setup" fetches one`,
  );

const environment = {
  ...process.env,
  VK_ICD_FILENAMES: driver,
  XDG_RUNTIME_DIR: root,
  LD_LIBRARY_PATH: [process.env['LD_LIBRARY_PATH'], swiftShader].filter(Boolean).join(':'),
  TSX_TSCONFIG_PATH: join(REPOSITORY, 'tsconfig.run.json'),
};

const PROCESS_MS = 240_000;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(runtime: Runtime, script: string, args: readonly string[]): Promise<Ended> {
  const [program = '', ...rest] = commandOf(runtime);
  const loader = runtime !== 'Deno' && script.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const child = spawn(program, [...rest, ...loader, join(scripts, script), ...args], {
    cwd: REPOSITORY,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PROCESS_MS,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

const outcomesOf = ({ stdout }: Ended): StepsOutcome[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as StepsOutcome);

const CASES = [
  'the paper, from pixels',
  'the paper, saturated maps',
  'grounding and distillation',
  'windows, partial labels and sharing',
  'masks',
  'micro-batches',
  'refined head',
];

/** The project's bar for a loss on a GPU, relative; the second is for figures that are zero. */
const FIGURE_TOLERANCE = 1e-3;
const FIGURE_FLOOR = 1e-6;
/** Of the running means of gradients and their squares: sums in another order, through a few dozen operators. */
const GRADIENT_TOLERANCE = 1e-3;
/**
 * Of how far parameters moved. AdamW's first steps divide a gradient by its own size, so where a gradient is all but
 * zero its rounding decides: there the parameter goes another way, at most by the learning rate.
 */
const MOVE_TOLERANCE = 1e-2;

/**
 * Softmax does not see what is added to all scores alike: this gradient is zero, and what is computed is its rounding.
 */
const isRounding = (tensor: string): boolean => tensor.endsWith('k_proj.bias');

function vectorOf(state: State, name: string): number[] {
  return Object.entries(state[name] ?? {}).flatMap(([tensor, values]) => (isRounding(tensor) ? [] : values));
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, index) => value - (b[index] as number)));

function expectFigure(actual: number | undefined, expected: number, name: string): void {
  expect(Math.abs((actual ?? NaN) - expected), `${name}: ${expected}`).toBeLessThanOrEqual(
    FIGURE_TOLERANCE * Math.abs(expected) + FIGURE_FLOOR,
  );
}

describe.skipIf(!hasDriver)('training on WebGPU', () => {
  describe('step by step', () => {
    let ended: Ended;
    const [expected, actual] = [new Map<string, StepsOutcome>(), new Map<string, StepsOutcome>()];
    beforeAll(async () => {
      for (const outcome of outcomesOf(await run('this Node', 'train-steps.ts', ['cpu', join(root, 'cpu')])))
        expected.set(outcome.name, outcome);
      ended = await run('this Node', 'train-steps.ts', ['webgpu', join(root, 'webgpu')]);
      for (const outcome of outcomesOf(ended)) actual.set(outcome.name, outcome);
    }, PROCESS_MS);

    it('takes the steps of every case and ends with 0', () => {
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect([...actual.keys()]).toEqual(CASES);
      expect([...expected.keys()]).toEqual(CASES);
    });

    it.each(CASES)('%s: losses and state as on the CPU', (name) => {
      const [cpu, gpu] = [expected.get(name), actual.get(name)];
      if (cpu === undefined || gpu === undefined) throw new Error(`no outcome, stderr: ${ended.stderr}`);
      expect([cpu.device, gpu.device]).toEqual(['cpu', 'webgpu']);
      cpu.figures.forEach((figures, step) => {
        for (const [figure, value] of Object.entries(figures))
          expectFigure(gpu.figures[step]?.[figure], value, `${figure} of step ${step + 1}`);
      });
      for (const moments of ['mean', 'variance']) {
        const vector = vectorOf(cpu.state, moments);
        expect(distance(vectorOf(gpu.state, moments), vector), moments).toBeLessThanOrEqual(
          GRADIENT_TOLERANCE * Math.hypot(...vector),
        );
      }
      for (const parameters of Object.keys(cpu.state).filter(
        (vector) => vector === 'parameters' || vector === 'average',
      )) {
        const vector = vectorOf(cpu.state, parameters);
        const moved = distance(vector, vectorOf(cpu.start, parameters));
        expect(moved).toBeGreaterThan(0);
        expect(distance(vectorOf(gpu.state, parameters), vector), parameters).toBeLessThanOrEqual(
          MOVE_TOLERANCE * moved,
        );
      }
    });

    it.each(CASES)('%s: the state stays on the device and can be read back', (name) => {
      expect(actual.get(name)).toMatchObject({ startKept: true, taken: ['gpu-buffer'], given: ['gpu-buffer'] });
    });
  });

  describe('in its thread', () => {
    const model = join(root, 'model');
    const trainAndLeave = (runtime: Runtime, device: string): Promise<Ended> =>
      run(runtime, 'train-and-leave.mjs', [device, model, join(root, `${runtime} ${device}`)]);
    let expected: number[];
    beforeAll(async () => {
      writeTinyClipseg(model, { size: 16, hidden: 16 });
      expected = (await trainAndLeave('this Node', 'cpu')).stdout.split('\n').slice(0, 3).map(Number);
    }, PROCESS_MS);

    it.each(['this Node', 'Deno'] as const)(
      'trains under %s as on the CPU, and may be left in mid-step',
      { timeout: PROCESS_MS },
      async (runtime) => {
        const { stdout, ...ended } = await trainAndLeave(runtime, 'webgpu');
        expect(ended).toEqual({ code: 0, signal: null, stderr: '' });
        const lines = stdout.split('\n');
        expect(lines.slice(3)).toEqual(['leaving', '']);
        expected.forEach((loss, index) => expectFigure(Number(lines[index]), loss, `loss of step ${index + 1}`));
      },
    );
  });
});
