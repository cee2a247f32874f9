/**
 * Requests that wait in an inference thread, batched where they can share a run.
 *
 * Order is kept per caller: a request may join a batch only when every earlier request of its caller is in it too.
 * Between callers the oldest goes first.
 */

/** A waiting request. */
export interface Queued<Caller, Request> {
  readonly caller: Caller;
  readonly request: Request;
}

/** Rule that batches requests. */
export interface BatchRule<Request> {
  /** Requests with the same key may share a run; undefined never does. */
  key(request: Request): string | undefined;
  /** The share of `limit` that a request takes. */
  weight(request: Request): number;
  readonly limit: number;
}

/** A first-in, first-out queue with micro-batching across callers. */
export class RequestQueue<Caller, Request extends { readonly id: number }> {
  #waiting: Queued<Caller, Request>[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  push(caller: Caller, request: Request): void {
    this.#waiting.push({ caller, request });
  }

  /** Removes a waiting request; undefined when it has been taken already. */
  cancel(caller: Caller, id: number): Request | undefined {
    const index = this.#waiting.findIndex((entry) => entry.caller === caller && entry.request.id === id);
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]?.request;
  }

  /** Removes everything. */
  clear(): Queued<Caller, Request>[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  /** The oldest request and those that may run with it. Empty when nothing waits. */
  takeBatch(rule: BatchRule<Request>): Queued<Caller, Request>[] {
    const [first] = this.#waiting;
    if (first === undefined) return [];
    const key = rule.key(first.request);
    const batch = [first];
    const rest: Queued<Caller, Request>[] = [];
    const held = new Set<Caller>();
    let weight = rule.weight(first.request);
    for (const entry of this.#waiting.slice(1)) {
      const added = rule.weight(entry.request);
      const joins =
        key !== undefined && !held.has(entry.caller) && rule.key(entry.request) === key && weight + added <= rule.limit;
      if (joins) {
        batch.push(entry);
        weight += added;
      } else {
        held.add(entry.caller);
        rest.push(entry);
      }
    }
    this.#waiting = rest;
    return batch;
  }
}
