import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeFrames } from '../../packages/video/src/decode/decode.ts';
import type { FrameSaved } from '../../packages/video/src/save-frames-options.ts';
import { saveFrames } from '../../packages/video/src/save-frames.ts';
import type { RawFrame } from '../../packages/video/src/source/source.ts';
import { ffmpeg, ffmpegChildren, temporaryFolder, testClip, testPicture } from './clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('my clip.mp4'), { seconds: 3 });

async function* grays(...values: readonly number[]): AsyncGenerator<RawFrame> {
  for (const value of values) yield { data: new Uint8Array(40 * 20 * 3).fill(value), width: 40, height: 20 };
}

async function sizeOf(path: string): Promise<(number | string | undefined)[]> {
  const { width, height, format } = await sharp(path).metadata();
  return [width, height, format];
}

const rule = 'files must be new, or overwrite be set';

describe('saveFrames()', () => {
  it('saves every thirtieth frame under its number, and says so', async () => {
    const told: FrameSaved[] = [];
    const saved = await saveFrames(clip, at('usual'), { onProgress: (news) => told.push(news) });
    const names = ['my-clip_000000.jpg', 'my-clip_000030.jpg', 'my-clip_000060.jpg'];
    expect(readdirSync(at('usual'))).toEqual(names);
    const [first = '', second = '', last = ''] = names.map((name) => at(`usual/${name}`));
    expect(saved).toEqual({ frames: 3, leftOut: 0, width: 160, height: 120, first, last });
    expect(told[1]).toEqual({ path: second, index: 30, timeSeconds: 1.2, frames: 2, leftOut: 0, total: 3 });
    expect(await sizeOf(second)).toEqual([160, 120, 'jpeg']);
  });

  it('saves the very pixels of the frames as PNG, of the part that is asked for', async () => {
    const part = { start: 1, end: 2, every: 10, format: 'png' } as const;
    await saveFrames(clip, at('part'), part);
    expect(readdirSync(at('part'))).toEqual([25, 35, 45].map((index) => `my-clip_0000${index}.png`));
    for await (const { index, full } of decodeFrames(clip, {
      ...{ start: 1, end: 2, every: 10 },
      ...{ size: { width: 8, height: 8 }, fullResolution: true },
    }))
      expect(decode(readFileSync(at(`part/my-clip_0000${index}.png`))).data).toEqual(full);
  });

  it('ends at its limit, and takes each frame where frames per second are given', async () => {
    const { frames } = await saveFrames(clip, at('limit'), { fps: 5, limit: 4, stem: 'b' });
    expect([frames, ...readdirSync(at('limit'))]).toEqual([
      4,
      ...[0, 5, 10, 15].map((n) => `b_${`${n}`.padStart(6, '0')}.jpg`),
    ]);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('gives pictures that stand upright, with square pixels, no larger than asked', async () => {
    const wide = testClip(at('wide.mp4'), { seconds: 0.2, more: ['-vf', 'setsar=2/1'] });
    const { first } = await saveFrames(wide, at('shapes'));
    expect(await sizeOf(first)).toEqual([320, 120, 'jpeg']);
    const narrow = testClip(at('narrow.mp4'), { seconds: 0.2, more: ['-vf', 'setsar=1/2'] });
    const half = await saveFrames(narrow, at('shapes'), { maxSide: 120 });
    expect([half.width, half.height]).toEqual([80, 120]);
    expect(await sizeOf(half.first)).toEqual([80, 120, 'jpeg']);
    const turned = ffmpeg('-i', clip, '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4'));
    expect(await sizeOf((await saveFrames(turned, at('shapes'), { format: 'png', limit: 1 })).first)).toEqual([
      ...[120, 160, 'png'],
    ]);
  });

  it('leaves out frames that are the same as the one saved last but for less than asked', async () => {
    const saved = await saveFrames(grays(100, 103, 104, 120, 121, 100), at('still'), { every: 1, leastChange: 0.03 });
    expect(saved).toMatchObject({ frames: 3, leftOut: 3, width: 40, height: 20 });
    expect(readdirSync(at('still'))).toEqual(['frames_000000.jpg', 'frames_000003.jpg', 'frames_000005.jpg']);
  });

  it('keeps the names of an image sequence, and their number where only the endings differ', async () => {
    mkdirSync(at('photos'));
    for (const name of ['street.png', 'tree.png']) testPicture(at(`photos/${name}`), '64x48');
    copyFileSync(at('photos/tree.png'), at('photos/tree.webp')); // some programs name files so
    const { frames } = await saveFrames(at('photos/*'), at('photos-out'));
    expect(frames).toBe(3);
    expect(readdirSync(at('photos-out'))).toEqual(['street.jpg', 'tree.jpg', 'tree_000002.jpg']);
    await expect(saveFrames(at('photos/*'), at('photos-out'))).rejects.toThrow(
      `Cannot save frames: ${rule}, got "${at('photos-out/street.jpg')}", which is there`,
    );
  });

  it('replaces no file unless it is told to, and then not what a link leads to', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept/my-clip_000030.jpg'), 'mine');
    await expect(saveFrames(clip, at('kept'))).rejects.toThrow(
      `Cannot save frames: ${rule}, got "${at('kept/my-clip_000030.jpg')}", which is there`,
    );
    expect(readdirSync(at('kept'))).toEqual(['my-clip_000030.jpg']);
    // One that comes while frames are being saved is not replaced either.
    const late = saveFrames(clip, at('late'), {
      onProgress: ({ frames }) => {
        if (frames === 1) writeFileSync(at('late/my-clip_000030.jpg'), 'mine');
      },
    });
    await expect(late).rejects.toThrow('files must be new');
    expect(readFileSync(at('late/my-clip_000030.jpg'), 'utf8')).toBe('mine');
    expect(readdirSync(at('late'))).toEqual(['my-clip_000000.jpg', 'my-clip_000030.jpg']);

    writeFileSync(at('precious.jpg'), 'precious');
    symlinkSync(at('precious.jpg'), at('kept/my-clip_000000.jpg'));
    await saveFrames(clip, at('kept'), { overwrite: true });
    expect(await sizeOf(at('kept/my-clip_000030.jpg'))).toEqual([160, 120, 'jpeg']);
    expect(readFileSync(at('precious.jpg'), 'utf8')).toBe('precious');
    // Pictures of another ending, and of another clip, are others.
    expect((await saveFrames(clip, at('kept'), { format: 'png', limit: 1 })).frames).toBe(1);
    expect((await saveFrames(clip, at('kept'), { stem: 'my', limit: 1 })).frames).toBe(1);
  });

  it('puts nothing into the folder that it reads', async () => {
    mkdirSync(at('read'));
    testPicture(at('read/a.jpg'), '64x48');
    await expect(saveFrames(at('read/*.jpg'), at('read'), { overwrite: true })).rejects.toThrow(
      `folder must not be a folder that holds what is read ("${at('read/a.jpg')}"), got "${at('read')}"`,
    );
  });

  it('keeps what there is when it is ended, and rejects with the reason', async () => {
    const ending = new AbortController();
    const reason = new Error('enough');
    const work = saveFrames(clip, at('ended'), {
      ...{ every: 5, signal: ending.signal },
      onProgress: ({ frames }) => frames === 2 && ending.abort(reason),
    });
    await expect(work).rejects.toBe(reason);
    const there = readdirSync(at('ended'));
    expect(there).toEqual(['my-clip_000000.jpg', 'my-clip_000005.jpg']);
    for (const name of there) expect(await sizeOf(at(`ended/${name}`))).toEqual([160, 120, 'jpeg']);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('throws what a callback throws or rejects with', async () => {
    const failure = new Error('mine');
    const onProgress = (): never => {
      throw failure;
    };
    await expect(saveFrames(clip, at('thrown'), { onProgress })).rejects.toBe(failure);
    const rejecting = (): void => Promise.reject(failure) as unknown as void;
    const later = saveFrames(clip, at('thrown'), { overwrite: true, onProgress: rejecting });
    await expect(later).rejects.toBe(failure);
    await expect(saveFrames(clip, at('state'), { onState: onProgress })).rejects.toBe(failure);
    expect(ffmpegChildren()).toEqual([]);
  });

  it.each([
    [{ every: 0 }, 'Cannot save frames: every must be a positive integer, got 0'],
    [{ stem: '../up' }, 'Cannot save frames: stem must be a file name without an ending, got "../up"'],
    [{ stem: '.hidden' }, 'Cannot save frames: stem must be a file name without an ending, got ".hidden"'],
    [{ format: 'gif' as 'png' }, 'Cannot save frames: format must be "jpg" or "png", got "gif"'],
    [{ leastChange: 0 }, 'Cannot save frames: leastChange must be'],
    [{ start: 2, end: 1 }, 'Cannot save frames: end must be after start (2), got 1'],
  ])('refuses %j', async (options, message) => {
    await expect(saveFrames(clip, at('refused'), options)).rejects.toThrow(message);
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('says what cannot be read, and what cannot be written', async () => {
    await expect(saveFrames(at('none.mp4'), at('none'))).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
    await expect(saveFrames(clip, '')).rejects.toThrow('Cannot save frames: folder must be a path, got ""');
    writeFileSync(at('file'), '');
    await expect(saveFrames(clip, at('file'))).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringContaining(`Cannot write frame: path must be in a folder, got "${at('file')}"`),
    });
  });
});
