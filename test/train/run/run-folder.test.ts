import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckpointName } from '../../../packages/train/src/run/checkpoint-folder.ts';
import { RunFolder } from '../../../packages/train/src/run/run-folder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { listing, stateOf, tinyContents } from './contents.ts';

const root = temporaryFolder();
const base = writeTinyClipseg(join(root, 'base'));
const config = { seed: 42, learningRate: 1e-3, loss: { weights: [1, 1] } };
let count = 0;

const fresh = (): string => join(root, 'runs', `run-${String(count++)}`);
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** A run that did one step and saved it. */
async function finished(): Promise<string> {
  const path = fresh();
  await using run = await RunFolder.create(path, { config });
  await run.log({ step: 1, loss: 2 });
  await run.save('last', tinyContents(base), stateOf(1));
  return path;
}

describe('RunFolder.create()', () => {
  it('makes the folder with configuration and log, and gives it free when closed', async () => {
    const path = fresh();
    const run = await RunFolder.create(path, { config });
    expect(run.path).toBe(path);
    expect(json(join(path, 'config.json'))).toEqual(config);
    expect(listing(path)).toEqual(['config.json', 'log.jsonl', 'run.lock']);
    expect(await run.state()).toBeUndefined();
    await run.close();
    await run.close();
    expect(listing(path)).toEqual(['config.json', 'log.jsonl']);
  });

  it('refuses a folder that holds a run, unless it is to continue it', async () => {
    const path = await finished();
    await expect(RunFolder.create(path, { config })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        `Cannot start run: folder must not hold a run already, got ${path}; pass --resume to continue it, ` +
        'or choose another folder',
    });
    await using run = await RunFolder.create(path, { config, resume: true });
    expect(await run.state()).toEqual(stateOf(1));
  });

  it('refuses a run that was killed before its first save, once it has reported', async () => {
    const path = fresh();
    await (await RunFolder.create(path, { config })).close();
    writeFileSync(join(path, 'log.jsonl'), '{"step":1}\n');
    await expect(RunFolder.create(path, { config })).rejects.toThrow('folder must not hold a run already');
  });

  it('starts anew where an earlier start came to nothing', async () => {
    const path = fresh();
    await (await RunFolder.create(path, { config })).close();
    mkdirSync(join(path, 'frozen'));
    writeFileSync(join(path, 'events.out.tfevents.1.host.1.0'), 'x');
    await using run = await RunFolder.create(path, { config: { seed: 1 } });
    expect(listing(run.path)).toEqual(['config.json', 'log.jsonl', 'run.lock']);
    expect(json(join(path, 'config.json'))).toEqual({ seed: 1 });
  });

  it('does not write over the config.json of something else', async () => {
    const text = readFileSync(join(base, 'config.json'), 'utf8');
    await expect(RunFolder.create(base, { config })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot start run: folder must be new or empty, got ${base} with a config.json of something else`,
    });
    expect(readFileSync(join(base, 'config.json'), 'utf8')).toBe(text);
    expect(existsSync(join(base, 'run.lock'))).toBe(false);
  });

  it('does not resume what is no run', async () => {
    const path = fresh();
    await expect(RunFolder.create(path, { config, resume: true })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        `Cannot resume run: folder must hold a run, got ${path} without config.json and log.jsonl; leave ` +
        'out --resume to start one',
    });
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a run that is being written', async () => {
    const path = fresh();
    await using run = await RunFolder.create(path, { config });
    await run.log({ step: 1 });
    await expect(RunFolder.create(path, { config, resume: true })).rejects.toThrow(
      `Cannot open run: folder must not be in use, got ${path}, written by process ${String(process.pid)}`,
    );
  });

  it('says that the path is a file, or below one', async () => {
    const path = fresh();
    mkdirSync(join(root, 'runs'), { recursive: true });
    writeFileSync(path, 'x');
    await expect(RunFolder.create(path, { config })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot open run: ${path} must be a folder that can be written, got EEXIST`,
    });
    await expect(RunFolder.create(join(path, 'x'), { config })).rejects.toThrow(
      `Cannot open run: ${join(path, 'x')} must be a folder that can be written, got ENOTDIR`,
    );
  });

  it('clears away what a killed process left half written', async () => {
    const path = await finished();
    mkdirSync(join(path, '.step-7.tmp'));
    for (const file of ['.step-7.tmp/model.safetensors', '.log.jsonl.tmp', 'last/.trainer.safetensors.tmp'])
      writeFileSync(join(path, file), 'half');
    const run = await RunFolder.create(path, { config, resume: true });
    expect([...listing(path), ...listing(join(path, 'last'))].filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await run.close();
  });

  it('names every difference of the configuration when nobody else is told, and changes nothing', async () => {
    const path = await finished();
    const other = { ...config, learningRate: 1e-4, loss: { weights: [1, 2] } };
    await expect(RunFolder.create(path, { config: other, resume: true })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        'Cannot resume run: config must be that of the run, got learningRate: 0.001 → 0.0001; loss.weights: ' +
        `[1,1] → [1,2] (${path})`,
    });
    const refuse = (): void => {
      throw new Error('no');
    };
    await expect(RunFolder.create(path, { config: other, resume: true, onDifferences: refuse })).rejects.toThrow('no');
    expect(json(join(path, 'config.json'))).toEqual(config);
    await (await RunFolder.create(path, { config, resume: true })).close();
  });

  it('hands differences over, and keeps the earlier configurations', async () => {
    const path = await finished();
    const seen: string[] = [];
    for (const learningRate of [2, 3]) {
      const run = await RunFolder.create(path, {
        config: { ...config, learningRate },
        resume: true,
        onDifferences: (found) => seen.push(...found.map(({ field }) => field)),
      });
      await run.close();
    }
    expect(seen).toEqual(['learningRate', 'learningRate']);
    const rate = (name: string): unknown => (json(join(path, name)) as { learningRate: number }).learningRate;
    expect(['config.1.json', 'config.2.json', 'config.json'].map(rate)).toEqual([1e-3, 2, 3]);
  });
});

describe('RunFolder', () => {
  it('does in order what is asked of it at once', async () => {
    const path = fresh();
    const run = await RunFolder.create(path, { config });
    const steps = [1, 2, 3, 4, 5, 6];
    const work = steps.flatMap((step) => [
      run.log({ step }),
      ...(step % 2 === 0 ? [run.save('last', tinyContents(base, { fill: step }), stateOf(step))] : []),
    ]);
    const closing = run.close();
    await Promise.all([...work, closing]);
    expect(
      readFileSync(join(path, 'log.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { step: number }).step),
    ).toEqual(steps);
    await using again = await RunFolder.create(path, { config, resume: true });
    expect(await again.state()).toEqual(stateOf(6));
  });

  it('resumes where the checkpoint is when the log is ahead of it', async () => {
    const path = fresh();
    const run = await RunFolder.create(path, { config });
    for (let step = 1; step <= 5; step++) {
      await run.log({ step, loss: step });
      if (step === 3) await run.save('last', tinyContents(base), stateOf(3));
    }
    await run.close();
    await using again = await RunFolder.create(path, { config, resume: true });
    const state = await again.state();
    await again.rewind(state!.step);
    await again.log({ step: 4, loss: 4 });
    expect(readFileSync(join(path, 'log.jsonl'), 'utf8')).toBe(
      [1, 2, 3, 4].map((step) => `{"step":${String(step)},"loss":${String(step)}}\n`).join(''),
    );
  });

  it('goes on after a save that failed', async () => {
    const path = fresh();
    await using run = await RunFolder.create(path, { config });
    await expect(run.save('last', { ...tinyContents(base), tensors: new Map() })).rejects.toThrow(RangeError);
    await run.log({ step: 1 });
    expect(await run.save('last', tinyContents(base), stateOf(1))).toBe(join(path, 'last'));
  });

  it('refuses steps and names that cannot be', async () => {
    await using run = await RunFolder.create(fresh(), { config });
    await expect(run.log({ step: 1.5 })).rejects.toThrow(
      new RangeError('Cannot log report: step must be an integer ≥ 0, got 1.5'),
    );
    await expect(run.save('latest' as CheckpointName, tinyContents(base))).rejects.toThrow(
      new RangeError('Cannot save checkpoint: name must be "last", "best" or "step-N", got "latest"'),
    );
    await expect(run.save('step-1.5', tinyContents(base))).rejects.toThrow(
      'name must be "last", "best" or "step-N", got "step-1.5"',
    );
  });

  it('refuses calls after it was closed', async () => {
    const run = await RunFolder.create(fresh(), { config });
    await run.close();
    await expect(run.log({ step: 1 })).rejects.toMatchObject({
      code: 'DISPOSED',
      message: 'Cannot write log: run must be open, got a call after close()',
    });
    await expect(run.rewind(1)).rejects.toMatchObject({ code: 'DISPOSED' });
    await expect(run.save('last', tinyContents(base))).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('says that a folder cannot be written', async () => {
    const path = fresh();
    const run = await RunFolder.create(path, { config });
    rmSync(path, { recursive: true });
    writeFileSync(path, 'a file now');
    await expect(run.save('last', tinyContents(base))).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        `Cannot save checkpoint: ${join(path, 'last')} must be a folder that can be written, got ENOTDIR; ` +
        'checkpoints saved before are unchanged',
    });
    await run.close();
    chmodSync(path, 0o644);
  });
});
