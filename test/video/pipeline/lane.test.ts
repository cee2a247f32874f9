import { describe, expect, it } from 'vitest';
import type { LabelSet } from '@synseg/core';
import type { VideoFrame } from '../../../packages/video/src/decode/decode-options.ts';
import type { SourceReader } from '../../../packages/video/src/live/source-reader.ts';
import type { FrameResult, FrameWork } from '../../../packages/video/src/pipeline/frame-work.ts';
import { Lane, type Policy } from '../../../packages/video/src/pipeline/lane.ts';

/** Other work gets its turn. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A lane whose reader gives the frames of `numbers`, and counts those that it was asked for. */
function laneOf(numbers: readonly number[], policy: Policy) {
  const facts = { width: 1, height: 1, sourceWidth: 1, sourceHeight: 1, pixelAspect: 1, arrivedAt: performance.now() };
  const read: number[] = [];
  const reader: Pick<SourceReader, 'frames' | 'name' | 'live' | 'state' | 'corrupt' | 'gaps' | 'reconnects'> = {
    ...({ name: 'a', live: policy === 'freshest', state: 'running', corrupt: 0, gaps: 0, reconnects: 0 } as const),
    async *frames(): AsyncGenerator<VideoFrame, void, undefined> {
      for (const index of numbers) {
        read.push(index);
        yield { ...facts, index, timeSeconds: index, data: new Uint8Array(3) };
        await Promise.resolve();
      }
    },
  };
  const seen: number[] = [];
  const result = { labelMap: new Uint8Array(1), width: 1, height: 1, held: false, areas: {}, background: 0 };
  const work: Pick<FrameWork, 'run'> = {
    run: ({ index }): Promise<FrameResult> => {
      seen.push(index);
      return Promise.resolve(result);
    },
  };
  const lane = new Lane({
    ...{ index: 0, reader: reader as SourceReader, work: work as FrameWork, policy, limit: () => 8 },
    ...{ maxStalenessSeconds: Infinity, canWait: true, onError: 'throw' },
    labels: { names: ['road'], colors: [[0, 0, 0]] } as unknown as LabelSet,
  });
  return { lane, read, seen };
}

describe('Lane', () => {
  it('lets the source wait when every frame is wanted, and drops none', async () => {
    const { lane, read, seen } = laneOf([1, 2, 3, 4], 'every-frame');
    lane.start(() => {});
    await turn();
    expect(read).toEqual([1, 2]);
    expect(lane.dispatch()).toBe(true);
    await turn();
    expect(read).toEqual([1, 2, 3]);
    for (let count = 0; count < 3; count++) {
      expect(lane.dispatch()).toBe(true);
      await turn();
    }
    expect(lane.dispatch()).toBe(false);
    expect([seen, lane.report.dropped]).toEqual([[1, 2, 3, 4], 0]);
    expect([lane.take(), lane.take()].map((frame) => [frame?.index, frame?.dropped])).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it('keeps the freshest frame and counts those it replaced, exactly', async () => {
    const { lane, read, seen } = laneOf([1, 2, 3], 'freshest');
    lane.start(() => {});
    await turn();
    expect(read).toEqual([1, 2, 3]);
    expect([lane.dispatch(), lane.dispatch()]).toEqual([true, false]);
    await turn();
    const frame = lane.take();
    expect([seen, frame?.index, frame?.dropped, lane.report.dropped]).toEqual([[3], 3, 2, 2]);
    expect(lane.finished).toBe(true);
  });

  it('lets a waiting source go when it is closed', async () => {
    const { lane, read } = laneOf([1, 2, 3], 'every-frame');
    lane.start(() => {});
    await turn();
    await lane.close();
    expect([read, lane.dispatch(), lane.stage]).toEqual([[1, 2], false, 'ended']);
  });
});
