/** Promises for requests on one message channel, with cancellation. It neither opens the channel nor ends it. */
import threads from 'node:worker_threads';
import { deserialiseError } from '../errors.ts';
import type { ThreadReply, ThreadRequest } from './protocol.ts';

/** A request before it has its number. */
export type Unnumbered<Request> = Request extends { id: number } ? Omit<Request, 'id'> : never;

/** A worker or a message port, as far as requests go. */
export interface Wire {
  postMessage(message: ThreadRequest, transfer: readonly ArrayBuffer[]): void;
  /** Keeps the process alive. */
  ref(): void;
  unref(): void;
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The caller's side of a channel. The process is kept alive only while something is awaited. */
export class RequestChannel {
  readonly #wire: Wire;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  /** Why nothing can be asked any more. */
  #failure: Error | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
    wire.unref();
  }

  /** Sends a request and awaits its result. Aborting rejects at once with the signal's reason. */
  async request<Result>(
    request: Unnumbered<ThreadRequest>,
    transfer: readonly ArrayBuffer[] = [],
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted();
    this.check();
    const id = this.#nextId++;
    const onAbort = (): void => {
      this.#settle(id)?.reject(signal?.reason);
      this.#wire.postMessage({ type: 'cancel', id }, []);
    };
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#pending.set(id, { resolve: resolve, reject });
        this.#wire.ref();
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#wire.postMessage({ ...request, id }, transfer.filter(isMovable));
      });
    } finally {
      // What could not be sent is not waited for either.
      this.#settle(id);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** @throws why nothing can be asked any more, if so */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends a message that has no answer. */
  notify(message: Extract<ThreadRequest, { type: 'release' }>): void {
    if (this.#failure === undefined) this.#wire.postMessage(message, []);
  }

  /** Takes a message of the other side. */
  receive(message: ThreadReply): void {
    if (message.type === 'result') {
      const pending = this.#settle(message.id);
      if (pending !== undefined) pending.resolve(message.result as never);
      // A picture whose encoding was aborted while it ran: nobody holds it.
      else if (typeof message.result === 'number') this.notify({ type: 'release', encoded: message.result });
    } else if (message.type === 'error') this.#settle(message.id)?.reject(deserialiseError(message.error));
  }

  /** Refuses further requests with this error. */
  refuse(error: Error): void {
    this.#failure ??= error;
  }

  /** Rejects what is awaited, and refuses further requests. */
  fail(error: Error): void {
    this.refuse(error);
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
  }

  /** Takes a request off the list; undefined when it was settled before (aborted). */
  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#wire.unref();
    return pending;
  }
}

/** False for memory of sharp's, which Node 21 and later refuse to move and earlier ones copy by themselves. */
function isMovable(buffer: ArrayBuffer): boolean {
  const { isMarkedAsUntransferable } = threads as { isMarkedAsUntransferable?: (value: unknown) => boolean };
  return isMarkedAsUntransferable?.(buffer) !== true;
}
