/** Skips inference while the picture stands still: the last result then stands for the new frame. */
import { integer, number, withDefault, type OptionsOf, type Resolved } from '@synseg/core/guards';
import { isSameSize, makeThumbnail, measureChange, type Picture, type Thumbnail } from './motion.ts';

/** Options of when a frame may take the result of the one before. */
export const HOLD_OPTIONS = {
  /**
   * Change of a patch (mean absolute difference, 0 to 1) from which a frame is segmented. No patch of a held frame
   * differs that much from the frame whose result it takes.
   * @default 0.03
   */
  threshold: withDefault(number({ above: 0, endless: true }), 0.03),
  /** Longest run of frames of which at least one is segmented. @default 25 */
  maxFrames: withDefault(integer({ endless: true }), 25),
};
export type HoldOptions = OptionsOf<typeof HOLD_OPTIONS>;

/**
 * Decides for the frames of one source, in their order, which of them are segmented.
 *
 * Each is compared with the last frame that *was* segmented, not with the one before it, so slow changes add up and
 * cannot creep past. The largest change of any patch counts: a small thing that enters an empty scene is seen.
 *
 * @example
 * ```ts
 * import { HoldGate } from './hold.ts';
 * const gray = (value: number) => ({ data: new Uint8Array(64 * 48 * 3).fill(value), width: 64, height: 48 });
 * const gate = new HoldGate({ threshold: 0.03, maxFrames: 3 });
 * const admitted = [100, 101, 102, 103, 140].map((value) => gate.admits(gray(value)));
 * console.assert(admitted.join() === 'true,false,false,true,true');
 * ```
 */
export class HoldGate {
  readonly #options: Resolved<typeof HOLD_OPTIONS>;
  #segmented: Thumbnail | undefined;
  #held = 0;

  constructor(options: Resolved<typeof HOLD_OPTIONS>) {
    this.#options = options;
  }

  /** True when this frame is to be segmented; false when the last result stands for it. */
  admits(picture: Picture): boolean {
    const { threshold, maxFrames } = this.#options;
    const before = this.#segmented;
    const thumbnail = makeThumbnail(picture);
    const isComparable = before !== undefined && this.#held < maxFrames - 1 && isSameSize(before, thumbnail);
    const isStill = isComparable && measureChange(before, thumbnail).largest < threshold;
    this.#held = isStill ? this.#held + 1 : 0;
    if (!isStill) this.#segmented = thumbnail;
    return !isStill;
  }

  /** Admits the next frame in any case: the labels changed, the source was opened again, or a result was lost. */
  reset(): void {
    this.#segmented = undefined;
  }
}
