import { describe, expect, it } from 'vitest';
import type {
  DecodeEnd,
  DecodeOptions,
  OpenedSource,
  VideoFrame,
} from '../../../packages/video/src/decode/decode-options.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import type { RawFrame } from '../../../packages/video/src/source/source.ts';

/** Gray pictures of 4 × 2, the n-th of value n, half a second apart; says when it is closed. */
class Pushed implements AsyncIterable<RawFrame> {
  closed = 0;
  asked = 0;
  readonly #count: number;
  readonly #change: (frame: RawFrame, index: number) => unknown;

  constructor(count: number, change: (frame: RawFrame, index: number) => unknown = (frame) => frame) {
    this.#count = count;
    this.#change = change;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RawFrame, void, undefined> {
    try {
      for (let index = 0; index < this.#count; index++) {
        this.asked += 1;
        await Promise.resolve();
        yield this.#change(
          { data: new Uint8Array(24).fill(index), width: 4, height: 2, timeSeconds: index / 2 },
          index,
        ) as RawFrame;
      }
    } finally {
      this.closed += 1;
    }
  }
}

async function collect(source: AsyncIterable<RawFrame>, options: Partial<DecodeOptions> = {}): Promise<VideoFrame[]> {
  const frames: VideoFrame[] = [];
  for await (const frame of decodeFrames(source, { size: { width: 32, height: 24 }, ...options })) frames.push(frame);
  return frames;
}

describe('decodeFrames() of pushed frames', () => {
  it('hands them on as they are, with their numbers and times', async () => {
    let info: OpenedSource | undefined;
    let end: DecodeEnd | undefined;
    const source = new Pushed(3);
    const frames = await collect(source, {
      fullResolution: true,
      onOpen: (value) => (info = value),
      onEnd: (value) => (end = value),
    });
    expect(frames.map(({ index, timeSeconds, data }) => [index, timeSeconds, data[0]])).toEqual([
      [0, 0, 0],
      [1, 0.5, 1],
      [2, 1, 2],
    ]);
    expect(frames[0]).toMatchObject({ width: 4, height: 2, sourceWidth: 4, sourceHeight: 2 });
    expect(frames[1]?.full).toEqual(frames[1]?.data);
    expect(frames[1]?.full?.buffer).not.toBe(frames[1]?.data.buffer);
    expect([info, end]).toEqual([
      { width: 4, height: 2, pixelAspect: 1, frameRate: 25, live: false },
      { frames: 3, complaints: '', corrupt: 0, gaps: 0 },
    ]);
    expect(source.closed).toBe(1);
  });

  it('copies views into a buffer that the pusher fills again, and takes other formats', async () => {
    const ring = new Uint8Array(48);
    const source = new Pushed(4, ({ timeSeconds = 0 }, index) => {
      const data = ring.subarray((index % 2) * 24, (index % 2) * 24 + 8).fill(index + 1);
      return { data, width: 4, height: 2, timeSeconds, format: 'gray' };
    });
    const frames = await collect(source, { fullResolution: true });
    expect(frames.map(({ data }) => data)).toEqual([1, 2, 3, 4].map((value) => new Uint8Array(24).fill(value)));
    expect(frames.map(({ full }) => full?.length)).toEqual([24, 24, 24, 24]);
  });

  it('counts seconds from the first one where they have no time', async () => {
    const frames = await collect(new Pushed(3, ({ data, width, height }) => ({ data, width, height })));
    expect(frames[0]?.timeSeconds).toBe(0);
    frames
      .slice(1)
      .forEach(({ timeSeconds }, place) =>
        expect(timeSeconds).toBeGreaterThanOrEqual(frames[place]?.timeSeconds ?? NaN),
      );
  });

  it('refuses pictures that are too large, before they are copied', async () => {
    const message = (index: number, limit: number, size: string): string =>
      `Cannot read pushed frames: width × height of frame ${index} must be at most ${limit} pixels (maxPixels), ` +
      `got ${size}`;
    await expect(collect(new Pushed(1), { maxPixels: 7 })).rejects.toThrow(message(0, 7, '4 × 2'));
    const huge = new Pushed(2, (frame, index) => (index === 0 ? frame : { ...frame, width: 1e9, height: 1 }));
    await expect(collect(huge)).rejects.toThrow(message(1, 100_000_000, '1000000000 × 1'));
    expect(huge.closed).toBe(1);
  });

  it('moves times on that fall, and cuts those that run ahead of the clock', async () => {
    let end: DecodeEnd | undefined;
    const times = [0, 0.5, 900, 900.5, 0.2, 0.7];
    const source = new Pushed(6, ({ data, width, height }, index) => ({
      data,
      width,
      height,
      timeSeconds: times[index] ?? NaN,
    }));
    const frames = await collect(source, { onEnd: (value) => (end = value) });
    expect(frames.map(({ timeSeconds }) => Number(timeSeconds.toFixed(6)))).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
    expect(end?.gaps).toBe(2);
    const kept = await collect(
      new Pushed(2, ({ data, width, height }, index) => ({ data, width, height, timeSeconds: index * 900 })),
      { maxGapSeconds: 1000 },
    );
    expect(kept[1]?.timeSeconds).toBe(900);
  });

  it('selects, and closes the source behind the end', async () => {
    const source = new Pushed(1000);
    const frames = await collect(source, { start: 1, end: 4, every: 2 });
    expect(frames.map(({ index }) => index)).toEqual([2, 4, 6]);
    expect([source.asked, source.closed]).toEqual([9, 1]);
  });

  it('selects so many frames per second', async () => {
    const all = await collect(new Pushed(9));
    const chosen = await collect(new Pushed(9), { fps: 1 });
    const turns = all.map(({ timeSeconds }) => Math.floor(timeSeconds + 1e-3));
    expect(chosen.map(({ index }) => index)).toEqual(
      all.filter((_, at) => turns[at] !== turns[at - 1]).map(({ index }) => index),
    );
    expect(chosen.length).toBeLessThan(all.length);
  });

  it('asks for one only when one is wanted, and closes the source on leaving', async () => {
    const source = new Pushed(1000);
    for await (const { index } of decodeFrames(source, { size: { width: 8, height: 8 } })) if (index === 4) break;
    expect([source.asked, source.closed]).toEqual([5, 1]);
  });

  it('closes the source on abort, even while it waits for a picture', async () => {
    const controller = new AbortController();
    let closed = false;
    const silent: AsyncIterable<RawFrame> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          closed = true;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(collect(silent, { signal: controller.signal })).rejects.toThrow('enough');
    expect(closed).toBe(true);
    await expect(collect(new Pushed(1), { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });

  it('passes on what the source throws', async () => {
    const failing = new Pushed(5, (frame, index) => {
      if (index === 2) throw new Error('the robot fell over');
      return frame;
    });
    await expect(collect(failing)).rejects.toThrow('the robot fell over');
    expect(failing.closed).toBe(1);
  });

  it.each([
    ['too few bytes', { data: new Uint8Array(23), width: 4, height: 2 }, 'hold 24 bytes for 4 × 2 rgb, got 23'],
    ['no bytes', { data: [1, 2, 3], width: 1, height: 1 }, 'hold its pixels in a Uint8Array, got a list of 3'],
    [
      'the bytes of another format',
      { data: new Uint8Array(24), width: 4, height: 2, format: 'nv12' },
      'hold 12 bytes for 4 × 2 nv12, got 24',
    ],
    [
      'a format that is none',
      { data: new Uint8Array(24), width: 4, height: 2, format: 'yuyv' },
      'have a format of rgb, bgr, rgba, bgra, gray, nv12, i420, got "yuyv"',
    ],
    [
      'a promise of pixels',
      { data: Promise.resolve(new Uint8Array(24)), width: 4, height: 2 },
      'hold its pixels in a Uint8Array, got a Promise (did you forget await?)',
    ],
    ['no width', { data: new Uint8Array(24), height: 2 }, 'have a width in positive whole pixels, got undefined'],
    [
      'a height that is no number of pixels',
      { data: new Uint8Array(24), width: 4, height: 1.5 },
      'have a height in positive whole pixels, got 1.5',
    ],
    [
      'a time that is none',
      { data: new Uint8Array(24), width: 4, height: 2, timeSeconds: NaN },
      'have a finite timeSeconds, got NaN',
    ],
    ['nothing', null, 'be { data, width, height }, got null'],
  ])('refuses a frame with %s, and closes the source', async (_what, frame, rule) => {
    const source = new Pushed(5, (good, index) => (index === 1 ? frame : good));
    await expect(collect(source)).rejects.toThrow(new TypeError(`Cannot read pushed frames: frame 1 must ${rule}`));
    expect(source.closed).toBe(1);
  });
});
