/** Thread entry: blends one frame. Pixels come and go by transfer. */
import { blendOverlay } from '@synseg/core';
import { moveBuffer } from './pool.ts';

/** One frame to blend. */
export interface RenderTask {
  /** `[height, width, 3]`, RGB; moved here, blended in place, moved back. */
  readonly pixels: ArrayBuffer;
  readonly width: number;
  readonly height: number;
  /** `Uint8Array, [mapHeight, mapWidth]`, label index, 255 = background. */
  readonly labelMap: Uint8Array;
  readonly mapWidth: number;
  readonly mapHeight: number;
  readonly colors: readonly (readonly [number, number, number])[];
  readonly alpha: number;
  readonly contour: boolean;
}

export default function render(task: RenderTask): ArrayBuffer {
  const { pixels, width, height, labelMap, mapWidth, mapHeight, colors, alpha, contour } = task;
  blendOverlay(new Uint8Array(pixels), width, height, labelMap, mapWidth, mapHeight, colors, { alpha, contour });
  return moveBuffer(pixels);
}
