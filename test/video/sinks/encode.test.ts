import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { encodeVideo } from '../../../packages/video/src/sinks/encode.ts';
import { locateFfmpeg } from '../../../packages/video/src/process/locate.ts';
import { ffmpeg, ffmpegChildren, frameTimes, inspect, isAlive, temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => vi.unstubAllEnvs());
const at = (name: string): string => join(folder.path, name);

const size = { width: 64, height: 48, frameRate: 25 };
const gray = (value: number, { width, height } = size): Uint8Array => new Uint8Array(width * height * 3).fill(value);

/** Writes frames at the given times and closes. */
async function write(
  path: string,
  times: readonly number[],
  options: Parameters<typeof encodeVideo>[1] = size,
): Promise<void> {
  const sink = await encodeVideo(path, options);
  for (const [index, time] of times.entries()) await sink.write(gray(index * 5, { ...size, ...options }), time);
  await sink.close();
}

describe('encodeVideo()', () => {
  it('writes H.264 with all frames, and leaves no other file', async () => {
    const path = at('new-folder/plain.mp4');
    await write(
      path,
      Array.from({ length: 30 }, (_, index) => index / 25),
    );
    expect(inspect(path).streams).toMatchObject([
      { codec_name: 'h264', pix_fmt: 'yuv420p', width: 64, height: 48, nb_read_frames: '30', color_space: 'bt709' },
    ]);
    expect(Number(inspect(path).format.duration)).toBeCloseTo(1.2, 2);
    expect(readdirSync(at('new-folder'))).toEqual(['plain.mp4']);
  });

  it('keeps irregular times, counted from the first frame', async () => {
    const path = at('irregular.mp4');
    const times = [5, 5.04, 5.1, 5.103, 5.5, 7.25];
    await write(path, times);
    const got = frameTimes(path);
    expect(got).toHaveLength(times.length);
    got.forEach((time, index) => expect(time).toBeCloseTo((times[index] ?? NaN) - 5, 4));
  });

  it.each([
    ['at the beginning', [0, 0.96]],
    ['at the end', [1.5, 2.4]],
  ])('shows the last picture for one frame, with a gap %s', async (where, [low = 0, high = 0]) => {
    const path = at(`gap-${where.replaceAll(' ', '-')}.mp4`);
    const times = Array.from({ length: 100 }, (_, index) => index / 25).filter((time) => time <= low || time >= high);
    await write(path, times);
    expect(frameTimes(path).at(-1)).toBeCloseTo(3.96, 3);
    expect(Number(inspect(path).streams[0]?.duration)).toBeCloseTo(4, 3);
  });

  it('says how oblong its pixels are, odd sizes included, and refuses what is no shape', async () => {
    await write(at('oblong.mp4'), [0, 0.04], { ...size, width: 63, pixelAspect: 16 / 11 });
    expect(inspect(at('oblong.mp4')).streams).toMatchObject([{ width: 64, sample_aspect_ratio: '16:11' }]);
    for (const pixelAspect of [0, -1, NaN, Infinity]) {
      await expect(encodeVideo(at('flat.mp4'), { ...size, pixelAspect })).rejects.toThrow(
        `Cannot write video: pixelAspect must be a number above 0, got ${pixelAspect}`,
      );
    }
  });

  it('moves repeated and backward times on', async () => {
    await write(at('repeated.mp4'), [1, 1.04, 1.04, 1.02, 1.08]);
    const got = frameTimes(at('repeated.mp4'));
    expect(got.map((time) => time.toFixed(4))).toEqual(['0.0000', '0.0400', '0.0401', '0.0402', '0.0800']);
  });

  it('gives back the colors it was given', async () => {
    const path = at('colors.mp4');
    const sink = await encodeVideo(path, { ...size, quality: 0 });
    await sink.write(
      Uint8Array.from({ length: 64 * 48 * 3 }, (_, index) => [200, 40, 90][index % 3] ?? 0),
      0,
    );
    await sink.close();
    for await (const { data } of decodeFrames(path, { size: { width: 64, height: 48 } })) {
      [200, 40, 90].forEach((value, channel) =>
        expect(Math.abs((data[3000 + channel] ?? NaN) - value)).toBeLessThanOrEqual(4),
      );
    }
  });

  it('adds a copy of the last column and row to odd sizes', async () => {
    const path = at('odd.mp4');
    await write(path, [0, 0.04, 0.08], { width: 63, height: 47, frameRate: 25 });
    expect(inspect(path).streams).toMatchObject([{ width: 64, height: 48, nb_read_frames: '3' }]);
    let last: Uint8Array | undefined;
    for await (const { data } of decodeFrames(path, { size: { width: 64, height: 48 } })) last = data;
    expect(Math.abs((last?.at(-1) ?? 99) - 10)).toBeLessThanOrEqual(2);
  });

  it('copies the sound in step with the frames', async () => {
    const clip = testClip(at('silent.mp4'), { seconds: 4 });
    const source = ffmpeg('-i', clip, '-f', 'lavfi', '-i', 'sine=d=4', '-c:v', 'copy', '-c:a', 'aac', at('sound.mp4'));
    const path = at('with-sound.mp4');
    const times = Array.from({ length: 25 }, (_, index) => 2 + index / 25);
    await write(path, times, { ...size, source, audioCodec: 'aac' });
    const { streams } = inspect(path);
    expect(streams).toMatchObject([{ codec_name: 'h264', nb_read_frames: '25' }, { codec_name: 'aac' }]);
    expect(Number(streams[1]?.start_time)).toBeLessThan(0.05);
    expect(Math.abs(Number(streams[1]?.duration) - 1)).toBeLessThan(0.15);
  });

  it.each([
    ['mp4', 'opus', 48_000, 'opus'],
    ['mov', 'opus', 48_000, 'aac'],
    ['mp4', 'flac', 44_100, 'flac'],
    ['mov', 'flac', 44_100, 'aac'],
    ['mov', 'ac3', 44_100, 'ac3'],
    ['m4v', 'vorbis', 44_100, 'aac'],
    ['mov', 'wmav2', 44_100, 'aac'],
    ['mp4', 'truehd', 48_000, 'aac'],
    ['mov', 'pcm_mulaw', 8000, 'aac'],
    ['mp4', 'wavpack', 96_000, 'aac'],
  ])('takes sound along to %s that is %s', async (container, codec, rate, kept) => {
    const name = `${codec}-${container}`;
    const source = ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x48:r=25:d=1',
      '-f',
      'lavfi',
      '-i',
      'sine=d=1',
      '-ac',
      '2',
      '-ar',
      String(rate),
      '-c:a',
      codec,
      '-strict',
      '-2',
      at(`${name}.mkv`),
    );
    const path = at(`${name}.${container}`);
    await write(
      path,
      Array.from({ length: 25 }, (_, index) => index / 25),
      { ...size, source, audioCodec: codec },
    );
    const [pictures, sound] = inspect(path).streams;
    expect([pictures?.nb_read_frames, sound?.codec_name]).toEqual(['25', kept]);
    expect(Math.abs(Number(sound?.duration) - 1)).toBeLessThan(0.1);
  });

  it('makes AAC of sound that mp4 cannot hold', async () => {
    const clip = testClip(at('silent2.mp4'), { seconds: 1 });
    const source = ffmpeg(
      '-i',
      clip,
      '-f',
      'lavfi',
      '-i',
      'sine=d=1',
      '-c:v',
      'copy',
      '-c:a',
      'pcm_s16le',
      at('pcm.mov'),
    );
    await write(at('aac.mp4'), [0, 0.04, 0.08, 0.5], { ...size, source, audioCodec: 'pcm_s16le' });
    expect(inspect(at('aac.mp4')).streams[1]).toMatchObject({ codec_name: 'aac' });
  });

  it('makes AAC of sound whose channels the source does not name', async () => {
    const source = ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x48:r=25:d=1',
      '-f',
      'lavfi',
      '-i',
      'sine=d=1',
      '-ac',
      '1',
      '-c:a',
      'tta',
      at('unnamed.mkv'),
    );
    await write(
      at('unnamed.mp4'),
      Array.from({ length: 25 }, (_, index) => index / 25),
      { ...size, source, audioCodec: 'tta' },
    );
    expect(inspect(at('unnamed.mp4')).streams[1]).toMatchObject({ codec_name: 'aac', channels: 1 });
  });

  it('writes no file when there was no frame', async () => {
    await (await encodeVideo(at('none.mp4'), size)).close();
    expect(existsSync(at('none.mp4'))).toBe(false);
  });

  it('leaves a playable file under its partial name on abort, and what was there as it was', async () => {
    const path = at('aborted.mp4');
    writeFileSync(path, 'older');
    const sink = await encodeVideo(path, size);
    for (let index = 0; index < 10; index++) await sink.write(gray(index), index / 25);
    const pid = sink.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    await sink.abort();
    expect(inspect(sink.partial).streams).toMatchObject([{ nb_read_frames: '10' }]);
    expect(isAlive(pid)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('older');
    await expect(sink.write(gray(0), 1)).rejects.toMatchObject({ code: 'DISPOSED' });
    await sink.abort();
  });
});

describe('encodeVideo() rejects', () => {
  it('with VIDEO_ENCODE when ffmpeg is killed, and what was written can be played', async () => {
    const path = at('killed.mp4');
    const sink = await encodeVideo(path, { ...size, frameRate: 5 });
    for (let index = 0; index < 200; index++) await sink.write(gray(index), index / 5);
    process.kill(sink.pid ?? 0, 'SIGKILL');
    const more = async (): Promise<void> => {
      for (let index = 200; index < 300; index++) await sink.write(gray(index), index / 5);
    };
    await expect(more()).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/^Cannot write video ".*killed\.mp4": ffmpeg was ended by SIGKILL/),
    });
    await expect(sink.close()).rejects.toMatchObject({ code: 'VIDEO_ENCODE' });
    expect(Number(inspect(sink.partial).streams[0]?.nb_read_frames)).toBeGreaterThan(10);
    expect(existsSync(path)).toBe(false);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('with what ffmpeg said when the file cannot be written', async () => {
    mkdirSync(at('taken.mp4'));
    await expect(write(at('taken.mp4'), [0])).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: `Cannot write video: path must be a file, not a folder, got "${at('taken.mp4')}" (it is a folder)`,
    });
    writeFileSync(at('a-file'), '');
    await expect(encodeVideo(at('a-file/x.mp4'), size)).rejects.toMatchObject({ code: 'VIDEO_ENCODE' });
  });

  it('with what ffmpeg said when the disk is full', async () => {
    const limited = at('limited-ffmpeg');
    const real = await locateFfmpeg();
    writeFileSync(limited, `#!/bin/bash\ntrap '' XFSZ\nulimit -f 20\nexec ${real} "$@"\n`, { mode: 0o755 });
    vi.stubEnv('FFMPEG_PATH', limited);
    const sink = await encodeVideo(at('full.mp4'), { ...size, quality: 0 });
    const noise = Uint8Array.from({ length: 64 * 48 * 3 }, (_, index) => (index * 7919) % 251);
    const writing = async (): Promise<void> => {
      for (let index = 0; index < 2000; index++)
        await sink.write(
          noise.map((value) => value + index * 31),
          index / 25,
        );
      await sink.close();
    };
    await expect(writing()).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/full\.mp4": ffmpeg exited with \d+\. .*File too large/s),
    });
    await sink.abort();
    expect(existsSync(at('full.mp4'))).toBe(false);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('an encoder that this ffmpeg does not have, naming those it has', async () => {
    await expect(encodeVideo(at('x.mp4'), { ...size, encoder: 'libnothing' })).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(
        /encoder must be one that .* has, got "libnothing" \(its H\.264 encoders: .*libx264/,
      ),
    });
  });

  it('to write over its source', async () => {
    const source = testClip(at('source.mp4'));
    await expect(encodeVideo(source, { ...size, source })).rejects.toThrow(
      `Cannot write video: path must not be what is read ("${source}"), got "${source}"`,
    );
  });

  it('wrong arguments', async () => {
    await expect(encodeVideo('x.mp4', { ...size, frameRat: 1 } as typeof size)).rejects.toThrow(
      'Cannot write video: options must have known names, got "frameRat" (did you mean "frameRate"?)',
    );
    await expect(encodeVideo(undefined as never, size)).rejects.toThrow(
      'Cannot write video: path must be a path, got undefined',
    );
    await expect(encodeVideo('x.mp4', undefined as never)).rejects.toThrow(
      'Cannot write video: options must be an object, got undefined',
    );
    await expect(encodeVideo('x.avi', size)).rejects.toThrow(
      'Cannot write video: path must end in .mp4, .m4v, .mov, got "x.avi"',
    );
    await expect(encodeVideo('x.mp4', { ...size, width: 0.5 })).rejects.toThrow(
      'Cannot write video: width must be a positive integer, got 0.5',
    );
    await expect(encodeVideo('x.mp4', { ...size, frameRate: 0 })).rejects.toThrow(
      'Cannot write video: frameRate must be a number above 0, got 0',
    );
    await expect(encodeVideo('x.mp4', { ...size, quality: 52 })).rejects.toThrow(
      'Cannot write video: quality must be a number from 0 to 51, got 52',
    );
    const sink = await encodeVideo(at('short.mp4'), size);
    await expect(sink.write('x' as never, 0)).rejects.toThrow(
      'Cannot write frame: frame must be a Uint8Array, got "x"',
    );
    await expect(sink.write(new Uint8Array(9216), NaN)).rejects.toThrow(
      'Cannot write frame: timeSeconds must be a finite number, got NaN',
    );
    await expect(sink.write(new Uint8Array(3), 0)).rejects.toThrow(
      'Cannot write frame: frame must hold 9216 bytes, got 3',
    );
    await sink.close();
  });
});
