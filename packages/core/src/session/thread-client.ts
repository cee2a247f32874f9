/**
 * The caller's side of an inference thread: promises for requests, cancellation, and an orderly end.
 *
 * The thread keeps the process alive only while something is awaited, so a program that forgets to dispose still ends.
 */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { SynsegError, deserialiseError, disposedError, messageOf } from '../errors.ts';
import { packageFile } from '../guard/package-file.ts';
import { raceSignal } from '../guard/race-signal.ts';
import type { EngineInfo, EngineSettings, ThreadReply, ThreadRequest, ThreadStart } from './protocol.ts';
import { RequestChannel } from './request-channel.ts';
import { RunGuard } from './run-guard.ts';
import { disableTelemetry } from './telemetry.ts';
import { threadOptions } from './thread-options.ts';

/** Threads of this process, for the exit guard. */
const guards = new Set<RunGuard>();

function stopAllAtExit(): void {
  for (const guard of guards) guard.stopAndWait();
}

/** An inference thread that takes requests: one's own, or another thread's through a port. */
export interface InferenceLink extends Pick<RequestChannel, 'request' | 'notify'> {
  readonly info: EngineInfo;
  /** A port on which another thread may send requests of its own. */
  connect(): MessagePort;
  /** Ends this side's use of the thread. Idempotent. */
  dispose(): Promise<void>;
}

/** One inference thread, seen from its owner. */
export class ThreadClient implements InferenceLink {
  readonly info: EngineInfo;
  readonly #worker: Worker;
  readonly #guard: RunGuard;
  readonly #channel: RequestChannel;
  readonly #ended: Promise<void>;
  #disposal: Promise<void> | undefined;

  private constructor(worker: Worker, guard: RunGuard, info: EngineInfo) {
    this.#worker = worker;
    this.#guard = guard;
    this.info = info;
    this.#channel = new RequestChannel({
      postMessage: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
      ref: () => worker.ref(),
      unref: () => this.#disposal === undefined && worker.unref(),
    });
    this.#ended = new Promise((resolve) => {
      worker.on('message', (message: ThreadReply) => {
        if (message.type === 'closed') resolve();
        else this.#channel.receive(message);
      });
      worker.once('exit', (code) => {
        if (this.#disposal === undefined)
          this.#channel.fail(
            new SynsegError(
              'INFERENCE',
              `Cannot finish: the inference thread must stay alive, got exit code ${String(code)}`,
            ),
          );
        resolve();
      });
    });
    worker.on('error', (error) => {
      this.#channel.fail(
        new SynsegError('INFERENCE', `Cannot finish: the inference thread must not fail, got ${messageOf(error)}`, {
          cause: error,
        }),
      );
    });
  }

  /**
   * Starts a thread and loads its sessions.
   *
   * @throws what loading throws in the thread, with class and code
   */
  static async start(role: ThreadStart['role'], settings: EngineSettings, signal?: AbortSignal): Promise<ThreadClient> {
    const entry = packageFile('load checkpoint', '@synseg/core', () => {
      return new URL('./inference-thread.js', import.meta.url);
    });
    await disableTelemetry();
    signal?.throwIfAborted();
    const guard = new RunGuard();
    if (guards.size === 0) process.on('exit', stopAllAtExit);
    guards.add(guard);
    const workerData: ThreadStart = { role, settings, guard: guard.memory };
    const worker = new Worker(entry, { ...threadOptions(), workerData, name: `synseg ${role}` });
    const forget = (): void => {
      guards.delete(guard);
      if (guards.size === 0) process.off('exit', stopAllAtExit);
    };
    worker.once('exit', forget);
    const loaded = new Promise<EngineInfo>((resolve, reject) => {
      worker.once('message', (message: ThreadReply) => {
        if (message.type === 'ready') resolve(message.info);
        else if (message.type === 'failed') reject(deserialiseError(message.error));
        else reject(new Error(`internal: the inference thread must first report, got "${message.type}"`));
      });
      worker.once('error', (cause) =>
        reject(
          new SynsegError(
            'MODEL_LOAD',
            `Cannot load checkpoint: the inference thread must start, got ${messageOf(cause)}`,
            { cause },
          ),
        ),
      );
      worker.once('exit', (code) =>
        reject(
          new SynsegError(
            'MODEL_LOAD',
            `Cannot load checkpoint: the inference thread must start, got exit code ${String(code)}`,
          ),
        ),
      );
    });
    const client = loaded.then((info) => new ThreadClient(worker, guard, info));
    try {
      // Loading cannot be interrupted inside the runtime: the caller is let go now, the thread closes when it has
      // loaded.
      return await raceSignal(client, signal);
    } catch (error) {
      void client.then(
        (late) => late.dispose(),
        () => undefined,
      );
      throw error;
    }
  }

  request<Result>(...request: Parameters<RequestChannel['request']>): Promise<Result> {
    return this.#channel.request<Result>(...request);
  }

  notify(...message: Parameters<RequestChannel['notify']>): void {
    this.#channel.notify(...message);
  }

  connect(): MessagePort {
    // A thread that is gone answers nobody, and Deno tells nobody so.
    this.#channel.check();
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: 'connect', port: port1 } satisfies ThreadRequest, [port1]);
    return port2;
  }

  /** Closes the thread after its current batch. Requests still waiting reject as disposed. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#close();
    return this.#disposal;
  }

  async #close(): Promise<void> {
    this.#channel.refuse(disposedError());
    this.#worker.ref();
    this.#worker.postMessage({ type: 'close' } satisfies ThreadRequest);
    await this.#ended;
    // The thread has left the runtime for good: ending it is safe now.
    await this.#worker.terminate();
    guards.delete(this.#guard);
    this.#channel.fail(disposedError('segmenter', 'disposal while a call was waiting'));
  }
}
