import { describe, expect, it } from 'vitest';
import { FrameClock } from '../../../packages/video/src/decode/frame-clock.ts';

const line = (tap: string, text: string): string => `[showinfo@${tap} @ 0x55d0] [info] ${text}`;
const frame = (tap: string, pts: number | string, n = 0): string =>
  line(tap, `n:${n} pts:${String(pts).padStart(7)} pts_time:x pos: 1 fmt:yuv420p`);

describe('FrameClock', () => {
  it('gives exact times in the time base, and numbers of the source', () => {
    const clock = new FrameClock(true);
    for (const tap of ['source', 'out'])
      clock.feed(line(tap, 'config in time_base: 1001/30000, frame_rate: 30000/1001'));
    for (let pts = 0; pts < 10; pts++) clock.feed(frame('source', pts, pts));
    clock.feed(frame('out', 3));
    clock.feed(frame('out', 6, 1));
    expect(clock.take()).toEqual({ index: 3, timeSeconds: 0.1001 });
    expect(clock.take()).toEqual({ index: 6, timeSeconds: 0.2002 });
    expect(clock.ready).toBe(false);
    clock.feed(frame('out', 9, 2));
    expect(clock.take().index).toBe(9);
  });

  it('takes negative times, and counts frames without any', () => {
    const clock = new FrameClock(true);
    clock.feed(line('out', 'config in time_base: 1/1000, frame_rate: 20/1'));
    for (const pts of [-80, 'NOPTS', 'NOPTS']) ['source', 'out'].forEach((tap) => clock.feed(frame(tap, pts)));
    expect([clock.take(), clock.take(), clock.take()]).toEqual([
      { index: 0, timeSeconds: -0.08 },
      { index: 1, timeSeconds: 0.05 },
      { index: 2, timeSeconds: 0.1 },
    ]);
  });

  it('leaves other lines alone', () => {
    const clock = new FrameClock(true);
    expect(clock.feed('[h264 @ 0x1] [error] n: 1 pts: 2')).toBe(false);
    expect(clock.feed(line('out', 'color_range:tv color_space:bt709'))).toBe(true);
    expect(clock.ready).toBe(false);
    expect(() => clock.take()).toThrow('internal: no frame time has arrived');
    clock.feed(frame('out', 5));
    expect(() => clock.take()).toThrow('internal: ffmpeg sent a frame of time 5 that it never decoded');
  });

  it('takes each frame of the source where nothing is selected, whatever its time', () => {
    const clock = new FrameClock(false);
    expect([clock.size, clock.frameRate]).toEqual([undefined, undefined]);
    clock.feed(line('source', 'config in time_base: 1/10, frame_rate: 10/1'));
    for (const pts of [5, 5, 1])
      clock.feed(line('source', `n:0 pts: ${pts} pts_time:x fmt:yuv420p sar:1/1 s:161x121 i:P iskey:1 type:I `));
    expect([clock.take(), clock.take(), clock.take()]).toEqual([
      { index: 0, timeSeconds: 0.5 },
      { index: 1, timeSeconds: 0.5 },
      { index: 2, timeSeconds: 0.1 },
    ]);
    expect([clock.size, clock.frameRate]).toEqual([[121, 161], 10]);
  });

  it.each([
    ['64/45', 64 / 45],
    ['0/1', 1],
    ['1/0', 1],
    ['0/0', 1],
    ['65535/1', 1],
    ['1/300', 1],
  ])('takes pixels of %s as %d', (given, aspect) => {
    const clock = new FrameClock(false);
    for (const sar of [given, '2/1']) clock.feed(line('source', `n:0 pts: 1 pts_time:x sar:${sar} s:64x48 i:P`));
    expect(clock.pixelAspect).toBe(aspect);
  });

  it('keeps the size of the first frame', () => {
    const clock = new FrameClock(false);
    for (const size of ['64x48', '32x24']) clock.feed(line('source', `n:0 pts: 1 pts_time:x sar:1/1 s:${size} i:P`));
    expect(clock.size).toEqual([48, 64]);
  });
});
