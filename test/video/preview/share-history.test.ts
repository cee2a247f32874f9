import { describe, expect, it } from 'vitest';
import { ShareHistory } from '../../../packages/video/src/preview/share-history.ts';

describe('ShareHistory', () => {
  it('makes one sample of the frames of half a second, the first frame at once', () => {
    const history = new ShareHistory();
    expect(history.add({ road: 0.5 }, 1000)).toEqual({ road: 0.5 });
    expect(history.add({ road: 0.1 }, 1200)).toBeUndefined();
    expect(history.add({ road: 0.2, car: 0.4 }, 1400)).toBeUndefined();
    expect(history.add({ road: 0.6, car: 0.2 }, 1500)).toEqual({ road: 0.3, car: 0.3 });
    expect(history.recent(2000)).toEqual([
      { ageSeconds: 1, areas: { road: 0.5 } },
      { ageSeconds: 0.5, areas: { road: 0.3, car: 0.3 } },
    ]);
  });

  it('forgets what is older than a minute', () => {
    const history = new ShareHistory();
    for (let second = 0; second <= 300; second++) history.add({ road: second / 1000 }, second * 1000);
    const samples = history.recent(300_000);
    expect([samples.length, samples[0], samples.at(-1)]).toEqual([
      61,
      { ageSeconds: 60, areas: { road: 0.24 } },
      { ageSeconds: 0, areas: { road: 0.3 } },
    ]);
    expect(history.recent(330_000).length).toBe(31);
  });
});
