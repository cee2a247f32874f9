/** What this package needs of a segmenter, and what it gives for each frame. `Segmenter` of @synseg/core fits. */

/** COCO compressed run lengths. */
export interface MaskRle {
  readonly size: readonly [height: number, width: number];
  readonly counts: string;
}

/** What a segmenter answers for one picture. */
export interface FrameSegmentation {
  readonly width: number;
  readonly height: number;
  /** `Uint8Array, [height, width], row-major`: label index, 255 = background. */
  readonly labelMap: Uint8Array;
  /** Share of the picture per label, 0 to 1. */
  readonly areas: Readonly<Record<string, number>>;
  toRLE(): Readonly<Record<string, MaskRle>>;
}

/** How frames are segmented. */
export interface FrameSegmentOptions {
  readonly views?: 1 | 5;
  readonly threshold?: number;
  readonly size: 'model';
  readonly signal: AbortSignal;
}

/** Names and colors of the labels. */
export interface FrameLabels {
  readonly names: readonly string[];
  readonly colors: readonly (readonly [number, number, number])[];
}

/** Segments RGB pictures; many calls may be under way at a time. */
export interface FrameSegmenter<Labels extends FrameLabels> {
  /** Height and width of the model's input in pixels. */
  readonly inputSize: readonly [height: number, width: number];
  segment(
    image: { readonly data: Uint8Array<ArrayBuffer>; readonly width: number; readonly height: number },
    labels: Labels,
    options: FrameSegmentOptions,
  ): Promise<FrameSegmentation>;
}

/** One frame of a video with its label map. */
export interface SegmentedFrame extends FrameSegmentation {
  /** Name of the source, without credentials. */
  readonly source: string;
  /** 0-based place of the source in the list of sources. */
  readonly sourceIndex: number;
  /** 0-based number of the frame in the source, in presentation order. */
  readonly index: number;
  /** Presentation time in seconds, on the source's own clock. */
  readonly timeSeconds: number;
  /** Size of the source's picture in pixels, after rotation. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** Frames of this source that were dropped since the frame before; always 0 when every frame is wanted. */
  readonly dropped: number;
  /** Seconds from the frame's arrival here to its result. */
  readonly latencySeconds: number;
  /** Names of the labels this frame was segmented with, in label-map order. */
  readonly labels: readonly string[];
}
