/**
 * Five views now and then, one view between: every k-th frame, the first, and the first after a scene cut are key
 * frames. What a key frame found is carried on by smoothing, whose weight is smaller for the coarser frames between.
 */
import { integer, withDefault, type OptionsOf, type Resolved } from '@synseg/core/guards';
import { isSameSize, makeThumbnail, measureChange, movedShare, type Picture, type Thumbnail } from './motion.ts';
import { MOTION_OPTIONS } from './smoothing.ts';

/** Options of when a frame is a key frame. */
export const KEYFRAME_OPTIONS = {
  /** Frames from one key frame to the next. @default 4 */
  every: withDefault(integer(), 4),
  ...MOTION_OPTIONS,
};
export type KeyframeOptions = OptionsOf<typeof KEYFRAME_OPTIONS>;

/**
 * Decides for the frames of one source, in their order, how many views each is segmented with.
 *
 * @example
 * ```ts
 * import { KeyframeSchedule } from './keyframes.ts';
 * const still = { data: new Uint8Array(64 * 48 * 3), width: 64, height: 48 };
 * const schedule = new KeyframeSchedule({ every: 3, motionThreshold: 0.04, sceneCutThreshold: 0.65 });
 * const views = [0, 1, 2, 3].map(() => schedule.views(still));
 * console.assert(views.join() === '5,1,1,5');
 * ```
 */
export class KeyframeSchedule {
  readonly #options: Resolved<typeof KEYFRAME_OPTIONS>;
  #previous: Thumbnail | undefined;
  #since = 0;

  constructor(options: Resolved<typeof KEYFRAME_OPTIONS>) {
    this.#options = options;
  }

  /** 5 for a key frame, 1 for a frame between. */
  views(picture: Picture): 1 | 5 {
    const thumbnail = makeThumbnail(picture);
    const previous = this.#previous;
    this.#previous = thumbnail;
    this.#since += 1;
    if (previous !== undefined && this.#since < this.#options.every && !this.#isCut(previous, thumbnail)) return 1;
    this.#since = 0;
    return 5;
  }

  /** Makes the next frame a key frame. */
  reset(): void {
    this.#previous = undefined;
  }

  #isCut(previous: Thumbnail, thumbnail: Thumbnail): boolean {
    const { motionThreshold, sceneCutThreshold } = this.#options;
    if (!isSameSize(previous, thumbnail)) return true;
    return movedShare(measureChange(previous, thumbnail), motionThreshold) >= sceneCutThreshold;
  }
}
