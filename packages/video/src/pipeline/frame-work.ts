/**
 * From a decoded frame to its rendered result, for the frames of one source in their order: which labels, how many
 * views, whether the model is needed at all, and what is carried from frame to frame. The work itself is the pool's.
 */
import type { LabelSet } from '@synseg/core';
import type { VideoFrame } from '../decode/decode-options.ts';
import { pick } from '../pick.ts';
import type { FramePicture, SegmentSettings, Smoothed } from '../pool/frame-task.ts';
import type { FramePool } from '../pool/pool.ts';
import type { FrameRequest, Rendered, RenderRequest } from '../pool/render.ts';
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
    const { width, height, sourceWidth, sourceHeight } = frame;
    const seen = { data: frame.data, width, height };
    if (this.#labels !== labels) {
      this.#gate?.reset();
      this.#keyframes?.reset();
      this.#labels = labels;
    }
    const picture = { sourceWidth, sourceHeight, ...(frame.full === undefined ? {} : { picture: frame.full }) };
    const render: RenderRequest = {
      names: labels.names,
      colors: labels.colors,
      mayBeBackground: labels.background !== 'none',
      ...this.#options.render,
    };
    // First, so that a key frame is not spent on a frame that is held.
    if (this.#gate?.admits(seen) === false) return this.#repeat(this.#last, picture, render);
    const views = this.#keyframes?.views(seen) ?? this.#options.views;
    const { smooth } = this.#options;
    const result =
      smooth === undefined
        ? this.#plain(frame, labels, views, picture, render)
        : this.#smooth(
            frame,
            labels,
            views,
            picture,
            render,
            smoothingOf(smooth, views, this.#keyframes !== undefined),
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

  async #repeat(
    last: Promise<LabelledMap | undefined>,
    picture: FramePicture,
    render: RenderRequest,
  ): Promise<FrameResult> {
    const map = await last;
    if (map === undefined) throw new Error('Cannot hold frame: the frame before must have a result, got none');
    const rendered = await this.#pool.run(
      { type: 'render', input: { ...map, ...picture }, render },
      buffers(picture.picture),
    );
    return { ...rendered, held: true };
  }

  #plain(
    frame: VideoFrame,
    labels: LabelSet,
    views: 1 | 5,
    picture: FramePicture,
    render: RenderRequest,
  ): Promise<Rendered> {
    const pixels = { pixels: frame.data, width: frame.width, height: frame.height };
    const task = {
      type: 'frame',
      ...pixels,
      labels: labels.parts,
      settings: this.#settings(views),
      picture,
      render,
    } as const;
    return this.#pool.run(task, buffers(frame.data, picture.picture));
  }

  /** Three tasks: only the middle one waits for the frame before. */
  async #smooth(
    frame: VideoFrame,
    labels: LabelSet,
    views: 1 | 5,
    picture: FramePicture,
    render: RenderRequest,
    smoothing: Smoothing,
  ): Promise<Rendered> {
    const pixels = { pixels: frame.data, width: frame.width, height: frame.height };
    const activations = this.#pool.run(
      { type: 'activations', ...pixels, labels: labels.parts, settings: this.#settings(views) },
      buffers(frame.data),
    );
    const before = this.#smoothed;
    const smoothed = Promise.all([activations, before]).then(([maps, last]): Promise<Smoothed> => {
      // The task it went to failed, and took it along.
      const state = last?.activations.length === 0 ? undefined : last;
      const moved = buffers(
        maps.activations,
        maps.frame.pixels,
        state?.activations as Float32Array<ArrayBuffer> | undefined,
      );
      return this.#pool.run(
        {
          type: 'smooth',
          ...maps,
          state,
          key: labels.key,
          rule: labels.ruleWith(pick(this.#options, 'threshold')),
          smoothing,
        },
        moved,
      );
    });
    // A frame that failed leaves the state to the next one.
    this.#smoothed = smoothed.then(
      ({ state }) => state,
      () => before.catch(() => undefined),
    );
    const { labelMap, width, height } = await smoothed;
    return this.#pool.run(
      { type: 'render', input: { labelMap, width, height, ...picture }, render },
      buffers(labelMap, picture.picture),
    );
  }

  #settings(views: 1 | 5): SegmentSettings {
    const {
      threshold,
      inputSize: [height, width],
    } = this.#options;
    // Key frames and frames between are joined: their maps have one size.
    const mapSize = this.#keyframes === undefined ? {} : { mapSize: { width, height } };
    return { views, ...mapSize, ...(threshold === undefined ? {} : { threshold }) };
  }
}

function buffers(
  ...arrays: readonly (Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> | undefined)[]
): ArrayBuffer[] {
  return arrays.flatMap((array) => (array === undefined ? [] : [array.buffer]));
}
