import { describe, expect, it } from 'vitest';
import { RequestQueue, type BatchRule } from '../../../packages/core/src/session/request-queue.ts';
import { uniform } from '../../support/random.ts';

interface Request {
  readonly id: number;
  readonly key?: string;
  readonly weight?: number;
}

const rule: BatchRule<Request> = { key: ({ key }) => key, weight: ({ weight = 1 }) => weight, limit: 4 };

/** A queue filled from `a1x`: caller a, request 1, key x. A key of `-` never batches. */
function filled(...entries: string[]): RequestQueue<string, Request> {
  const queue = new RequestQueue<string, Request>();
  for (const [caller = '', id, key = '-', weight = '1'] of entries)
    queue.push(caller, { id: Number(id), weight: Number(weight), ...(key === '-' ? {} : { key }) });
  return queue;
}

function batches(queue: RequestQueue<string, Request>): string[] {
  const all: string[] = [];
  while (queue.size > 0)
    all.push(
      queue
        .takeBatch(rule)
        .map(({ caller, request }) => `${caller}${String(request.id)}`)
        .join(' '),
    );
  return all;
}

describe('RequestQueue', () => {
  it('has nothing to give when nothing waits', () => {
    expect(filled().takeBatch(rule)).toEqual([]);
  });

  it('runs requests of the same key together, across callers', () => {
    expect(batches(filled('a1x', 'b1x', 'c1x'))).toEqual(['a1 b1 c1']);
  });

  it('runs several requests of one caller together', () => {
    expect(batches(filled('a1x', 'a2x', 'a3x'))).toEqual(['a1 a2 a3']);
  });

  it('fills a batch up to the limit', () => {
    expect(batches(filled('a1x', 'a2x', 'a3x', 'a4x', 'a5x'))).toEqual(['a1 a2 a3 a4', 'a5']);
    expect(batches(filled('a1x3', 'b1x2', 'c1x1'))).toEqual(['a1 c1', 'b1']);
  });

  it('runs a request heavier than the limit alone', () => {
    expect(batches(filled('a1x9', 'b1x1'))).toEqual(['a1', 'b1']);
  });

  it('never joins requests without a key', () => {
    expect(batches(filled('a1-', 'b1-', 'c1x', 'd1x'))).toEqual(['a1', 'b1', 'c1 d1']);
  });

  it('never lets a request pass an earlier one of its caller', () => {
    // a2 has another key, so a3 may not join a1 although it could; b1 may.
    expect(batches(filled('a1x', 'a2y', 'a3x', 'b1x'))).toEqual(['a1 b1', 'a2', 'a3']);
    // b1 does not fit any more, so b2 waits behind it.
    expect(batches(filled('a1x3', 'b1x2', 'b2x1', 'c1x1'))).toEqual(['a1 c1', 'b1 b2']);
  });

  it('serves the oldest first', () => {
    expect(batches(filled('a1x', 'b1y', 'c1x', 'd1y'))).toEqual(['a1 c1', 'b1 d1']);
  });

  it('forgets a cancelled request, and only of that caller', () => {
    const queue = filled('a1x', 'b1x');
    expect(queue.cancel('b', 1)).toEqual({ id: 1, key: 'x', weight: 1 });
    expect(queue.cancel('b', 1)).toBeUndefined();
    expect(queue.cancel('c', 1)).toBeUndefined();
    expect(batches(queue)).toEqual(['a1']);
  });

  it('gives back what waits when it is cleared', () => {
    const queue = filled('a1x', 'b1y');
    expect(queue.clear().map(({ caller }) => caller)).toEqual(['a', 'b']);
    expect(queue.size).toBe(0);
  });

  it('serves every request once and each caller in order, whatever comes', () => {
    const next = uniform(7);
    const queue = new RequestQueue<string, Request>();
    const served: { caller: string; id: number }[] = [];
    const take = (): void => {
      const batch = queue.takeBatch(rule);
      expect(new Set(batch.map(({ request }) => request.key)).size).toBeLessThanOrEqual(1);
      served.push(...batch.map(({ caller, request }) => ({ caller, id: request.id })));
    };
    for (let id = 0; id < 500; id++) {
      queue.push('abc'[Math.floor(3 * next())] as string, {
        id,
        key: 'xyz'[Math.floor(3 * next())] as string,
        weight: 1 + Math.floor(3 * next()),
      });
      if (next() < 0.4) take();
    }
    while (queue.size > 0) take();
    expect(new Set(served.map(({ id }) => id)).size).toBe(500);
    for (const caller of 'abc') {
      const ids = served.filter((entry) => entry.caller === caller).map(({ id }) => id);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
  });
});
