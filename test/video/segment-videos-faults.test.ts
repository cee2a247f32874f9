/** What segmentVideos() makes of wrong arguments, of files that meet, and of what fails around it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { afterAll, describe, expect, it } from 'vitest';
import { segmentVideos } from '../../packages/video/src/segment-videos.ts';
import type { SegmentedFrame } from '../../packages/video/src/segmented-frame.ts';
import type { RawFrame, VideoSource } from '../../packages/video/src/source/source.ts';
import type { SegmentVideosOptions } from '../../packages/video/src/video-options.ts';
import { temporaryFolder } from './clips.ts';
import { partialOf } from './sinks/frames.ts';
import { FakeSession, halves } from './fake-session.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

async function all(stream: AsyncIterable<SegmentedFrame>): Promise<SegmentedFrame[]> {
  const frames: SegmentedFrame[] = [];
  for await (const frame of stream) frames.push(frame);
  return frames;
}

/** Gray frames of 32×24. */
async function* pushed(count: number, then?: Error): AsyncGenerator<RawFrame> {
  for (let index = 0; index < count; index++) {
    yield await Promise.resolve({
      data: new Uint8Array(32 * 24 * 3).fill(index),
      width: 32,
      height: 24,
      timeSeconds: index / 25,
    });
  }
  if (then !== undefined) throw then;
}

describe('segmentVideos() and functions of the caller that throw', () => {
  const mine = new Error('mine');
  const thrown = (): never => {
    throw mine;
  };
  const rejected = (): undefined => Promise.reject(mine) as unknown as undefined;
  it.each<[string, SegmentVideosOptions]>([
    ['onProgress', { onProgress: thrown }],
    ['onState', { onState: thrown }],
    ['onEnd', { onEnd: thrown }],
    ['an async onProgress', { onProgress: rejected }],
    ['an async onState', { onState: rejected }],
    ['onState at the end', { onState: ({ state }) => (state === 'ended' ? thrown() : undefined) }],
  ])('throws from the iterator what %s throws, and leaves the files unfinished', async (title, options) => {
    const path = at(`${title.replaceAll(' ', '-')}.csv`);
    const stream = segmentVideos([{ source: pushed(5), csv: path }], new FakeSession(), halves, options);
    await expect(all(stream)).rejects.toBe(mine);
    expect([existsSync(path), stream.sources[0]?.files]).toEqual([false, []]);
  });

  it('throws what onState throws when the loop is left', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of segmentVideos([pushed(50)], new FakeSession(), halves, {
        onState: ({ state }) => (state === 'ended' ? thrown() : undefined),
      }))
        break;
    };
    await expect(read()).rejects.toBe(mine);
  });
});

describe('segmentVideos() with a segmenter that is gone', () => {
  const disposed = new SynsegError(
    'DISPOSED',
    'Cannot segment: segmenter must not be disposed, got a call after disposal',
  );
  it('throws its error from the iterator', async () => {
    const session = {
      inputSize: [24, 32] as const,
      share: () => {
        throw disposed;
      },
    };
    await expect(all(segmentVideos([pushed(5), pushed(5)], session, halves))).rejects.toMatchObject({
      code: 'DISPOSED',
      message: disposed.message,
    });
    await expect(all(segmentVideos([pushed(5)], session, halves, { onError: 'skip' }))).resolves.toEqual([]);
  });
});

describe('segmentVideos() and its files', () => {
  it('leaves the file of a source that failed unfinished, what was there as it was, and says so', async () => {
    writeFileSync(at('bad.csv'), 'older');
    const bad = pushed(3, new Error('lens cap on'));
    const stream = segmentVideos(
      [
        { source: bad, csv: at('bad.csv') },
        { source: pushed(6), csv: at('good.csv') },
      ],
      new FakeSession(),
      halves,
    );
    await all(stream);
    expect(readFileSync(at('bad.csv'), 'utf8')).toBe('older');
    expect(stream.sources).toMatchObject([
      { failure: expect.stringContaining('lens cap on'), files: [], unfinished: [partialOf(folder.path, 'bad.csv')] },
      { files: [at('good.csv')], unfinished: [] },
    ]);
    expect(
      readFileSync(stream.sources[0]?.unfinished[0] ?? '', 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(7);
  });

  it('has all of one of two runs into one file', async () => {
    const run = (count: number): Promise<SegmentedFrame[]> =>
      all(
        segmentVideos(
          [{ source: pushed(count), jsonl: at('twice.jsonl'), coco: at('twice.json') }],
          new FakeSession(),
          halves,
        ),
      );
    await Promise.all([run(7), run(12)]);
    expect([7, 12]).toContain(readFileSync(at('twice.jsonl'), 'utf8').trim().split('\n').length);
    expect([7, 12]).toContain(
      (JSON.parse(readFileSync(at('twice.json'), 'utf8')) as { images: unknown[] }).images.length,
    );
  });

  it('are at the size of the source where COCO and PNG files are written', async () => {
    const frames = await all(segmentVideos([{ source: pushed(1), coco: at('size.json') }], new FakeSession(), halves));
    expect([frames[0]?.segmentation.width, frames[0]?.segmentation.height]).toEqual([
      frames[0]?.sourceWidth,
      frames[0]?.sourceHeight,
    ]);
    expect(() =>
      segmentVideos([{ source: pushed(1), pngFolder: at('p') }], new FakeSession(), halves, { size: 'model' }),
    ).toThrow("Cannot segment videos: size must be 'source' with coco or pngFolder, got 'model'");
  });

  it.each([
    [
      'another file',
      { jsonl: 'out/../masks.jsonl' },
      { jsonl: 'masks.jsonl' },
      'jsonl of source 1 must be another file than jsonl of source 0',
    ],
    ['a source', { csv: 'b.mp4' }, {}, 'csv of source 0 must not be what is read'],
    [
      'a file of another kind',
      { csv: 'other.mp4' },
      {},
      'csv of source 0 must end in .csv, .tsv, .txt to replace a file',
    ],
    ['a folder of another', { pngFolder: 'maps' }, { csv: 'maps/times.csv' }, 'must be another file than'],
  ])('refuse to be %s', async (_title, first, second, message) => {
    for (const name of ['a.mp4', 'b.mp4', 'other.mp4']) writeFileSync(at(name), name);
    const files = (paths: object): object =>
      Object.fromEntries(Object.entries(paths).map(([kind, path]) => [kind, at(String(path))]));
    const sources = [
      { source: at('a.mp4'), ...files(first) },
      { source: at('b.mp4'), ...files(second) },
    ];
    await expect(all(segmentVideos(sources, new FakeSession(), halves))).rejects.toThrow(message);
    for (const name of ['a.mp4', 'b.mp4', 'other.mp4']) expect(readFileSync(at(name), 'utf8')).toBe(name);
  });

  it('refuse to be a picture of a sequence, or its folder', async () => {
    mkdirSync(at('shots'));
    for (const name of ['1.png', '2.png']) writeFileSync(at(`shots/${name}`), Buffer.from('89504e470d0a1a0a', 'hex'));
    for (const pattern of ['shots/*.png', 'shots/%d.png']) {
      await expect(
        all(segmentVideos([{ source: at(pattern), csv: at('shots/2.png') }], new FakeSession(), halves)),
      ).rejects.toThrow('csv must not be what is read');
      await expect(
        all(segmentVideos([{ source: at(pattern), pngFolder: at('shots') }], new FakeSession(), halves)),
      ).rejects.toThrow('pngFolder must not be a folder that holds what is read');
    }
  });
});

describe('segmentVideos() at the door', () => {
  const call =
    (sources: unknown, segmenter: unknown = new FakeSession(), labels: unknown = halves, options: unknown = {}) =>
    () =>
      segmentVideos(
        sources as VideoSource[],
        segmenter as FakeSession,
        labels as typeof halves,
        options as SegmentVideosOptions,
      );
  it.each([
    [call('a.mp4'), 'Cannot segment videos: sources must be a list (segmentVideo() takes one source), got "a.mp4"'],
    [call(undefined), 'sources must be a list (segmentVideo() takes one source), got undefined'],
    [call([Promise.resolve('a.mp4')]), 'Cannot open video: source must be'],
    [
      call(['a.mp4'], Promise.resolve()),
      'Cannot segment videos: segmenter must be a Segmenter (from Segmenter.load()), got a Promise (did you forget ' +
        'await?)',
    ],
    [
      call(['a.mp4'], undefined, Promise.resolve()),
      'Cannot segment videos: labels must be a LabelSet (from segmenter.labels() or LabelSet.load()), got a ' +
        'Promise (did you forget await?)',
    ],
    [
      call(['a.mp4'], undefined, ['road']),
      'labels must be a LabelSet (from segmenter.labels() or LabelSet.load()), got a list of 1',
    ],
    [
      call(['a.mp4'], Object.assign(new FakeSession(), { embeddingDim: 512 })),
      'Cannot segment videos: labels must have embeddings of 512 dimensions, got 4 (made for another checkpoint)',
    ],
    [
      call([{ source: 'a.mp4', cvs: 'b.csv' }]),
      'Cannot segment videos: sources[0] must have known names, got "cvs" (did you mean "csv"?)',
    ],
    [
      call(['a.mp4'], undefined, halves, { csv: 'b.csv' }),
      'Cannot segment videos: options must have known names, got "csv"',
    ],
    [call(['a.mp4'], undefined, halves, null), 'Cannot segment videos: options must be an object, got null'],
    [
      call(['a.mp4'], undefined, halves, { threshold: '0.5' }),
      'Cannot segment videos: threshold must be a number from 0 to 1, got "0.5"',
    ],
    [call(['a.mp4'], undefined, halves, { hold: true }), 'Cannot segment videos: hold must be an object, got true'],
    [
      call(['a.mp4'], undefined, halves, { smooth: { wieght: 1 } }),
      'Cannot segment videos: smooth must have known names, got "wieght" (did you mean "weight"?)',
    ],
    [
      call(['a.mp4'], undefined, halves, { jpeg: { quality: 0 } }),
      'Cannot segment videos: jpeg.quality must be an integer from 1 to 100, got 0',
    ],
    [
      call(['a.mp4'], undefined, halves, { onState: 'x' }),
      'Cannot segment videos: onState must be a function, got "x"',
    ],
    [
      call(['a.mp4'], undefined, halves, { signal: {} }),
      'Cannot segment videos: signal must be an AbortSignal, got an object',
    ],
    [call(['a.mp4'], undefined, halves, { render: 'rle' }), 'Cannot segment videos: render must be a list, got "rle"'],
    [
      call(['a.mp4'], undefined, halves, { legend: 'no' }),
      'Cannot segment videos: legend must be true or false, got "no"',
    ],
  ])('%#: says what was expected and what came', (made, message) => {
    expect(made).toThrow(message);
  });

  it('refuses an empty list', () => {
    expect(() => segmentVideos([], new FakeSession(), halves)).toThrow(
      'Cannot segment videos: sources must name at least one source, got none',
    );
  });

  it('refuses a source that is not there', () => {
    const stream = segmentVideos([pushed(1)], new FakeSession(), halves);
    expect(() => stream.setLabels(halves, { source: 1 })).toThrow(
      'Cannot change labels: source must be between 0 and 0, got 1',
    );
  });

  it('checks labels that change in mid-stream', () => {
    const stream = segmentVideos([pushed(1)], new FakeSession(), halves);
    expect(() => stream.setLabels(['road'] as unknown as typeof halves)).toThrow(
      'Cannot change labels: labels must be a LabelSet (from segmenter.labels()), got a list of 1',
    );
    for (const fromIndex of [-1, 0.5, NaN])
      expect(() => stream.setLabels(halves, { fromIndex })).toThrow(
        `Cannot change labels: fromIndex must be an integer of at least 0, got ${fromIndex}`,
      );
    expect(() => stream.setLabels(halves, { sourc: 3 } as object)).toThrow('did you mean "source"?');
  });
});
