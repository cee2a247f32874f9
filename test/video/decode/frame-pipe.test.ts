import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FramePipe } from '../../../packages/video/src/decode/frame-pipe.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('FramePipe', () => {
  it('cuts chunks of any size into frames', async () => {
    const stream = new PassThrough();
    const pipe = new FramePipe(stream, 4, () => {});
    pipe.await();
    for (const chunk of [[0], [1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12]]) stream.write(Uint8Array.from(chunk));
    await settle();
    expect(pipe.ready).toBe(3);
    expect([pipe.take(), pipe.take(), pipe.take()].map(({ data }) => [...data])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
  });

  it('stops reading at two frames while nobody waits, and goes on when they are taken', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const pipe = new FramePipe(stream, 4, () => {});
    for (let frame = 0; frame < 10; frame++) stream.write(new Uint8Array(4).fill(frame));
    await settle();
    expect([pipe.ready, stream.isPaused()]).toEqual([2, true]);
    expect(pipe.take().data[0]).toBe(0);
    pipe.relax();
    await settle();
    expect([pipe.ready, stream.isPaused()]).toEqual([2, true]);
    pipe.await();
    await settle();
    expect(pipe.ready).toBe(9);
  });

  it('is exhausted at the end, a part of a frame dropped', async () => {
    const stream = new PassThrough();
    let changes = 0;
    const pipe = new FramePipe(stream, 4, () => (changes += 1));
    stream.end(new Uint8Array(6));
    await settle();
    await settle();
    expect([pipe.ready, pipe.exhausted]).toEqual([1, false]);
    pipe.take();
    expect(pipe.exhausted).toBe(true);
    expect(changes).toBeGreaterThanOrEqual(2);
  });

  it('holds what comes before the size of a frame is known', async () => {
    const stream = new PassThrough();
    const pipe = new FramePipe(stream, undefined, () => {});
    pipe.await();
    stream.write(Uint8Array.from([1, 2, 3]));
    await settle();
    expect([pipe.ready, stream.isPaused()]).toEqual([0, true]);
    pipe.setFrameBytes(2);
    stream.end(Uint8Array.from([4]));
    await settle();
    expect([pipe.take(), pipe.take()].map(({ data }) => [...data])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('says when each frame was complete', async () => {
    const stream = new PassThrough();
    const pipe = new FramePipe(stream, 2, () => {});
    const before = performance.now();
    stream.write(new Uint8Array(2));
    await settle();
    const { arrivedAt } = pipe.take();
    expect(arrivedAt).toBeGreaterThanOrEqual(before);
    expect(arrivedAt).toBeLessThanOrEqual(performance.now());
  });
});
