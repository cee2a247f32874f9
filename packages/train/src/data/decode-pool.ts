/**
 * Threads that decode. sharp's own work runs on the process's libuv pool, four threads unless `UV_THREADPOOL_SIZE` says
 * otherwise.
 */
import { availableParallelism } from 'node:os';
import { WorkerPool } from '@synseg/core/runtime';
import type { DecodeResult, DecodeTask } from './decode-worker.ts';

const MOST_THREADS = 8;

/** Tasks queued per thread, so that a thread need not wait for this one between two tasks. */
const TASKS_PER_THREAD = 2;

/** Decodes samples on worker threads; tasks are copied to them, results are moved back. */
export class DecodePool extends WorkerPool<DecodeTask, DecodeResult> {
  /** @param threads Number of threads at most; @default one less than there are processors, from 1 to 8 */
  constructor(threads = Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1))) {
    super({
      action: 'read samples',
      packageName: '@synseg/train',
      module: () =>
        new URL(import.meta.url.endsWith('.ts') ? './decode-worker.ts' : './decode-worker.js', import.meta.url),
      threads,
      mostTasks: threads * TASKS_PER_THREAD,
    });
  }
}
