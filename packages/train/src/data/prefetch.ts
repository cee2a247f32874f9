/** Work done ahead of who asks for it: in order, at most so many at a time. */

/** Takes items from a source, starts work on each, and hands out the results in the source's order. For one consumer. */
export class Prefetch<Item, Result> {
  readonly #capacity: number;
  readonly #work: (item: Item) => Promise<Result>;
  readonly #results: Promise<Result>[] = [];
  readonly #pulling: Promise<void>;
  readonly #stopping: Promise<never>;
  #reject: (reason: unknown) => void = () => undefined;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];

  /** Starts at once; at most `capacity` results are under way or waiting. */
  constructor(source: AsyncIterable<Item>, work: (item: Item) => Promise<Result>, capacity: number) {
    this.#capacity = capacity;
    this.#work = work;
    this.#stopping = new Promise((_, reject) => (this.#reject = reject));
    this.#stopping.catch(() => undefined);
    this.#pulling = this.#pull(source);
  }

  /** The next result. @throws what the source, the work, or {@link Prefetch.stop} gave */
  async next(): Promise<Result> {
    while (this.#results.length === 0) {
      if (this.#stopped) return this.#stopping;
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#changed();
    }
    const head = this.#results.shift()!;
    this.#notify();
    return Promise.race([this.#stopping, head]);
  }

  /** Ends the source and waits until it has; a waiting {@link Prefetch.next} and later ones reject with `reason`. */
  async stop(reason: unknown): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#reject(reason);
      this.#results.length = 0;
      this.#notify();
    }
    await this.#pulling;
  }

  async #pull(source: AsyncIterable<Item>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#stopped) break;
        const result = this.#work(item);
        result.catch(() => undefined); // its error is thrown when its turn comes
        this.#results.push(result);
        this.#notify();
        while (!this.#stopped && this.#results.length >= this.#capacity) await this.#changed();
        if (this.#stopped) break;
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
