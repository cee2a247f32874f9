/**
 * The caller's side of an inference thread: promises for requests, cancellation, and an orderly end.
 *
 * The thread keeps the process alive only while something is awaited, so a program that forgets to dispose still ends.
 */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { SynsegError, deserialiseError, disposedError } from '../errors.ts';
import type { EngineInfo, EngineSettings, ThreadReply, ThreadRequest, ThreadStart } from './protocol.ts';
import { RunGuard } from './run-guard.ts';

/** A request before it has its number. */
type Unnumbered<Request> = Request extends { id: number } ? Omit<Request, 'id'> : never;

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Threads of this process, for the exit guard. */
const guards = new Set<RunGuard>();

function stopAllAtExit(): void {
  for (const guard of guards) guard.stopAndWait();
}

/** One inference thread, seen from its owner. */
export class ThreadClient {
  readonly info: EngineInfo;
  readonly #worker: Worker;
  readonly #guard: RunGuard;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  /** Why the thread is no more, when it ended by itself. */
  #failure: SynsegError | undefined;
  #disposal: Promise<void> | undefined;

  private constructor(worker: Worker, guard: RunGuard, info: EngineInfo) {
    this.#worker = worker;
    this.#guard = guard;
    this.info = info;
    this.#ended = new Promise((resolve) => {
      worker.on('message', (message: ThreadReply) => {
        if (message.type === 'closed') resolve();
        else this.#receive(message);
      });
      worker.once('exit', (code) => {
        if (this.#disposal === undefined) this.#fail(new SynsegError('INFERENCE', `Cannot finish: the inference thread must stay alive, got exit code ${String(code)}`));
        resolve();
      });
    });
    worker.on('error', (error) => {
      this.#fail(new SynsegError('INFERENCE', `Cannot finish: the inference thread must not fail, got ${String(error)}`, { cause: error }));
    });
    worker.unref();
  }

  /**
   * Starts a thread and loads its sessions.
   *
   * @throws what loading throws in the thread, with class and code
   */
  static async start(role: ThreadStart['role'], settings: EngineSettings, signal?: AbortSignal): Promise<ThreadClient> {
    signal?.throwIfAborted();
    const guard = new RunGuard();
    if (guards.size === 0) process.on('exit', stopAllAtExit);
    guards.add(guard);
    const workerData: ThreadStart = { role, settings, guard: guard.memory };
    const worker = new Worker(new URL('./inference-thread.js', import.meta.url), { workerData, name: `synseg ${role}` });
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
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new SynsegError('MODEL_LOAD', `Cannot load checkpoint: the inference thread must start, got exit code ${String(code)}`)));
    });
    const client = loaded.then((info) => new ThreadClient(worker, guard, info));
    if (signal === undefined) return client;
    // Loading cannot be interrupted inside the runtime: the caller is let go now, the thread closes when it has loaded.
    const aborted = new Promise<never>((_, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      void client.then(
        () => signal.removeEventListener('abort', onAbort),
        () => signal.removeEventListener('abort', onAbort),
      );
    });
    try {
      return await Promise.race([client, aborted]);
    } catch (error) {
      void client.then((late) => late.dispose(), () => undefined);
      throw error;
    }
  }

  /** Sends a request and awaits its result. Aborting rejects at once with the signal's reason. */
  async request<Result>(request: Unnumbered<ThreadRequest>, transfer: readonly ArrayBuffer[] = [], signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#disposal !== undefined) throw disposedError();
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId++;
    const onAbort = (): void => {
      this.#settle(id)?.reject(signal?.reason);
      this.#post({ type: 'cancel', id });
    };
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#pending.set(id, { resolve: resolve, reject });
        this.#worker.ref();
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#post({ ...request, id }, transfer);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Sends a message that has no answer. */
  notify(message: Extract<ThreadRequest, { type: 'release' }>): void {
    if (this.#disposal === undefined) this.#post(message);
  }

  /** A port on which another thread may send requests of its own. */
  connect(): MessagePort {
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
    this.#worker.ref();
    this.#post({ type: 'close' });
    await this.#ended;
    // The thread has left the runtime for good: ending it is safe now.
    await this.#worker.terminate();
    guards.delete(this.#guard);
    this.#failAll(disposedError('segmenter', 'disposal while a call was waiting'));
  }

  #post(message: ThreadRequest, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer as ArrayBuffer[]);
  }

  #receive(message: ThreadReply): void {
    if (message.type === 'result') {
      const pending = this.#settle(message.id);
      if (pending !== undefined) pending.resolve(message.result as never);
      // A picture whose encoding was aborted while it ran: nobody holds it.
      else if (typeof message.result === 'number') this.notify({ type: 'release', encoded: message.result });
    } else if (message.type === 'error') this.#settle(message.id)?.reject(deserialiseError(message.error));
  }

  /** Takes a request off the list; undefined when it was settled before (aborted). */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0 && this.#disposal === undefined) this.#worker.unref();
    return pending;
  }

  #fail(error: SynsegError): void {
    this.#failure ??= error;
    this.#failAll(error);
  }

  #failAll(error: Error): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
  }
}
