import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../packages/core/src/guard/options.ts';
import {
  KEYFRAME_OPTIONS,
  KeyframeSchedule,
  type KeyframeOptions,
} from '../../../packages/video/src/temporal/keyframes.ts';
import type { Picture } from '../../../packages/video/src/temporal/motion.ts';
import {
  smoothActivations,
  SMOOTHING_OPTIONS,
  smoothingOf,
  type Smoothing,
  type SmoothingOptions,
  type SmoothingState,
} from '../../../packages/video/src/temporal/smoothing.ts';
import { mapsOf, pictureOf, SIDE } from './scenes.ts';

const scheduleOf = (options?: KeyframeOptions): KeyframeSchedule =>
  new KeyframeSchedule(readOptions('place key frames', KEYFRAME_OPTIONS, options));
const keyframeSmoothing = (views: 1 | 5, options?: SmoothingOptions): Smoothing =>
  smoothingOf(readOptions('smooth', SMOOTHING_OPTIONS, options), views, true);

/** Numbers of the key frames. */
function keyFrames(pictures: readonly Picture[], options?: KeyframeOptions): number[] {
  const schedule = scheduleOf(options);
  return pictures.flatMap((picture, frame) => (schedule.views(picture) === 5 ? [frame] : []));
}

const frames = (count: number, picture: (frame: number) => Picture): Picture[] =>
  Array.from({ length: count }, (_, frame) => picture(frame));

describe('KeyframeSchedule', () => {
  const moving = frames(12, (frame) => pictureOf({ square: 10 * frame, noise: 3, seed: frame }));

  it('makes the first and every k-th frame a key frame, whatever moves', () => {
    expect(keyFrames(moving, { every: 5 })).toEqual([0, 5, 10]);
    expect(keyFrames(moving)).toEqual([0, 4, 8]);
    expect(keyFrames(moving.slice(0, 3), { every: 1 })).toEqual([0, 1, 2]);
  });

  it('makes the first frame after a scene cut one, and counts from it', () => {
    const cut = frames(12, (frame) => pictureOf({ ground: frame < 3 ? 1 : 2, noise: 2, seed: frame }));
    expect(keyFrames(cut, { every: 5 })).toEqual([0, 3, 8]);
    expect(keyFrames(cut, { every: 5, sceneCutThreshold: 2 })).toEqual([0, 5, 10]);
  });

  it('makes a frame of another size one, and the next after reset()', () => {
    const small = { data: new Uint8Array(30 * 20 * 3), width: 30, height: 20 };
    const schedule = scheduleOf({ every: 10 });
    expect([pictureOf({}), pictureOf({}), small, small].map((picture) => schedule.views(picture))).toEqual([
      5, 1, 5, 1,
    ]);
    schedule.reset();
    expect([schedule.views(small), schedule.views(small)]).toEqual([5, 1]);
  });

  it.each<[string, KeyframeOptions, string]>([
    ['every 0th', { every: 0 }, 'Cannot place key frames: every must be a positive integer, got 0'],
    ['every half', { every: 0.5 }, 'Cannot place key frames: every must be a positive integer, got 0.5'],
    [
      'a scene cut threshold of 0',
      { sceneCutThreshold: 0 },
      'Cannot place key frames: sceneCutThreshold must be a number above 0, got 0',
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => scheduleOf(options)).toThrow(new RangeError(message));
  });
});

describe('keyframeSmoothing()', () => {
  /** Maps that say 0.9 everywhere for a key frame and 0.5 for one between. */
  const mapsFor = (views: 1 | 5): ReturnType<typeof mapsOf> => {
    const maps = mapsOf({});
    maps.activations.fill(views === 5 ? 0.9 : 0.5);
    return maps;
  };

  function run(pictures: readonly Picture[], options: SmoothingOptions): SmoothingState[] {
    const schedule = scheduleOf({ every: 4 });
    const states: SmoothingState[] = [];
    for (const picture of pictures) {
      const views = schedule.views(picture);
      states.push(smoothActivations(states.at(-1), mapsFor(views), picture, keyframeSmoothing(views, options)));
    }
    return states;
  }

  it('carries what the key frame found through the frames between, where nothing moves', () => {
    const last = run(
      frames(4, (seed) => pictureOf({ noise: 2, seed })),
      {},
    ).at(-1) as SmoothingState;
    expect(Math.min(...last.activations)).toBeGreaterThan(0.87);
  });

  it('takes the frame between where the square went, and where it was', () => {
    const [, second] = run([pictureOf({ square: 16 }), pictureOf({ square: 96 })], {});
    const at = (x: number, y: number): number => second?.activations[y * SIDE + x] as number;
    expect([at(32, 80), at(112, 80)]).toEqual([0.5, 0.5]);
    expect(at(70, 80)).toBeGreaterThan(0.88);
    expect(at(112, 20)).toBeGreaterThan(0.88);
  });

  it('gives each kind its weight, and both the thresholds', () => {
    const thresholds = { motionThreshold: 0.1, sceneCutThreshold: 0.5 };
    expect(keyframeSmoothing(5, { weight: 0.9, betweenWeight: 0.1, ...thresholds })).toEqual({
      weight: 0.9,
      ...thresholds,
    });
    expect(keyframeSmoothing(1, { weight: 0.9, betweenWeight: 0.1, ...thresholds })).toEqual({
      weight: 0.1,
      ...thresholds,
    });
    expect([keyframeSmoothing(5).weight, keyframeSmoothing(1).weight]).toEqual([0.7, 0.02]);
  });

  it('refuses a weight out of range, whatever the frame', () => {
    for (const views of [1, 5] as const) {
      expect(() => keyframeSmoothing(views, { betweenWeight: 0 })).toThrow(
        new RangeError('Cannot smooth: betweenWeight must be a number above 0 and at most 1, got 0'),
      );
      expect(() => keyframeSmoothing(views, { weight: 2 })).toThrow(
        new RangeError('Cannot smooth: weight must be a number above 0 and at most 1, got 2'),
      );
    }
  });
});
