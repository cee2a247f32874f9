/** The result for one frame of a video. */
import type { Segmentation } from '@synseg/core';

/** Facts about a frame, and its segmentation. */
export interface FrameFacts {
  /** Name of the source, without credentials. */
  readonly source: string;
  /** 0-based place of the source in the list of sources. */
  readonly sourceIndex: number;
  /** 0-based number of the frame in the source, in presentation order. */
  readonly index: number;
  /** Presentation time in seconds, on the source's own clock. */
  readonly timeSeconds: number;
  /** Name of the picture's file, without its folder; of image sequences only. */
  readonly fileName?: string;
  /** Size of the source's picture in pixels, after rotation. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** Width of the source's pixels by their height: 1 for square pixels. */
  readonly pixelAspect: number;
  /** Frames of this source that were dropped since the frame before; always 0 when every frame is wanted. */
  readonly dropped: number;
  /** Seconds from the frame's arrival here to its result. */
  readonly latencySeconds: number;
  /** True when the picture stood still and the result of the frame before was taken. */
  readonly held: boolean;
  /** Labels of its pixels with all their forms; those of `render` were made in the pool. */
  readonly segmentation: Segmentation;
}

/** One frame of a video with its segmentation, and the pictures that were asked for. */
export interface SegmentedFrame extends FrameFacts {
  /**
   * With `render: ['overlay']` the source's picture with the label colors over it: `Uint8Array, [sourceHeight,
   * sourceWidth, 3], row-major`: RGB.
   */
  readonly overlay?: Uint8Array<ArrayBuffer>;
  /** With `render: ['jpeg']` the overlay as the bytes of a JPEG file. */
  readonly jpeg?: Uint8Array;
  /** The frame as `JSON.stringify()` and `console.log()` show it: the facts, no pixels and no masks. */
  toJSON(): FrameFacts;
}
