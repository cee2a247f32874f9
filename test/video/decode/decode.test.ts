import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DecodeEnd, DecodeOptions, VideoFrame } from '../../../packages/video/src/decode/decode-options.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { ffmpeg, ffmpegChildren, frameTimes, temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

async function collect(file: string, options: Partial<DecodeOptions> = {}): Promise<VideoFrame[]> {
  const frames: VideoFrame[] = [];
  for await (const frame of decodeFrames(file, { size: { width: 32, height: 24 }, ...options })) frames.push(frame);
  return frames;
}

async function expectFrameExact(file: string): Promise<VideoFrame[]> {
  const expected = frameTimes(file);
  const frames = await collect(file);
  expect(frames.map((frame) => frame.index)).toEqual(expected.map((_time, index) => index));
  expect(frames.map((frame) => frame.timeSeconds)).toEqual(expected);
  return frames;
}

const variableRate = [
  '-vf',
  "select='not(mod(n,7))+lt(mod(n,11),4)',setpts='PTS+if(gt(N,20),0.137/TB,0)'",
  '-vsync',
  'vfr',
];

describe('decodeFrames() agrees with ffprobe on index and time', () => {
  it.each([
    ['B-frames', () => testClip(at('b-frames.mp4'))],
    ['a variable rate', () => testClip(at('variable.mkv'), { seconds: 3, more: variableRate })],
    [
      'a variable rate in fine ticks',
      () => testClip(at('fine.mp4'), { seconds: 3, more: [...variableRate, '-video_track_timescale', '1000000'] }),
    ],
    ['29.97 frames per second', () => testClip(at('ntsc.mp4'), { more: ['-r', '30000/1001'] })],
    ['a start that is not zero', () => testClip(at('offset.ts'), { more: ['-f', 'mpegts'] })],
    ['odd sizes', () => testClip(at('odd.mp4'), { size: '161x121', more: ['-pix_fmt', 'yuv444p'] })],
    ['ten bits', () => testClip(at('ten-bit.mp4'), { more: ['-pix_fmt', 'yuv420p10le'] })],
    ['one frame', () => testClip(at('one.mp4'), { more: ['-frames:v', '1'] })],
    ['sound and a cover picture', () => withCover()],
  ])('for a clip with %s', async (_what, make) => {
    const frames = await expectFrameExact(make());
    expect(frames.length).toBeGreaterThan(0);
  });

  const clips = '../shared/data/video';
  const real = existsSync(clips) ? readdirSync(clips).filter((name) => name.endsWith('.mp4')) : [];
  it.skipIf(real.length === 0).each(real.length === 0 ? [`no clips in ${clips}`] : real)(
    'for the real clip %s',
    async (name) => {
      await expectFrameExact(join(clips, name));
    },
  );
});

function withCover(): string {
  const cover = ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-frames:v', '1', at('cover.png'));
  const clip = testClip(at('plain.mp4'));
  const maps = [
    '-map',
    '1:v',
    '-map',
    '0:v',
    '-map',
    '2:a',
    '-c:v:0',
    'copy',
    '-c:v:1',
    'png',
    '-disposition:v:1',
    'attached_pic',
  ];
  return ffmpeg('-i', cover, '-i', clip, '-f', 'lavfi', '-i', 'sine=d=1', ...maps, at('covered.mp4'));
}

describe('decodeFrames() selects', () => {
  const clip = testClip(at('select.mp4'), { seconds: 2 });
  const times = frameTimes(clip);

  it('each n-th frame, keeping numbers of the source', async () => {
    const frames = await collect(clip, { every: 7 });
    expect(frames.map((frame) => frame.index)).toEqual([0, 7, 14, 21, 28, 35, 42, 49]);
    expect(frames.map((frame) => frame.timeSeconds)).toEqual(
      [0, 7, 14, 21, 28, 35, 42, 49].map((index) => times[index]),
    );
  });

  it('from start (inclusive) to end (exclusive)', async () => {
    const frames = await collect(clip, { start: 0.4, end: 0.6 });
    expect(frames.map((frame) => frame.index)).toEqual([10, 11, 12, 13, 14]);
    expect(frames[0]?.timeSeconds).toBe(times[10]);
  });

  it('each n-th frame counted from start', async () => {
    expect((await collect(clip, { start: 0.39, end: 1, every: 5 })).map((frame) => frame.index)).toEqual([10, 15, 20]);
  });

  it('so many frames per second, spread evenly, with their own times', async () => {
    // 25 frames a second: of each tenth of a second the first, so every second or third frame.
    const frames = await collect(clip, { fps: 10 });
    expect(frames.map((frame) => frame.index)).toEqual(Array.from({ length: 20 }, (_, turn) => Math.ceil(turn * 2.5)));
    expect(frames.map((frame) => frame.timeSeconds)).toEqual(frames.map((frame) => times[frame.index]));
    expect((await collect(clip, { fps: 5, every: 2, start: 0.5 })).map((frame) => frame.index)).toEqual([
      13, 20, 30, 40,
    ]);
    expect(await collect(clip, { fps: 60 })).toHaveLength(50);
    const slow = testClip(at('thirtieths.mkv'), { rate: 30, seconds: 2 });
    expect((await collect(slow, { fps: 15 })).map((frame) => frame.index)).toEqual(
      Array.from({ length: 30 }, (_, turn) => 2 * turn),
    );
  });

  it('nothing behind the end, and says so', async () => {
    await expect(collect(clip, { start: 100 })).rejects.toThrow(
      /select\.mp4.*no frame could be decoded between start and end/,
    );
  });

  it('only what makes sense', async () => {
    await expect(collect(clip, { fps: 0 })).rejects.toThrow('Cannot decode video: fps must be a number above 0, got 0');
    await expect(collect(clip, { every: 0 })).rejects.toThrow(
      'Cannot decode video: every must be a positive integer, got 0',
    );
    await expect(collect(clip, { start: 2, end: 1 })).rejects.toThrow(
      'Cannot decode video: end must be after start (2), got 1',
    );
    await expect(collect(clip, { start: NaN })).rejects.toThrow('Cannot decode video: start must be a number, got NaN');
    await expect(collect(clip, { size: { width: new Map() as never, height: 12 } })).rejects.toThrow(
      'Cannot decode video: size.width must be a positive integer, got an instance of Map',
    );
    await expect(collect(clip, { size: { width: 4, height: 0 } })).rejects.toThrow(
      'Cannot decode video: size.height must be a positive integer, got 0',
    );
  });
});

describe('decodeFrames() pictures', () => {
  /** Left half red, right half blue, lossless. */
  const source = ['-f', 'lavfi', '-i', 'color=red:s=32x48:r=5:d=1', '-f', 'lavfi', '-i', 'color=blue:s=32x48:r=5:d=1'];
  const halves = ffmpeg(
    ...source,
    '-filter_complex',
    '[0][1]hstack',
    '-c:v',
    'libx264rgb',
    '-crf',
    '0',
    at('halves.mp4'),
  );

  const pixel = (data: Uint8Array | undefined, width: number, x: number, y: number): number[] => [
    ...(data ?? []).slice((y * width + x) * 3, (y * width + x) * 3 + 3),
  ];
  const near = (got: number[], wanted: number[]): void => {
    wanted.forEach((value, channel) => expect(Math.abs((got[channel] ?? NaN) - value)).toBeLessThanOrEqual(3));
  };

  it('are RGB at the asked size and at the full size', async () => {
    const frames = await collect(halves, { fullResolution: true });
    expect(frames).toHaveLength(5);
    for (const { data, full } of frames) {
      expect([data.length, full?.length]).toEqual([24 * 32 * 3, 48 * 64 * 3]);
      near(pixel(data, 32, 4, 12), [254, 0, 0]);
      near(pixel(data, 32, 28, 12), [0, 0, 254]);
      near(pixel(full, 64, 5, 40), [254, 0, 0]);
      near(pixel(full, 64, 60, 2), [0, 0, 254]);
    }
  });

  it('are turned as a player would', async () => {
    const turned = ffmpeg('-i', halves, '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    const [frame] = await collect(turned, { fullResolution: true });
    expect(frame?.full?.length).toBe(48 * 64 * 3);
    // This ffmpeg writes `rotate=90` as a quarter turn against the clock: the right half comes to the top.
    near(pixel(frame?.full, 48, 24, 4), [0, 0, 254]);
    near(pixel(frame?.full, 48, 24, 60), [254, 0, 0]);
  });

  it('come in pairs when ffmpeg flushes many frames at its end', async () => {
    const clip = testClip(at('flush.mp4'), {
      size: '640x480',
      seconds: 2,
      more: ['-bf', '8', '-x264-params', 'b-adapt=0'],
    });
    const frames = await collect(clip, { fullResolution: true, size: { width: 352, height: 352 } });
    expect(frames.map((frame) => frame.index)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });
});

describe('decodeFrames() of pictures that are too large', () => {
  const refused = async (file: string, maxPixels?: number): Promise<string> => {
    const told = await collect(file, maxPixels === undefined ? {} : { maxPixels }).then(
      () => 'none',
      (error: unknown) => String(error),
    );
    expect(ffmpegChildren()).toEqual([]);
    return told;
  };

  it('ends before one is decoded, naming the limit and the size', async () => {
    const clip = testClip(at('size.mp4'), { size: '320x240' });
    expect(await refused(clip, 320 * 240 - 1)).toBe(
      `SynsegError: Cannot decode video "${clip}": width × height must be at most 76799 pixels (maxPixels), got ` +
        '320 × 240',
    );
    expect(await refused(clip, 320 * 240)).toBe('none');
    expect(await refused(clip, 10)).toContain('(maxPixels), got ');
  });

  it.each(['ffv1', 'png', 'mjpeg'])('has a bound where none is given, for %s', async (codec) => {
    const input = [
      '-f',
      'lavfi',
      '-i',
      'color=black:s=16000x16000:r=1:d=1',
      '-frames:v',
      '1',
      '-pix_fmt',
      codec === 'png' ? 'gray' : 'yuvj420p',
    ];
    const file = ffmpeg(...input, '-c:v', codec, '-strict', '-1', at(`huge-${codec}.mkv`));
    expect(await refused(file)).toBe(
      `SynsegError: Cannot decode video "${file}": width × height must be at most 100000000 pixels (maxPixels), ` +
        'got 16000 × 16000',
    );
  });

  it('ends where a stream grows', async () => {
    const small = readFileSync(testClip(at('small.ts'), { size: '64x48', more: ['-f', 'mpegts'] }));
    const large = readFileSync(
      testClip(at('large.ts'), { size: '1280x720', more: ['-f', 'mpegts', '-output_ts_offset', '1'] }),
    );
    writeFileSync(at('grows.ts'), Buffer.concat([small, large]));
    expect(await refused(at('grows.ts'), 100_000)).toContain(
      'width × height must be at most 100000 pixels (maxPixels), got 1280 × 720',
    );
  });
});

describe('decodeFrames() of a clock that jumps', () => {
  it.each([
    ['all frames', {}, 30],
    ['some a second', { fps: 5 }, 15],
    ['each second', { every: 2 }, 15],
  ])('goes on at once, taking %s', async (_what, selection, count) => {
    const part = (name: string, offset: number): Buffer =>
      readFileSync(
        testClip(at(`${name}.ts`), {
          rate: 10,
          more: ['-muxdelay', '0', '-output_ts_offset', String(offset), '-f', 'mpegts'],
        }),
      );
    writeFileSync(at('jumping.ts'), Buffer.concat([part('first', 1), part('later', 4001), part('again', 1)]));
    let end: DecodeEnd | undefined;
    const frames = await collect(at('jumping.ts'), { ...selection, onEnd: (value) => (end = value) });
    expect([frames.length, end?.gaps]).toEqual([count, 2]);
    expect(end?.complaints).not.toMatch(/monoton|discontinuity|@ 0x/);
    const step = 3 / count;
    frames.forEach(({ timeSeconds }, index) =>
      expect(timeSeconds - (frames[0]?.timeSeconds ?? NaN)).toBeCloseTo(index * step, 5),
    );
    expect(frames.at(-1)?.index).toBe(count === 30 ? 29 : 28);
  });
});

describe('decodeFrames() ends', () => {
  it('with all decodable frames of a truncated file, and says what ffmpeg complained about', async () => {
    const whole = testClip(at('whole.mp4'), { seconds: 4, more: ['-movflags', '+faststart'] });
    const bytes = readFileSync(whole);
    writeFileSync(at('truncated.mp4'), bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    let end: DecodeEnd | undefined;
    const frames = await collect(at('truncated.mp4'), { onEnd: (value) => (end = value) });
    expect(frames.length).toBe(frameTimes(at('truncated.mp4')).length);
    expect(frames.length).toBeGreaterThan(20);
    expect(end?.frames).toBe(frames.length);
    expect(end?.complaints).toMatch(/partial file|Invalid/);
  });

  it('without complaints for a sound file', async () => {
    let end: DecodeEnd | undefined;
    await collect(testClip(at('sound.mp4')), { onEnd: (value) => (end = value) });
    expect(end).toEqual({ frames: 25, complaints: '', corrupt: 0, gaps: 0 });
  });

  it('with an error naming the file when there is nothing to decode', async () => {
    const bytes = readFileSync(testClip(at('head.mp4'), { more: ['-movflags', '+faststart'] }));
    const moov = bytes.indexOf('mdat') + 4;
    writeFileSync(at('head-only.mp4'), bytes.subarray(0, moov));
    await expect(collect(at('head-only.mp4'))).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringMatching(/head-only\.mp4": no frame could be decoded\. ffmpeg said: [^[@]*$/),
    });
  });

  it('with an error when ffmpeg is killed', async () => {
    const clip = testClip(at('killed.mp4'), { size: '640x480', seconds: 20 });
    const read = async (): Promise<void> => {
      for await (const { index } of decodeFrames(clip, { size: { width: 640, height: 480 } })) {
        if (index === 3) ffmpegChildren().forEach((pid) => process.kill(pid, 'SIGKILL'));
      }
    };
    await expect(read()).rejects.toThrow(/killed\.mp4": ffmpeg was ended by SIGKILL after \d+ frames/);
    expect(ffmpegChildren()).toEqual([]);
  });
});

describe('decodeFrames() leaves no child behind', () => {
  const clip = testClip(at('long.mp4'), { size: '640x480', seconds: 20 });
  const options = { size: { width: 640, height: 480 }, fullResolution: true } as const;

  it('after break', async () => {
    for await (const { index } of decodeFrames(clip, options)) {
      if (index === 2) {
        expect(ffmpegChildren()).toHaveLength(1);
        break;
      }
    }
    expect(ffmpegChildren()).toEqual([]);
  });

  it('after an exception in the loop', async () => {
    const read = async (): Promise<void> => {
      for await (const { index } of decodeFrames(clip, options)) if (index === 2) throw new Error('mine');
    };
    await expect(read()).rejects.toThrow('mine');
    expect(ffmpegChildren()).toEqual([]);
  });

  it('after abort, and throws the reason', async () => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const { index } of decodeFrames(clip, { ...options, signal: controller.signal })) {
        if (index === 2) controller.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
    expect(ffmpegChildren()).toEqual([]);
  });

  it('when aborted before it begins', async () => {
    await expect(collect(clip, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    expect(ffmpegChildren()).toEqual([]);
  });
});

describe('decodeFrames() and what it is given', () => {
  const mine = new Error('mine');
  const clip = testClip(at('given.mp4'));
  it.each<[string, Partial<DecodeOptions>]>([
    [
      'onOpen throws',
      {
        onOpen: () => {
          throw mine;
        },
      },
    ],
    [
      'onEnd throws',
      {
        onEnd: () => {
          throw mine;
        },
      },
    ],
    ['onOpen rejects', { onOpen: () => Promise.reject(mine) as unknown as undefined }],
    ['onEnd rejects', { onEnd: () => Promise.reject(mine) as unknown as undefined }],
  ])('throws what %s', async (_title, options) => {
    await expect(collect(clip, options)).rejects.toBe(mine);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('checks it at the call', () => {
    const call =
      (options: unknown, source: unknown = clip) =>
      () =>
        decodeFrames(source as string, options as DecodeOptions);
    expect(call(undefined)).toThrow('Cannot decode video: options must be an object, got undefined');
    expect(call({ size: { width: 32, height: 24 }, statr: 1 })).toThrow(
      'Cannot decode video: options must have known names, got "statr" (did you mean "start"?)',
    );
    expect(call({ size: 24 })).toThrow('Cannot decode video: size must be an object, got 24');
    expect(call({ size: { width: 32, height: 24 }, onOpen: 1 })).toThrow(
      'Cannot decode video: onOpen must be a function, got 1',
    );
    expect(call({ size: { width: 32, height: 24 }, loop: 'yes' })).toThrow(
      'Cannot decode video: loop must be true or false, got "yes"',
    );
    expect(call({ size: { width: 32, height: 24 }, maxPixels: 0 })).toThrow(
      'Cannot decode video: maxPixels must be a positive integer, got 0',
    );
    for (const maxGapSeconds of [-1, NaN, '5'])
      expect(call({ size: { width: 32, height: 24 }, maxGapSeconds })).toThrow(
        /^Cannot decode video: maxGapSeconds must be a number of at least 0, got (-1|NaN|"5")$/,
      );
    expect(call({ size: { width: 32, height: 24 }, signal: 1 })).toThrow(
      'Cannot decode video: signal must be an AbortSignal, got 1',
    );
    expect(call({ size: { width: 32, height: 24 } }, Promise.resolve(clip))).toThrow(
      'got a Promise (did you forget await?)',
    );
  });
});
