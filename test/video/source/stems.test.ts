import { describe, expect, it } from 'vitest';
import { isStem, sourceStems } from '../../../packages/video/src/source/stems.ts';

describe('sourceStems()', () => {
  it.each([
    ['clips/drive.mp4', 'drive'],
    ['my clip: 2/3?.mp4', '3-'],
    ['/tmp/..mp4', 'source'],
    ['.hidden/-x.mp4', 'x'],
    ['camera:0', 'camera-0'],
    ['rtsp://admin:hunter2@cam/front?token=x', 'front'],
    ['photos/street/*.jpg', 'street'],
    ['%05d.png', 'source'],
    ['-', 'stdin'],
    [`${'é'.repeat(300)}.mp4`, 'é'.repeat(50)],
  ])('%s → %s', (source, stem) => {
    expect(sourceStems([source])).toEqual([stem]);
    expect(isStem(stem)).toBe(true);
  });

  it('gives each source its own, also on systems that fold letters', () => {
    expect(sourceStems(['a/clip.mp4', 'b/CLIP.mp4', 'clip-2.mp4', 'c/clip.mov'])).toEqual([
      ...['clip', 'CLIP-2', 'clip-2-2', 'clip-3'],
    ]);
    expect(() => sourceStems('a.mp4' as unknown as string[])).toThrow('Cannot name sources: sources must be a list');
  });
});
