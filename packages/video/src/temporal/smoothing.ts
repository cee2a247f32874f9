/**
 * Exponential smoothing of activation maps over time, where the picture stands still. Where it moved the new maps count
 * as they are, so nothing leaves a trail; at a scene cut nothing is carried over.
 *
 * Pure functions on plain data: a state may travel between threads by transfer. Frames of one source go in their order.
 */
import { number, withDefault, type OptionsOf, type Resolved } from '@synseg/core/guards';
import { isSameSize, makeThumbnail, measureChange, movedShare } from './motion.ts';
import type { Picture, PictureChange, Thumbnail } from './motion.ts';

/** Options of what counts as motion, and as a scene cut. */
export const MOTION_OPTIONS = {
  /**
   * Change of a patch (mean absolute difference, 0 to 1) from which it has moved: its new maps then count alone; from
   * half of it on their weight rises. Above 1: nothing counts as motion.
   * @default 0.04
   */
  motionThreshold: withDefault(number({ above: 0, endless: true }), 0.04),
  /** Share of the picture, 0 to 1, that must have moved for a scene cut. Above 1: never. @default 0.65 */
  sceneCutThreshold: withDefault(number({ above: 0, endless: true }), 0.65),
};

/** Options of how activation maps are smoothed over time. */
export const SMOOTHING_OPTIONS = {
  /** Weight of a frame's own maps where the picture stands still; 1 is no smoothing. @default 0.3; of key frames 0.7 */
  weight: number({ above: 0, most: 1 }),
  /** The same for a frame between key frames: small, or it blurs what the key frame found. @default 0.02 */
  betweenWeight: withDefault(number({ above: 0, most: 1 }), 0.02),
  ...MOTION_OPTIONS,
};
export type SmoothingOptions = OptionsOf<typeof SMOOTHING_OPTIONS>;

/** Settings that a frame is smoothed with. */
export interface Smoothing extends Resolved<typeof MOTION_OPTIONS> {
  readonly weight: number;
}

/** Settings for a frame of `views` views, in a sequence with key frames or without. */
export function smoothingOf(options: Resolved<typeof SMOOTHING_OPTIONS>, views: 1 | 5, keyframes: boolean): Smoothing {
  const { betweenWeight, weight = keyframes ? 0.7 : 0.3, motionThreshold, sceneCutThreshold } = options;
  return { weight: keyframes && views === 1 ? betweenWeight : weight, motionThreshold, sceneCutThreshold };
}

/** Activation maps of one frame. */
export interface ActivationMaps {
  /** `Float32Array, [labels, height, width], row-major`, 0 to 1. */
  readonly activations: Float32Array;
  readonly width: number;
  readonly height: number;
  /** The label set that the maps belong to (`LabelSet.key`): maps of different labels are not mixed. */
  readonly key: string;
}

/** Smoothed maps, and what the next frame needs to go on. Plain data. */
export interface SmoothingState extends ActivationMaps {
  readonly thumbnail: Thumbnail;
  /** Share of the picture, 0 to 1, that took the new maps as they are; 1 at the first frame and at a scene cut. */
  readonly renewed: number;
}

/**
 * Mixes a frame's activation maps into those of the frames before.
 *
 * `smoothed ← before + w × (new − before)`, `w` being the weight on patches that stand still and 1 on those that moved
 * and their neighbors, interpolated between patch centers.
 *
 * @param state The result for the source's previous frame; undefined at the first. It is not changed. When the size of
 *   maps or picture or the key is another now, it is dropped.
 * @param maps The frame's own maps; `activations` is overwritten and belongs to the result.
 * @param picture The frame's picture, of any size.
 * @throws {RangeError} when `activations` or the picture have the wrong length.
 * @example
 * ```ts
 * import { smoothActivations } from './smoothing.ts';
 * const still = { data: new Uint8Array(3), width: 1, height: 1 };
 * const maps = (activation: number) => ({ activations: Float32Array.of(activation), width: 1, height: 1, key: 'road'
 * });
 * const smoothing = { weight: 0.25, motionThreshold: 0.04, sceneCutThreshold: 0.65 };
 * const first = smoothActivations(undefined, maps(0.5), still, smoothing);
 * const second = smoothActivations(first, maps(1), still, smoothing);
 * console.assert(second.activations[0] === 0.625);
 * ```
 */
export function smoothActivations(
  state: SmoothingState | undefined,
  maps: ActivationMaps,
  picture: Picture,
  { weight, motionThreshold, sceneCutThreshold }: Smoothing,
): SmoothingState {
  const { activations, width, height, key } = maps;
  if (!(width >= 1 && height >= 1) || activations.length === 0 || activations.length % (width * height) !== 0) {
    const rule = 'activations must hold labels × width × height values';
    throw new RangeError(`Cannot smooth: ${rule}, got ${activations.length} for ${width} × ${height}`);
  }
  const thumbnail = makeThumbnail(picture);
  const next = { activations, width, height, key, thumbnail };
  if (state === undefined || weight === 1 || !continues(state, maps, thumbnail)) return { ...next, renewed: 1 };
  const change = measureChange(state.thumbnail, thumbnail);
  if (movedShare(change, motionThreshold) >= sceneCutThreshold) return { ...next, renewed: 1 };
  const weights = patchWeights(change, weight, motionThreshold);
  mix(state.activations, maps, weights, change);
  return { ...next, renewed: weights.reduce((count, value) => count + (value === 1 ? 1 : 0), 0) / weights.length };
}

function continues(state: SmoothingState, maps: ActivationMaps, thumbnail: Thumbnail): boolean {
  const sameMaps =
    state.key === maps.key && state.width === maps.width && state.activations.length === maps.activations.length;
  return sameMaps && isSameSize(state.thumbnail, thumbnail);
}

/** Weight of the new maps per patch: by the patch's own change and its neighbors', whichever is larger. */
function patchWeights({ patches, rows, columns }: PictureChange, weight: number, threshold: number): Float32Array {
  const own = patches.map((change) => weight + (1 - weight) * Math.min(Math.max((2 * change) / threshold - 1, 0), 1));
  const wide = new Float32Array(own.length);
  for (let row = 0, patch = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, patch++) {
      const left = column > 0 ? own[patch - 1]! : 0;
      const right = column < columns - 1 ? own[patch + 1]! : 0;
      wide[patch] = Math.max(own[patch]!, left, right);
    }
  }
  for (let patch = 0; patch < own.length; patch++)
    own[patch] = Math.max(wide[patch]!, wide[patch - columns] ?? 0, wide[patch + columns] ?? 0);
  return own;
}

/** Overwrites the new maps by their mix with those before. */
function mix(
  before: Float32Array,
  { activations, width, height }: ActivationMaps,
  patches: Float32Array,
  { rows, columns }: PictureChange,
): void {
  const pixels = width * height;
  const across = positions(width, columns);
  const line = new Float32Array(columns);
  const weights = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    const { first, second, fraction } = positionOf(y, height, rows);
    let least = 1;
    for (let column = 0; column < columns; column++) {
      const upper = patches[first * columns + column]!;
      line[column] = upper + fraction * (patches[second * columns + column]! - upper);
      least = Math.min(least, line[column]!);
    }
    if (least === 1) continue;
    for (let x = 0; x < width; x++) {
      const left = line[across.first[x]!]!;
      weights[x] = left + across.fraction[x]! * (line[across.second[x]!]! - left);
    }
    for (let start = y * width; start < activations.length; start += pixels) {
      for (let x = 0; x < width; x++) {
        const old = before[start + x]!;
        activations[start + x] = old + weights[x]! * (activations[start + x]! - old);
      }
    }
  }
}

/** The two patches that a pixel lies between (half-pixel centers), and its distance from the first. */
function positionOf(pixel: number, pixels: number, patches: number) {
  const position = Math.min(Math.max(((pixel + 0.5) * patches) / pixels - 0.5, 0), patches - 1);
  const first = Math.floor(position);
  return { first, second: Math.min(first + 1, patches - 1), fraction: position - first };
}

function positions(pixels: number, patches: number) {
  const all = Array.from({ length: pixels }, (_, pixel) => positionOf(pixel, pixels, patches));
  return {
    first: Uint16Array.from(all, ({ first }) => first),
    second: Uint16Array.from(all, ({ second }) => second),
    fraction: Float32Array.from(all, ({ fraction }) => fraction),
  };
}
