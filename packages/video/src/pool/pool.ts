/**
 * Worker threads for what costs CPU per frame. Each thread gets its own way to the one inference thread when it starts;
 * {@link FramePool.cancel} rejects what waits for the model.
 */
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { SynsegError, type Segmenter } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { deserializeError, serializeError, WorkerPool, type SerializedError } from '@synseg/core/runtime';
import type { PoolControl, PoolReply, PoolTask, SessionRequest } from './frame-task.ts';

/** The part of a segmenter that the pool needs. */
export type SharedSession = Pick<Segmenter, 'share'>;

/** The answer of a pool's thread. */
export type PoolAnswer = { readonly value: PoolReply[keyof PoolReply] } | { readonly error: SerializedError };

/** Number of threads when nobody says: one processor is left to the model and to ffmpeg. */
export function defaultWorkers(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}

/** A few threads that segment and render frames with one shared session. */
export class FramePool {
  readonly #session: SharedSession;
  readonly #controls: MessagePort[] = [];
  readonly #pool: WorkerPool<PoolTask, PoolAnswer, SessionRequest>;
  #cancelled = false;

  /** @param size - threads, and tasks under way at a time, at most */
  constructor(session: SharedSession, { workers, tasks }: { readonly workers: number; readonly tasks: number }) {
    this.#session = session;
    this.#pool = new WorkerPool({
      action: 'segment video',
      packageName: '@synseg/video',
      module: () =>
        new URL(import.meta.url.endsWith('.ts') ? './frame-worker.ts' : './frame-worker.js', import.meta.url),
      threads: workers,
      tasksPerThread: Math.ceil(tasks / workers),
      onLoaded: ({ port }) => this.#connect(port),
      failureOf: (cause) => {
        const got = JSON.stringify(messageOf(cause));
        const message = `Cannot segment video: the threads of the pool must stay alive, got ${got}`;
        return new SynsegError('INFERENCE', message, { cause });
      },
    });
  }

  /** Starts the first thread. Idempotent. */
  start(): ReturnType<WorkerPool<PoolTask, PoolAnswer>['start']> {
    return this.#pool.start();
  }

  /** Number of threads now. */
  get threads(): number {
    return this.#pool.threads;
  }

  /**
   * Runs one task; the buffers in `transfer` are moved to a thread and empty here afterwards.
   *
   * @throws what segmenting and rendering throw, with class and code
   * @throws {SynsegError} `INFERENCE` when a thread has ended by itself
   */
  async run<Of extends PoolTask>(task: Of, transfer: readonly ArrayBuffer[] = []): Promise<PoolReply[Of['type']]> {
    const answer = await this.#pool.run(task, transfer);
    if ('error' in answer) throw deserializeError(answer.error);
    return answer.value as PoolReply[Of['type']];
  }

  /** Tasks that wait for the model, and those to come, fail at once. */
  cancel(): void {
    this.#cancelled = true;
    for (const port of this.#controls) send(port, { type: 'cancel' });
  }

  /** Waits for running tasks, then ends the threads. */
  async dispose(): Promise<void> {
    await this.#pool.dispose();
    for (const port of this.#controls) port.close();
  }

  /** {@link FramePool.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Gives a thread its way to the session. */
  #connect(port: MessagePort): void {
    this.#controls.push(port);
    if (this.#cancelled) return send(port, { type: 'cancel' });
    // Nobody can catch what is thrown here: the thread answers its tasks with it.
    try {
      const shared = this.#session.share();
      send(port, { type: 'session', shared }, [shared.port]);
    } catch (error) {
      send(port, { type: 'refused', error: serializeError(error) });
    }
  }
}

function send(port: MessagePort, message: PoolControl, transfer: readonly MessagePort[] = []): void {
  port.postMessage(message, transfer);
}
