import { describe, expect, it } from 'vitest';
import { FrameBuffer } from '../../../packages/video/src/pipeline/frame-buffer.ts';

/** True if the promise settles before other work gets its turn. */
const isSettled = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 5))]);

describe('a frame buffer', () => {
  it('lets the source wait when every frame is wanted, and drops none', async () => {
    const buffer = new FrameBuffer<number>();
    buffer.policy = 'every-frame';
    expect(await isSettled(buffer.offer(1))).toBe(true);
    const second = buffer.offer(2);
    expect(await isSettled(second)).toBe(false);
    expect(buffer.next).toBe(1);
    expect(buffer.take()).toEqual({ frame: 1, dropped: 0 });
    expect(await second).toBe(true);
    expect(buffer.take()).toEqual({ frame: 2, dropped: 0 });
    expect(buffer.take()).toBeUndefined();
  });

  it('keeps the freshest frame and counts those it replaced, exactly', async () => {
    const buffer = new FrameBuffer<number>();
    buffer.policy = 'freshest';
    for (const frame of [1, 2, 3]) expect(await buffer.offer(frame)).toBe(true);
    expect(buffer.take()).toEqual({ frame: 3, dropped: 2 });
    await buffer.offer(4);
    expect(buffer.take()).toEqual({ frame: 4, dropped: 0 });
    expect(buffer.take()).toBeUndefined();
  });

  it('lets a waiting source go when it is closed', async () => {
    const buffer = new FrameBuffer<number>();
    await buffer.offer(1);
    const waiting = buffer.offer(2);
    buffer.close();
    expect(await waiting).toBe(false);
    expect(buffer.next).toBeUndefined();
  });
});
