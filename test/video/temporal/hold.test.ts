import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../packages/core/src/guard/options.ts';
import { HOLD_OPTIONS, HoldGate, type HoldOptions } from '../../../packages/video/src/temporal/hold.ts';
import { makeThumbnail, measureChange, type Picture } from '../../../packages/video/src/temporal/motion.ts';
import { pictureOf } from './scenes.ts';

const gateOf = (options?: HoldOptions): HoldGate => new HoldGate(readOptions('hold frames', HOLD_OPTIONS, options));

/** Which frames are segmented. */
function admitted(pictures: readonly Picture[], options?: HoldOptions): boolean[] {
  const gate = gateOf(options);
  return pictures.map((picture) => gate.admits(picture));
}

const frames = (count: number, picture: (frame: number) => Picture): Picture[] =>
  Array.from({ length: count }, (_, frame) => picture(frame));

describe('HoldGate', () => {
  it('holds a still scene with noise, but never longer than maxFrames', () => {
    const still = frames(23, (seed) => pictureOf({ noise: 3, seed }));
    expect(admitted(still, { maxFrames: 10 }).flatMap((yes, frame) => (yes ? [frame] : []))).toEqual([0, 10, 20]);
    expect(admitted(still, { maxFrames: 1 }).every(Boolean)).toBe(true);
    expect(admitted(frames(30, () => pictureOf({}))).flatMap((yes, frame) => (yes ? [frame] : []))).toEqual([0, 25]);
  });

  it('lets every frame of a moving square through', () => {
    expect(admitted(frames(10, (frame) => pictureOf({ square: 10 * frame }))).every(Boolean)).toBe(true);
  });

  it('sees a square that enters a still scene and one that stops', () => {
    const squares = [undefined, undefined, 20, 20, 40, 40, 40, undefined];
    expect(admitted(squares.map((square) => pictureOf(square === undefined ? {} : { square })))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('bounds the error: no patch of a held frame is further than the threshold from the frame it stands for', () => {
    // Light that changes too slowly to be seen between neighbours.
    const slow = frames(120, (frame) => pictureOf({ light: frame / 2, noise: 1, seed: frame }));
    const threshold = 0.04;
    const yes = admitted(slow, { threshold, maxFrames: 1000 });
    let source = 0;
    for (const [frame, picture] of slow.entries()) {
      if (yes[frame]) source = frame;
      expect(measureChange(makeThumbnail(slow[source] as Picture), makeThumbnail(picture)).largest).toBeLessThan(
        threshold,
      );
    }
    const count = yes.filter(Boolean).length;
    expect(count).toBeGreaterThanOrEqual(5);
    expect(count).toBeLessThanOrEqual(20);
  });

  it('admits a frame of another size, and the next after reset()', () => {
    const gate = gateOf();
    const small = { data: new Uint8Array(30 * 20 * 3), width: 30, height: 20 };
    expect([gate.admits(pictureOf({})), gate.admits(small), gate.admits(small)]).toEqual([true, true, false]);
    gate.reset();
    expect([gate.admits(small), gate.admits(small)]).toEqual([true, false]);
  });

  it.each<[string, HoldOptions, string]>([
    ['a threshold of 0', { threshold: 0 }, 'threshold must be a number above 0, got 0'],
    ['no threshold', { threshold: NaN }, 'threshold must be a number above 0, got NaN'],
    [
      'a threshold that is a symbol',
      { threshold: Symbol('x') as never },
      'threshold must be a number above 0, got a symbol',
    ],
    ['maxFrames of 0', { maxFrames: 0 }, 'maxFrames must be a positive integer, got 0'],
    ['half a frame', { maxFrames: 2.5 }, 'maxFrames must be a positive integer, got 2.5'],
  ])('refuses %s', (_, options, message) => {
    expect(() => gateOf(options)).toThrow(`Cannot hold frames: ${message}`);
  });
});
