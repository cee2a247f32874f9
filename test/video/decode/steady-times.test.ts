import { describe, expect, it } from 'vitest';
import { SteadyTimes } from '../../../packages/video/src/decode/frame-clock.ts';

/** Times as placed, to the microsecond, and the gaps that were cut. */
function placed(times: readonly number[], maxGap?: number, frame?: number): [readonly number[], number] {
  const steady = new SteadyTimes(maxGap, frame);
  return [times.map((time) => Math.round(steady.place(time) * 1e6) / 1e6), steady.gaps];
}

describe('SteadyTimes', () => {
  it('leaves times as they are, exactly, where no frame comes before the one it follows', () => {
    const steady = new SteadyTimes();
    const times = [-0.3, 0.1 + 0.2, 0.3 + 1 / 3, 0.3 + 1 / 3, 9.5];
    expect(times.map((time) => steady.place(time))).toEqual(times);
    expect(steady.gaps).toBe(0);
  });

  it('cuts a jump ahead and one back, each to the step before', () => {
    expect(placed([0, 0.08, 5000, 5000.08, 0.1, 0.18])).toEqual([[0, 0.08, 0.16, 0.24, 0.32, 0.4], 2]);
  });

  it('cuts a jump at the very beginning to what a frame lasts', () => {
    expect(placed([7, 8000, 8000.04], 10, 0.04)).toEqual([[7, 7.04, 7.08], 1]);
  });

  it('lets frames wait that came in disorder', () => {
    expect(placed([0, 0.04, 0.12, 0.08, 0.16])).toEqual([[0, 0.04, 0.12, 0.12, 0.16], 0]);
  });

  it('believes gaps up to the bound, what passed elsewhere, and the pace of slow recordings', () => {
    expect(placed([0, 10, 20.001])).toEqual([[0, 10, 10.04], 1]);
    expect(placed([0, 5, 7], 3)).toEqual([[0, 0.04, 2.04], 1]);
    expect(placed([0, 60, 120, 240], 10, 60)).toEqual([[0, 60, 120, 240], 0]);
    expect(placed([0, 4000, 8000], Infinity)).toEqual([[0, 4000, 8000], 0]);
    const steady = new SteadyTimes(10);
    expect([steady.place(0), steady.place(30, 25), steady.gaps]).toEqual([0, 30, 0]);
  });
});
