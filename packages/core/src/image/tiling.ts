/**
 * Very long pictures cut into tiles, so that squeezing them into the trunk's square does not make them unreadable.
 *
 * Ordinary pictures, up to 3:1, are one tile: the whole, squeezed, as the models were trained.
 */
import type { Region } from './image.ts';

/** Aspect ratio from which a picture is tiled along its long side. */
const TILED_ASPECT = 3;

/** Most tiles of one picture. */
const MAX_TILES = 16;

/** How a picture is cut. */
export interface Tiling {
  readonly tiles: readonly [rows: number, columns: number];
  /** Regions row by row. */
  readonly regions: readonly Region[];
}

/** Cuts a picture of this size. */
export function tilePicture(width: number, height: number): Tiling {
  const aspect = Math.max(width / height, height / width);
  const count = aspect < TILED_ASPECT ? 1 : Math.min(MAX_TILES, Math.max(width, height), Math.round(aspect));
  const edge = (index: number, length: number): number => Math.round((index * length) / count);
  const regions = Array.from({ length: count }, (_, index): Region => {
    if (width >= height) {
      const left = edge(index, width);
      return { left, top: 0, width: edge(index + 1, width) - left, height };
    }
    const top = edge(index, height);
    return { left: 0, top, width, height: edge(index + 1, height) - top };
  });
  return { tiles: width >= height ? [1, count] : [count, 1], regions };
}
