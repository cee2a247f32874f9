/**
 * The place that waits. A bounded queue between a stage that produces and one that consumes; full means the producer
 * waits. Files need no more; a live policy that drops instead of waiting belongs into {@link BoundedQueue.push}.
 */

/** A first-in first-out queue of at most `capacity` items, for one consumer. */
export class BoundedQueue<Item> {
  readonly #capacity: number;
  readonly #items: Item[] = [];
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  /** @throws {RangeError} when `capacity` is not a whole number of at least 1. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`Cannot create queue: capacity must be a whole number of at least 1, got ${capacity}`);
    }
    this.#capacity = capacity;
  }

  /** Number of items held, counting the one the consumer works on. */
  get size(): number {
    return this.#items.length;
  }

  /** Waits until there is room; false if the queue was closed and nothing more is wanted. */
  async room(): Promise<boolean> {
    while (!this.#closed && this.#items.length >= this.#capacity) await this.#changed();
    return !this.#closed;
  }

  /** Waits for room, then adds the item; false if the queue was closed instead. */
  async push(item: Item): Promise<boolean> {
    if (!(await this.room())) return false;
    this.#items.push(item);
    this.#notify();
    return true;
  }

  /** No more items will come: the consumer gets those held and then the end, or `error`. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    this.#notify();
  }

  /** The items in order. An item keeps its place in the queue until the next one is asked for. Leaving closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    try {
      while (true) {
        while (this.#items.length === 0 && !this.#closed) await this.#changed();
        if (this.#items.length === 0) break;
        yield this.#items[0] as Item;
        this.#items.shift();
        this.#notify();
      }
      if (this.#failure !== undefined) throw this.#failure.error;
    } finally {
      this.close();
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    waiting.forEach((wake) => wake());
  }
}

/**
 * Runs `work` on the items of `source`, at most `limit` at a time, and yields the results in the order of the items.
 * Reading and working go on while the consumer is busy. On an error the results before it are still yielded. Leaving
 * the loop closes the source, once its pending item has come, and waits for the work under way.
 */
export async function* mapOrdered<Item, Result>(
  source: AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const queue = new BoundedQueue<Promise<Result>>(limit);
  const running = new Set<Promise<Result>>();
  const pump = (async () => {
    try {
      for await (const item of source) {
        const result = work(item);
        running.add(result);
        const forget = (): unknown => running.delete(result);
        result.then(forget, forget);
        await queue.push(result);
        if (!(await queue.room())) break;
      }
      queue.close();
    } catch (error) {
      queue.close({ error });
    }
  })();
  try {
    for await (const result of queue) yield await result;
  } finally {
    queue.close();
    await pump;
    await Promise.allSettled(running);
  }
}
