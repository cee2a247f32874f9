/** Work ahead: its order, its bound, how it ends, and what it lets go of. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Prefetch } from '../../../packages/train/src/data/prefetch.ts';

async function* endless(): AsyncGenerator<number> {
  for (let number = 0; ; number++) yield await Promise.resolve(number);
}

/** A turn of the event loop, so that what can go on has gone on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('Prefetch', () => {
  it('hands results out in the order of the source, whichever is ready first', async () => {
    const finish: (() => void)[] = [];
    const prefetch = new Prefetch(
      endless(),
      (item) => new Promise<number>((resolve) => (finish[item] = () => resolve(item))),
      3,
    );
    await settle();
    for (const item of [2, 0, 1]) finish[item]?.();
    expect([await prefetch.next(), await prefetch.next(), await prefetch.next()]).toEqual([0, 1, 2]);
    await prefetch.stop('done');
  });

  it('is never further ahead than it may', async () => {
    let begun = 0;
    const prefetch = new Prefetch(endless(), (item) => Promise.resolve(((begun += 1), item)), 4);
    await settle();
    expect(begun).toBe(4);
    await prefetch.next();
    await settle();
    expect(begun).toBe(5);
    await prefetch.stop('done');
  });

  it('gives the reason of stopping to who waits for a result that never comes, and from then on', async () => {
    const reason = new Error('enough');
    const prefetch = new Prefetch(endless(), () => new Promise<never>(() => undefined), 2);
    const waiting = prefetch.next();
    await settle();
    await Promise.all([expect(waiting).rejects.toBe(reason), prefetch.stop(reason)]);
    await expect(prefetch.next()).rejects.toBe(reason);
  });

  it('throws what the work and the source throw, each in its turn', async () => {
    async function* two(): AsyncGenerator<number> {
      yield* [await Promise.resolve(0), 1];
      throw new Error('no more');
    }
    const prefetch = new Prefetch(
      two(),
      (item) => (item === 1 ? Promise.reject(new Error('work')) : Promise.resolve(item)),
      8,
    );
    expect(await prefetch.next()).toBe(0);
    await expect(prefetch.next()).rejects.toThrow('work');
    await expect(prefetch.next()).rejects.toThrow('no more');
  });

  it('keeps no result that it has handed out: a long run would fill the memory with its pictures', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const prefetch = new Prefetch(endless(), () => Promise.resolve({ picture: new ArrayBuffer(1000) }), 2);
    const handedOut = await (async () => {
      const seen: WeakRef<object>[] = [];
      for (let count = 0; count < 20; count++) seen.push(new WeakRef(await prefetch.next()));
      return seen;
    })();
    await settle();
    collect();
    // The last may still be held by whatever is on its way.
    expect(handedOut.slice(0, -2).filter((result) => result.deref() !== undefined)).toEqual([]);
    await prefetch.stop('done');
  });
});
