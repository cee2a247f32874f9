import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import { freePort, Sender } from '../live/senders.ts';
import { serveFile } from '../live/serve-file.ts';
import { ffmpeg, ffmpegChildren, temporaryFolder, testClip, testPicture } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

describe('probe()', () => {
  const clip = testClip(at('plain.mp4'), { size: '162x120', rate: 25, seconds: 2 });

  it('gives size, codec, rate, length and no sound', async () => {
    expect(await probe(clip)).toEqual({
      ...{ width: 162, height: 120, pixelAspect: 1, codec: 'h264', frameRate: 25, durationSeconds: 2, frameCount: 50 },
      ...{ rotation: 0, hasAudio: false, variableRate: false },
    });
  });

  it('takes a file: URL', async () => {
    expect((await probe(pathToFileURL(clip))).width).toBe(162);
    expect((await probe(pathToFileURL(clip).href)).width).toBe(162);
  });

  it('takes names that look like options or protocols', async () => {
    const odd = ffmpeg('-i', clip, '-c', 'copy', '-f', 'mp4', `file:${at('-a:b%d.mp4')}`).slice('file:'.length);
    expect((await probe(odd)).height).toBe(120);
  });

  it('swaps width and height of a clip that is turned by a quarter', async () => {
    const turned = ffmpeg('-i', clip, '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    const { width, height, rotation } = await probe(turned);
    expect([width, height, rotation]).toEqual([120, 162, 270]);
    const upsideDown = ffmpeg('-i', clip, '-c', 'copy', '-metadata:s:v', 'rotate=180', at('upside-down.mp4'));
    expect(await probe(upsideDown)).toMatchObject({ width: 162, height: 120, rotation: 180 });
  });

  it.each([
    ['64/45', 64 / 45],
    ['0/1', 1],
    ['1000/1', 1],
  ])('gives the shape of pixels of %s', async (given, pixelAspect) => {
    const name = given.replace('/', '-');
    const clip = testClip(at(`aspect-${name}.mkv`), { seconds: 0.2, more: ['-vf', `setsar=${given}:max=1000`] });
    expect((await probe(clip)).pixelAspect).toBe(pixelAspect);
    const mp4 = ffmpeg('-i', clip, '-c', 'copy', at(`aspect-${name}.mp4`));
    const turned = ffmpeg('-i', mp4, '-c', 'copy', '-metadata:s:v', 'rotate=90', at(`aspect-turned-${name}.mp4`));
    expect((await probe(turned)).pixelAspect).toBeCloseTo(1 / pixelAspect, 9);
  });

  it('refuses pictures that are too large', async () => {
    const message =
      `Cannot decode video "${clip}": width × height must be at most 19439 pixels (maxPixels), got ` + '162 × 120';
    await expect(probe(clip, { maxPixels: 19_439 })).rejects.toThrow(message);
    expect((await probe(clip, { maxPixels: 19_440 })).width).toBe(162);
    await expect(probe(clip, { maxPixels: 1.5 })).rejects.toThrow(
      'Cannot open video: maxPixels must be a positive integer, got 1.5',
    );
  });

  it('names the sound codec', async () => {
    const withSound = ffmpeg(
      '-i',
      clip,
      '-f',
      'lavfi',
      '-i',
      'sine=d=2',
      '-c:v',
      'copy',
      '-c:a',
      'aac',
      at('sound.mp4'),
    );
    expect(await probe(withSound)).toMatchObject({ hasAudio: true, audioCodec: 'aac' });
  });

  it('sees a variable rate', async () => {
    const drop = ['-vf', "select='lt(mod(n,10),3)'", '-vsync', 'vfr'];
    expect((await probe(testClip(at('variable.mp4'), { seconds: 3, more: drop }))).variableRate).toBe(true);
  });
});

describe('probe() of other sources', () => {
  it('gives the rate and number of pictures of a sequence', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=64x48:r=10:d=0.5', at('still-%03d.png'));
    const facts = { width: 64, height: 48, codec: 'png', hasAudio: false, variableRate: false };
    expect(await probe(at('still-%03d.png'), { frameRate: 10 })).toMatchObject({
      ...facts,
      frameRate: 10,
      durationSeconds: 0.5,
    });
    expect(await probe(at('still-*.png'))).toMatchObject({ ...facts, frameRate: 25 });
  });

  it('takes a picture, large or small, here and on the web', async () => {
    for (const size of ['48x32', '1920x1080']) {
      const picture = testPicture(at(`${size}.jpg`), size);
      await using server = await serveFile(picture);
      const [width, height] = size.split('x').map(Number);
      for (const source of [picture, server.url, `${server.url}?now`])
        expect(await probe(source)).toMatchObject({ width, height, codec: 'mjpeg' });
    }
  });

  it('takes what else ffmpeg opens, with its options', async () => {
    const drawn = { url: 'testsrc=s=96x64:r=5:d=1', inputOptions: ['-f', 'lavfi'] };
    expect(await probe(drawn)).toMatchObject({ width: 96, height: 64, frameRate: 5 });
  });

  it('gives what a network sends, and no length', async () => {
    const port = await freePort();
    const sender = new Sender(['-f', 'mpegts', `tcp://127.0.0.1:${port}`]).start();
    const info = await probe(`tcp://127.0.0.1:${port}?listen`);
    await sender.kill();
    expect(info).toMatchObject({ width: 160, height: 120, codec: 'h264', frameRate: 25, hasAudio: false });
    expect(info).not.toHaveProperty('durationSeconds');
  });

  it('gives up on a network that is silent', async () => {
    const silent = probe(`udp://127.0.0.1:${await freePort()}`, { networkTimeoutSeconds: 0.5 });
    await expect(silent).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
  });

  it('refuses pushed frames', async () => {
    const frames = (async function* () {})();
    await expect(probe(frames)).rejects.toThrow(
      new TypeError(
        'Cannot open video: source must be a path, a URL or { url, inputOptions } to probe it, got pushed frames',
      ),
    );
  });
});

describe('probe() rejects with VIDEO_DECODE and the name', () => {
  it('of a missing file', async () => {
    await expect(probe(at('nowhere.mp4'))).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringMatching(/^Cannot open video ".*nowhere\.mp4": .*No such file/),
    });
  });

  it('of a file that is no video', async () => {
    writeFileSync(at('text.mp4'), 'this is no video');
    await expect(probe(at('text.mp4'))).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringMatching(/text\.mp4.*Invalid data/s),
    });
  });

  it('of a file with sound only', async () => {
    const song = ffmpeg('-f', 'lavfi', '-i', 'sine=d=1', at('song.m4a'));
    await expect(probe(song)).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: `Cannot open video "${song}": it must have a video stream, got audio`,
    });
  });

  it('of a stream whose pictures have no size', async () => {
    const clip = ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-c:v', 'mpeg2video', at('whole.ts'));
    // The tables of the stream, three packets of 188 bytes, and none of its pictures.
    writeFileSync(at('tables.ts'), readFileSync(clip).subarray(0, 3 * 188));
    await expect(probe(at('tables.ts'))).rejects.toMatchObject({
      code: 'VIDEO_DECODE',
      message: `Cannot open video "${at('tables.ts')}": its pictures must have a size, got none`,
    });
  });

  it('of a song with a cover picture', async () => {
    const cover = ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x64:d=1', '-frames:v', '1', at('cover.png'));
    const maps = ['-map', '0:a', '-map', '1:v', '-c:v', 'png', '-disposition:v:0', 'attached_pic'];
    const song = ffmpeg('-f', 'lavfi', '-i', 'sine=d=1', '-i', cover, ...maps, at('covered.m4a'));
    await expect(probe(song)).rejects.toThrow(/it must have a video stream, got audio, video/);
  });

  it('but hides credentials of a URL', async () => {
    const failure = await probe('http://me:hunter2@127.0.0.1:9/clip.mp4?token=abc').catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringContaining('http://127.0.0.1:9/clip.mp4'),
    });
    expect(String(failure)).not.toMatch(/hunter2|abc/);
  });
});

describe('probe() calls', () => {
  it('rejects what is no source', async () => {
    await expect(probe('x.mp4', { singal: 1 } as object)).rejects.toThrow(
      'Cannot open video: options must have known names, got "singal" (did you mean "signal"?)',
    );
    await expect(probe('')).rejects.toThrow(
      new TypeError(
        'Cannot open video: source must be a path, a URL, { url, inputOptions } or an async iterable of frames, got ""',
      ),
    );
    await expect(probe(null as unknown as string)).rejects.toThrow(
      'Cannot open video: source must be a path, a URL, { url, inputOptions } or an async iterable of frames, got null',
    );
  });

  it('ends ffprobe when aborted', async () => {
    const controller = new AbortController();
    const asked = probe('udp://127.0.0.1:43981', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 300);
    await expect(asked).rejects.toThrow('enough');
    expect(ffmpegChildren()).toEqual([]);
  });
});
