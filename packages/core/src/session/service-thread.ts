/**
 * A thread that serves requests, seen from its owner and from inside: its start, its requests, and an end that never
 * falls inside the runtime. Inference threads and the training thread are such threads.
 *
 * The thread keeps the process alive only while something is awaited, so a program that forgets to dispose still ends.
 */
import { Worker, parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { SynsegError, deserializeError, disposedError, messageOf, serializeError } from '../errors.ts';
import type { SerializedError, SynsegErrorCode } from '../errors.ts';
import { raceSignal } from '../guard/race-signal.ts';
import { RequestChannel, type Reply, type SendingPort } from './request-channel.ts';
import { RunGuard } from './run-guard.ts';
import { disableTelemetry } from './telemetry.ts';
import { threadOptions } from './thread-options.ts';

/** Messages from a thread to its owner; `closed` also goes to callers through ports. */
export type ThreadReply<Info> =
  | Reply
  | { readonly type: 'ready'; readonly info: Info }
  | { readonly type: 'failed'; readonly error: SerializedError }
  | { readonly type: 'closed' };

/** A thread to start. */
export interface ThreadPlan {
  readonly entry: URL;
  readonly name: string;
  /** Handed to the thread's `load`. */
  readonly start: object;
  /** Name in error messages: "inference thread". */
  readonly what: string;
  /** Code and action of the error for a thread that does not start. */
  readonly starting: readonly [code: SynsegErrorCode, action: string];
  /** Action of the error for a thread that ends by itself. */
  readonly running: string;
  /** Object that is disposed with the thread, for error messages. */
  readonly owner?: string;
  readonly onLate?: (result: unknown) => void;
}

/** Threads of this process, for the exit guard. */
const guards = new Set<RunGuard>();

function stopAllAtExit(): void {
  for (const guard of guards) guard.stopAndWait();
}

/** One thread, seen from its owner. */
export class ServiceThread<Info, Request extends { readonly type: string }, Notice = never> {
  readonly info: Info;
  readonly channel: RequestChannel<Request, Notice>;
  readonly #worker: Worker;
  readonly #owner: string | undefined;
  readonly #ended: Promise<void>;
  #disposal: Promise<void> | undefined;

  private constructor(worker: Worker, info: Info, { what, running, owner, onLate }: ThreadPlan) {
    [this.#worker, this.info, this.#owner] = [worker, info, owner];
    this.channel = new RequestChannel<Request, Notice>(
      {
        postMessage: (message, transfer) => worker.postMessage(message, transfer),
        ref: () => worker.ref(),
        unref: () => this.#disposal === undefined && worker.unref(),
      },
      onLate,
    );
    const fail = (rule: string, got: string, cause?: unknown): void => {
      const text = `Cannot ${running}: the ${what} must ${rule}, got ${got}`;
      this.channel.fail(new SynsegError('INFERENCE', text, { cause }));
    };
    this.#ended = new Promise((resolve) => {
      worker.on('message', (message: ThreadReply<Info>) => {
        if (message.type === 'closed') resolve();
        else if (message.type === 'result' || message.type === 'error') this.channel.receive(message);
      });
      worker.once('exit', (code) => {
        if (this.#disposal === undefined) fail('stay alive', `exit code ${code}`);
        resolve();
      });
    });
    worker.on('error', (error) => fail('not fail', messageOf(error), error));
  }

  /** Starts a thread and waits until it has loaded. @throws what loading throws in the thread, with class and code */
  static async start<Info, Request extends { readonly type: string }, Notice = never>(
    plan: ThreadPlan,
    signal?: AbortSignal,
  ): Promise<ServiceThread<Info, Request, Notice>> {
    await disableTelemetry();
    signal?.throwIfAborted();
    const guard = new RunGuard();
    if (guards.size === 0) process.on('exit', stopAllAtExit);
    guards.add(guard);
    const data = { ...plan.start, guard: guard.memory };
    const worker = new Worker(plan.entry, { ...threadOptions(), workerData: data, name: plan.name });
    worker.once('exit', () => {
      guards.delete(guard);
      if (guards.size === 0) process.off('exit', stopAllAtExit);
    });
    const [code, action] = plan.starting;
    const loaded = new Promise<Info>((resolve, reject) => {
      const fail = (got: string, cause?: unknown): void =>
        reject(new SynsegError(code, `Cannot ${action}: the ${plan.what} must start, got ${got}`, { cause }));
      worker.once('message', (message: ThreadReply<Info>) => {
        if (message.type === 'ready') resolve(message.info);
        else if (message.type === 'failed') reject(deserializeError(message.error));
        else reject(new Error(`internal: the ${plan.what} must first report, got "${message.type}"`));
      });
      worker.once('error', (error) => fail(messageOf(error), error));
      worker.once('exit', (exit) => fail(`exit code ${exit}`));
    });
    const thread = loaded.then((info) => new ServiceThread<Info, Request, Notice>(worker, info, plan));
    try {
      // Loading cannot be interrupted inside the runtime: the call rejects now, the thread closes once it has loaded.
      return await raceSignal(thread, signal);
    } catch (error) {
      void thread.then((late) => late.dispose()).catch(() => worker.terminate());
      throw error;
    }
  }

  /** Lets another thread send requests over a port. */
  connect(port: MessagePort): void {
    // A thread that has ended never answers, and Deno does not report it.
    this.channel.check();
    this.#worker.postMessage({ type: 'connect', port }, [port]);
  }

  /** Closes the thread after what it is doing. Requests still waiting reject as disposed. Idempotent. */
  dispose(): Promise<void> {
    return (this.#disposal ??= this.#close());
  }

  async #close(): Promise<void> {
    this.channel.refuse(disposedError(this.#owner));
    this.#worker.ref();
    this.#worker.postMessage({ type: 'close' });
    await this.#ended;
    // The thread has left the runtime for good: ending it is safe now.
    await this.#worker.terminate();
    this.channel.fail(disposedError(this.#owner, 'disposal while a call was waiting'));
  }
}

/** Handles the messages of a thread. */
export interface Service<Info, Message> {
  readonly info: Info;
  /** Takes a message of one caller. */
  receive(port: SendingPort, message: Message): void;
  /** Ends running work and frees everything. */
  close(): Promise<void>;
}

/** The thread's own side, to be called by its entry point: loads the service, and serves its owner and all ports. */
export async function serveOwner<Start extends object, Info, Message extends { readonly type: string }>(
  load: (start: Start, guard: RunGuard) => Promise<Service<Info, Message>>,
): Promise<void> {
  if (parentPort === null) throw new Error('internal: the thread must be started as a worker');
  const owner = parentPort;
  const send = (port: MessagePort, message: ThreadReply<Info>): void => port.postMessage(message);
  const { guard, ...start } = workerData as Start & { readonly guard: SharedArrayBuffer };
  let service: Service<Info, Message>;
  try {
    service = await load(start as unknown as Start, new RunGuard(guard));
  } catch (error) {
    send(owner, { type: 'failed', error: serializeError(error) });
    return;
  }
  const callers = new Set<MessagePort>();
  const close = async (): Promise<void> => {
    await service.close().catch(() => undefined);
    for (const caller of callers) {
      // An explicit message, because Deno does not tell the other side that a port was closed.
      send(caller, { type: 'closed' });
      caller.close();
    }
    // The owner ends the thread now: Deno's parent port cannot be closed from this side.
    send(owner, { type: 'closed' });
  };
  const listen = (port: MessagePort): void => {
    port.on('message', (message: Message | { type: 'connect'; port: MessagePort } | { type: 'close' }) => {
      if (message.type === 'close') void close();
      else if (message.type === 'connect') {
        const { port: caller } = message as { readonly port: MessagePort };
        callers.add(caller);
        caller.once('close', () => callers.delete(caller));
        listen(caller);
      } else service.receive(port, message as Message);
    });
  };
  listen(owner);
  send(owner, { type: 'ready', info: service.info });
}
