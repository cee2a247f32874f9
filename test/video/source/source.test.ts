import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../packages/core/src/guard/options.ts';
import { NETWORK_OPTIONS, PLAYING_OPTIONS } from '../../../packages/video/src/source/input-options.ts';
import { decodeInput, listens } from '../../../packages/video/src/source/input.ts';
import {
  checkSource,
  describeSource,
  sourceInput,
  sourcePath,
  type FfmpegSource,
  type VideoSource,
} from '../../../packages/video/src/source/source.ts';

const frames = (async function* () {})();

describe('describeSource()', () => {
  it.each<[VideoSource, string, string, boolean | undefined]>([
    ['drive.mp4', 'drive.mp4', 'file', false],
    ['-a:b%d.mp4', '-a:b%d.mp4', 'file', false],
    [new URL('file:///a%20b.mp4'), '/a b.mp4', 'file', false],
    ['picture.png', 'picture.png', 'file', false],
    ['frames/%05d.png', 'frames/%05d.png', 'sequence', false],
    ['frames/*.jpg', 'frames/*.jpg', 'sequence', false],
    ['-', 'stdin', 'stdin', false],
    ['camera:0', 'camera:0', 'camera', true],
    ['camera:Front door', 'camera:Front door', 'camera', true],
    ['/dev/video2', '/dev/video2', 'camera', true],
    ['rtsp://u:p@h/1', 'rtsp://h/1', 'network', true],
    ['udp://127.0.0.1:9', 'udp://127.0.0.1:9', 'network', true],
    ['https://h/a.m3u8?token=x', 'https://h/a.m3u8', 'network', undefined],
    [{ url: 'rtsp://u:p@h/1', live: false }, 'rtsp://h/1', 'network', false],
    [{ url: 'testsrc2', inputOptions: ['-f', 'lavfi'], name: 'drawn' }, 'drawn', 'file', false],
    [{ url: 'FaceTime:none', inputOptions: ['-f', 'avfoundation'] }, 'FaceTime:none', 'camera', true],
    [frames, 'frames', 'frames', false],
  ])('%s', (source, name, kind, live) => {
    expect(describeSource(source)).toEqual({ name, kind, live });
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['', '""'],
    [7, '7'],
    [{}, 'an object'],
    [{ url: '' }, 'an object'],
    [Promise.resolve('a.mp4'), 'a Promise (did you forget await?)'],
  ])('refuses %s', (source, got) => {
    const message =
      'Cannot open video: source must be a path, a URL, { url, inputOptions } or an async iterable of frames, got ';
    expect(() => checkSource(source)).toThrow(new TypeError(message + got));
    expect(() => describeSource(source as string)).toThrow(message + got);
  });
});

describe('checkSource()', () => {
  it.each([
    [
      { url: 'x', inputoptions: [] },
      'Cannot open video: source must have known names, got "inputoptions" (did you mean "inputOptions"?)',
    ],
    [{ url: 'x', inputOptions: '-f lavfi' }, 'Cannot open video: source.inputOptions must be a list, got "-f lavfi"'],
    [{ url: 'x', live: 'yes' }, 'Cannot open video: source.live must be true or false, got "yes"'],
  ])('refuses %j', (source, message) => {
    expect(() => checkSource(source)).toThrow(new TypeError(message));
  });
});

describe('sourcePath() and sourceInput()', () => {
  it('know which sources have a path', () => {
    expect(['a.mp4', 'file:///b.mp4', '-', 'camera:0', 'udp://h:1', frames].map(sourcePath)).toEqual([
      'a.mp4',
      '/b.mp4',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([{ url: 'x.mp4' }, { url: 'file:x.mp4' }].map(sourcePath)).toEqual([undefined, 'x.mp4']);
  });

  it('give ffmpeg its own words', () => {
    expect(['-a.mp4', 'http://u:p@h/x', { url: 'concat:a|b' }].map(sourceInput)).toEqual([
      'file:-a.mp4',
      'http://u:p@h/x',
      'concat:a|b',
    ]);
    expect(() => sourceInput(frames)).toThrow('internal: pushed frames are not opened by ffmpeg');
  });
});

describe('decodeInput()', () => {
  const settings = readOptions('decode video', { ...PLAYING_OPTIONS, ...NETWORK_OPTIONS }, {});
  /** Without what ffmpeg may open: see allowed.test.ts. */
  const args = async (source: FfmpegSource, options = {}, major = 5): Promise<string> => {
    const opened = await decodeInput(source, { ...settings, ...options }, 'ffmpeg', [major, 1]);
    return opened.arguments
      .filter(
        (word, at, all) =>
          !/^-(?:protocol|format)_whitelist$/.test(word) && !/^-(?:protocol|format)_whitelist$/.test(all[at - 1] ?? ''),
      )
      .join(' ');
  };
  const slices = '-thread_type slice';

  it('opens files', async () => {
    expect(await args('a.mp4')).toBe('-i file:a.mp4');
    expect(await args('a.mp4', { loop: true, realTime: true, hardwareAcceleration: 'vaapi' })).toBe(
      '-hwaccel vaapi -stream_loop -1 -re -i file:a.mp4',
    );
    expect(await args('-')).toBe('-i pipe:0');
    expect((await decodeInput('-', settings, 'ffmpeg', [5, 1])).input).toBe('inherit');
  });

  it.runIf(process.platform === 'linux')('opens cameras', async () => {
    expect(await args('camera:3')).toBe(`${slices} -f v4l2 -i /dev/video3`);
    expect(await args('/dev/video1', { frameRate: 30 })).toBe(`${slices} -f v4l2 -framerate 30 -i /dev/video1`);
  });

  it('gives each network its time limit, and a second to look at the stream', async () => {
    const look = '-analyzeduration 1000000';
    const limit = `${look} -rw_timeout 10000000`;
    expect(await args('rtsp://h/1')).toBe(`${slices} ${look} -rtsp_transport tcp -timeout 10000000 -i rtsp://h/1`);
    expect(await args('rtsp://h/1', { networkTimeoutSeconds: 2.5 }, 4)).toBe(
      `${slices} ${look} -rtsp_transport tcp -stimeout 2500000 -i rtsp://h/1`,
    );
    expect(await args({ url: 'rtsp://h/1', inputOptions: ['-rtsp_transport', 'udp'] })).toBe(
      `${slices} ${look} -timeout 10000000 -rtsp_transport udp -i rtsp://h/1`,
    );
    expect(await args('udp://h:1')).toBe(
      `${slices} ${look} -timeout 10000000 -overrun_nonfatal 1 -fifo_size 50000 -buffer_size 1048576 -i udp://h:1`,
    );
    expect(await args('http://h/a.ts')).toBe(`${limit} -i http://h/a.ts`);
    expect(await args('https://h/a.m3u8?x')).toBe(`${limit} -m3u8_hold_counters 20 -i https://h/a.m3u8?x`);
    // The key in an address of RTMP is not to be seen in the list of processes: the address comes on stdin.
    expect(await args('rtmp://h/1')).toBe(`${slices} -f concat -safe 0 -i pipe:0`);
    for (const url of ['tcp://h:1', 'srt://h:1']) expect(await args(url)).toBe(`${slices} ${limit} -i ${url}`);
    expect(await args({ url: 'http://h/a.m3u8', live: true })).toBe(
      `-re ${slices} ${limit} -m3u8_hold_counters 20 -i http://h/a.m3u8`,
    );
    const login = 'http://me:hunter2@h/1';
    expect(await args(login)).toBe(`${limit} -i ${login}`);
    for (const live of [await args({ url: login, live: true }), await args(login, { live: true })])
      expect(live).toBe(`${slices} -f concat -safe 0 -i pipe:0`);
    expect(await args({ url: 'rist://h:1', inputOptions: ['-x', 'y'] })).toBe(`${slices} -x y -i rist://h:1`);
  });

  it('lets a listener wait for its sender, not for ever', async () => {
    const rtsp = { url: 'rtsp://h:1/x', inputOptions: ['-rtsp_flags', 'listen'] };
    expect(await args('tcp://h:1?listen')).toBe(
      `${slices} -analyzeduration 1000000 -rw_timeout 10000000 -listen_timeout 60000 -i tcp://h:1?listen`,
    );
    expect(await args(rtsp)).toBe(
      `${slices} -analyzeduration 1000000 -listen_timeout 60 -timeout 10000000 -rtsp_flags listen -i rtsp://h:1/x`,
    );
    const rtmp = { url: 'rtmp://h/1', inputOptions: ['-listen', '1'] };
    expect(await args(rtmp)).toBe(
      `${slices} -analyzeduration 1000000 -rw_timeout 10000000 -timeout 60 -listen 1 -i rtmp://h/1`,
    );
    expect([rtmp, 'srt://h:1?mode=listener'].map(listens)).toEqual([true, true]);
    expect(['tcp://h:1?listen', 'tcp://h:1?listen=1&x', rtsp, 'tcp://h:1', 'a?listen', frames].map(listens)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
