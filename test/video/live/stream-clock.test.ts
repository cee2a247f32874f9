import { describe, expect, it } from 'vitest';
import { StreamClock } from '../../../packages/video/src/live/stream-clock.ts';

describe('StreamClock', () => {
  it('leaves one connection as it is', () => {
    const clock = new StreamClock();
    const frames = [0, 1, 3].map((index) => clock.place({ index, timeSeconds: 1.4 + index / 25, arrivedAt: index }));
    expect(frames).toEqual([0, 1, 3].map((index) => ({ index, timeSeconds: 1.4 + index / 25 })));
  });

  it('goes on by the time that has passed when a new connection begins its clock again', () => {
    const clock = new StreamClock();
    clock.place({ index: 9, timeSeconds: 100, arrivedAt: 5000 });
    clock.reconnect();
    expect(clock.place({ index: 0, timeSeconds: 1.5, arrivedAt: 8000 })).toEqual({ index: 10, timeSeconds: 103 });
    expect(clock.place({ index: 1, timeSeconds: 1.75, arrivedAt: 8001 })).toEqual({ index: 11, timeSeconds: 103.25 });
    clock.reconnect();
    expect(clock.place({ index: 2, timeSeconds: 0, arrivedAt: 8501 })).toEqual({ index: 14, timeSeconds: 103.75 });
  });

  it('keeps a clock that simply went on', () => {
    const clock = new StreamClock();
    clock.place({ index: 0, timeSeconds: 100, arrivedAt: 0 });
    clock.reconnect();
    expect(clock.place({ index: 0, timeSeconds: 107, arrivedAt: 5000 })).toEqual({ index: 1, timeSeconds: 107 });
  });

  it('cuts a jump ahead that is longer than the time that passed, and believes what did pass', () => {
    const clock = new StreamClock(10);
    const placed = [
      [0, 0],
      [12, 12_000],
      [5000, 12_040],
      [5000.5, 12_540],
      [9000, 13_540],
    ].map(([timeSeconds = 0, arrivedAt = 0], index) => clock.place({ index, timeSeconds, arrivedAt }).timeSeconds);
    [0, 12, 12.04, 12.54, 13.54].forEach((time, index) => expect(placed[index]).toBeCloseTo(time, 6));
    expect(clock.gaps).toBe(2);
    clock.reconnect();
    expect(clock.place({ index: 0, timeSeconds: 99_999, arrivedAt: 15_540 }).timeSeconds).toBeCloseTo(15.54, 6);
    expect(clock.gaps).toBe(2);
  });

  it('goes on when the sender begins again within a connection, and never goes back', () => {
    const clock = new StreamClock();
    clock.place({ index: 0, timeSeconds: 100, arrivedAt: 0 });
    const later = [
      { index: 1, timeSeconds: 99.5, arrivedAt: 40 },
      { index: 2, timeSeconds: 100, arrivedAt: 80 },
      { index: 3, timeSeconds: 2, arrivedAt: 2080 },
      { index: 4, timeSeconds: 2.5, arrivedAt: 2081 },
    ].map((frame) => clock.place(frame));
    expect(later.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    [100.001, 100.002, 102.002, 102.502].forEach((time, place) =>
      expect(later[place]?.timeSeconds).toBeCloseTo(time, 9),
    );
  });
});
