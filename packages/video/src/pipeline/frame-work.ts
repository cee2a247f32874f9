/**
 * From a decoded frame to its rendered result, for the frames of one source in their order: which labels, how many
 * views, whether the model is needed at all, and what is carried from frame to frame. The work itself is the pool's.
 */
import type { LabelSet } from '@synseg/core';
import type { VideoFrame } from '../decode/decode-options.ts';
import { pick } from '../pick.ts';
import type { FrameTask, SegmentSettings, SegmentTask, Smoothed } from '../pool/frame-task.ts';
import type { FramePool } from '../pool/pool.ts';
import type { FrameRequest, Rendered } from '../pool/render.ts';
import { HoldGate } from '../temporal/hold.ts';
import { KeyframeSchedule } from '../temporal/keyframes.ts';
import { smoothingOf, type Smoothing, type SmoothingState } from '../temporal/smoothing.ts';
import type { StreamSettings } from '../video-options.ts';

/** Options of segmenting the frames of a source. */
export interface WorkOptions extends Pick<StreamSettings, 'views' | 'threshold' | 'smooth' | 'hold' | 'keyframes'> {
  /** Height and width of the model's input, pixels. */
  readonly inputSize: readonly [height: number, width: number];
  readonly render: FrameRequest;
}

/** The result of a frame. */
export interface FrameResult extends Rendered {
  /** True when the result of the frame before was taken. */
  readonly held: boolean;
}

type LabelledMap = Pick<Rendered, 'labelMap' | 'width' | 'height'>;

/** The work on a frame once its labels are decided. */
type Look = Pick<FrameTask, 'picture' | 'render'>;

/** Segments the frames of one source. */
export class FrameWork {
  readonly #pool: FramePool;
  readonly #options: WorkOptions;
  readonly #gate: HoldGate | undefined;
  readonly #keyframes: KeyframeSchedule | undefined;
  #labels: LabelSet | undefined;
  /** The label map of the frame before, once it is there; only kept when frames may be held. */
  #last: Promise<LabelledMap | undefined> = Promise.resolve(undefined);
  #smoothed: Promise<SmoothingState | undefined> = Promise.resolve(undefined);

  constructor(pool: FramePool, options: WorkOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#gate = options.hold === undefined ? undefined : new HoldGate(options.hold);
    this.#keyframes = options.keyframes === undefined ? undefined : new KeyframeSchedule(options.keyframes);
  }

  /** Segments and renders the next frame; its buffers are given away. Results may come out of order. */
  async run(frame: VideoFrame, labels: LabelSet): Promise<FrameResult> {
    const { data, width, height, sourceWidth, sourceHeight, full } = frame;
    if (this.#labels !== labels) {
      this.#gate?.reset();
      this.#keyframes?.reset();
      this.#labels = labels;
    }
    const seen = { data, width, height };
    const { names, colors, background } = labels;
    const look: Look = {
      picture: { sourceWidth, sourceHeight, ...(full === undefined ? {} : { picture: full }) },
      render: { names, colors, mayBeBackground: background !== 'none', ...this.#options.render },
    };
    // First, so that a key frame is not spent on a frame that is held.
    if (this.#gate?.admits(seen) === false) {
      const map = await this.#last;
      if (map === undefined) throw new Error('Cannot hold frame: the frame before must have a result, got none');
      return { ...(await this.#render(map, look)), held: true };
    }
    const views = this.#keyframes?.views(seen) ?? this.#options.views;
    const task = { pixels: data, width, height, labels: labels.parts, settings: this.#settings(views) };
    const { smooth } = this.#options;
    const result =
      smooth === undefined
        ? this.#pool.run({ type: 'frame', ...task, ...look }, buffers(data, full))
        : this.#smooth(task, labels, smoothingOf(smooth, views, this.#keyframes !== undefined)).then((map) =>
            this.#render(map, look, map.labelMap),
          );
    if (this.#gate !== undefined) this.#remember(result);
    return { ...(await result), held: false };
  }

  #remember(result: Promise<LabelledMap>): void {
    this.#last = result.then(
      // The caller owns the result's label map.
      ({ labelMap, width, height }) => ({ labelMap: labelMap.slice(), width, height }),
      () => {
        this.#gate?.reset();
        return undefined;
      },
    );
  }

  /** Two tasks: only the second one waits for the frame before. */
  #smooth(task: SegmentTask, labels: LabelSet, smoothing: Smoothing): Promise<Smoothed> {
    const before = this.#smoothed;
    const activations = this.#pool.run({ type: 'activations', ...task }, buffers(task.pixels));
    const smoothed = Promise.all([activations, before]).then(([maps, last]) => {
      // The task it went to failed, and took it along.
      const state = last?.activations.length === 0 ? undefined : last;
      const moved = buffers(maps.activations, maps.frame.pixels, state?.activations);
      const rule = labels.ruleWith(pick(this.#options, 'threshold'));
      return this.#pool.run({ type: 'smooth', ...maps, state, key: labels.key, rule, smoothing }, moved);
    });
    // A frame that failed leaves the state to the next one.
    this.#smoothed = smoothed.then(
      ({ state }) => state,
      () => before.catch(() => undefined),
    );
    return smoothed;
  }

  #render({ labelMap, width, height }: LabelledMap, { picture, render }: Look, moved?: Uint8Array): Promise<Rendered> {
    const input = { labelMap, width, height, ...picture };
    return this.#pool.run({ type: 'render', input, render }, buffers(moved, picture.picture));
  }

  #settings(views: 1 | 5): SegmentSettings {
    const [height, width] = this.#options.inputSize;
    const { threshold } = this.#options;
    // Key frames and frames between are joined: their maps have one size.
    const mapSize = this.#keyframes === undefined ? {} : { mapSize: { width, height } };
    return { views, ...mapSize, ...(threshold === undefined ? {} : { threshold }) };
  }
}

function buffers(...arrays: readonly (Uint8Array | Float32Array | undefined)[]): ArrayBuffer[] {
  return arrays.flatMap((array) => (array === undefined ? [] : [array.buffer as ArrayBuffer]));
}
