/** decodeFrames() on what is no ordinary file: odd containers, damage, sequences, stdin, loops, sizes that change. */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type {
  DecodeEnd,
  DecodeOptions,
  OpenedSource,
  VideoFrame,
} from '../../../packages/video/src/decode/decode-options.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import type { VideoSource } from '../../../packages/video/src/source/source.ts';
import { ffmpeg, ffmpegChildren, frameTimes, temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

interface Decoded {
  readonly frames: VideoFrame[];
  readonly info: OpenedSource;
  readonly end: DecodeEnd;
}

async function decode(source: VideoSource, options: Partial<DecodeOptions> = {}, most = Infinity): Promise<Decoded> {
  const frames: VideoFrame[] = [];
  let info: OpenedSource | undefined;
  let end: DecodeEnd | undefined;
  const reports = { onOpen: (value: OpenedSource) => (info = value), onEnd: (value: DecodeEnd) => (end = value) };
  for await (const frame of decodeFrames(source, { size: { width: 32, height: 24 }, ...reports, ...options })) {
    if (info === undefined) throw new Error('onOpen must come before the first frame');
    frames.push(frame);
    if (frames.length >= most) break;
  }
  return { frames, info: info as unknown as OpenedSource, end: end as unknown as DecodeEnd };
}

const indices = (frames: readonly VideoFrame[]): number[] => frames.map(({ index }) => index);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const mean = (data = new Uint8Array()): number => data.reduce((sum, value) => sum + value, 0) / data.length;

describe('decodeFrames() opens the source once and says what it is', () => {
  it('with size, rate, length and not live, for a file', async () => {
    const { frames, info } = await decode(testClip(at('plain.mp4'), { size: '162x120', seconds: 2 }));
    expect(info).toEqual({ width: 162, height: 120, pixelAspect: 1, frameRate: 25, durationSeconds: 2, live: false });
    expect(frames[0]).toMatchObject({ index: 0, width: 32, height: 24, sourceWidth: 162, sourceHeight: 120 });
    expect(frames[0]).not.toHaveProperty('full');
    const now = performance.now();
    frames.forEach(({ arrivedAt }, place) => {
      expect(arrivedAt).toBeLessThanOrEqual(now);
      expect(arrivedAt).toBeGreaterThanOrEqual(frames[place - 1]?.arrivedAt ?? 0);
    });
  });

  it('with the turned size of a turned clip, and the exact rate', async () => {
    const clip = testClip(at('ntsc.mp4'), { size: '162x120', more: ['-r', '30000/1001'] });
    const turned = ffmpeg('-i', clip, '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    const { frames, info } = await decode(turned, { fullResolution: true });
    expect([info.width, info.height, info.frameRate]).toEqual([120, 162, 30000 / 1001]);
    expect(frames[0]).toMatchObject({ sourceWidth: 120, sourceHeight: 162 });
    expect(frames[0]?.full?.length).toBe(120 * 162 * 3);
  });

  it('with the average rate of a clip of variable rate', async () => {
    const drop = ['-vf', "select='lt(mod(n,10),3)'", '-vsync', 'vfr'];
    const { info } = await decode(testClip(at('variable.mp4'), { seconds: 4, more: drop }));
    expect(info.frameRate).toBeGreaterThan(6);
    expect(info.frameRate).toBeLessThan(10);
  });

  it('and takes the caller at his word on what is live', async () => {
    expect((await decode(at('plain.mp4'), { live: true }, 1)).info).toEqual({
      width: 162,
      height: 120,
      pixelAspect: 1,
      frameRate: 25,
      live: true,
    });
  });
});

describe('decodeFrames() of odd files', () => {
  it.each([
    ['a raw stream without times or length', () => testClip(at('raw.h264'), { more: ['-f', 'h264'] })],
    ['motion JPEG without times', () => ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x120:d=1', at('raw.mjpeg'))],
  ])('numbers the frames of %s, each later than the one before', async (_what, make) => {
    const { frames, info } = await decode(make());
    expect(indices(frames)).toEqual(upTo(25));
    frames.forEach(({ timeSeconds }, index) => expect(timeSeconds).toBeCloseTo(index / 25, 6));
    expect(info).toMatchObject({ frameRate: 25, live: false });
    expect(info).not.toHaveProperty('durationSeconds');
  });

  it('gives each animated GIF and WebM frame its own time', async () => {
    for (const name of ['moving.gif', 'moving.webm']) {
      const clip = ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10:d=1', at(name));
      expect((await decode(clip)).frames.map(({ timeSeconds }) => timeSeconds)).toEqual(frameTimes(clip));
    }
  });

  it('takes a single picture', async () => {
    const picture = ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=65x33:d=1', '-frames:v', '1', at('one picture.png'));
    const { frames } = await decode(picture, { fullResolution: true });
    expect(indices(frames)).toEqual([0]);
    expect([frames[0]?.sourceWidth, frames[0]?.sourceHeight, frames[0]?.full?.length]).toEqual([65, 33, 65 * 33 * 3]);
  });

  it('says that there is no frame in a video without any', async () => {
    const empty = ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x48:d=1',
      '-c:v',
      'libx264',
      '-frames:v',
      '0',
      at('empty.mkv'),
    );
    await expect(decode(empty)).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringMatching(/empty\.mkv": no frame could be decoded/),
    });
    expect(ffmpegChildren()).toEqual([]);
  });

  it('says that there is no video in a song', async () => {
    const song = ffmpeg('-f', 'lavfi', '-i', 'sine=d=1', at('song.m4a'));
    for (const fullResolution of [false, true]) {
      await expect(decode(song, { fullResolution })).rejects.toMatchObject({
        code: 'VIDEO_DECODE',
        message: expect.stringContaining(`Cannot decode video "${song}": it must have a video stream.`),
      });
    }
    await expect(decode(at('nowhere.mp4'))).rejects.toThrow(
      /nowhere\.mp4": no frame could be decoded\. ffmpeg said: .*No such file/,
    );
  });

  it('survives damage and counts it', async () => {
    const whole = testClip(at('whole.ts'), { seconds: 4, size: '320x240', more: ['-g', '12', '-f', 'mpegts'] });
    const bytes = readFileSync(whole);
    // Every 300th transport packet: its sync byte stays, what it carries is noise.
    for (let packet = 100; packet * 188 < bytes.length - 188; packet += 300)
      bytes.fill(0x5a, packet * 188 + 8, packet * 188 + 180);
    // And some are lost, which the counters in their headers tell.
    const parts = [bytes.subarray(0, 188 * 200), bytes.subarray(188 * 203)];
    writeFileSync(at('damaged.ts'), Buffer.concat(parts));
    const counts: number[] = [];
    const { frames, end } = await decode(at('damaged.ts'), { onCorrupt: (corrupt) => counts.push(corrupt) });
    expect(frames.length).toBeGreaterThan(80);
    expect(frames.length).toBeLessThanOrEqual(100);
    expect(indices(frames)).toEqual(upTo(frames.length));
    expect(end.corrupt).toBeGreaterThanOrEqual(1);
    expect(counts.at(-1)).toBe(end.corrupt);
    expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
    expect(end.complaints).not.toBe('');
  });

  it('keeps pictures well formed when their size changes', async () => {
    const shift = ['-output_ts_offset', '1', '-f', 'mpegts'];
    const before = testClip(at('before.ts'), { size: '160x120', more: ['-f', 'mpegts'] });
    const after = testClip(at('after.ts'), { size: '320x200', more: shift });
    writeFileSync(at('changes.ts'), Buffer.concat([readFileSync(before), readFileSync(after)]));
    const { frames, info } = await decode(at('changes.ts'), { fullResolution: true });
    expect(indices(frames)).toEqual(upTo(50));
    expect([info.width, info.height]).toEqual([160, 120]);
    for (const { data, full, sourceWidth, sourceHeight } of frames) {
      expect([data.length, full?.length, sourceWidth, sourceHeight]).toEqual([32 * 24 * 3, 160 * 120 * 3, 160, 120]);
    }
    // The same test picture, scaled from another size: it stays where it was.
    const [first = new Uint8Array(), other = new Uint8Array()] = [frames[24]?.full, frames[49]?.full];
    expect(mean(first.map((value, place) => Math.abs(value - (other[place] ?? 0))))).toBeLessThan(40);
  });
});

describe('decodeFrames() of image sequences', () => {
  mkdirSync(at('frames'));
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10:d=1', '-start_number', '107', at('frames/%05d.png'));
  ffmpeg('-f', 'lavfi', '-i', 'color=white:s=64x48:r=10:d=0.3', at('frames/light-%d.jpg'));

  it('reads numbered pictures from any first number, 25 a second', async () => {
    const { frames, info } = await decode(at('frames/%05d.png'));
    expect(indices(frames)).toEqual(upTo(10));
    expect(frames[9]?.timeSeconds).toBe(9 / 25);
    expect(info).toEqual({ width: 64, height: 48, pixelAspect: 1, frameRate: 25, durationSeconds: 0.4, live: false });
  });

  it('reads pictures by a pattern, at the rate told', async () => {
    const { frames, info } = await decode(at('frames/*.jpg'), { frameRate: 2 });
    expect(frames.map(({ timeSeconds }) => timeSeconds)).toEqual([0, 0.5, 1]);
    expect([info.frameRate, mean(frames[0]?.data)]).toEqual([2, 255]);
  });

  it('says that there is none', async () => {
    await expect(decode(at('frames/%03d.bmp'))).rejects.toThrow(
      `Cannot open video "${at('frames/%03d.bmp')}": the pattern must match at least one picture, got none of `,
    );
  });

  it("takes the first picture's size for all", async () => {
    ffmpeg('-f', 'lavfi', '-i', 'color=black:s=32x20:d=1', '-frames:v', '1', at('frames/size-1.png'));
    ffmpeg('-f', 'lavfi', '-i', 'color=white:s=90x70:d=1', '-frames:v', '1', at('frames/size-2.png'));
    const { frames } = await decode(at('frames/size-%d.png'), { fullResolution: true });
    expect(frames.map(({ full }) => [full?.length, Math.round(mean(full))])).toEqual([
      [32 * 20 * 3, 0],
      [32 * 20 * 3, 255],
    ]);
  });
});

describe('decodeFrames() repeats and paces', () => {
  const clip = testClip(at('short.mp4'), { rate: 10 });

  it('a file for ever, numbers and times going on', async () => {
    const { frames, info } = await decode(clip, { loop: true }, 35);
    expect(indices(frames)).toEqual(upTo(35));
    frames.forEach(({ timeSeconds }, index) => expect(timeSeconds).toBeCloseTo(index / 10, 9));
    expect([...(frames[25]?.data ?? [])]).toEqual([...(frames[5]?.data ?? [])]);
    expect(info).not.toHaveProperty('durationSeconds');
    expect(ffmpegChildren()).toEqual([]);
  });

  it('an image sequence for ever', async () => {
    expect(indices((await decode(at('frames/light-%d.jpg'), { loop: true }, 8)).frames)).toEqual(upTo(8));
  });

  it('a file at its own speed', async () => {
    const { frames } = await decode(clip, { realTime: true });
    expect(frames).toHaveLength(10);
    expect((frames[9]?.arrivedAt ?? 0) - (frames[0]?.arrivedAt ?? 0)).toBeGreaterThan(600);
  });

  it('and takes what else ffmpeg opens, with its options', async () => {
    const made = { url: 'testsrc2=s=96x64:r=5:d=1', inputOptions: ['-f', 'lavfi'], name: 'drawn' };
    const { frames, info } = await decode(made);
    expect([indices(frames), info.width, info.live]).toEqual([upTo(5), 96, false]);
    await expect(decode({ ...made, url: 'nonsense' })).rejects.toThrow(
      /^Cannot decode video "drawn": no frame could be decoded/,
    );
  });

  it('decodes with hardware where there is some, and on the CPU otherwise', async () => {
    expect((await decode(clip, { hardwareAcceleration: 'auto' })).frames).toHaveLength(10);
  });

  it('but not what makes no sense', async () => {
    const message = (source: VideoSource, options: Partial<DecodeOptions>): Promise<string> =>
      decode(source, options).then(
        () => '',
        (error: unknown) => String(error),
      );
    expect(await message('-', { loop: true })).toBe(
      'RangeError: Cannot decode video: loop must be used with a file or an image sequence, got stdin',
    );
    expect(await message('rtsp://h/1', { loop: true })).toBe(
      'RangeError: Cannot decode video: loop must be used with a file or an image sequence, got a network source',
    );
    expect(await message('camera:0', { realTime: true })).toBe(
      'RangeError: Cannot decode video: realTime must be used with a source that is not live, got live a camera',
    );
    expect(await message(clip, { frameRate: 0 })).toBe(
      'RangeError: Cannot decode video: frameRate must be a number above 0, got 0',
    );
    expect(await message(clip, { networkTimeoutSeconds: NaN })).toBe(
      'RangeError: Cannot decode video: networkTimeoutSeconds must be a number above 0, got NaN',
    );
    expect(await message(clip, { hardwareAcceleration: '-y' })).toBe(
      'RangeError: Cannot decode video: hardwareAcceleration must be a name as in ffmpeg -hwaccels, got "-y"',
    );
    expect(await message(7 as unknown as string, {})).toMatch(
      /^TypeError: Cannot open video: source must be a path, .* got 7$/,
    );
  });
});

describe('decodeFrames() of stdin', () => {
  const reader = join(import.meta.dirname, 'read-stdin.ts');
  const read = async (stdin: number | 'pipe', feed?: Uint8Array): Promise<unknown> => {
    const child = spawn(process.execPath, ['--import', 'tsx', reader], { stdio: [stdin, 'pipe', 'inherit'] });
    let text = '';
    child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
    child.stdin?.on('error', () => {});
    if (feed !== undefined) child.stdin?.end(feed);
    expect(await once(child, 'close')).toEqual([0, null]);
    return JSON.parse(text);
  };

  it('reads a pipe', async () => {
    const clip = testClip(at('piped.ts'), { more: ['-f', 'mpegts'] });
    const times = frameTimes(clip);
    expect(await read('pipe', readFileSync(clip))).toEqual({
      name: 'stdin',
      indices: upTo(25),
      times,
      width: 160,
      live: false,
    });
  });

  it('reads a file given as stdin', async () => {
    const handle = openSync(testClip(at('given.mp4'), { more: ['-movflags', '+faststart'] }), 'r');
    expect(await read(handle)).toMatchObject({ indices: upTo(25) });
    closeSync(handle);
  });

  it('says when nothing comes', async () => {
    expect(await read('pipe', new Uint8Array(0))).toEqual({
      error: expect.stringMatching(/^Cannot decode video "stdin": no frame could be decoded/),
    });
  });
});
