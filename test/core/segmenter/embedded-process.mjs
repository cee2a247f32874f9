/** Segments a picture with the embedded checkpoint, here and in a worker thread: `embedded-process.mjs IMAGE CACHE` */
import { once } from 'node:events';
import process from 'node:process';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Segmenter } from '@synseg/core';

const [image, cacheFolder] = isMainThread ? process.argv.slice(2) : workerData;

async function segment() {
  const segmenter = await Segmenter.load('embedded', { device: 'cpu', cacheFolder });
  const { areas, labelMap } = await segmenter.segment(image, await segmenter.labels(['red car', 'bus', 'road', 'sky']));
  await segmenter[Symbol.asyncDispose]();
  return { areas, pixels: labelMap.length };
}

if (isMainThread) {
  const here = await segment();
  const worker = new Worker(new URL(import.meta.url), { workerData: [image, cacheFolder] });
  const [there] = await once(worker, 'message');
  process.stdout.write(JSON.stringify({ here, there, from: import.meta.resolve('@synseg/core') }));
} else parentPort.postMessage(await segment());
