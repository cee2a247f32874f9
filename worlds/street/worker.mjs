/**
 * A thread that draws: answers `{ id, job, … }` with `{ id, … }`. JavaScript, because Node 20 starts no thread from
 * TypeScript; it registers tsx and goes on in TypeScript.
 */
import { parentPort } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { writeSample } = await import('./dataset.ts');
const { drawScene } = await import('./draw.ts');
const { sceneOf } = await import('./scene.ts');

parentPort.on('message', ({ id, job, ...task }) => {
  answer(job, task).then(
    (value) => parentPort.postMessage({ id, value }),
    (error) => parentPort.postMessage({ id, error: String(error?.stack ?? error) }),
  );
});

async function answer(job, task) {
  if (job === 'write') return writeSample(task.plan, task.seed);
  const { pixels, instances, labels } = await drawScene(sceneOf(task.seed, task.options), task.options);
  return { pixels, instances, labels };
}
