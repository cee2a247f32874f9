/** The masks of a label map, one per label, in the forms people need them in. */
import type { Polygon } from '@synseg/core';
import { encodeLabelMapRLE, tracePolygons } from '@synseg/core/masks';

/** COCO compressed run lengths. */
export interface MaskRle {
  readonly size: readonly [height: number, width: number];
  readonly counts: string;
}

/** A label map and the names of its labels. */
export interface NamedLabelMap {
  /** `Uint8Array, [height, width], row-major`: label index, 255 = background. */
  readonly labelMap: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Names in label-map order. */
  readonly labels: readonly string[];
}

/** Pixels of one label: `Uint8Array, [height, width], row-major`, 0 or 1. */
export function maskOf(labelMap: Uint8Array, index: number): Uint8Array {
  const mask = new Uint8Array(labelMap.length);
  for (let pixel = 0; pixel < mask.length; pixel++) if (labelMap[pixel] === index) mask[pixel] = 1;
  return mask;
}

/** Run lengths per label; labels without a pixel are left out. */
export function rleByLabel({ labelMap, width, height, labels }: NamedLabelMap): Record<string, MaskRle> {
  const forms = encodeLabelMapRLE(labelMap, width, height, labels.length);
  return Object.fromEntries(
    labels.flatMap((name, index) => (forms[index] === undefined ? [] : [[name, forms[index]]])),
  );
}

/** Outlines per label, in pixels of the label map; labels without a pixel are left out. */
export function polygonsByLabel({
  labelMap,
  width,
  height,
  labels,
}: NamedLabelMap): Record<string, readonly Polygon[]> {
  return Object.fromEntries(
    labels.flatMap((name, index) => {
      const outlines = tracePolygons(maskOf(labelMap, index), width, height);
      return outlines.length === 0 ? [] : [[name, outlines]];
    }),
  );
}
