import { expect, it } from 'vitest';
import { withDispose } from '../../../packages/core/src/guard/with-dispose.ts';

it.each(['dispose', Symbol.asyncDispose] as const)(
  'withDispose() ends a generator as leaving its loop does, by %s, any number of times',
  async (name) => {
    let ended = 0;
    async function* counting(): AsyncGenerator<number, void, undefined> {
      try {
        yield await Promise.resolve(1);
        yield 2;
      } finally {
        ended += 1;
      }
    }
    const numbers = withDispose(counting());
    expect(await numbers.next()).toEqual({ done: false, value: 1 });
    await numbers[name]();
    await numbers[name]();
    expect(ended).toBe(1);
    expect(await numbers.next()).toEqual({ done: true, value: undefined });
  },
);
