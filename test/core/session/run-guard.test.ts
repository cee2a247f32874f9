import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { RunGuard } from '../../../packages/core/src/session/run-guard.ts';

/** The owner's and the loaded thread's view of one mark. */
function pair(): { owner: RunGuard; thread: RunGuard } {
  const owner = new RunGuard();
  const thread = new RunGuard(owner.memory);
  return { owner, thread };
}

/**
 * A thread that says it is there, does nothing for a while, notes that it came to the end, and marks itself as idle.
 */
async function lingering(owner: RunGuard, state: number): Promise<{ worker: Worker; finished: Int32Array }> {
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    const [cells, finished] = [new Int32Array(workerData.guard), new Int32Array(workerData.finished)];
    Atomics.store(cells, 0, workerData.state);
    parentPort.postMessage('there');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    Atomics.store(finished, 0, 1);
    Atomics.store(cells, 0, 0);
    Atomics.notify(cells, 0);`;
  const finished = new SharedArrayBuffer(4);
  const worker = new Worker(code, { eval: true, workerData: { guard: owner.memory, finished, state } });
  await new Promise((resolve) => worker.once('message', resolve));
  return { worker, finished: new Int32Array(finished) };
}

describe('RunGuard', () => {
  it('gives back what the work gives back, or throws what it throws', async () => {
    const { thread } = pair();
    expect(await thread.run(async () => 5)).toBe(5);
    await expect(thread.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await thread.run(async () => 6), 'a failure does not block it').toBe(6);
  });

  it('starts nothing more once stopped', async () => {
    const { owner, thread } = pair();
    owner.stopAndWait();
    let ran = false;
    await expect(thread.run(async () => (ran = true))).rejects.toBeInstanceOf(Error);
    expect(ran).toBe(false);
  });

  it('does not wait for a thread that is not running', () => {
    const { owner } = pair();
    owner.stopAndWait();
    owner.stopAndWait();
    expect(new Int32Array(owner.memory)[0]).toBe(0);
  });

  it('waits for a thread that is in the runtime', async () => {
    const owner = new RunGuard();
    const { worker, finished } = await lingering(owner, 1);
    owner.stopAndWait();
    expect(finished[0]).toBe(1);
    await worker.terminate();
  });
});
