/** Smoothing against scenes whose right answer is known. */
import { decideLabels } from '@synseg/core/masks';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../packages/core/src/guard/options.ts';
import {
  smoothActivations,
  SMOOTHING_OPTIONS,
  smoothingOf,
  type Smoothing,
  type SmoothingOptions,
  type SmoothingState,
} from '../../../packages/video/src/temporal/smoothing.ts';
import { mapsOf, pictureOf, SIDE, truthOf, type Scene } from './scenes.ts';

const plain = (options?: SmoothingOptions): Smoothing =>
  smoothingOf(readOptions('smooth', SMOOTHING_OPTIONS, options), 1, false);
const RULE = { thresholds: [undefined, undefined], background: 'none' } as const;
const decide = ({ activations }: { activations: Float32Array }): Uint8Array =>
  decideLabels(activations, SIDE, SIDE, RULE);
const different = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((count, label, pixel) => count + (label === b[pixel] ? 0 : 1), 0);

/** States after each scene; maps have noise of `error`. */
function run(scenes: readonly Scene[], options: SmoothingOptions = {}, error = 0): SmoothingState[] {
  const states: SmoothingState[] = [];
  for (const scene of scenes)
    states.push(smoothActivations(states.at(-1), mapsOf(scene, error), pictureOf(scene), plain(options)));
  return states;
}

/** Label changes per pixel and frame. */
function flicker(maps: readonly Uint8Array[]): number {
  return (
    maps.slice(1).reduce((sum, map, index) => sum + different(map, maps[index] as Uint8Array), 0) /
    ((maps.length - 1) * SIDE * SIDE)
  );
}

describe('smoothActivations() of a still scene with noise', () => {
  const scenes = Array.from({ length: 20 }, (_, seed) => ({ square: 64, noise: 3, seed }));

  it('lets flicker and wrong pixels fall', () => {
    const raw = scenes.map((scene) => decide(mapsOf(scene, 0.1)));
    const smooth = run(scenes, { weight: 0.2 }, 0.1).map(decide);
    expect(flicker(raw)).toBeGreaterThan(0.1);
    expect(flicker(smooth.slice(5))).toBeLessThan(flicker(raw) / 10);
    expect(different(smooth.at(-1) as Uint8Array, truthOf({ square: 64 }))).toBeLessThan(
      different(raw.at(-1) as Uint8Array, truthOf({ square: 64 })) / 50,
    );
  });

  it('is the exponential mean of the maps', () => {
    const states = run(scenes.slice(0, 3), { weight: 0.25 }, 0.1);
    const [first, second, third] = scenes.map((scene) => mapsOf(scene, 0.1).activations) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    expect(states.map(({ renewed }) => renewed)).toEqual([1, 0, 0]);
    for (let index = 0; index < first.length; index += 97) {
      const two = 0.75 * (first[index] as number) + 0.25 * (second[index] as number);
      expect(states[1]?.activations[index]).toBeCloseTo(two, 6);
      expect(states[2]?.activations[index]).toBeCloseTo(0.75 * two + 0.25 * (third[index] as number), 6);
    }
  });

  it('is off at weight 1', () => {
    const [, second] = run(scenes.slice(0, 2), { weight: 1 }, 0.1);
    expect(second?.activations).toEqual(mapsOf(scenes[1] as Scene, 0.1).activations);
  });

  it('stays in [0, 1]', () => {
    const last = run(scenes, {}, 0.5).at(-1) as SmoothingState;
    expect(last.activations.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

describe('smoothActivations() of a moving square', () => {
  const scenes = Array.from({ length: 12 }, (_, frame) => ({ square: 8 + 10 * frame, noise: 3, seed: frame }));

  it('leaves no trail: every frame is right', () => {
    for (const [frame, state] of run(scenes, { weight: 0.1 }).entries())
      expect(different(decide(state), truthOf(scenes[frame] as Scene))).toBe(0);
  });

  it('would leave one without the reset', () => {
    const last = run(scenes, { weight: 0.1, motionThreshold: 2 }).at(-1) as SmoothingState;
    expect(different(decide(last), truthOf(scenes.at(-1) as Scene))).toBeGreaterThan(500);
  });

  it('still smooths the ground it does not touch', () => {
    const states = run(scenes, { weight: 0.2 }, 0.1);
    const below = (map: Uint8Array): Uint8Array => map.subarray(120 * SIDE);
    const wrong = (map: Uint8Array): number => below(map).reduce((count, label) => count + (label === 1 ? 0 : 1), 0);
    expect(wrong(decide(states.at(-1) as SmoothingState))).toBeLessThan(
      wrong(decide(mapsOf(scenes.at(-1) as Scene, 0.1))) / 20,
    );
    expect(states.slice(1).every(({ renewed }) => renewed > 0 && renewed < 0.2)).toBe(true);
  });
});

describe('smoothActivations() starts afresh', () => {
  const cut: readonly Scene[] = [{ square: 64 }, { square: 64 }, { ground: 2 }];

  it('at a hard cut', () => {
    const last = run(cut, { weight: 0.05 }).at(-1) as SmoothingState;
    expect(last.renewed).toBe(1);
    expect(last.activations).toEqual(mapsOf({}).activations);
  });

  it('but not at a cut that is no cut by its threshold, where only what moved is new', () => {
    const [, last] = run([{}, { square: 64 }], { weight: 0.05 });
    expect(last?.renewed).toBeLessThan(0.1);
    const [, all] = run([{}, { square: 64 }], { weight: 0.05, sceneCutThreshold: 0.01 });
    expect(all?.renewed).toBe(1);
  });

  it('when the labels are others, or the size of maps or picture', () => {
    const scene = { square: 64 };
    const state = smoothActivations(undefined, mapsOf({}), pictureOf(scene), plain());
    const fresh = mapsOf(scene).activations;
    expect(smoothActivations(state, mapsOf(scene, 0, 'other'), pictureOf(scene), plain()).activations).toEqual(fresh);
    expect(
      smoothActivations(state, { ...mapsOf(scene), width: SIDE / 2, height: SIDE * 2 }, pictureOf(scene), plain())
        .activations,
    ).toEqual(fresh);
    const half = { data: new Uint8Array(20 * 20 * 3), width: 20, height: 20 };
    expect(smoothActivations(state, mapsOf(scene), half, plain()).activations).toEqual(fresh);
    expect(smoothActivations(state, mapsOf(scene), pictureOf(scene), plain()).activations).not.toEqual(fresh);
  });
});

describe('smoothActivations() of slow changes', () => {
  it('goes on while the light changes slowly', () => {
    const scenes = Array.from({ length: 20 }, (_, frame) => ({ square: 64, light: 2 * frame, noise: 2, seed: frame }));
    const states = run(scenes, { weight: 0.2 }, 0.1);
    expect(states.slice(1).every(({ renewed }) => renewed === 0)).toBe(true);
    expect(flicker(states.slice(5).map(decide))).toBeLessThan(0.02);
  });

  it('follows a square that creeps, with a lag of a few pixels at most', () => {
    const scenes = Array.from({ length: 30 }, (_, frame) => ({ square: 40 + frame / 4 }));
    const last = run(scenes, { weight: 0.2 }).at(-1) as SmoothingState;
    expect(different(decide(last), truthOf(scenes.at(-1) as Scene))).toBeLessThanOrEqual(2 * 32);
  });
});

describe('smoothActivations() keeps to its hands', () => {
  it('overwrites the new maps, leaves the state as it was, and gives plain data', () => {
    const before = smoothActivations(undefined, mapsOf({ seed: 1 }, 0.1), pictureOf({}), plain());
    const copy = structuredClone(before);
    const maps = mapsOf({ seed: 2 }, 0.1);
    const after = smoothActivations(before, maps, pictureOf({}), plain());
    expect(after.activations).toBe(maps.activations);
    expect(before).toEqual(copy);
    expect(smoothActivations(copy, mapsOf({ seed: 2 }, 0.1), pictureOf({}), plain())).toEqual(after);
  });

  it('takes a picture of another size than the maps', () => {
    // The right half of a picture of 88 × 44 changes; maps are 4 × 2.
    const small = (value: number): { data: Uint8Array; width: number; height: number } => ({
      data: Uint8Array.from({ length: 88 * 44 * 3 }, (_, index) => (Math.floor(index / 3) % 88 >= 44 ? value : 9)),
      ...{ width: 88, height: 44 },
    });
    const maps = (value: number): { activations: Float32Array; width: number; height: number; key: string } => ({
      activations: new Float32Array(8).fill(value),
      width: 4,
      height: 2,
      key: '',
    });
    const state = smoothActivations(undefined, maps(0), small(0), plain());
    const { activations } = smoothActivations(state, maps(1), small(200), plain({ weight: 0.25 }));
    expect([...activations]).toEqual([0.25, 0.25, 1, 1, 0.25, 0.25, 1, 1]);
  });
});

describe('smoothActivations() refuses', () => {
  const picture = pictureOf({});
  it.each<[string, SmoothingOptions, string]>([
    ['a weight of 0', { weight: 0 }, 'weight must be a number above 0 and at most 1, got 0'],
    ['a weight above 1', { weight: 1.5 }, 'weight must be a number above 0 and at most 1, got 1.5'],
    ['no weight', { weight: NaN }, 'weight must be a number above 0 and at most 1, got NaN'],
    ['a motion threshold of 0', { motionThreshold: 0 }, 'motionThreshold must be a number above 0, got 0'],
    ['a negative scene cut threshold', { sceneCutThreshold: -1 }, 'sceneCutThreshold must be a number above 0, got -1'],
  ])('%s', (_, options, message) => {
    expect(() => plain(options)).toThrow(new RangeError(`Cannot smooth: ${message}`));
  });

  it('maps of another length than their size says', () => {
    const maps = { activations: new Float32Array(7), width: 2, height: 2, key: '' };
    expect(() => smoothActivations(undefined, maps, picture, plain())).toThrow(
      new RangeError('Cannot smooth: activations must hold labels × width × height values, got 7 for 2 × 2'),
    );
  });
});
