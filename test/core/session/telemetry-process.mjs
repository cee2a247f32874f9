/**
 * Segments with the embedded checkpoint, in this thread or in a worker whose main thread knows nothing of the package.
 */
import process from 'node:process';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const where = isMainThread ? process.argv[2] : workerData;
if (isMainThread && where === 'worker') new Worker(new URL(import.meta.url), { workerData: 'here' });
else {
  const { Segmenter } = await import('@synseg/core');
  const segmenter = await Segmenter.load('embedded', { device: 'cpu' });
  const gray = { data: new Uint8Array(64 * 64 * 3).fill(128), width: 64, height: 64 };
  await segmenter.segment(gray, await segmenter.labels(['road', 'sky']));
  await segmenter.dispose();
}
