import { describe, expect, it } from 'vitest';
import { plainSplit } from '../../../packages/train/src/annotations/plain-split.ts';
import { heldOutKeys } from '../../../packages/train/src/inspect/held-out.ts';

const frames = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}${at}.jpg`);

describe('heldOutKeys()', () => {
  it('is the same for the same seed, and another for another', () => {
    const keys = frames('photo', 50);
    expect([...heldOutKeys(keys, 0.1, 1)]).toEqual([...heldOutKeys([...keys].reverse(), 0.1, 1)]);
    expect([...heldOutKeys(keys, 0.1, 1)]).not.toEqual([...heldOutKeys(keys, 0.1, 2)]);
  });

  it('takes neighboring frames of a video together', () => {
    const held = [...heldOutKeys(frames('clip_', 400), 0.1, 7)].map((key) => Number(/\d+/.exec(key)![0]));
    held.sort((a, b) => a - b);
    expect(held).toHaveLength(40);
    const starts = held.filter((frame, at) => held[at - 1] !== frame - 1);
    expect(starts.length).toBeLessThanOrEqual(4);
  });

  it('never parts copies of one picture', () => {
    const keys = frames('photo_', 10).flatMap((name) =>
      ['a1', 'b2', 'c3'].map((hash) => name.replace('.jpg', `_jpg.rf.${hash}.jpg`)),
    );
    const held = heldOutKeys(keys, 0.1, 3);
    expect(new Set([...held].map((key) => key.replace(/\.rf.*/, ''))).size).toBe(held.size / 3);
  });

  it('holds out one of two, and leaves one', () => {
    expect(heldOutKeys(['a.jpg', 'b.jpg'], 0.9, 1).size).toBe(1);
    expect(heldOutKeys(['a.jpg', 'b.jpg'], 0.01, 1).size).toBe(1);
  });
});

describe('plainSplit()', () => {
  it('knows the names that tools give', () => {
    const names = ['train2017', 'training', 'valid', 'val2017', 'dev', 'testing', 'extra', undefined];
    expect(names.map(plainSplit)).toEqual(['train', 'train', 'val', 'val', 'val', 'test', 'extra', undefined]);
  });
});
