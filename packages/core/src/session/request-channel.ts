/**
 * Requests over a worker or a message port: results, errors with class and code, transferred memory, aborting. The only
 * way to send requests between threads; it neither opens nor closes the port.
 *
 * Ours, because birpc and comlink cannot abort, and they transfer errors without class and code.
 */
import threads from 'node:worker_threads';
import { deserializeError, serializeError, type SerializedError } from '../errors.ts';

/** A request with its number, which the reply repeats. */
export type Numbered<Request> = Request & { readonly id: number };

/** Message of the caller's side besides requests. */
export interface CancelMessage {
  readonly type: 'cancel';
  readonly id: number;
}

/** Messages of the serving side. */
export type Reply =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: SerializedError };

/** A worker or a port, as far as sending goes. */
export interface SendingPort {
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void;
}

/** The same on the caller's side, which keeps the process alive while it waits. */
export interface CallingPort extends SendingPort {
  ref(): void;
  unref(): void;
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The caller's side. The process is kept alive only while something is awaited. */
export class RequestChannel<Request extends { readonly type: string }, Notice = never> {
  readonly #port: CallingPort;
  readonly #onLate: (result: unknown) => void;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  /** Reason why no further request is possible. */
  #failure: Error | undefined;

  /** @param onLate - receives the results of requests that were aborted while they ran */
  constructor(port: CallingPort, onLate: (result: unknown) => void = () => undefined) {
    [this.#port, this.#onLate] = [port, onLate];
    port.unref();
  }

  /** Sends a request and awaits its result. Aborting rejects at once with the signal's reason. */
  async request<Result>(
    request: Request,
    transfer: readonly ArrayBuffer[] = [],
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted();
    this.check();
    const id = this.#nextId++;
    const onAbort = (): void => {
      this.#settle(id)?.reject(signal?.reason);
      this.#port.postMessage({ type: 'cancel', id } satisfies CancelMessage);
    };
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        this.#port.ref();
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#port.postMessage({ ...request, id } satisfies Numbered<Request>, transfer.filter(isMovable));
      });
    } finally {
      // A request that could not be sent is not awaited either.
      this.#settle(id);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Sends a message that has no answer. */
  notify(notice: Notice): void {
    if (this.#failure === undefined) this.#port.postMessage(notice);
  }

  /** @throws the reason, when no further request is possible */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Takes a message of the other side. */
  receive(reply: Reply): void {
    const pending = this.#settle(reply.id);
    if (reply.type === 'error') pending?.reject(deserializeError(reply.error));
    else if (pending === undefined) this.#onLate(reply.result);
    else pending.resolve(reply.result as never);
  }

  /** Refuses further requests with this error. */
  refuse(error: Error): void {
    this.#failure ??= error;
  }

  /** Rejects pending requests, and refuses further ones. */
  fail(error: Error): void {
    this.refuse(error);
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
  }

  /** Takes a request off the list; undefined when it was settled before (aborted). */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#port.unref();
    return pending;
  }
}

/** Answers a request from the serving side. */
export function sendResult(port: SendingPort, id: number, result: unknown, transfer: ArrayBuffer[] = []): void {
  port.postMessage({ type: 'result', id, result } satisfies Reply, transfer);
}

/** Answers a request with a thrown error. */
export function sendError(port: SendingPort, id: number, error: unknown): void {
  port.postMessage({ type: 'error', id, error: serializeError(error) } satisfies Reply);
}

/** False for memory of sharp's, which Node 21 and later refuse to move and earlier ones copy by themselves. */
function isMovable(buffer: ArrayBuffer): boolean {
  const { isMarkedAsUntransferable } = threads as { isMarkedAsUntransferable?: (value: unknown) => boolean };
  return isMarkedAsUntransferable?.(buffer) !== true;
}
