/**
 * Worker threads for what costs CPU per frame. The only file that imports piscina.
 *
 * Each thread gets its own way to the one inference thread when it starts. Tasks are short and never aborted through
 * piscina, which would end their thread: {@link FramePool.cancel} rejects what waits for the model. Atomics are off, or
 * a waiting thread's event loop would stand still. Threads start when there is work for them, one after another.
 */
import type { MessagePort } from 'node:worker_threads';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Piscina, move, transferableSymbol, valueSymbol } from 'piscina';
import { SynsegError, type Segmenter } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { deserialiseError, serialiseError, type SerialisedError } from '@synseg/core/runtime';
import { packageFile } from '@synseg/core/guards';
import { threadOptions } from '@synseg/core/runtime';
import type { PoolControl, PoolReply, PoolTask, SessionRequest } from './frame-task.ts';

/** A thread that has had nothing to do for this long ends, but for the last one. */
const idleMs = 10_000;

/** Longer than any thread takes to load what it runs. */
const loadMs = 30_000;

/** What the pool needs of a segmenter. */
export type SharedSession = Pick<Segmenter, 'share'>;

/** What a pool's thread answers. */
export type PoolAnswer = { readonly value: PoolReply[keyof PoolReply] } | { readonly error: SerialisedError };

/** How large a pool may grow. */
export interface PoolSize {
  /** Number of threads at most. */
  readonly workers: number;
  /** Number of tasks under way at a time at most. */
  readonly tasks: number;
}

/** Number of threads when nobody says: one processor is left to the model and to ffmpeg. */
export function defaultWorkers(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}

/** A few threads that segment and render frames with one shared session. */
export class FramePool {
  readonly #session: SharedSession;
  readonly #size: PoolSize;
  readonly #controls: MessagePort[] = [];
  /** Threads, by `threadId`, that have loaded what they run. */
  readonly #loaded = new Set<number>();
  #pool: Piscina<PoolTask, PoolAnswer> | undefined;
  #cancelled = false;
  /** Why threads cannot run, when one ended by itself. */
  #failure: SynsegError | undefined;
  /** Tasks under way: a thread that cannot load leaves those that wait for one waiting for ever. */
  readonly #running = new Set<(error: Error) => void>();

  constructor(session: SharedSession, size: PoolSize) {
    this.#session = session;
    this.#size = size;
  }

  /** Starts the first thread. Idempotent. */
  start(): Piscina<PoolTask, PoolAnswer> {
    this.#pool ??= this.#open(this.#size);
    return this.#pool;
  }

  /** Number of threads now. */
  get threads(): number {
    return this.#pool?.threads.length ?? 0;
  }

  /**
   * Runs one task; the buffers in `transfer` are moved to a thread and empty here afterwards.
   *
   * @throws what segmenting and rendering throw, with class and code
   * @throws {SynsegError} `INFERENCE` when a thread has ended by itself
   */
  async run<Task extends PoolTask>(
    task: Task,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<PoolReply[Task['type']]> {
    if (this.#failure !== undefined) throw this.#failure;
    let refuse = (_error: Error): void => {};
    const failed = new Promise<never>((_, reject) => (refuse = reject));
    this.#running.add(refuse);
    try {
      const work = this.start().run(task, { transferList: [...transfer] });
      const answer = await Promise.race([failed, work.catch((error: unknown) => this.#fail(error))]);
      if ('error' in answer) throw deserialiseError(answer.error);
      return answer.value as PoolReply[Task['type']];
    } finally {
      this.#running.delete(refuse);
    }
  }

  /** Tasks that wait for the model, and those to come, fail at once. */
  cancel(): void {
    this.#cancelled = true;
    for (const port of this.#controls) send(port, { type: 'cancel' });
  }

  /** Waits for running tasks, then ends the threads. */
  async dispose(): Promise<void> {
    // A thread ended while it loads its modules can take the process along: "IsGraphAsync must be used on an
    // instantiated module".
    for (const until = performance.now() + loadMs; this.#loading() && performance.now() < until;) await sleep(5);
    await (this.#failure === undefined ? this.#pool?.close() : this.#pool?.destroy());
    for (const port of this.#controls) port.close();
  }

  /** {@link FramePool.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** A thread ended by itself, or could not be sent its task. Without it nobody may take the tasks that wait. */
  #fail(cause: unknown): Promise<never> {
    this.#failure ??= new SynsegError(
      'INFERENCE',
      `Cannot segment video: the threads of the pool must stay alive, got ${JSON.stringify(messageOf(cause))}`,
      { cause },
    );
    for (const refuse of this.#running) refuse(this.#failure);
    return Promise.reject(this.#failure);
  }

  #loading(): boolean {
    return this.#pool?.threads.some(({ threadId }) => threadId >= 0 && !this.#loaded.has(threadId)) === true;
  }

  #open({ workers, tasks }: PoolSize): Piscina<PoolTask, PoolAnswer> {
    const entry = packageFile(
      'segment video',
      '@synseg/video',
      () => new URL(import.meta.url.endsWith('.ts') ? './frame-worker.ts' : './frame-worker.js', import.meta.url),
    );
    const pool = new Piscina<PoolTask, PoolAnswer>({
      filename: entry.href,
      minThreads: 1,
      maxThreads: workers,
      // A task that waits for the model leaves its thread free for others.
      concurrentTasksPerWorker: Math.ceil(tasks / workers),
      atomics: 'disabled',
      idleTimeout: idleMs,
      ...threadOptions(),
      // A `.ts` file is one of this repository's sources, run through tsx.
      ...(entry.pathname.endsWith('.ts') && !('Deno' in globalThis) ? { execArgv: ['--import', 'tsx'] } : {}),
    });
    pool.on('error', (error: unknown) => void this.#fail(error).catch(() => undefined));
    pool.on('message', ({ port, thread }: SessionRequest) => {
      this.#loaded.add(thread);
      this.#controls.push(port);
      if (this.#cancelled) return send(port, { type: 'cancel' });
      // Nobody can catch what is thrown here: the thread answers its tasks with it.
      try {
        const shared = this.#session.share();
        send(port, { type: 'session', shared }, [shared.port]);
      } catch (error) {
        send(port, { type: 'refused', error: serialiseError(error) });
      }
    });
    return pool;
  }
}

function send(port: MessagePort, message: PoolControl, transfer: readonly MessagePort[] = []): void {
  port.postMessage(message, transfer);
}

/** For a thread's answer: moves `buffers` to the caller instead of copying them. */
export function moving<Value>(value: Value, buffers: readonly ArrayBuffer[]): Value {
  const transferable = { [valueSymbol]: value, [transferableSymbol]: buffers } as unknown as Parameters<typeof move>[0];
  return move(transferable) as Value;
}
