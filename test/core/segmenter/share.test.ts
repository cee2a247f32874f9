/** One session used from several threads: `share()` here, `attach()` there. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LabelSet, Segmenter } from '@synseg/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const folder = writeTinyClipseg(join(root, 'tiny'));
const photo = picture(60, 40, 1);
let owner: Segmenter;
let labels: LabelSet;

beforeEach(async () => {
  owner = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
  labels = await owner.labels([{ name: 'road', threshold: 0.4 }, 'car'], { background: 0.45 });
});
afterEach(() => owner[Symbol.asyncDispose]());

/** Segments `photo` as often as asked in a thread of its own. */
async function segmentInWorker(times: number): Promise<Uint8Array[]> {
  const shared = owner.share();
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    import('@synseg/core').then(async ({ LabelSet, Segmenter }) => {
      const { shared, labels, photo, times } = workerData;
      const segmenter = Segmenter.attach(shared);
      const segmentAgain = () => segmenter.segment(photo, new LabelSet(labels));
      const results = await Promise.all(Array.from({ length: times }, segmentAgain));
      parentPort.postMessage(results.map(({ labelMap }) => labelMap));
      await segmenter[Symbol.asyncDispose]();
    });`;
  const worker = new Worker(script, {
    eval: true,
    workerData: { shared, labels: labels.parts, photo, times },
    transferList: [shared.port],
  });
  const [maps] = (await once(worker, 'message')) as [Uint8Array[]];
  // The thread ends by itself: an attached segmenter that waits for nothing holds nothing.
  await once(worker, 'exit');
  return maps;
}

describe('Segmenter.attach()', () => {
  it('gives other threads the same results from the one session', async () => {
    const { labelMap } = await owner.segment(photo, labels);
    const [one, two, three] = await Promise.all([segmentInWorker(3), segmentInWorker(2), segmentInWorker(1)]);
    expect([...one, ...two, ...three].map((map) => map.join())).toEqual(
      Array.from({ length: 6 }, () => labelMap.join()),
    );
    expect((await owner.segment(photo, labels)).labelMap).toEqual(labelMap);
  });

  it('knows what the owner knows, and can be shared in turn', async () => {
    await using attached = Segmenter.attach(owner.share());
    await using again = Segmenter.attach(attached.share());
    expect([again.device, again.precision, again.inputSize]).toEqual([owner.device, owner.precision, owner.inputSize]);
    expect((await again.segment(photo, labels)).labelMap).toEqual((await owner.segment(photo, labels)).labelMap);
  });

  it('refuses to make labels', async () => {
    await using attached = Segmenter.attach(owner.share());
    await expect(attached.labels(['road'])).rejects.toThrow(
      'Cannot make labels: the segmenter must own its session, got an attached one (make them with its owner and ' +
        'send labels.parts)',
    );
  });

  it('can be aborted and disposed without touching the owner', async () => {
    const attached = Segmenter.attach(owner.share());
    const reason = new Error('enough');
    const controller = new AbortController();
    const calls = Array.from({ length: 3 }, () => attached.segment(photo, labels, { signal: controller.signal }));
    controller.abort(reason);
    expect(await Promise.all(calls.map((call) => call.catch((error: unknown) => error)))).toEqual([
      reason,
      reason,
      reason,
    ]);
    await attached[Symbol.asyncDispose]();
    await attached[Symbol.asyncDispose]();
    await expect(attached.segment(photo, labels)).rejects.toMatchObject({ code: 'DISPOSED' });
    expect((await owner.segment(photo, labels)).labelMap).toHaveLength(2400);
  });

  it('ends with its owner: waiting and later calls reject as DISPOSED', async () => {
    const attached = Segmenter.attach(owner.share());
    await attached.segment(photo, labels);
    const calls = Array.from({ length: 6 }, () =>
      attached.segment(photo, labels, { views: 5 }).then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    );
    await owner[Symbol.asyncDispose]();
    expect(await Promise.all(calls)).toContain('DISPOSED');
    await expect(attached.segment(photo, labels)).rejects.toMatchObject({ code: 'DISPOSED' });
    expect(() => owner.share()).toThrow('Cannot segment: segmenter must not be disposed, got a call after disposal');
  });
});

describe('LabelSet.parts', () => {
  it('make an equal set after a structured clone', () => {
    const copy = new LabelSet(structuredClone(labels.parts));
    expect({ ...copy }).toEqual({ ...labels });
  });
});

describe('segment() with transfer', () => {
  const pixels = (): { data: Uint8Array<ArrayBuffer>; width: number; height: number } => {
    const [height, width] = owner.inputSize;
    return { data: Uint8Array.from({ length: height * width * 3 }, (_, at) => (at * 31) % 256), width, height };
  };

  it('takes the memory of raw pixels, with the same result', async () => {
    const given = pixels();
    const { labelMap } = await owner.segment(given, labels, { transfer: true });
    expect(labelMap).toEqual((await owner.segment(pixels(), labels)).labelMap);
    expect(given.data).toHaveLength(0);
  });

  it('copies what does not have the size, or is part of a larger memory', async () => {
    const larger = picture(60, 40, 1);
    await owner.segment(larger, labels, { transfer: true });
    expect(larger.data).toHaveLength(60 * 40 * 3);
    const { data, ...size } = pixels();
    const part = new Uint8Array(data.length + 8).subarray(8);
    await owner.segment({ data: part, ...size }, labels, { transfer: true });
    expect(part).toHaveLength(data.length);
  });
});
