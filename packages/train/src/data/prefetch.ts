/** Work done ahead of its consumer: in order, with bounded concurrency. */

/**
 * Takes items from a source, starts work on each, and hands out the results in the source's order. For one consumer,
 * one call at a time.
 */
export class Prefetch<Item, Result> {
  readonly #capacity: number;
  readonly #work: (item: Item) => Promise<Result>;
  readonly #results: Promise<Result>[] = [];
  readonly #pulling: Promise<void>;
  #stopped: { readonly reason: unknown } | undefined;
  /** Rejects the result that is waited for. */
  #interrupt: (reason: unknown) => void = () => undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  /** Starts at once; at most `capacity` results are under way or waiting. */
  constructor(source: AsyncIterable<Item>, work: (item: Item) => Promise<Result>, capacity: number) {
    this.#capacity = capacity;
    this.#work = work;
    this.#pulling = this.#pull(source);
  }

  /** The next result. @throws what the source, the work, or {@link Prefetch.stop} gave */
  async next(): Promise<Result> {
    while (this.#results.length === 0) {
      if (this.#stopped !== undefined) throw this.#stopped.reason;
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#changed();
    }
    const head = this.#results.shift()!;
    this.#notify();
    // Not a race with a promise of stopping: that would keep every result until it stops.
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      head.then(resolve, reject);
    });
  }

  /** Ends the source and waits until it has; a waiting {@link Prefetch.next} and later ones reject with `reason`. */
  async stop(reason: unknown): Promise<void> {
    if (this.#stopped === undefined) {
      this.#stopped = { reason };
      this.#interrupt(reason);
      this.#results.length = 0;
      this.#notify();
    }
    await this.#pulling;
  }

  async #pull(source: AsyncIterable<Item>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#stopped !== undefined) break;
        const result = this.#work(item);
        result.catch(() => undefined); // its error is thrown when its turn comes
        this.#results.push(result);
        this.#notify();
        while (this.#stopped === undefined && this.#results.length >= this.#capacity) await this.#changed();
        if (this.#stopped !== undefined) break;
      }
      this.#failure = { error: new Error('internal: the source of a prefetch ended') };
    } catch (error) {
      this.#failure = { error };
    }
    this.#notify();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
