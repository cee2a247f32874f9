/** A few drawing threads that take tasks in turn. */
import { Worker } from 'node:worker_threads';
import type { DatasetPlan } from './dataset.ts';
import type { Drawing, DrawOptions } from './draw.ts';
import type { SceneOptions } from './scene.ts';

/** What a thread can be asked. */
export type ThreadTask =
  | { readonly job: 'write'; readonly plan: DatasetPlan; readonly seed: number }
  | { readonly job: 'draw'; readonly seed: number; readonly options: SceneOptions & DrawOptions };

/** What it answers to `draw`. */
export type ThreadDrawing = Pick<Drawing, 'pixels' | 'instances' | 'labels'>;

/** Threads, each with one task at a time. */
export class Threads {
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #waiting: (() => void)[] = [];
  #tasks = 0;

  constructor(count: number) {
    this.#workers = Array.from({ length: count }, () => new Worker(new URL('./worker.mjs', import.meta.url)));
    this.#idle = [...this.#workers];
  }

  /** Runs a task in the next thread that is free. @throws what the thread throws */
  async run<Value>(task: ThreadTask): Promise<Value> {
    while (this.#idle.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const worker = this.#idle.pop()!;
    const id = this.#tasks++;
    try {
      return await new Promise<Value>((resolve, reject) => {
        const end = (): void => {
          worker.off('message', onMessage);
          worker.off('error', onError);
        };
        const onMessage = (answer: { id: number; value: Value; error?: string }): void => {
          end();
          if (answer.error === undefined) resolve(answer.value);
          else reject(new Error(answer.error));
        };
        const onError = (error: unknown): void => {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        };
        worker.on('message', onMessage);
        worker.on('error', onError);
        worker.postMessage({ id, ...task });
      });
    } finally {
      this.#idle.push(worker);
      this.#waiting.shift()?.();
    }
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
