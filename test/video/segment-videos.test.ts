/** Many sources, policies and changes while the video runs; sources are pushed frames, so that everything is exact. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { SourceWithFiles } from '../../packages/video/src/pipeline/track.ts';
import { segmentVideos } from '../../packages/video/src/segment-videos.ts';
import type { SegmentedFrame } from '../../packages/video/src/segmented-frame.ts';
import type { RawFrame, VideoSource } from '../../packages/video/src/source/source.ts';
import type { SegmentVideosOptions } from '../../packages/video/src/video-options.ts';
import { temporaryFolder, testClip } from './clips.ts';
import { FakeSession, fakeLabels, halves, outOfMemory, type FakeRequest } from './fake-session.ts';

/** Frames of 32×24, one every `everyMs`; gray, of value `gray(index)`. */
async function* pushed(
  count: number,
  everyMs = 0,
  gray = (index: number): number => index,
  then?: Error,
): AsyncGenerator<RawFrame> {
  for (let index = 0; index < count; index++) {
    if (everyMs > 0) await sleep(everyMs);
    yield { data: new Uint8Array(32 * 24 * 3).fill(gray(index)), width: 32, height: 24, timeSeconds: index / 25 };
  }
  if (then !== undefined) throw then;
}

async function collect(
  sources: readonly (VideoSource | SourceWithFiles)[],
  options: SegmentVideosOptions = {},
  session = new FakeSession(),
) {
  const frames: SegmentedFrame[] = [];
  const stream = segmentVideos(sources, session, halves, options);
  for await (const frame of stream) frames.push(frame);
  return { frames, stream };
}

const indicesOf = (frames: readonly SegmentedFrame[], source: number): number[] =>
  frames.filter(({ sourceIndex }) => sourceIndex === source).map(({ index }) => index);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('segmentVideos() with every frame', () => {
  it('yields the frames of each source in order, from one session', async () => {
    const session = new FakeSession();
    const { frames, stream } = await collect([pushed(12), pushed(7), pushed(20)], {}, session);
    expect([0, 1, 2].map((source) => indicesOf(frames, source))).toEqual([upTo(12), upTo(7), upTo(20)]);
    expect(frames.every(({ dropped }) => dropped === 0)).toBe(true);
    expect(session.requests).toBe(39);
    expect(stream.sources.map(({ state, policy, frames: done, dropped }) => [state, policy, done, dropped])).toEqual([
      ['ended', 'every-frame', 12, 0],
      ['ended', 'every-frame', 7, 0],
      ['ended', 'every-frame', 20, 0],
    ]);
  });

  it('serves sources in turn: none waits for another to end', async () => {
    const { frames } = await collect([pushed(30), pushed(30)], { maxInFlight: 4 });
    const lead = frames.map((_, at) =>
      Math.abs(indicesOf(frames.slice(0, at), 0).length - indicesOf(frames.slice(0, at), 1).length),
    );
    expect(Math.max(...lead)).toBeLessThan(12);
  });

  it('goes on without a source that fails, and throws when all have failed', async () => {
    const bad = (): AsyncGenerator<RawFrame> => pushed(3, 0, undefined, new Error('lens cap on'));
    const { frames, stream } = await collect([bad(), pushed(6)]);
    expect([indicesOf(frames, 0), indicesOf(frames, 1)]).toEqual([upTo(3), upTo(6)]);
    expect(stream.sources[0]).toMatchObject({
      state: 'failed',
      frames: 3,
      failure: expect.stringContaining('lens cap on'),
    });
    await expect(collect([bad(), bad()])).rejects.toThrow('lens cap on');
  });

  it('says in one line why a file cannot be read', async () => {
    const folder = temporaryFolder();
    const broken = join(folder.path, 'broken.mp4');
    writeFileSync(broken, readFileSync(testClip(join(folder.path, 'whole.mp4'))).subarray(0, 2000));
    const { stream } = await collect([broken, pushed(3)]);
    expect(stream.sources[0]?.failure).toMatch(/^Cannot decode video ".*broken\.mp4": .*moov atom not found; .*$/);
    expect(stream.sources[0]?.failure).not.toMatch(/\n|@ 0x/);
    folder.remove();
  });

  it('reads many files a few at a time, and warns of no leak', async () => {
    const folder = temporaryFolder();
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): unknown => warnings.push(name);
    process.on('warning', onWarning);
    try {
      const clip = testClip(join(folder.path, 'clip.mp4'), { size: '32x24', seconds: 0.2 });
      let open = 0;
      let most = 0;
      const { frames } = await collect(
        Array.from({ length: 14 }, () => clip),
        {
          workers: 1,
          onState: ({ state, previous }) => {
            if (previous === undefined) open += 1;
            if (state === 'ended') open -= 1;
            most = Math.max(most, open);
          },
        },
      );
      expect(frames.map(({ sourceIndex, index }) => sourceIndex * 5 + index).sort((a, b) => a - b)).toEqual(upTo(70));
      expect(most).toBe(3);
      const cameras = await collect(
        Array.from({ length: 14 }, () => pushed(2)),
        { signal: new AbortController().signal },
      );
      expect(cameras.frames).toHaveLength(28);
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', onWarning);
      folder.remove();
    }
  });

  it('makes the source wait for a slow consumer', async () => {
    let made = 0;
    const source = (async function* () {
      for await (const frame of pushed(40)) {
        made += 1;
        yield frame;
      }
    })();
    let seen = 0;
    for await (const _frame of segmentVideos([source], new FakeSession(), halves, { maxInFlight: 2 })) {
      seen += 1;
      await sleep(3);
      expect(made - seen).toBeLessThanOrEqual(6);
    }
    expect(seen).toBe(40);
  });
});

describe('segmentVideos() with the freshest frame', () => {
  it('counts what it drops: frames sent = delivered + dropped', async () => {
    const session = new FakeSession({ milliseconds: 30, serial: true });
    const { frames, stream } = await collect([pushed(60, 5), pushed(25, 12)], { policy: 'freshest' }, session);
    for (const [source, sent] of [60, 25].entries()) {
      const own = frames.filter(({ sourceIndex }) => sourceIndex === source);
      const report = stream.sources[source];
      expect(own.length).toBeLessThan(sent);
      expect(report).toMatchObject({ frames: own.length, dropped: sent - own.length, policy: 'freshest' });
      // The last frame is never lost: nothing newer came after it.
      expect(own.at(-1)?.index).toBe(sent - 1);
      // Each frame says how many are missing before it.
      own.forEach((frame, at) => expect(frame.dropped).toBe(frame.index - (own[at - 1]?.index ?? -1) - 1));
    }
  });

  it('does not let a source that is silent hold up the others', async () => {
    let [begin, release] = [(): void => {}, (): void => {}];
    const silent = (async function* (): AsyncGenerator<RawFrame> {
      yield* pushed(1);
      await new Promise<void>((resolve) => (release = resolve));
    })();
    const busy = (async function* (): AsyncGenerator<RawFrame> {
      await new Promise<void>((resolve) => (begin = resolve));
      yield* pushed(20, 40);
    })();
    const frames: SegmentedFrame[] = [];
    for await (const frame of segmentVideos([silent, busy], new FakeSession(), halves, { policy: 'freshest' })) {
      frames.push(frame);
      if (frame.sourceIndex === 0) begin();
      if (frame.index === 19) release();
    }
    expect(indicesOf(frames, 0)).toEqual([0]);
    expect(indicesOf(frames, 1).length).toBeGreaterThan(3);
  });

  it('drops results that are older than the bound', async () => {
    const slowAtTimes = new (class extends FakeSession {})({ milliseconds: 80, serial: true });
    const { frames, stream } = await collect(
      [pushed(50, 8)],
      { policy: 'freshest', maxStalenessSeconds: 0.12 },
      slowAtTimes,
    );
    expect(frames.every(({ latencySeconds }) => latencySeconds <= 0.13)).toBe(true);
    expect(stream.sources[0]?.frames).toBe(frames.length);
    expect((stream.sources[0]?.frames ?? 0) + (stream.sources[0]?.dropped ?? 0)).toBe(50);
  });

  it('leaves a slow consumer with the newest frame', async () => {
    const stream = segmentVideos([pushed(100, 4)], new FakeSession({ milliseconds: 1 }), halves, {
      policy: 'freshest',
    });
    const indices: number[] = [];
    for await (const { index } of stream) {
      indices.push(index);
      await sleep(40);
    }
    expect(indices.at(-1)).toBe(99);
    expect(indices.length).toBeLessThan(30);
    expect(stream.sources[0]).toMatchObject({ frames: indices.length, dropped: 100 - indices.length });
  });
});

describe('segmentVideos() changes labels in mid-stream', () => {
  const others = fakeLabels('sky', 'road', 'car');

  it('from the stated frame on', async () => {
    const stream = segmentVideos([pushed(20), pushed(20)], new FakeSession(), halves);
    stream.setLabels(others, { fromIndex: 12, source: 1 });
    const frames: SegmentedFrame[] = [];
    for await (const frame of stream) frames.push(frame);
    const changed = frames
      .filter(({ segmentation: { labels } }) => labels.join() === 'sky,road,car')
      .map(({ sourceIndex, index }) => `${sourceIndex}:${index}`);
    expect(changed).toEqual(upTo(8).map((index) => `1:${index + 12}`));
    expect(Object.keys(frames.at(-1)?.segmentation.areas ?? {})).toHaveLength(
      frames.at(-1)?.segmentation.labels.length ?? 0,
    );
  });

  it('at once, frames under way keep theirs', async () => {
    const stream = segmentVideos([pushed(20)], new FakeSession(), halves, { maxInFlight: 4 });
    const labels: string[] = [];
    for await (const frame of stream) {
      if (frame.index === 5) stream.setLabels(others);
      labels.push(frame.segmentation.labels.join());
    }
    const first = labels.indexOf('sky,road,car');
    expect(first).toBeGreaterThan(5);
    expect(first).toBeLessThanOrEqual(10);
    expect(new Set(labels.slice(first))).toEqual(new Set(['sky,road,car']));
  });
});

describe('segmentVideos() when frames cannot be segmented', () => {
  const onRequest = (_request: FakeRequest, number: number): void => {
    if (number % 5 === 2) throw outOfMemory();
  };

  it('passes over them and counts them with onError: skip', async () => {
    const { frames, stream } = await collect([pushed(15)], { onError: 'skip' }, new FakeSession({ onRequest }));
    expect(frames.map(({ index }) => index)).toEqual([0, 1, 3, 4, 5, 6, 8, 9, 10, 11, 13, 14]);
    expect(frames.map(({ dropped }) => dropped)).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
    expect(stream.sources[0]).toMatchObject({ frames: 12, errors: 3, dropped: 0 });
  });

  it('throws otherwise, after the frames before it', async () => {
    const indices: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { index } of segmentVideos([pushed(15)], new FakeSession({ onRequest }), halves))
        indices.push(index);
    };
    await expect(read()).rejects.toMatchObject({ code: 'INFERENCE', message: 'out of memory' });
    expect(indices).toEqual([0, 1]);
  });
});

describe('segmentVideos() over time', () => {
  it('holds results while the picture stands still, and says so', async () => {
    const session = new FakeSession();
    const { frames } = await collect(
      [pushed(30, 0, (index) => (index < 15 ? 100 : 180))],
      { hold: { maxFrames: 10 } },
      session,
    );
    expect(frames.filter(({ held }) => !held).map(({ index }) => index)).toEqual([0, 10, 15, 25]);
    expect(session.requests).toBe(4);
    expect(frames.every(({ segmentation: { areas } }) => areas.left === 0.5)).toBe(true);
  });

  it('spends no key frame on a frame that is held', async () => {
    const views: number[] = [];
    const session = new FakeSession({
      onRequest: (request) => void views.push(request.views),
      milliseconds: 1,
      serial: true,
    });
    await collect(
      [pushed(12, 0, (index) => 50 + 40 * Math.floor(index / 4))],
      { keyframes: { every: 2 }, hold: {}, maxInFlight: 1 },
      session,
    );
    expect(views).toEqual([5, 5, 5]);
  });

  it('segments again when the labels change while it holds', async () => {
    const stream = segmentVideos([pushed(10, 0, () => 50)], new FakeSession(), halves, { hold: {} });
    stream.setLabels(fakeLabels('a', 'b'), { fromIndex: 4 });
    const fresh: number[] = [];
    for await (const { held, index } of stream) if (!held) fresh.push(index);
    expect(fresh).toEqual([0, 4]);
  });

  it('smooths in order, whatever order the model answers in', async () => {
    const { frames } = await collect([pushed(12)], { smooth: { weight: 0.5 }, render: ['rle'] });
    expect(frames.map(({ index }) => index)).toEqual(upTo(12));
    expect(
      frames.every(({ segmentation }) => segmentation.areas.left === 0.5 && segmentation.toRLE().right !== undefined),
    ).toBe(true);
  });

  it('takes five views for key frames', async () => {
    const views: number[] = [];
    const session = new FakeSession({
      onRequest: (request) => void views.push(request.views),
      milliseconds: 1,
      serial: true,
    });
    const { frames } = await collect(
      [pushed(9, 0, () => 50)],
      { keyframes: { every: 4 }, smooth: {}, maxInFlight: 1 },
      session,
    );
    expect(views).toEqual([5, 1, 1, 1, 5, 1, 1, 1, 5]);
    expect(new Set(frames.map(({ segmentation: { width, height } }) => `${width}x${height}`))).toEqual(
      new Set(['32x24']),
    );
  });
});

describe('segmentVideos() computes in its threads', () => {
  it('what was asked for, and nothing else', async () => {
    const { frames } = await collect([pushed(2)], {
      render: ['rle', 'polygons', 'png', 'overlay', 'jpeg'],
      size: 'source',
      legend: false,
    });
    const [frame] = frames;
    const segmentation = frame?.segmentation;
    expect([segmentation?.width, segmentation?.height, frame?.overlay?.length]).toEqual([32, 24, 32 * 24 * 3]);
    expect([(await segmentation?.toPNG())?.subarray(1, 4), frame?.jpeg?.subarray(0, 2)]).toEqual(
      [Buffer.from('PNG'), Buffer.from([0xff, 0xd8])].map((part) => new Uint8Array(part)),
    );
    expect(Object.keys(segmentation?.toPolygons() ?? {})).toEqual(['left', 'right']);
    const plain = (await collect([pushed(1)])).frames[0];
    expect([plain?.overlay, plain?.jpeg]).toEqual([undefined, undefined]);
    // What was made before is given, what was not is made at each call.
    expect(segmentation?.toRLE()).toBe(segmentation?.toRLE());
    expect(segmentation?.toPolygons()).toBe(segmentation?.toPolygons());
    expect(plain?.segmentation.toRLE()).not.toBe(plain?.segmentation.toRLE());
    expect(plain?.segmentation.toPolygons()).not.toBe(plain?.segmentation.toPolygons());
  });
});

describe('segmentVideos() ends', () => {
  it('at the signal, also when it comes before or between frames', async () => {
    const reason = new Error('enough');
    await expect(collect([pushed(5)], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 60);
    const stream = segmentVideos([pushed(1000, 10)], new FakeSession(), halves, { signal: controller.signal });
    const read = async (): Promise<void> => {
      while ((await stream.next()).done !== true);
    };
    await expect(read()).rejects.toBe(reason);
    expect(stream.sources[0]).not.toHaveProperty('failure');
  });

  it('when it is disposed, closing its sources, even if it was never read', async () => {
    let closed = 0;
    const source = async function* (): AsyncGenerator<RawFrame> {
      try {
        yield* pushed(1000, 1);
      } finally {
        closed += 1;
      }
    };
    {
      await using stream = segmentVideos([source(), source()], new FakeSession(), halves);
      await stream.next();
    }
    expect(closed).toBe(2);
    const stream = segmentVideos([source()], new FakeSession({ milliseconds: 60_000 }), halves);
    const waiting = stream.next();
    await sleep(100);
    await stream.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await segmentVideos([source()], new FakeSession(), halves)[Symbol.asyncDispose]();
  });
});
