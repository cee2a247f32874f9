import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OverlayVideoSink, type OverlayVideoOptions } from '../../../packages/video/src/sinks/overlay-video.ts';
import { ffmpeg, ffmpegChildren, frameTimes, inspect, temporaryFolder, testClip } from '../clips.ts';
import { sinkFrame } from './frames.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

const silent = testClip(at('silent.mp4'), { seconds: 2 });
/** A clip of two seconds with sound of `seconds`. */
const withSound = (name: string, seconds: number): string =>
  ffmpeg('-i', silent, '-f', 'lavfi', '-i', `sine=d=${seconds}`, '-c:v', 'copy', '-c:a', 'aac', at(name));
const sound = withSound('sound.mp4', 2);

async function write(
  name: string,
  options: Partial<OverlayVideoOptions>,
  frames = 50,
  startSeconds = 0,
): Promise<string> {
  const sink = await OverlayVideoSink.open(at(name), options);
  for (let index = 0; index < frames; index++) {
    const overlay = new Uint8Array(64 * 48 * 3).fill(index * 4);
    await sink.write(
      sinkFrame({ index, timeSeconds: startSeconds + index / 25, sourceWidth: 64, sourceHeight: 48, overlay }),
    );
  }
  await sink.close();
  await sink.close();
  return at(name);
}

describe('OverlayVideoSink', () => {
  it('asks for the overlay', () => {
    expect(OverlayVideoSink.needs).toEqual({ overlay: true });
  });

  it('takes size from the first frame and rate and sound from the source', async () => {
    const path = await write('out/all.mp4', { source: sound, info: () => ({ frameRate: 25 }) });
    const { streams } = inspect(path);
    expect(streams).toMatchObject([
      { codec_name: 'h264', width: 64, height: 48, nb_read_frames: '50' },
      { codec_name: 'aac' },
    ]);
    expect(frameTimes(path)).toEqual(Array.from({ length: 50 }, (_, index) => index / 25));
    expect(Math.abs(Number(streams[1]?.duration) - 2)).toBeLessThan(0.05);
    expect(readdirSync(at('out'))).toEqual(['all.mp4']);
  });

  it('shows the last picture as long as the others, also where a jump of the clock spoils the rate', async () => {
    const lasts = async (name: string, frames: number, frameRate: number): Promise<number> =>
      Number(inspect(await write(name, { info: () => ({ frameRate }) }, frames)).format.duration);
    expect(await lasts('jump.mp4', 10, 0.0125)).toBeCloseTo(0.4, 3);
    expect(await lasts('one-slow.mp4', 1, 0.5)).toBeCloseTo(2, 3);
  });

  it('has all pictures when the sound ends before them or lies elsewhere', async () => {
    const short = await write('short.mp4', { source: withSound('short-sound.mp4', 0.5) });
    expect(inspect(short).streams).toMatchObject([{ nb_read_frames: '50' }, { codec_name: 'aac' }]);
    expect(Number(inspect(short).streams[1]?.duration)).toBeLessThan(0.6);
    const elsewhere = await write('elsewhere.mp4', { source: sound }, 50, 30);
    expect(inspect(elsewhere).streams).toMatchObject([{ nb_read_frames: '50' }]);
  });

  it('cuts the sound to the pictures', async () => {
    const path = await write('cut.mp4', { source: withSound('long-sound.mp4', 10) }, 25, 0.5);
    const [pictures, audio] = inspect(path).streams;
    expect(pictures).toMatchObject({ nb_read_frames: '25', start_time: '0.000000' });
    expect(Number(audio?.start_time)).toBeLessThan(0.03);
    expect(Math.abs(Number(audio?.start_time) + Number(audio?.duration) - 1)).toBeLessThan(0.05);
  });

  it.each<[string, Partial<OverlayVideoOptions>]>([
    ['a source without sound', { source: silent }],
    ['a live source', { source: sound, info: () => ({ frameRate: 25, live: true }) }],
    ['a source whose sound is not wanted', { source: sound, sound: 'none' }],
    ['a source that is no file', { source: '-' }],
    ['frames of the caller', {}],
  ])('has no sound for %s', async (title, options) => {
    const path = await write(`${title.replaceAll(' ', '-')}.mp4`, { info: () => ({ frameRate: NaN }), ...options }, 5);
    expect(inspect(path).streams).toMatchObject([{ codec_name: 'h264', nb_read_frames: '5' }]);
    expect(inspect(path).streams).toHaveLength(1);
  });

  it('finishes what is there in time when it is left, and nothing without a frame', async () => {
    const sink = await OverlayVideoSink.open(at('aborted.mp4'), { source: sound });
    for (let index = 0; index < 10; index++) {
      await sink.write(
        sinkFrame({ timeSeconds: index / 25, sourceWidth: 64, sourceHeight: 48, overlay: new Uint8Array(64 * 48 * 3) }),
      );
    }
    await sink.close(10_000);
    expect(inspect(at('aborted.mp4')).streams).toMatchObject([{ nb_read_frames: '10' }, { codec_name: 'aac' }]);
    const unused = await OverlayVideoSink.open(at('unused.mp4'), {});
    expect(await unused.abandon()).toEqual([]);
    await unused.close();
    expect(existsSync(at('unused.mp4'))).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.includes('.partial.'))).toEqual([]);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('rejects what cannot be written before the first frame', async () => {
    await expect(OverlayVideoSink.open(at('x.avi'), {})).rejects.toThrow(
      `Cannot write video: path must end in .mp4, .m4v, .mov, got "${at('x.avi')}"`,
    );
    await expect(OverlayVideoSink.open(sound, { source: sound })).rejects.toThrow(
      `Cannot write video: path must not be what is read ("${sound}"), got "${sound}"`,
    );
    await expect(OverlayVideoSink.open(at('x.mp4'), { encoder: 'nothing' })).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
    });
    writeFileSync(at('file'), '');
    await expect(OverlayVideoSink.open(at('file/x.mp4'), {})).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/^Cannot write video: path must be in a folder, got ".*file\/x\.mp4" \(/),
    });
    const sink = await OverlayVideoSink.open(at('blind.mp4'), {});
    await expect(sink.write(sinkFrame())).rejects.toThrow(
      'internal: a frame for the overlay video came without its picture',
    );
  });

  it('says where the pictures are when the sound cannot be added, and leaves the older file', async () => {
    const source = withSound('vanishing.mp4', 1);
    const sink = await OverlayVideoSink.open(at('kept.mp4'), { source });
    await sink.write(sinkFrame({ sourceWidth: 64, sourceHeight: 48, overlay: new Uint8Array(64 * 48 * 3) }));
    writeFileSync(source, 'no video any more');
    writeFileSync(at('kept.mp4'), 'older');
    await expect(sink.close()).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(
        /kept\.mp4": the pictures are in ".*partial\.mp4", their sound could not be added: ffmpeg exited with 1\. .*Invalid data/s,
      ),
    });
    const [kept = ''] = await sink.abandon();
    expect(inspect(kept).streams).toMatchObject([{ codec_name: 'h264', nb_read_frames: '1' }]);
    expect(readFileSync(at('kept.mp4'), 'utf8')).toBe('older');
    expect(readdirSync(folder.path).filter((name) => name.includes('kept'))).toEqual([basename(kept), 'kept.mp4']);
  });
});
