/** How well outlines are met, over several pictures, and maps as a coarse grid would have them. */
import { UNKNOWN, compareOutlines } from '../../packages/train/src/evaluate/outlines.ts';
import { inThrees } from '../../packages/train/src/evaluate/picture-record.ts';

/** Pixels of outlines, summed over pictures, by class. */
export class OutlineTally {
  readonly #counts = new Map<number, { both: number; either: number }>();

  /**
   * Counts a picture: of each class of the truth or the answer, the pixels of either that lie near their own outline.
   *
   * @param truth - Uint8Array, [height, width]: class of every pixel
   * @param found - the same, as answered
   * @param unknown - value of the truth whose pixels do not count, and make no outline
   */
  add(truth: Uint8Array, found: Uint8Array, width: number, height: number, unknown: number): void {
    const known = (map: Uint8Array): Int16Array =>
      Int16Array.from(map, (value, pixel) => (truth[pixel] === unknown ? UNKNOWN : value));
    for (const [value, both, either] of inThrees(compareOutlines(known(truth), known(found), width, height))) {
      const counts = this.#counts.get(value) ?? { both: 0, either: 0 };
      this.#counts.set(value, { both: counts.both + both, either: counts.either + either });
    }
  }

  /** Boundary IoU of a class, 0 to 1; undefined without a pixel near an outline. */
  iou(value: number): number | undefined {
    const counts = this.#counts.get(value);
    return counts === undefined || counts.either === 0 ? undefined : counts.both / counts.either;
  }
}

/**
 * Maps as a grid of cells would have them: means over the cells, enlarged bilinearly between their centers.
 *
 * @param maps - Float32Array, [maps, height, width]
 * @param cells - along each side
 * @returns Float32Array, [maps, height, width]
 */
export function throughGrid(maps: Float32Array, width: number, height: number, cells: number): Float32Array {
  const [columns, rows] = [axisOf(width, cells), axisOf(height, cells)];
  const seen = new Float32Array(maps.length);
  for (let first = 0; first < maps.length; first += width * height) {
    const sums = new Float64Array(cells * cells);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const cell = rows.cell[y]! * cells + columns.cell[x]!;
        sums[cell]! += maps[first + y * width + x]!;
      }
    const means = sums.map((sum, cell) => {
      const pixels = rows.pixels[Math.floor(cell / cells)]! * columns.pixels[cell % cells]!;
      return sum / Math.max(1, pixels);
    });
    for (let y = 0; y < height; y++) {
      const [top, bottom, down] = [rows.low[y]! * cells, rows.high[y]! * cells, rows.share[y]!];
      for (let x = 0; x < width; x++) {
        const [west, east, over] = [columns.low[x]!, columns.high[x]!, columns.share[x]!];
        const upper = means[top + west]! * (1 - over) + means[top + east]! * over;
        const lower = means[bottom + west]! * (1 - over) + means[bottom + east]! * over;
        seen[first + y * width + x] = upper * (1 - down) + lower * down;
      }
    }
  }
  return seen;
}

/** Per pixel of a side: its cell, and the cells whose centers lie on both sides of it with the share of the second. */
interface Axis {
  readonly cell: Uint16Array;
  readonly low: Uint16Array;
  readonly high: Uint16Array;
  readonly share: Float64Array;
  /** Pixels of each cell. */
  readonly pixels: Uint16Array;
}

function axisOf(length: number, cells: number): Axis {
  const places = Float64Array.from({ length }, (_, at) =>
    Math.min(Math.max(((at + 0.5) * cells) / length - 0.5, 0), cells - 1),
  );
  const low = Uint16Array.from(places);
  const cell = Uint16Array.from(places, (_, at) => Math.floor(((at + 0.5) * cells) / length));
  const pixels = new Uint16Array(cells);
  for (const one of cell) pixels[one]!++;
  const share = places.map((place, at) => place - low[at]!);
  return { cell, low, high: low.map((at) => Math.min(at + 1, cells - 1)), share, pixels };
}
