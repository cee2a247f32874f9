/**
 * Threads that decode. The only file that imports piscina.
 *
 * Tasks are never cancelled one by one: aborting a piscina task ends its thread. Atomics are off, or a waiting worker's
 * event loop would stand still, and with it the decoding it waits for. sharp's own work runs on the process's libuv
 * pool,
 * four threads unless `UV_THREADPOOL_SIZE` says otherwise.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Piscina, move } from 'piscina';
import { packageFile } from '@synseg/core/guards';
import { threadOptions } from '@synseg/core/runtime';
import type { DecodeResult, DecodeTask, ThreadLoaded } from './decode-worker.ts';

const MOST_THREADS = 8;

/** Tasks handed to a thread ahead, so that it does not wait for this one between two. */
const TASKS_PER_THREAD = 2;

/** Decodes samples on worker threads. */
export class DecodePool {
  /** Number of threads at most. */
  readonly threads: number;
  readonly #pool: Piscina<DecodeTask, DecodeResult>;
  /** Threads, by `threadId`, that have loaded what they run. */
  readonly #loaded = new Set<number>();
  readonly #running = new Set<Promise<DecodeResult>>();
  #waiting: (() => void)[] = [];
  #closed = false;
  /** Why threads cannot run, when one ended by itself. */
  #failure: Error | undefined;
  #ending: Promise<void> | undefined;

  /** @param threads Number of threads at most; @default one less than there are processors, from 1 to 8 */
  constructor(threads = Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1))) {
    this.threads = threads;
    const entry = packageFile(
      'read samples',
      '@synseg/train',
      () => new URL(import.meta.url.endsWith('.ts') ? './decode-worker.ts' : './decode-worker.js', import.meta.url),
    );
    this.#pool = new Piscina<DecodeTask, DecodeResult>({
      filename: entry.href,
      minThreads: 1,
      maxThreads: threads,
      // A thread that idling ended would be out of the pool's sight before it is gone, and outlive the pool's disposal.
      idleTimeout: Infinity,
      atomics: 'disabled',
      ...threadOptions(),
      // A `.ts` file is one of this repository's sources, run through tsx.
      ...(entry.pathname.endsWith('.ts') && !('Deno' in globalThis) ? { execArgv: ['--import', 'tsx'] } : {}),
    });
    this.#pool.on('message', ({ loaded }: ThreadLoaded) => this.#loaded.add(loaded));
    this.#pool.on('error', (error: Error) => {
      this.#failure ??= error;
      this.#refuse();
      void this.#end();
    });
  }

  /**
   * Decodes one sample; what is sent is copied, what comes back is moved.
   *
   * @throws why threads cannot run, or that the pool was disposed before
   */
  async run(task: DecodeTask): Promise<DecodeResult> {
    while (!this.#closed && this.#running.size >= this.threads * TASKS_PER_THREAD)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#closed) throw this.#failure ?? new Error('internal: the decode pool was disposed');
    const running = this.#pool.run(task);
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.#failure ?? error;
    } finally {
      this.#running.delete(running);
      this.#waiting.shift()?.();
    }
  }

  /** Drops what waits, waits for what runs, ends the threads. */
  async dispose(): Promise<void> {
    this.#refuse();
    await Promise.allSettled(this.#running);
    await this.#end();
  }

  /** {@link DecodePool.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** From here on nothing is begun. */
  #refuse(): void {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Ends the threads; what they have not answered fails. */
  #end(): Promise<void> {
    this.#ending ??= this.#endThreads();
    return this.#ending;
  }

  async #endThreads(): Promise<void> {
    // A thread ended while it loads its modules can take the process along: "IsGraphAsync must be used on an
    // instantiated module".
    while (this.#pool.threads.some(({ threadId }) => threadId >= 0 && !this.#loaded.has(threadId))) await sleep(5);
    await this.#pool.destroy();
  }
}

/** For a worker's result: moves the buffer to the caller instead of copying it. */
export function moveBuffer(buffer: ArrayBuffer): ArrayBuffer {
  return move(buffer) as ArrayBuffer;
}
