/**
 * Worker threads for what costs CPU per frame. The only file that imports piscina.
 *
 * Tasks are short and never cancelled: aborting a piscina task ends its thread. Atomics are off, or a waiting worker's
 * event loop would stand still.
 */
import { availableParallelism } from 'node:os';
import { Piscina, move } from 'piscina';

/** A few threads that all run the default export of one file. */
export class WorkerPool<Task, Result> {
  /** Number of threads at most. */
  readonly threads: number;
  readonly #pool: Piscina<Task, Result>;

  /**
   * @param entry URL of the file to run; a `.ts` file is one of this repository's sources, run through tsx.
   * @param threads Number of threads at most; by default one less than there are processors, from 1 to 4.
   */
  constructor(entry: URL, threads = Math.min(4, Math.max(1, availableParallelism() - 1))) {
    this.threads = threads;
    this.#pool = new Piscina<Task, Result>({
      filename: entry.href,
      minThreads: 1,
      maxThreads: threads,
      atomics: 'disabled',
      ...(entry.pathname.endsWith('.ts') && !('Deno' in globalThis) ? { execArgv: ['--import', 'tsx'] } : {}),
    });
  }

  /** Runs one task; the buffers in `transfer` are moved to the thread and empty here afterwards. */
  run(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    return this.#pool.run(task, { transferList: [...transfer] });
  }

  /** Waits for running tasks, then ends the threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}

/** For a worker's result: moves the buffer to the caller instead of copying it. */
export function moveBuffer(buffer: ArrayBuffer): ArrayBuffer {
  return move(buffer) as ArrayBuffer;
}
