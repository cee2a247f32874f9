/** What a video gives for each frame. */
import type { Polygon } from '@synseg/core';
import { describeValue, showsItself } from '@synseg/core/guards';
import { maskOf, polygonsByLabel, rleByLabel, type MaskRle } from './label-masks.ts';
import type { Rendered } from './pool/render.ts';

/** One frame of a video with its label map, and what else was asked for. */
export interface SegmentedFrame extends Rendered {
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
  /** Names of the labels this frame was segmented with, in label-map order. */
  readonly labels: readonly string[];
  /** RGB, 0 to 255, one per label. */
  readonly colors: readonly (readonly [number, number, number])[];
  /** True when the picture stood still and the result of the frame before was taken. */
  readonly held: boolean;
  /**
   * Mask of one label: `Uint8Array, [height, width], row-major`, 0 or 1.
   *
   * @throws {RangeError} when the label is none of `labels`
   */
  mask(label: string): Uint8Array;
  /** Run lengths per label with a pixel; computed here unless `output` included `'rle'`. */
  toRLE(): Readonly<Record<string, MaskRle>>;
  /**
   * Outlines per label with a pixel, in pixels of the label map; computed here unless `output` included `'polygons'`.
   */
  toPolygons(): Readonly<Record<string, readonly Polygon[]>>;
  /** What `JSON.stringify()` and `console.log()` show: the facts, no pixels and no masks. */
  toJSON(): FrameSummary;
}

/** A frame without what is large. */
export type FrameSummary = Omit<FrameFacts, 'labelMap' | 'rle' | 'polygons' | 'png' | 'overlay' | 'jpeg'>;

const large: ReadonlySet<string> = new Set<keyof FrameFacts>(['labelMap', 'rle', 'polygons', 'png', 'overlay', 'jpeg']);

/** The facts of a {@link SegmentedFrame}, before it can be asked for its masks. */
export type FrameFacts = Omit<SegmentedFrame, 'mask' | 'toRLE' | 'toPolygons' | 'toJSON'>;

/** Joins a frame's facts with the forms its masks can take. */
export function segmentedFrame(facts: FrameFacts): SegmentedFrame {
  const { labels, labelMap } = facts;
  const frame: SegmentedFrame = {
    ...facts,
    mask: (name) => {
      const index = labels.indexOf(name);
      if (index < 0)
        throw new RangeError(`Cannot read mask: label must be one of ${labels.join(', ')}, got ${describeValue(name)}`);
      return maskOf(labelMap, index);
    },
    toRLE: () => facts.rle ?? rleByLabel(facts),
    toPolygons: () => facts.polygons ?? polygonsByLabel(facts),
    toJSON: () =>
      Object.fromEntries(Object.entries(facts).filter(([name]) => !large.has(name))) as unknown as FrameSummary,
  };
  showsItself(frame, 'SegmentedFrame');
  return frame;
}
