import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BoundedQueue, mapOrdered } from '../../../packages/video/src/pipeline/queue.ts';

/** Lets everything that is ready run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* count(to: number, log: { closed?: boolean; pulled?: number } = {}): AsyncGenerator<number> {
  try {
    for (let value = 0; value < to; value++) {
      log.pulled = value + 1;
      yield value;
    }
  } finally {
    log.closed = true;
  }
}

describe('BoundedQueue', () => {
  it('gives items in order and then ends', async () => {
    const queue = new BoundedQueue<number>(8);
    await queue.push(1);
    await queue.push(2);
    queue.close();
    const got: number[] = [];
    for await (const item of queue) got.push(item);
    expect(got).toEqual([1, 2]);
  });

  it('makes the producer wait while it is full, the item in hand counted', async () => {
    const queue = new BoundedQueue<number>(1);
    await queue.push(1);
    let pushed = false;
    const second = queue.push(2).then(() => (pushed = true));
    const items = queue[Symbol.asyncIterator]();
    expect((await items.next()).value).toBe(1);
    await settle();
    expect(pushed).toBe(false);
    expect((await items.next()).value).toBe(2);
    await second;
    expect(pushed).toBe(true);
  });

  it('gives what it holds before the error', async () => {
    const queue = new BoundedQueue<number>(2);
    await queue.push(1);
    queue.close({ error: new Error('broken') });
    const items = queue[Symbol.asyncIterator]();
    expect((await items.next()).value).toBe(1);
    await expect(items.next()).rejects.toThrow('broken');
  });

  it('tells a waiting producer that the consumer has left', async () => {
    const queue = new BoundedQueue<number>(1);
    await queue.push(1);
    const waiting = queue.push(2);
    for await (const item of queue) if (item === 1) break;
    expect(await waiting).toBe(false);
    expect(await queue.push(3)).toBe(false);
  });

  it('rejects a capacity below 1', () => {
    expect(() => new BoundedQueue(0)).toThrow(new RangeError('Cannot create queue: capacity must be a whole number of at least 1, got 0'));
  });
});

describe('mapOrdered()', () => {
  it('keeps the order though later work ends first', async () => {
    const got: number[] = [];
    const slowFirst = async (value: number): Promise<number> => {
      await sleep(value % 4 === 0 ? 8 : 1);
      return value * 10;
    };
    for await (const result of mapOrdered(count(20), 4, slowFirst)) got.push(result);
    expect(got).toEqual(Array.from({ length: 20 }, (_, index) => index * 10));
  });

  it.each([1, 3])('has at most %i under way, the one in hand counted', async (limit) => {
    let running = 0;
    let most = 0;
    const log: { pulled?: number } = {};
    const work = async (value: number): Promise<number> => {
      most = Math.max(most, ++running);
      await sleep(1);
      running -= 1;
      return value;
    };
    for await (const value of mapOrdered(count(12, log), limit, work)) {
      await sleep(2);
      expect(log.pulled).toBeLessThanOrEqual(value + limit);
    }
    expect(most).toBe(limit);
  });

  it('closes the source and waits for work under way when left', async () => {
    const log: { closed?: boolean } = {};
    let ended = 0;
    const work = async (value: number): Promise<number> => {
      await sleep(5);
      ended += 1;
      return value;
    };
    for await (const value of mapOrdered(count(100, log), 3, work)) if (value === 1) break;
    expect(log.closed).toBe(true);
    expect(ended).toBeGreaterThanOrEqual(2);
    expect(ended).toBeLessThanOrEqual(5);
  });

  it('yields the results before an error, then throws it and closes the source', async () => {
    const log: { closed?: boolean } = {};
    const got: number[] = [];
    const work = (value: number): Promise<number> => (value === 3 ? Promise.reject(new Error('third')) : Promise.resolve(value));
    const read = async (): Promise<void> => {
      for await (const value of mapOrdered(count(10, log), 2, work)) got.push(value);
    };
    await expect(read()).rejects.toThrow('third');
    expect(got).toEqual([0, 1, 2]);
    expect(log.closed).toBe(true);
  });

  it('passes an error of the source on', async () => {
    const broken = async function* (): AsyncGenerator<number> {
      yield await Promise.resolve(1);
      throw new Error('source');
    };
    const got: number[] = [];
    const read = async (): Promise<void> => {
      for await (const value of mapOrdered(broken(), 2, (item) => Promise.resolve(item))) got.push(value);
    };
    await expect(read()).rejects.toThrow('source');
    expect(got).toEqual([1]);
  });
});
