/** A run whose process is killed again and again, at moments it cannot choose. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RunFolder } from '../../../packages/train/src/run/run-folder.ts';
import { readTrainerState } from '../../../packages/train/src/run/trainer-state.ts';
import { uniform } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { listing, numbersOf, segmentWith } from './contents.ts';

const root = temporaryFolder();
const base = writeTinyClipseg(join(root, 'base'));
const cacheFolder = join(root, 'cache');
const repository = resolve(import.meta.dirname, '../../..');
const ROUNDS = 10;
const SAVE_EVERY = 3;

/** Starts the process, and kills it this long after it has saved `last` for the first time. */
async function killAfter(run: string, resume: boolean, delayMs: number): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'saving-process.ts'), run, base, ...(resume ? ['--resume'] : [])],
    {
      cwd: repository,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(repository, 'tsconfig.run.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  const exit = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exit.then(() => Promise.reject(new Error(errors)))]);
  await sleep(delayMs);
  child.kill('SIGKILL');
  expect(await exit, errors).toEqual([null, 'SIGKILL']);
}

/** The one number that all trained tensors of a checkpoint hold: its step. */
async function stepOfWeights(folder: string): Promise<number> {
  const numbers = [...(await numbersOf(folder))].filter(
    ([name]) => name.startsWith('decoder.') || name.startsWith('projector.'),
  );
  const steps = new Set(numbers.flatMap(([, values]) => [...new Set(values)]));
  expect(steps.size, `${folder} must hold the tensors of one step, got ${[...steps].join(', ')}`).toBe(1);
  return [...steps][0] as number;
}

describe('kill -9 while a run is being saved', () => {
  it(
    'leaves checkpoints that load, states of one step, and a log that goes on without a gap',
    { timeout: 240_000 },
    async () => {
      const run = join(root, 'run');
      const random = uniform(3);
      const weightsAhead: number[] = [];
      let saved = 0;
      for (let round = 0; round < ROUNDS; round++) {
        await killAfter(run, round > 0, 200 * random());
        for (const name of listing(run).filter((entry) => /^(?:last|best|step-\d+)$/.test(entry)))
          await stepOfWeights(join(run, name));
        const last = join(run, 'last');
        const state = await readTrainerState(last);
        for (const [name, { data }] of state.tensors) expect([...new Set(data)], name).toEqual([state.step]);
        expect([state.position, state.notes]).toEqual([
          { epoch: 1, consumed: 4 * state.step },
          { bestScore: state.step / 100 },
        ]);
        expect(state.step % SAVE_EVERY).toBe(0);
        expect(state.step).toBeGreaterThan(saved);
        weightsAhead.push((await stepOfWeights(last)) - state.step);
        const reported = readFileSync(join(run, 'log.jsonl'), 'utf8').split('\n').length - 1;
        expect(reported).toBeGreaterThanOrEqual(state.step);
        expect(reported).toBeLessThanOrEqual(state.step + SAVE_EVERY + 1);
        saved = state.step;
        expect((await segmentWith(last, ['road'], cacheFolder)).labelMap.length).toBe(32 * 32);
        if (existsSync(join(run, 'best'))) await segmentWith(join(run, 'best'), ['road'], cacheFolder);
      }
      console.log(
        `killed ${String(ROUNDS)} times by step ${String(saved)}; weights ahead of the state by ` +
          `${weightsAhead.join(', ')} steps`,
      );
      expect(weightsAhead.filter((ahead) => ahead !== 0 && ahead !== SAVE_EVERY)).toEqual([]);
      await using resumed = await RunFolder.create(run, { config: { seed: 42 }, resume: true });
      await resumed.rewind(saved);
      const steps = readFileSync(join(run, 'log.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { step: number }).step);
      expect(steps).toEqual(Array.from({ length: saved }, (_, index) => index + 1));
    },
  );
});
