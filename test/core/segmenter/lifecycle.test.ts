/** Sharing, aborting and disposing a segmenter. Nothing here depends on how long a run takes. */
import { join } from 'node:path';
import { EncodedImage, Segmenter, type LabelSet, type SegmentOptions } from '@synseg/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const folder = writeTinyClipseg(join(root, 'tiny'));
/** Slow enough that a run is still going when the caller's next lines are executed. */
const slowFolder = writeTinyClipseg(join(root, 'slow'), { hidden: 192, size: 200 });
const cacheFolder = join(root, 'cache');
const photo = picture(60, 40, 1);
const reason = new Error('changed my mind');
let segmenter: Segmenter;
let labels: LabelSet;

beforeEach(async () => {
  segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder, maxQueue: 2 });
  labels = await segmenter.labels(['road', 'car']);
});
afterEach(() => segmenter[Symbol.asyncDispose]());

async function expectWorks(of = segmenter, set = labels): Promise<void> {
  expect((await of.segment(photo, set)).labelMap).toHaveLength(2400);
}

describe('many callers', () => {
  it('each get their own result, however many calls are in progress', async () => {
    const photos = Array.from({ length: 24 }, (_, seed) => picture(30, 20, seed));
    const sets = [labels, await segmenter.labels(['car', 'the road'])];
    const alone = [];
    for (const [index, one] of photos.entries())
      alone.push([...(await segmenter.segment(one, sets[index % 2] as LabelSet)).labelMap]);
    const together = await Promise.all(
      photos.map(async (one, index) => {
        const { labelMap } = await segmenter.segment(one, sets[index % 2] as LabelSet);
        return [...labelMap];
      }),
    );
    expect(together).toEqual(alone);
  });

  it('are not disturbed by one whose picture is broken', async () => {
    const calls = [photo, Buffer.from('no picture'), photo, '/no/such/file', photo].map((input) =>
      segmenter.segment(input, labels).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      ),
    );
    expect(await Promise.all(calls)).toEqual(['ok', 'IMAGE_DECODE', 'ok', 'IMAGE_DECODE', 'ok']);
  });
});

describe('aborting', () => {
  it('before the call rejects with the reason', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(segmenter.segment(photo, labels, { signal })).rejects.toBe(reason);
    await expect(segmenter.encode(photo, { signal })).rejects.toBe(reason);
    await expect(segmenter.labels(['sky'], { signal })).rejects.toBe(reason);
    await expect(Segmenter.load(folder, { signal })).rejects.toBe(reason);
    await expectWorks();
  });

  it('while queued rejects at once with the reason and leaves the others alone', async () => {
    const controller = new AbortController();
    const others = [
      segmenter.segment(photo, labels),
      segmenter.segment(photo, labels),
      segmenter.segment(photo, labels),
    ];
    const queued = segmenter.segment(photo, labels, { signal: controller.signal });
    const last = segmenter.segment(photo, labels);
    controller.abort(reason);
    await expect(queued).rejects.toBe(reason);
    expect((await Promise.all([...others, last])).map(({ width }) => width)).toEqual([60, 60, 60, 60]);
  });

  it('while running rejects with the reason; the next call works', async () => {
    await using slow = await Segmenter.load(slowFolder, { device: 'cpu', cacheFolder });
    const set = await slow.labels(['road']);
    await slow.segment(photo, set, { views: 5 });
    const controller = new AbortController();
    const running = slow.segment(photo, set, { views: 5, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 15);
    await expect(running).rejects.toBe(reason);
    await expectWorks(slow, set);
  });

  it('encode() in mid-run keeps no picture in the thread', async () => {
    await using slow = await Segmenter.load(slowFolder, { device: 'cpu', cacheFolder });
    const set = await slow.labels(['road']);
    const first = await slow.encode(photo, { views: 5 });
    const controller = new AbortController();
    const running = slow.encode(photo, { views: 5, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 15);
    await expect(running).rejects.toBe(reason);
    const third = await slow.encode(photo, { views: 5 });
    expect(first.id).toBeLessThan(third.id);
    // Handles made here for every number in between: none of them has a picture behind it.
    for (let id = first.id + 1; id < third.id; id++) {
      const orphan = new EncodedImage({ width: 60, height: 40, views: 5, id, owner: first.owner }, () => undefined);
      await expect(slow.segment(orphan, set)).rejects.toMatchObject({ code: 'DISPOSED' });
    }
    expect((await slow.segment(third, set)).width).toBe(60);
  });

  it('labels() in mid-run rejects with the reason; the same labels can be asked for again', async () => {
    await using slow = await Segmenter.load(slowFolder, { device: 'cpu', cacheFolder: join(root, 'abort-labels') });
    await slow.labels(['warm']);
    const controller = new AbortController();
    const names = Array.from({ length: 20 }, (_, index) => `thing ${String(index)}`);
    const running = slow.labels(names, { templates: 'imagenet80', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 15);
    await expect(running).rejects.toBe(reason);
    expect((await slow.labels(names.slice(0, 2), { templates: 'imagenet80' })).names).toHaveLength(2);
  });

  it('load() in mid-load rejects with the reason; loading again works', async () => {
    const controller = new AbortController();
    const loading = Segmenter.load(slowFolder, {
      device: 'cpu',
      cacheFolder: join(root, 'abort-load'),
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 5);
    await expect(loading).rejects.toBe(reason);
    await using again = await Segmenter.load(slowFolder, { device: 'cpu', cacheFolder: join(root, 'abort-load') });
    expect(again.device).toBe('cpu');
  });

  it('leaves no listener on the signal', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = controller.signal;
    controller.signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => (
      listeners++,
      addEventListener.apply(controller.signal, parameters)
    );
    controller.signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => (
      listeners--,
      removeEventListener.apply(controller.signal, parameters)
    );
    const options: SegmentOptions = { signal: controller.signal };
    await Promise.all([1, 2, 3, 4].map(() => segmenter.segment(photo, labels, options)));
    expect(listeners).toBe(0);
  });
});

describe('disposing', () => {
  const after = {
    code: 'DISPOSED',
    message: 'Cannot segment: segmenter must not be disposed, got a call after disposal',
  };

  it('refuses later calls, and is idempotent', async () => {
    await Promise.all([segmenter[Symbol.asyncDispose](), segmenter[Symbol.asyncDispose]()]);
    await segmenter[Symbol.asyncDispose]();
    await expect(segmenter.segment(photo, labels)).rejects.toMatchObject(after);
    await expect(segmenter.encode(photo)).rejects.toMatchObject(after);
    await expect(segmenter.labels(['road'])).rejects.toMatchObject(after);
  });

  it('while calls are in progress settles every one of them: done, or DISPOSED', async () => {
    const calls = Array.from({ length: 8 }, () =>
      segmenter.segment(photo, labels).then(
        ({ width }) => width,
        (error: { code: string }) => error.code,
      ),
    );
    await calls[0];
    await segmenter[Symbol.asyncDispose]();
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome !== 60 && outcome !== 'DISPOSED')).toEqual([]);
    expect(outcomes.at(-1), 'the last waited for a place').toBe('DISPOSED');
  });

  it('while labels are being embedded rejects them as DISPOSED', async () => {
    const slow = await Segmenter.load(slowFolder, { device: 'cpu', cacheFolder: join(root, 'dispose-labels') });
    await slow.labels(['warm']);
    const names = Array.from({ length: 30 }, (_, index) => `thing ${String(index)}`);
    const running = slow.labels(names, { templates: 'imagenet80' }).then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
    await new Promise((resolve) => setTimeout(resolve, 15));
    await slow[Symbol.asyncDispose]();
    expect(await running).toBe('DISPOSED');
  });

  it('right after asking for labels rejects them as DISPOSED and starts no text encoder', async () => {
    const running = segmenter.labels(['never seen before']);
    const [outcome] = await Promise.allSettled([running, segmenter[Symbol.asyncDispose]()]);
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'DISPOSED',
        message: 'Cannot segment: segmenter must not be disposed, got disposal while a call was waiting',
      },
    });
  });

  it('an encoded picture afterwards does nothing', async () => {
    const encoded = await segmenter.encode(photo);
    await segmenter[Symbol.asyncDispose]();
    expect(() => encoded[Symbol.dispose]()).not.toThrow();
  });

  it('twenty times in a row leaves no exit listener behind', async () => {
    const before = process.listenerCount('exit');
    for (let round = 0; round < 20; round++) {
      await using one = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
      await expectWorks(one);
    }
    expect(process.listenerCount('exit')).toBe(before);
  });
});
