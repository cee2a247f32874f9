/** Messages between the thread that moves frames and the pool's threads. Plain data; large buffers by transfer. */
import type { MessagePort } from 'node:worker_threads';
import type { LabelSetParts, SharedSegmenter } from '@synseg/core';
import type { DecisionRule } from '@synseg/core/masks';
import type { SerializedError } from '@synseg/core/runtime';
import type { Smoothing, SmoothingState } from '../temporal/smoothing.ts';
import type { RenderInput, Rendered, RenderRequest } from './render.ts';

/** Settings that one frame is segmented with. */
export interface SegmentSettings {
  readonly views: 1 | 5;
  /** Size of the maps in pixels. @default the model's own, which is twice as large for five views */
  readonly mapSize?: { readonly width: number; readonly height: number };
  /** Least activation of a mask, 0 to 1; overrides the label set's. */
  readonly threshold?: number;
}

/** One frame at the model's resolution. */
interface FramePixels {
  /** `Uint8Array, [height, width, 3], row-major`: RGB, 0 to 255. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** Everything about a frame that rendering needs, but for its label map. */
type FramePicture = Omit<RenderInput, 'labelMap' | 'width' | 'height'>;

/** A frame to segment, and how. */
export interface SegmentTask extends FramePixels {
  readonly labels: LabelSetParts;
  readonly settings: SegmentSettings;
}

/** Segment a frame and render what is wanted of it. */
export interface FrameTask extends SegmentTask {
  readonly type: 'frame';
  readonly picture: FramePicture;
  readonly render: RenderRequest;
}

/** Segment a frame, but leave the decision to a later task: its activation maps are wanted. */
export interface ActivationTask extends SegmentTask {
  readonly type: 'activations';
}

/** Activation maps of a frame. */
export interface Activations {
  /** `Float32Array, [labels, height, width], row-major, [0, 1]`. */
  readonly activations: Float32Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** The task's picture, handed back. */
  readonly frame: FramePixels;
}

/** Join a frame's activation maps with those of the frames before it, and decide. */
export interface SmoothTask extends Activations {
  readonly type: 'smooth';
  readonly state: SmoothingState | undefined;
  /** `LabelSet.key`. */
  readonly key: string;
  readonly rule: DecisionRule;
  readonly smoothing: Smoothing;
}

/** A label map, and what the next frame is smoothed with. */
export interface Smoothed {
  readonly labelMap: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly state: SmoothingState;
}

/** Render a frame whose label map is there already. */
interface RenderTask {
  readonly type: 'render';
  readonly input: RenderInput;
  readonly render: RenderRequest;
}

export type PoolTask = FrameTask | ActivationTask | SmoothTask | RenderTask;

/** The answer to each kind of task. */
export interface PoolReply {
  readonly frame: Rendered;
  readonly activations: Activations;
  readonly smooth: Smoothed;
  readonly render: Rendered;
}

/** A pool thread's first message: it asks for the session, over a channel of its own. */
export interface SessionRequest {
  readonly port: MessagePort;
}

/** Messages to the pool's thread on the channel of {@link SessionRequest}. */
export type PoolControl =
  | { readonly type: 'session'; readonly shared: SharedSegmenter }
  /** There is no session: the segmenter is disposed, for instance. */
  | { readonly type: 'refused'; readonly error: SerializedError }
  | { readonly type: 'cancel' };
