import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeFrames } from '../../packages/video/src/decode/decode.ts';
import { segmentVideo } from '../../packages/video/src/segment-videos.ts';
import type { SegmentedFrame } from '../../packages/video/src/segmented-frame.ts';
import type { SegmentVideoOptions, VideoProgress } from '../../packages/video/src/video-options.ts';
import { ffmpeg, ffmpegChildren, frameTimes, inspect, temporaryFolder, testClip } from './clips.ts';
import { partialOf } from './sinks/frames.ts';
import { FakeSession, halves, outOfMemory, type FakeRequest } from './fake-session.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('clip.mp4'), { seconds: 2 });
const times = frameTimes(clip);

async function collect(
  options: SegmentVideoOptions = {},
  session = new FakeSession(),
  source = clip,
): Promise<SegmentedFrame[]> {
  const frames: SegmentedFrame[] = [];
  for await (const frame of segmentVideo(source, session, halves, options)) frames.push(frame);
  return frames;
}

const jsonLines = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('segmentVideo()', () => {
  it('yields each frame in order with its time and label map', async () => {
    const session = new FakeSession();
    const frames = await collect({}, session);
    expect(frames.map((frame) => frame.index)).toEqual(times.map((_time, index) => index));
    expect(frames.map((frame) => frame.timeSeconds)).toEqual(times);
    expect(frames[7]).toMatchObject({
      source: clip,
      sourceIndex: 0,
      held: false,
      sourceWidth: 160,
      sourceHeight: 120,
      dropped: 0,
      segmentation: { labels: ['left', 'right'], width: 32, height: 24, areas: { left: 0.5, right: 0.5 } },
    });
    expect([frames[7]?.segmentation.labelMap[0], frames[7]?.segmentation.labelMap[31]]).toEqual([0, 1]);
    expect(Object.keys(frames[7]?.segmentation.toRLE() ?? {})).toEqual(['left', 'right']);
    expect(frames[7]?.segmentation.toRLE().left?.size).toEqual([24, 32]);
    expect(Object.keys(frames[7]?.segmentation.toPolygons() ?? {})).toEqual(['left', 'right']);
    expect(frames[7]?.segmentation.mask('right').subarray(14, 18)).toEqual(Uint8Array.of(0, 0, 1, 1));
    expect(() => frames[7]?.segmentation.mask('middle')).toThrow(
      'Cannot read mask: label must be one of left, right, got "middle"',
    );
    expect(frames[7]?.latencySeconds).toBeGreaterThan(0);
    expect(session.mostInFlight).toBe(4);
  });

  it.each([1, 2])('keeps at most maxInFlight = %i frames in the segmenter', async (maxInFlight) => {
    const session = new FakeSession();
    await collect({ maxInFlight, every: 3 }, session);
    expect(session.mostInFlight).toBe(maxInFlight);
  });

  it('decodes at twice the size for five views', async () => {
    const seen = new Set<string>();
    const onRequest = ({ views, picture, decision }: FakeRequest): void => {
      seen.add(`${views} views, ${picture.pixels.length} bytes, threshold ${decision.winThresholds[0]?.toFixed(4)}`);
    };
    await collect({ views: 5, threshold: 0.3, end: 0.2 }, new FakeSession({ onRequest }));
    expect([...seen]).toEqual([`5 views, ${64 * 48 * 3} bytes, threshold ${Math.log(0.3 / 0.7).toFixed(4)}`]);
  });

  it('reports progress towards the expected number of frames', async () => {
    const seen: VideoProgress[] = [];
    await collect({ every: 2, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ frames }) => frames)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    expect(seen.at(-1)).toMatchObject({ total: 25, timeSeconds: times[48] });
  });

  it('writes an overlay with the colors blended in, the sound, and the times of the source', async () => {
    const red = ['-f', 'lavfi', '-i', 'color=black:s=64x48:r=10:d=1', '-f', 'lavfi', '-i', 'sine=d=1'];
    const black = ffmpeg(...red, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', at('black.mp4'));
    const overlay = at('out/overlay.mp4');
    await collect({ overlay, alpha: 0.5, legend: false }, new FakeSession(), black);
    expect(inspect(overlay).streams).toMatchObject([
      { width: 64, height: 48, nb_read_frames: '10' },
      { codec_name: 'aac' },
    ]);
    expect(frameTimes(overlay)).toEqual(frameTimes(black));
    for await (const { data } of decodeFrames(overlay, { size: { width: 64, height: 48 } })) {
      const pixel = (x: number): number[] => [...data.slice((24 * 64 + x) * 3, (24 * 64 + x) * 3 + 3)];
      pixel(8).forEach((value, channel) => expect(Math.abs(value - halves.colors[0]![channel]! / 2)).toBeLessThan(8));
      pixel(56).forEach((value, channel) => expect(Math.abs(value - halves.colors[1]![channel]! / 2)).toBeLessThan(8));
    }
    expect(readdirSync(at('out'))).toEqual(['overlay.mp4']);
  });

  it.each([
    ['64:45', '0', '64:45'],
    ['64:45', '90', '45:64'],
    ['10:11', '0', '10:11'],
    ['20:1', '0', '1:1'],
  ])('keeps pixels of %s, turned by %s°, in the overlay, the frames and the COCO file', async (given, turn, shown) => {
    const name = `${given}-${turn}`.replace(':', '-');
    const stored = testClip(at(`stored-${name}.mp4`), {
      size: '64x48',
      rate: 10,
      more: ['-vf', `setsar=${given.replace(':', '/')}:max=1000`],
    });
    const oblong = ffmpeg(
      '-i',
      stored,
      '-f',
      'lavfi',
      '-i',
      'sine=d=1',
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-c:v',
      'copy',
      '-metadata:s:v',
      `rotate=${turn}`,
      at(`oblong-${name}.mp4`),
    );
    const [overlay, coco] = [at(`overlay-${name}.mov`), at(`coco-${name}.json`)];
    const frames = await collect({ overlay, coco }, new FakeSession(), oblong);
    const [across = NaN, down = NaN] = shown.split(':').map(Number);
    expect(new Set(frames.map(({ pixelAspect }) => pixelAspect))).toEqual(new Set([across / down]));
    expect(inspect(overlay).streams).toMatchObject([{ sample_aspect_ratio: shown }, { codec_type: 'audio' }]);
    const { images } = JSON.parse(readFileSync(coco, 'utf8')) as { images: { pixel_aspect: number }[] };
    expect(images.map(({ pixel_aspect: aspect }) => aspect)).toEqual(frames.map(() => across / down));
  });

  it('goes on at once where the clock jumps ahead and falls back, in the overlay and the tables', async () => {
    const part = (name: string, offset: number): Buffer =>
      readFileSync(
        testClip(at(`${name}.ts`), {
          rate: 10,
          more: ['-muxdelay', '0', '-output_ts_offset', String(offset), '-f', 'mpegts'],
        }),
      );
    const jumping = at('jumping.ts');
    writeFileSync(jumping, Buffer.concat([part('first', 1), part('later', 4001), part('again', 1)]));
    const [overlay, jsonl, csv] = [at('jumping.mp4'), at('jumping.jsonl'), at('jumping.csv')];
    const ends: number[] = [];
    const frames = await collect(
      { overlay, jsonl, csv, onEnd: ({ gaps }) => ends.push(gaps) },
      new FakeSession(),
      jumping,
    );
    expect(frames).toHaveLength(30);
    expect(ends).toEqual([2]);
    const first = frames[0]?.timeSeconds ?? NaN;
    frames.forEach(({ timeSeconds }, index) => expect(timeSeconds - first).toBeCloseTo(index / 10, 5));
    expect(Number(inspect(overlay).format.duration)).toBeCloseTo(3, 1);
    expect(jsonLines(jsonl).map((line) => line.timeSeconds)).toEqual(frames.map(({ timeSeconds }) => timeSeconds));
    const kept = await collect({ maxGapSeconds: Infinity }, new FakeSession(), jumping);
    expect(kept[10]?.timeSeconds).toBeGreaterThan(4000);
  });

  it('writes masks as JSON lines', async () => {
    await collect({ jsonl: at('masks.jsonl'), every: 10 });
    const lines = jsonLines(at('masks.jsonl'));
    expect(lines.map((line) => line.index)).toEqual([0, 10, 20, 30, 40]);
    expect(lines[1]).toMatchObject({
      ...{
        source: clip,
        index: 10,
        timeSeconds: times[10],
        width: 32,
        height: 24,
        sourceWidth: 160,
        sourceHeight: 120,
      },
      areas: { left: 0.5, right: 0.5 },
      masks: { left: { size: [24, 32] }, right: { size: [24, 32] } },
    });
  });
});

describe('segmentVideo() finishes its files and ends ffmpeg', () => {
  const paths = (name: string): { overlay: string; jsonl: string } => ({
    overlay: at(`${name}.mp4`),
    jsonl: at(`${name}.jsonl`),
  });
  const expectFinished = ({ overlay, jsonl }: { overlay: string; jsonl: string }, frames: number): void => {
    expect(Number(inspect(overlay).streams[0]?.nb_read_frames)).toBe(frames);
    expect(jsonLines(jsonl)).toHaveLength(frames);
    expect(readdirSync(folder.path).filter((name) => name.includes('.partial.'))).toEqual([]);
    expect(ffmpegChildren()).toEqual([]);
  };

  it('after break', async () => {
    const files = paths('broken-off');
    for await (const { index } of segmentVideo(clip, new FakeSession(), halves, files)) {
      expect(existsSync(files.jsonl)).toBe(false);
      if (index === 9) break;
    }
    expectFinished(files, 10);
  });

  it('after an exception in the loop', async () => {
    const files = paths('thrown');
    const read = async (): Promise<void> => {
      for await (const { index } of segmentVideo(clip, new FakeSession(), halves, files))
        if (index === 4) throw new Error('mine');
    };
    await expect(read()).rejects.toThrow('mine');
    expectFinished(files, 5);
  });

  it('after abort, and throws the reason', async () => {
    const files = paths('aborted');
    const controller = new AbortController();
    let frames = 0;
    const read = async (): Promise<void> => {
      for await (const { index } of segmentVideo(clip, new FakeSession(), halves, {
        ...files,
        signal: controller.signal,
      })) {
        frames += 1;
        if (index === 6) controller.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
    expect(frames).toBeGreaterThanOrEqual(7);
    expectFinished(files, frames);
  });

  it('but leaves them under partial names after the segmenter failed, having yielded the frames before', async () => {
    const files = paths('failed');
    const onRequest = (_request: FakeRequest, number: number): void => {
      if (number === 8) throw outOfMemory();
    };
    for (const path of Object.values(files)) writeFileSync(path, 'older');
    const stream = segmentVideo(clip, new FakeSession({ onRequest }), halves, files);
    const read = async (): Promise<void> => {
      while ((await stream.next()).done !== true);
    };
    await expect(read()).rejects.toThrow('out of memory');
    for (const path of Object.values(files)) expect(readFileSync(path, 'utf8')).toBe('older');
    const [overlay = '', jsonl = ''] = stream.sources[0]?.unfinished ?? [];
    expect([overlay, jsonl, stream.sources[0]?.files]).toEqual([
      partialOf(folder.path, 'failed.mp4'),
      partialOf(folder.path, 'failed.jsonl'),
      [],
    ]);
    expect([Number(inspect(overlay).streams[0]?.nb_read_frames), jsonLines(jsonl).length]).toEqual([8, 8]);
    for (const path of [overlay, jsonl]) rmSync(path);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('and reports a failing encoder', async () => {
    const read = async (): Promise<void> => {
      for await (const { index } of segmentVideo(clip, new FakeSession(), halves, { overlay: at('encoder.mp4') })) {
        if (index === 5) ffmpegChildren().forEach((pid) => process.kill(pid, 'SIGKILL'));
      }
    };
    await expect(read()).rejects.toThrow(/ffmpeg was ended by SIGKILL/);
    expect(ffmpegChildren()).toEqual([]);
  });
});

describe('segmentVideo() rejects', () => {
  it('wrong arguments at the call', () => {
    const call =
      (options: SegmentVideoOptions, source: unknown = clip) =>
      () =>
        segmentVideo(source as string, new FakeSession(), halves, options);
    expect(call({ maxInFlight: 0 })).toThrow('Cannot segment video: maxInFlight must be a positive integer, got 0');
    expect(call({ alpha: 2 })).toThrow('Cannot segment video: alpha must be a number from 0 to 1, got 2');
    expect(call({ every: 0.5 })).toThrow('Cannot segment video: every must be a positive integer, got 0.5');
    expect(call({ workers: 0 })).toThrow('Cannot segment video: workers must be a positive integer, got 0');
    expect(call({ maxStalenessSeconds: 0 })).toThrow(
      'Cannot segment video: maxStalenessSeconds must be a number above 0, got 0',
    );
    expect(call({ policy: 'newest' as 'freshest' })).toThrow(
      'Cannot segment video: policy must be one of "auto", "every-frame", "freshest", got "newest"',
    );
    expect(call({ render: ['gif' as 'png'] })).toThrow(
      'Cannot segment video: render[0] must be one of "rle", "polygons", "png", "overlay", "jpeg", got "gif"',
    );
    expect(call({ smooth: { weight: 2 } })).toThrow(
      'Cannot segment video: smooth.weight must be a number above 0 and at most 1, got 2',
    );
    expect(call({ fsp: 3 } as SegmentVideoOptions)).toThrow(
      'Cannot segment video: options must have known names, got "fsp" (did you mean "fps"?)',
    );
    expect(call({ csv: 7 as unknown as string })).toThrow('Cannot segment video: csv must be a path, got 7');
    expect(call({}, 7)).toThrow(/^Cannot open video: source must be/);
  });

  it('files that cannot be written, and leaves none behind', async () => {
    await expect(collect({ jsonl: `${clip}/x.jsonl` })).rejects.toMatchObject({ code: 'VIDEO_ENCODE' });
    await expect(collect({ overlay: clip })).rejects.toThrow('overlay must not be what is read');
    await expect(collect({ overlay: at('y.mp4'), jsonl: `${clip}/x.jsonl` })).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
    });
    expect(existsSync(at('y.mp4'))).toBe(false);
    expect(ffmpegChildren()).toEqual([]);
  });
});
