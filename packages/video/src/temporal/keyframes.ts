/**
 * Five views now and then, one view between: every k-th frame, the first, and the first after a scene cut are key
 * frames.
 * What a key frame found is carried on by smoothing, whose weight is smaller for the coarser frames between.
 */
import { describeValue } from '@synseg/core/guards';
import { isSameSize, makeThumbnail, measureChange, movedShare, type Picture, type Thumbnail } from './motion.ts';
import { resolveSmoothing, type ResolvedSmoothing, type SmoothingOptions } from './smoothing.ts';

/** When a frame is a key frame. */
export interface KeyframeOptions {
  /** Frames from one key frame to the next. @default 4 */
  readonly every?: number;
  /** Change of a patch, 0 to 1, from which it has moved. @default as for smoothing */
  readonly motionThreshold?: number;
  /** Share of the picture, 0 to 1, that must have moved for a scene cut. Above 1: never. @default as for smoothing */
  readonly sceneCutThreshold?: number;
}

/**
 * Decides for the frames of one source, in their order, how many views each is segmented with.
 *
 * @example
 * ```ts
 * import { KeyframeSchedule, keyframeSmoothing } from './keyframes.ts';
 * const still = { data: new Uint8Array(64 * 48 * 3), width: 64, height: 48 };
 * const schedule = new KeyframeSchedule({ every: 3 });
 * const views = [0, 1, 2, 3].map(() => schedule.views(still));
 * console.assert(views.join() === '5,1,1,5');
 * console.assert(keyframeSmoothing(5).weight > keyframeSmoothing(1).weight);
 * ```
 */
export class KeyframeSchedule {
  readonly #every: number;
  readonly #motionThreshold: number;
  readonly #sceneCutThreshold: number;
  #previous: Thumbnail | undefined;
  #since = 0;

  /** @throws {RangeError} when `every` is no whole number of at least 1 or a threshold is not above 0. */
  constructor({ every = 4, ...thresholds }: KeyframeOptions = {}) {
    if (!(Number.isInteger(every) && every >= 1))
      throw new RangeError(
        `Cannot place key frames: every must be a whole number of at least 1, got ${describeValue(every)}`,
      );
    const { motionThreshold, sceneCutThreshold } = resolveSmoothing(thresholds);
    this.#every = every;
    this.#motionThreshold = motionThreshold;
    this.#sceneCutThreshold = sceneCutThreshold;
  }

  /** 5 for a key frame, 1 for a frame between. */
  views(picture: Picture): 1 | 5 {
    const thumbnail = makeThumbnail(picture);
    const previous = this.#previous;
    this.#previous = thumbnail;
    this.#since += 1;
    if (previous !== undefined && this.#since < this.#every && !this.#isCut(previous, thumbnail)) return 1;
    this.#since = 0;
    return 5;
  }

  /** Makes the next frame a key frame. */
  reset(): void {
    this.#previous = undefined;
  }

  #isCut(previous: Thumbnail, thumbnail: Thumbnail): boolean {
    if (!isSameSize(previous, thumbnail)) return true;
    return movedShare(measureChange(previous, thumbnail), this.#motionThreshold) >= this.#sceneCutThreshold;
  }
}

/** How the maps of key frames and of the frames between are mixed. */
export interface KeyframeSmoothingOptions extends SmoothingOptions {
  /** Weight of a key frame's maps where the picture stands still, above 0 to 1. @default 0.7 */
  readonly weight?: number;
  /** Weight of the maps of a frame between, likewise: small, or they blur what the key frame found. @default 0.02 */
  readonly betweenWeight?: number;
}

/**
 * Smoothing options of one frame in such a sequence, for `smoothActivations`. Maps of both kinds must have one size.
 *
 * @param views What {@link KeyframeSchedule.views} said of the frame.
 * @throws {RangeError} when a weight is not above 0 and at most 1, or a threshold is not above 0.
 */
export function keyframeSmoothing(
  views: 1 | 5,
  { weight = 0.7, betweenWeight = 0.02, ...thresholds }: KeyframeSmoothingOptions = {},
): ResolvedSmoothing {
  const key = resolveSmoothing({ weight, ...thresholds });
  const between = resolveSmoothing({ weight: betweenWeight, ...thresholds });
  return views === 5 ? key : between;
}
