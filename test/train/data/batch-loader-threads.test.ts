/** The loader's threads: how they end, under which runtimes, and what they make of real data. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchLoader } from '../../../packages/train/src/data/batch-loader.ts';
import { encodeIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BATCH_SIZE, failureOf, jpeg, load, openWarned, write } from './fixtures.ts';

const folder = temporaryFolder();
const list = join(folder, 'list.jsonl');
write(
  list,
  Array.from({ length: 5 }, (_, index) =>
    JSON.stringify({ image: `${index}.jpg`, mask: `${index}.png`, tags: ['t'] }),
  ).join('\n'),
);
for (let index = 0; index < 5; index++) {
  write(join(folder, `${index}.jpg`), await jpeg(index));
  write(
    join(folder, `${index}.png`),
    encodeIndexMask({ width: 32, height: 24, data: new Uint8Array(32 * 24).map((_, pixel) => (pixel >> index) % 5) }),
  );
}
const small = { inputSize: BATCH_SIZE, batchSize: 2, seed: 3, onWarning: () => undefined } as const;

/** Threads started from here on, in this process. */
function watchThreads(): Worker[] {
  const threads: Worker[] = [];
  const note = (thread: Worker): number => threads.push(thread);
  process.on('worker', note);
  onTestFinished(() => void process.off('worker', note));
  return threads;
}

describe('BatchLoader lifetime', () => {
  it('rejects with the reason of its signal, at once and from then on', async () => {
    const { dataset } = await openWarned(list);
    const controller = new AbortController();
    await using loader = BatchLoader.open(dataset, { ...small, workers: 1, signal: controller.signal });
    await loader.next();
    const reason = new Error('enough');
    const waiting = Promise.all([loader.next(), loader.next(), loader.next(), loader.next()]);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(loader.next()).rejects.toBe(reason);
    expect(await failureOf(load(dataset, 1, { signal: AbortSignal.abort(reason) }))).toBe('Error: enough');
  });

  it('can be disposed at any time and twice, and then says so', async () => {
    const { dataset } = await openWarned(list);
    const loader = BatchLoader.open(dataset, { ...small, workers: 2 });
    const waiting = failureOf(loader.next());
    await Promise.all([loader[Symbol.asyncDispose](), loader[Symbol.asyncDispose]()]);
    const message = 'DISPOSED: Cannot read a batch: loader must not be disposed, got a call after disposal';
    expect(['no error', message]).toContain(await waiting);
    expect(await failureOf(loader.next())).toBe(message);
    await loader[Symbol.asyncDispose]();
  });

  it('leaves no thread after disposal', async () => {
    const threads = watchThreads();
    const { dataset } = await openWarned(list);
    await load(dataset, 3, { workers: 3 });
    const early = BatchLoader.open(dataset, { ...small, workers: 2 });
    await early[Symbol.asyncDispose]();
    expect(threads.length).toBeGreaterThanOrEqual(2);
    expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1));
  });

  it('starts no thread when there is nothing to decode', async () => {
    const threads = watchThreads();
    await load((await openWarned(list)).dataset, 1, { pixels: false });
    expect(threads).toEqual([]);
  });
});

describe('BatchLoader in a process of its own', () => {
  const denoRuns = existsSync('node_modules/.bin/deno') && existsSync('packages/core/dist/index.js');
  const deno = denoRuns
    ? execFileSync('node_modules/.bin/deno', ['eval', 'console.log(Deno.execPath())'], { encoding: 'utf8' }).trim()
    : '';
  const runtimes = [[process.execPath, '--import', 'tsx'], ...(denoRuns ? [[deno, 'run', '-A']] : [])];

  it('gives the same bytes under Node and Deno, and lets the process end', () => {
    const outputs = runtimes.map(([command = '', ...args]) => {
      const { stdout, stderr, status } = spawnSync(command, [...args, 'test/train/data/loader-script.ts', list], {
        encoding: 'utf8',
        timeout: 50_000,
      });
      return { stdout, stderr: stderr.replace(/^npm warn.*\n/gm, ''), status };
    });
    for (const output of outputs)
      expect(output).toEqual({ stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/), stderr: '', status: 0 });
    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  });
});

describe.skipIf(!hasShared)('BatchLoader on real data', () => {
  it('loads photos and tags of Clothing Co-Parsing', async () => {
    const { dataset } = await openWarned({ source: join(SHARED, 'data/ccp/tags.jsonl'), split: 'tags' });
    const { batches, counts, warnings } = await load(dataset, 2, {
      batchSize: 8,
      inputSize: [224, 224],
      known: (category) => category !== 'skin',
    });
    expect(warnings).toEqual([]);
    expect(batches[1]!.pixels!.length).toBe(8 * 224 * 224 * 3);
    expect(
      batches
        .flatMap(({ categories }) => categories)
        .every((categories) => categories.length > 0 && !categories.includes('skin')),
    ).toBe(true);
    expect(counts.unknown).toBeGreaterThan(4);
  });

  it('loads pictures and masks of CamVid', async () => {
    const { dataset } = await openWarned({ source: join(SHARED, 'data/camvid'), split: 'train' });
    const { batches } = await load(dataset, 1, {
      batchSize: 8,
      inputSize: [96, 128],
      masks: 'required',
      augmentation: { flip: true, crop: [0.5, 1] },
    });
    const { masks, categories } = batches[0]!;
    expect(new Set(masks).size).toBeGreaterThan(8);
    expect(masks!.every((value) => value <= 10 || value === 255)).toBe(true);
    expect(categories.every((names) => names.length === 0)).toBe(true);
  });
});
