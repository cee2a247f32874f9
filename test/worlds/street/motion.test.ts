import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { View } from '@synseg/street-world/camera.ts';
import { writeClip } from '@synseg/street-world/clip.ts';
import { drawScene } from '@synseg/street-world/draw.ts';
import { movingScene } from '@synseg/street-world/motion.ts';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';

describe('movingScene()', () => {
  it('makes a frame from its number alone', () => {
    const scene = movingScene(4, { seconds: 2, frameRate: 10 });
    const late = JSON.stringify(scene.frame(13));
    scene.frame(2);
    expect(JSON.stringify(movingScene(4, { seconds: 2, frameRate: 10 }).frame(13))).toBe(late);
    expect(scene.frames).toBe(20);
  });

  it('moves things by no more than their speed, and keeps their numbers', () => {
    for (let seed = 0; seed < 20; seed++) {
      const scene = movingScene(seed, { seconds: 1, frameRate: 12 });
      const [before, after] = [scene.frame(4).items, scene.frame(5).items];
      expect(after.length).toBe(before.length);
      for (const [index, item] of after.entries()) {
        expect([item.id, item.kind, item.seed]).toEqual([before[index]!.id, before[index]!.kind, before[index]!.seed]);
        expect(Math.abs(item.x - before[index]!.x) + Math.abs(item.z - before[index]!.z)).toBeLessThan(11 / 12);
      }
    }
  });

  it('has traffic from beginning to end, in pictures that change little from frame to frame', async () => {
    let [moving, changed, pixels] = [0, 0, 0];
    for (let seed = 0; seed < 6; seed++) {
      const scene = movingScene(seed, { seconds: 4, frameRate: 12 });
      for (const index of [0, 23, 46]) {
        const [one, next] = [
          await drawScene(scene.frame(index), { size: 96 }),
          await drawScene(scene.frame(index + 1), { size: 96 }),
        ];
        if (
          one.visible.some(
            ({ item, share }) =>
              (item.velocity[0] !== 0 || item.velocity[1] !== 0) && item.kind !== 'cloud' && share > 0.002,
          )
        )
          moving += 1;
        const different = one.labels.filter((label, pixel) => label !== next.labels[pixel]).length;
        expect(different / one.labels.length, `seed ${seed}, frame ${index}`).toBeLessThan(0.4);
        changed += different;
        pixels += one.labels.length;
      }
    }
    expect(moving).toBeGreaterThan(12);
    expect(changed / pixels).toBeLessThan(0.08);
    expect(changed).toBeGreaterThan(0);
  });

  it('turns the camera a little at most', () => {
    for (let seed = 0; seed < 30; seed++) {
      const scene = movingScene(seed, { seconds: 3, frameRate: 10 });
      const [first, last] = [scene.frame(0).camera, scene.frame(29).camera];
      const [cos, sin] = last.turn;
      expect(cos * cos + sin * sin).toBeCloseTo(1, 9);
      expect(first.turn[0] * cos + first.turn[1] * sin).toBeGreaterThan(0.985);
      expect(new View(last).distance(first.x, first.z)).toBeLessThan(1);
    }
  });

  it('refuses times and frames that are none', () => {
    expect(() => movingScene(1, { seconds: 0 })).toThrow(
      'Cannot make moving scene: seconds and frameRate must be positive, got 0 and 12',
    );
    expect(() => movingScene(1, { seconds: 1, frameRate: 4 }).frame(4)).toThrow(
      'Cannot make frame: index must be an integer within 0 … 3, got 4',
    );
  });
});

describe('writeClip()', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'street-world-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('writes a video and the mask of each of its frames', async () => {
    const clip = await writeClip(join(folder, 'clip.mp4'), 2, { seconds: 0.5, frameRate: 8, size: 64, aspect: 1.5 });
    expect([clip.frames, clip.width, clip.height]).toEqual([4, 96, 64]);
    expect((await readFile(clip.video)).subarray(4, 8).toString()).toBe('ftyp');
    expect(await readdir(folder)).toEqual(['clip.masks', 'clip.mp4']);
    expect((await readdir(clip.masks)).sort()).toEqual([
      '00000.png',
      '00001.png',
      '00002.png',
      '00003.png',
      'classes.json',
      'frames.jsonl',
    ]);
    const { labels } = await drawScene(movingScene(2, { seconds: 0.5, frameRate: 8, aspect: 1.5 }).frame(3), {
      size: 64,
      frame: 3,
    });
    expect((await readIndexMask(join(clip.masks, '00003.png'))).data).toEqual(labels);
  });

  it('says that ffmpeg is missing and how to get it, and leaves nothing behind', async () => {
    const before = process.env['FFMPEG_PATH'];
    process.env['FFMPEG_PATH'] = join(folder, 'no-ffmpeg');
    try {
      await expect(writeClip(join(folder, 'clip.mp4'), 2, { seconds: 0.5, size: 64 })).rejects.toThrow(
        /^Cannot write clip: ffmpeg must succeed, got spawn .*no-ffmpeg ENOENT\. Install ffmpeg \(Debian, Ubuntu: apt install ffmpeg; .*\), or set FFMPEG_PATH to the executable\.$/,
      );
    } finally {
      if (before === undefined) delete process.env['FFMPEG_PATH'];
      else process.env['FFMPEG_PATH'] = before;
    }
    expect(await readdir(folder)).toEqual([]);
    await expect(writeClip(join(folder, 'clip.mp4'), 2, { size: 65 })).rejects.toThrow(
      'Cannot write clip: size must be even, got 65',
    );
  });
});
