/**
 * Ways a program can end, run as a process of its own: `scenarios.mjs SCENARIO MODEL CACHE [DELAY [DEVICE]]`.
 *
 * `busy` leaves the inference thread inside a run: several calls of five views are queued, one run each, one of them is
 * done, and the others take far longer than the wait.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Segmenter, isSynsegError } from '@synseg/core';

const [scenario = '', model = '', cacheFolder = '', delayMs = '0', device = 'cpu'] = process.argv.slice(2);
const photo = {
  data: Uint8Array.from({ length: 90 * 60 * 3 }, (_, index) => (index * 37 + Math.floor(index / 270) * 91) % 256),
  width: 90,
  height: 60,
};

const load = () => Segmenter.load(model, { device, cacheFolder, maxBatch: 1 });
const ignore = () => undefined;

async function busy() {
  const segmenter = await load();
  const labels = await segmenter.labels(['road', 'car']);
  const calls = Array.from({ length: 5 }, (_, index) => {
    const controller = new AbortController();
    const result = segmenter.segment(photo, labels, {
      views: 5,
      size: { width: 90 + index, height: 60 },
      signal: controller.signal,
    });
    result.catch(ignore);
    return { controller, result };
  });
  await Promise.race(calls.map(({ result }) => result));
  await sleep(20);
  return { segmenter, labels, calls };
}

const scenarios = {
  /** Ends by itself: the thread must not hold the process. */
  async 'without dispose'() {
    const segmenter = await load();
    const labels = await segmenter.labels(['road', 'car', 'the tree']);
    const hash = createHash('sha256');
    for (const views of [1, 5]) hash.update((await segmenter.segment(photo, labels, { views })).labelMap);
    console.log(hash.digest('hex'));
  },

  async 'with dispose'() {
    const segmenter = await load();
    await segmenter.segment(photo, await segmenter.labels(['road']));
    await segmenter[Symbol.asyncDispose]();
    const code = await segmenter.encode(photo).then(ignore, (error) => isSynsegError(error) && error.code);
    console.log(code);
  },

  async 'aborted run'() {
    const { segmenter, labels, calls } = await busy();
    for (const { controller } of calls) controller.abort(new Error('enough'));
    const outcomes = await Promise.allSettled(calls.map(({ result }) => result));
    const again = await segmenter.segment(photo, labels);
    const reasons = outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message);
    console.log([...new Set(reasons)].join(), again.width);
  },

  async 'caught exception'() {
    try {
      await busy();
      throw new Error('our own mistake');
    } catch (error) {
      console.log(error.message);
    }
  },

  async 'uncaught exception'() {
    await busy();
    console.log('throwing');
    throw new Error('nobody catches this');
  },

  async 'process.exit in mid-run'() {
    await busy();
    console.log('leaving');
    process.exit(0);
  },

  async 'process.exit with an idle session'() {
    const segmenter = await load();
    await segmenter.segment(photo, await segmenter.labels(['road']));
    const left = performance.now();
    process.once('exit', () => console.log(performance.now() - left < 1000 ? 'at once' : 'late'));
    process.exit(0);
  },

  async 'process.exit while labels are embedded'() {
    const segmenter = await load();
    await segmenter.labels([`warm ${Date.now()}`]);
    const names = Array.from({ length: 60 }, (_, index) => `thing ${index} ${Date.now()}`);
    segmenter.labels(names, { templates: 'imagenet80' }).catch(ignore);
    await sleep(20);
    console.log('leaving');
    process.exit(0);
  },

  async 'process.exit while loading'() {
    load().catch(ignore);
    console.log('leaving');
    if (delayMs !== '0') await sleep(Number(delayMs));
    process.exit(0);
  },

  async 'SIGINT in mid-run'() {
    process.on('SIGINT', () => {
      console.log('interrupted');
      process.exit(0);
    });
    const { calls } = await busy();
    console.log('ready');
    await Promise.allSettled(calls.map(({ result }) => result));
    await sleep(30_000);
  },

  /** The session is used from a thread that does not own it, and its owner goes away while that thread waits. */
  async 'dispose while another thread segments'() {
    const { segmenter, labels } = await busy();
    const shared = segmenter.share();
    const workerData = { shared, labels: labels.parts, photo };
    const worker = new Worker(new URL('./attached.mjs', import.meta.url), { workerData, transferList: [shared.port] });
    worker.on('message', (text) => (text === 'waiting' ? void segmenter[Symbol.asyncDispose]() : console.log(text)));
    await once(worker, 'exit');
  },

  async 'dispose in mid-run'() {
    const { segmenter, calls } = await busy();
    await segmenter[Symbol.asyncDispose]();
    const outcomes = await Promise.allSettled(calls.map(({ result }) => result));
    const codes = outcomes.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.code);
    console.log([...new Set(codes)].join());
  },
};

await scenarios[scenario]();
