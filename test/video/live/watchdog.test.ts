import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watch } from '../../../packages/video/src/live/source-reader.ts';

describe('watch()', () => {
  it('says once that it takes too long, and waits on', async () => {
    let calls = 0;
    expect(await watch(sleep(120, 'late'), 0.03, () => (calls += 1))).toBe('late');
    expect(calls).toBe(1);
  });

  it('says nothing when all is well or there is no limit', async () => {
    let calls = 0;
    const count = (): number => (calls += 1);
    expect(await watch(Promise.resolve('now'), 0.01, count)).toBe('now');
    await expect(watch(Promise.reject(new Error('broken')), 0.01, count)).rejects.toThrow('broken');
    expect(await watch(sleep(40, 'late'), Infinity, count)).toBe('late');
    await sleep(40);
    expect(calls).toBe(0);
  });
});
