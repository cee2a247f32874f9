import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { raceSignal } from '../../../packages/core/src/guard/race-signal.ts';

const forever = new Promise<never>(() => undefined);

test("raceSignal() leaves work with the signal's reason, whatever that is, and no listener behind", async () => {
  for (const reason of [new Error('enough'), 'text', null, 0]) {
    const controller = new AbortController();
    const left = raceSignal(forever, controller.signal);
    controller.abort(reason);
    await expect(left).rejects.toBe(reason);
    await expect(raceSignal(Promise.resolve(1), controller.signal), 'aborted before').rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  }
});

test('raceSignal() passes on what the work comes to', async () => {
  const { signal } = new AbortController();
  await expect(raceSignal(Promise.resolve(5), signal)).resolves.toBe(5);
  await expect(raceSignal(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
  await expect(raceSignal(Promise.resolve(5), undefined)).resolves.toBe(5);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
