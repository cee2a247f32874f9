import { describe, expect, it } from 'vitest';
import { batchDelay, type LiveLane } from '../../../packages/video/src/pipeline/batch-window.ts';

const lane = (waitingSince: number | undefined, interval?: number): LiveLane => ({ waitingSince, interval });

describe('batchDelay()', () => {
  it('waits for nothing when each source has a frame, or there is but one', () => {
    expect(batchDelay([lane(100, 40)], 101)).toBe(0);
    expect(batchDelay([lane(100, 40), lane(99, 40)], 101)).toBe(0);
  });

  it('waits half of the shortest interval from the first arrival', () => {
    expect(batchDelay([lane(100, 40), lane(undefined, 100)], 105)).toBe(15);
    expect(batchDelay([lane(100, 40), lane(103, 33), lane(undefined, 100)], 105)).toBe(11.5);
    expect(batchDelay([lane(100, 40), lane(undefined, 100)], 130)).toBe(0);
  });

  it('waits 2 ms at least and 100 ms at most', () => {
    expect(batchDelay([lane(100, 1), lane(undefined, 1)], 100)).toBe(2);
    expect(batchDelay([lane(100, 5000), lane(undefined, 5000)], 100)).toBe(100);
  });

  it('does not wait for sources whose rate nobody knows yet', () => {
    expect(batchDelay([lane(100), lane(undefined)], 100)).toBe(0);
  });
});
