/**
 * A pool of worker threads that run one module. The only file that imports piscina, which is loaded when threads start.
 *
 * Tasks are never aborted one by one, which would end their thread. Atomics are off, since they block the event loop of
 * a waiting thread. Idle threads are kept until the pool ends: piscina forgets one that it ends for idling before it is
 * gone, and it could outlive the pool. Threads start one after another as work arrives.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, threadId, type MessagePort, type Worker } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { packageFile } from '../guard/package-file.ts';
import { threadOptions } from './thread-options.ts';

/** Longest wait for a thread to load its module, ms. */
const loadMs = 30_000;

/** The module that a pool runs, and its limits. */
export interface WorkerPoolOptions<Loaded> {
  /** Completes "Cannot …" when the module is missing. */
  readonly action: string;
  /** Package that holds the module. */
  readonly packageName: string;
  readonly module: () => URL;
  /** Threads at most. */
  readonly threads: number;
  /** Tasks that one thread has at a time. */
  readonly tasksPerThread?: number;
  /** Tasks handed to the pool at a time; more wait. */
  readonly mostTasks?: number;
  /** Called when a thread has loaded, with its first message. */
  readonly onLoaded?: (said: Loaded) => void;
  /** The error of all tasks from the moment that a thread has ended by itself. */
  readonly failureOf?: (cause: unknown) => Error;
}

/** A few threads that run tasks. */
export class WorkerPool<Task, Answer, Loaded extends object = object> {
  readonly #options: WorkerPoolOptions<Loaded>;
  /** Threads, by `threadId`, that have loaded their module. */
  readonly #loaded = new Set<number>();
  /** Running tasks, which a thread that cannot load would otherwise leave pending forever. */
  readonly #running = new Map<Promise<Answer>, (error: Error) => void>();
  #waiting: (() => void)[] = [];
  #opening: Promise<Piscina<Task, Answer>> | undefined;
  #pool: Piscina<Task, Answer> | undefined;
  #failure: Error | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: WorkerPoolOptions<Loaded>) {
    this.#options = options;
  }

  /** Starts the first thread. Idempotent. */
  start(): Promise<{ readonly threads: readonly Worker[] }> {
    return this.#start();
  }

  /** Number of threads now. */
  get threads(): number {
    return this.#pool?.threads.length ?? 0;
  }

  /**
   * Runs one task; the buffers in `transfer` are moved to a thread and empty here afterwards.
   *
   * @throws why threads cannot run, or that the pool was disposed before
   */
  async run(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    const { mostTasks = Infinity } = this.#options;
    while (!this.#isClosed && this.#running.size >= mostTasks)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#isClosed) throw this.#failure ?? new Error('internal: the pool of threads was disposed');
    let refuse = (_error: Error): void => {};
    const failed = new Promise<never>((_, reject) => (refuse = reject));
    const work = this.#start().then((pool) => pool.run(task, { transferList: [...transfer] }));
    const running = Promise.race([failed, work.catch((error: unknown) => this.#fail(error))]);
    this.#running.set(running, refuse);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.#waiting.shift()?.();
    }
  }

  /** Drops what waits for a place, waits for what runs, ends the threads. Idempotent. */
  dispose(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** {@link WorkerPool.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  get #isClosed(): boolean {
    return this.#ending !== undefined || this.#failure !== undefined;
  }

  #start(): Promise<Piscina<Task, Answer>> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<Piscina<Task, Answer>> {
    const { action, packageName, module, threads, tasksPerThread = 1, onLoaded } = this.#options;
    const entry = packageFile(action, packageName, module);
    const { Piscina } = await import('piscina');
    const pool = new Piscina<Task, Answer>({
      filename: entry.href,
      minThreads: 1,
      maxThreads: threads,
      // A waiting task leaves its thread free for others.
      concurrentTasksPerWorker: tasksPerThread,
      atomics: 'disabled',
      idleTimeout: Infinity,
      ...threadOptions(),
      // A `.ts` file is one of this repository's sources, run through tsx.
      ...(entry.pathname.endsWith('.ts') && !('Deno' in globalThis) ? { execArgv: ['--import', 'tsx'] } : {}),
    });
    pool.on('error', (error: unknown) => {
      void this.#fail(error).catch(() => undefined);
      void this.dispose();
    });
    pool.on('message', (said: Loaded & { readonly loaded: number }) => {
      this.#loaded.add(said.loaded);
      onLoaded?.(said);
    });
    return (this.#pool = pool);
  }

  /** Fails all tasks when a thread has ended by itself or could not be sent its task: none may be left to run them. */
  #fail(cause: unknown): Promise<never> {
    this.#failure ??= this.#options.failureOf?.(cause) ?? (cause as Error);
    for (const refuse of this.#running.values()) refuse(this.#failure);
    return Promise.reject(this.#failure);
  }

  async #end(): Promise<void> {
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.allSettled(this.#running.keys());
    const pool = await this.#opening?.catch(() => undefined);
    // A thread ended while it loads its modules can take the process along: "IsGraphAsync must be used on an
    // instantiated module".
    const isLoading = (): boolean =>
      pool?.threads.some(({ threadId: id }) => id >= 0 && !this.#loaded.has(id)) === true;
    for (const until = performance.now() + loadMs; isLoading() && performance.now() < until;) await sleep(5);
    await pool?.destroy();
  }
}

/**
 * For a thread's module: says, once the module has been loaded and not while it is, that the thread may be ended from
 * then on. It is the thread's first message.
 */
export function tellLoaded(more: object = {}, transfer: readonly MessagePort[] = []): void {
  setImmediate(() => parentPort?.postMessage({ loaded: threadId, ...more }, transfer));
}

/** For a thread's answer: moves `buffers` to the caller instead of copying them. */
export async function moving<Value>(value: Value, buffers: readonly ArrayBuffer[]): Promise<Value> {
  const { move, transferableSymbol, valueSymbol } = await import('piscina');
  const transferable = { [valueSymbol]: value, [transferableSymbol]: buffers } as unknown as Parameters<typeof move>[0];
  return move(transferable) as Value;
}
