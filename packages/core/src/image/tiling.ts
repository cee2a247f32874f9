/**
 * Very long pictures cut into tiles, so that squeezing them into the trunk's square does not make them unreadable.
 *
 * Ordinary pictures, up to 3:1, are one tile: the whole, squeezed, as the models were trained.
 */
import type { OpenedImage, RawImage, Region } from './image.ts';

/** Aspect ratio from which a picture is tiled along its long side. */
const TILED_ASPECT = 3;

/** Most tiles of one picture. */
const MAX_TILES = 16;

/** The tiles of one picture. */
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
  const isWide = width >= height;
  const regions = Array.from({ length: count }, (_, index): Region => {
    const start = edge(index, Math.max(width, height));
    const length = edge(index + 1, Math.max(width, height)) - start;
    return isWide ? { left: start, top: 0, width: length, height } : { left: 0, top: start, width, height: length };
  });
  return { tiles: isWide ? [1, count] : [count, 1], regions };
}

/**
 * The picture's tiles at the size the trunk takes, one after another: in new memory, or with `transfer` in the
 * picture's own where possible.
 *
 * @param open - opens raw pixels, so that a picture is decoded once and not once per tile
 */
export async function tilePixels(
  image: OpenedImage,
  { regions }: Tiling,
  [height, width]: readonly [height: number, width: number],
  transfer: boolean,
  open: (whole: RawImage) => Promise<OpenedImage>,
): Promise<Uint8Array> {
  const isWhole = regions.length === 1;
  if (transfer && isWhole) {
    const pixels = await image.resized(width, height);
    if (pixels.byteLength === pixels.buffer.byteLength) return pixels;
  }
  const all = new Uint8Array(regions.length * height * width * 3);
  const source = isWhole ? image : await open({ data: await image.pixels(), width: image.width, height: image.height });
  for (const [index, region] of regions.entries()) {
    all.set(await source.resized(width, height, isWhole ? undefined : region), index * height * width * 3);
  }
  return all;
}
