/**
 * The difference between two pictures, overall and per patch. This is not optical flow: nothing says where things went,
 * only where the picture is no longer what it was, which is what smoothing, hold and key frames need to know.
 *
 * Pictures are first averaged into a thumbnail of 88×88 cells: noise and compression flicker fall, a moving thing does
 * not, and a thumbnail is small enough to be kept and sent between threads with every frame.
 */

/** A picture as frames and pictures are passed: `Uint8Array, [height, width, 3], row-major`: RGB, 0 to 255. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A picture in small: `Uint8Array, [rows, columns, 3], row-major`: RGB, 0 to 255. Plain data. */
export interface Thumbnail {
  readonly cells: Uint8Array;
  readonly rows: number;
  readonly columns: number;
}

/** The change from one picture to another. */
export interface PictureChange {
  /** Mean absolute difference over the picture, 0 (the same) to 1 (black against white). */
  readonly mean: number;
  /** Largest of `patches`. */
  readonly largest: number;
  /** `Float32Array, [rows, columns], row-major`: mean absolute difference per patch, 0 to 1. */
  readonly patches: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Cells of a thumbnail along each side, at most: at a model's usual 352 pixels a cell is 4 × 4. */
const CELLS = 88;
/** Cells of a patch along each side. */
const PATCH = 2;

/**
 * Averages a picture into cells, of four samples each.
 *
 * @throws {RangeError} when the picture has no pixel or `data` does not hold width × height × 3 values.
 * @example
 * ```ts
 * import { makeThumbnail } from './motion.ts';
 * const { cells, rows, columns } = makeThumbnail({ data: new Uint8Array(352 * 352 * 3).fill(9), width: 352, height: 352
 * });
 * console.assert(rows === 88 && columns === 88 && cells.every((value) => value === 9));
 * ```
 */
export function makeThumbnail({ data, width, height }: Picture): Thumbnail {
  if (!(width >= 1 && height >= 1) || data.length !== width * height * 3) {
    const rule = 'picture must hold width × height × 3 values';
    throw new RangeError(`Cannot measure change: ${rule}, got ${data.length} for ${width} × ${height}`);
  }
  const [rows, columns] = [Math.min(CELLS, height), Math.min(CELLS, width)];
  const samplesX = samplePositions(width, columns).map((x) => x * 3);
  const samplesY = samplePositions(height, rows).map((y) => y * width * 3);
  const cells = new Uint8Array(rows * columns * 3);
  let cell = 0;
  for (let row = 0; row < rows; row++) {
    const upper = samplesY[2 * row]!;
    const lower = samplesY[2 * row + 1]!;
    for (let column = 0; column < columns; column++) {
      const left = samplesX[2 * column]!;
      const right = samplesX[2 * column + 1]!;
      for (let channel = 0; channel < 3; channel++) {
        const above = data[upper + left + channel]! + data[upper + right + channel]!;
        const below = data[lower + left + channel]! + data[lower + right + channel]!;
        cells[cell++] = (above + below + 2) >> 2;
      }
    }
  }
  return { cells, rows, columns };
}

/** Two positions in each cell, at a quarter and three quarters of it. */
function samplePositions(pixels: number, cells: number): Uint32Array {
  return Uint32Array.from({ length: 2 * cells }, (_, sample) => Math.floor(((sample + 0.5) * pixels) / (2 * cells)));
}

/**
 * Compares two pictures of one size by their thumbnails, in patches of 2×2 cells (8×8 pixels of 352×352).
 *
 * @throws {RangeError} when the thumbnails differ in size.
 * @example
 * ```ts
 * import { makeThumbnail, measureChange } from './motion.ts';
 * const gray = (value: number) => makeThumbnail({ data: new Uint8Array(64 * 48 * 3).fill(value), width: 64, height: 48
 * });
 * console.assert(Math.abs(measureChange(gray(100), gray(151)).mean - 0.2) < 1e-9);
 * ```
 */
export function measureChange(previous: Thumbnail, current: Thumbnail): PictureChange {
  if (!isSameSize(previous, current)) {
    const [one, other] = [previous, current].map(({ columns, rows }) => `${columns} × ${rows}`);
    throw new RangeError(`Cannot measure change: thumbnails must have one size, got ${one} and ${other}`);
  }
  const { cells: before } = previous;
  const { cells: now, rows: cellRows, columns: cellColumns } = current;
  const [rows, columns] = [Math.ceil(cellRows / PATCH), Math.ceil(cellColumns / PATCH)];
  const patches = new Float32Array(rows * columns);
  let total = 0;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const bottom = Math.min((row + 1) * PATCH, cellRows);
    for (let column = 0; column < columns; column++) {
      const right = Math.min((column + 1) * PATCH, cellColumns);
      let sum = 0;
      for (let y = row * PATCH; y < bottom; y++) {
        const end = (y * cellColumns + right) * 3;
        for (let value = (y * cellColumns + column * PATCH) * 3; value < end; value++)
          sum += Math.abs(now[value]! - before[value]!);
      }
      const change = sum / ((bottom - row * PATCH) * (right - column * PATCH) * 3 * 255);
      patches[row * columns + column] = change;
      total += sum;
      if (change > largest) largest = change;
    }
  }
  return { mean: total / (now.length * 255), largest, patches, rows, columns };
}

/** True when two thumbnails can be compared. */
export function isSameSize(a: Thumbnail, b: Thumbnail): boolean {
  return a.rows === b.rows && a.columns === b.columns;
}

/** Share of the patches, 0 to 1, that changed by at least `threshold`. */
export function movedShare({ patches }: PictureChange, threshold: number): number {
  let moved = 0;
  for (let patch = 0; patch < patches.length; patch++) if (patches[patch]! >= threshold) moved++;
  return moved / patches.length;
}
