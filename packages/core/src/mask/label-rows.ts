/**
 * A label map scaled to a picture, row by row as runs of one label, for painting overlays and resizing maps. Work per
 * picture row grows with the runs, not with the pixels.
 *
 * Nothing here is public, arguments are checked by the caller.
 */

import { choice, withDefault, type OptionsOf } from '../guard/options.ts';

/** The option for the borders between labels. */
export const BORDER_OPTIONS = {
  /**
   * Borders between labels where the map is smaller than the picture: the label of the nearest map pixel, in steps as
   * large as the scale; or the label with the most bilinear weight among the four map pixels around, which follows
   * slanted borders. Where a side shrinks both are the same.
   * @default 'nearest'
   */
  borders: withDefault(choice(['nearest', 'smooth']), 'nearest'),
};
export type LabelBorders = NonNullable<OptionsOf<typeof BORDER_OPTIONS>['borders']>;

/** One picture row: run `k` has `labels[k]` and reaches from `ends[k - 1]` (0 for the first) to `ends[k]`, excluded. */
export interface LabelRow {
  count: number;
  readonly ends: Uint32Array;
  /** Neighboring runs differ. */
  readonly labels: Uint8Array;
}

/** Rows of a scaled label map. */
export interface LabelRows {
  /**
   * Row `y`; to be asked for in rising order. The same object as for `y - 1` when the rows are the same, and valid
   * until three other objects have been returned.
   */
  row(y: number): LabelRow;
}

/** The rows of `labelMap` scaled to `width` × `height`; smooth borders only where both sides grow or stay. */
export function labelRows(
  labelMap: Uint8Array,
  mapWidth: number,
  mapHeight: number,
  width: number,
  height: number,
  borders: LabelBorders,
): LabelRows {
  const Rows = borders === 'smooth' && width >= mapWidth && height >= mapHeight ? SmoothRows : NearestRows;
  return new Rows(labelMap, mapWidth, mapHeight, width, height);
}

/** Per target index, the source index nearest to its center: `floor((target + ½) × source side ÷ target side)`. */
function nearestIndices(source: number, target: number): Uint32Array {
  return Uint32Array.from({ length: target }, (_, index) => Math.floor(((2 * index + 1) * source) / (2 * target)));
}

/** The last rows returned stay valid while new ones are written. */
class RowRing {
  readonly #rows: readonly LabelRow[];
  #next = 0;

  constructor(width: number) {
    this.#rows = Array.from({ length: 4 }, () => ({
      count: 0,
      ends: new Uint32Array(width),
      labels: new Uint8Array(width),
    }));
  }

  /** An empty row. */
  take(): LabelRow {
    const row = this.#rows[this.#next]!;
    this.#next = (this.#next + 1) % this.#rows.length;
    row.count = 0;
    return row;
  }
}

/** Adds a run, or makes the last one longer. */
function extend(row: LabelRow, label: number, end: number): void {
  if (row.count === 0 || row.labels[row.count - 1] !== label) row.labels[row.count++] = label;
  row.ends[row.count - 1] = end;
}

class NearestRows implements LabelRows {
  readonly #map: Uint8Array;
  readonly #mapWidth: number;
  readonly #rows: Uint32Array;
  /** Per map column, the first picture column at or behind it; one more at the end. */
  readonly #starts: Uint32Array;
  readonly #ring: RowRing;
  #last: LabelRow | undefined;
  #lastRow = -1;

  constructor(map: Uint8Array, mapWidth: number, mapHeight: number, width: number, height: number) {
    this.#map = map;
    this.#mapWidth = mapWidth;
    this.#rows = nearestIndices(mapHeight, height);
    const columns = nearestIndices(mapWidth, width);
    this.#starts = new Uint32Array(mapWidth + 1);
    for (let source = 0, target = 0; source <= mapWidth; source++) {
      while (target < width && columns[target]! < source) target++;
      this.#starts[source] = target;
    }
    this.#ring = new RowRing(width);
  }

  row(y: number): LabelRow {
    const source = this.#rows[y]!;
    if (this.#last !== undefined && source === this.#lastRow) return this.#last;
    const row = this.#ring.take();
    const starts = this.#starts;
    const map = this.#map;
    const offset = source * this.#mapWidth;
    for (let first = 0; first < this.#mapWidth;) {
      const label = map[offset + first]!;
      let end = first + 1;
      while (end < this.#mapWidth && map[offset + end] === label) end++;
      if (starts[end]! > starts[first]!) extend(row, label, starts[end]!);
      first = end;
    }
    this.#last = row;
    this.#lastRow = source;
    return row;
  }
}

/** Mark of a piece whose pixels have to be decided one by one. */
const MIXED = 256;

/**
 * Each picture pixel takes the label with the most bilinear weight among the four map pixels around it:
 * `arg max_l Σ_i w_i [label_i = l]`, ties to the nearest of them. Weights are whole numbers, in units of 1 ÷ (4 width
 * height), so the outcome is the same on every machine.
 *
 * A cell is the rectangle between four map pixel centers (half of one at the edges). Cells with one label in all
 * corners need no arithmetic, and two such cells side by side share a label.
 */
class SmoothRows implements LabelRows {
  readonly #map: Uint8Array;
  readonly #mapWidth: number;
  readonly #mapHeight: number;
  readonly #width: number;
  readonly #height: number;
  /** Per picture column, the weight of its cell's right side, of 2 × width. */
  readonly #rightWeights: Uint32Array;
  /** Per cell, its first picture column; one more at the end. */
  readonly #cellStarts: Uint32Array;
  readonly #ring: RowRing;
  // The row of cells looked at last, as pieces from left to right: label or MIXED, and the last cell of each.
  readonly #pieceLabels: Uint16Array;
  readonly #pieceCells: Uint32Array;
  #pieces = 0;
  #mixed = true;
  #cellRow = -1;
  #last: LabelRow | undefined;

  constructor(map: Uint8Array, mapWidth: number, mapHeight: number, width: number, height: number) {
    this.#map = map;
    [this.#mapWidth, this.#mapHeight, this.#width, this.#height] = [mapWidth, mapHeight, width, height];
    this.#rightWeights = new Uint32Array(width);
    this.#cellStarts = new Uint32Array(mapWidth + 2).fill(width);
    for (let x = width - 1; x >= 0; x--) {
      const position = (2 * x + 1) * mapWidth - width; // center of the pixel on the map, in units of 1 ÷ (2 width)
      const left = Math.floor(position / (2 * width));
      this.#rightWeights[x] = position - left * 2 * width;
      this.#cellStarts[left + 1] = x;
    }
    for (let cell = mapWidth; cell >= 0; cell--) {
      if (this.#cellStarts[cell] === width) this.#cellStarts[cell] = this.#cellStarts[cell + 1]!;
    }
    this.#pieceLabels = new Uint16Array(mapWidth + 1);
    this.#pieceCells = new Uint32Array(mapWidth + 1);
    this.#ring = new RowRing(width);
  }

  row(y: number): LabelRow {
    const position = (2 * y + 1) * this.#mapHeight - this.#height;
    const above = Math.floor(position / (2 * this.#height));
    if (above + 1 !== this.#cellRow) this.#readCells(above + 1);
    else if (!this.#mixed && this.#last !== undefined) return this.#last;
    const row = this.#ring.take();
    this.#last = row;
    const lowerWeight = position - above * 2 * this.#height;
    for (let piece = 0; piece < this.#pieces; piece++) {
      const cell = this.#pieceCells[piece]!;
      const label = this.#pieceLabels[piece]!;
      if (label === MIXED) this.#decideCell(row, cell, lowerWeight);
      else if (this.#cellStarts[cell + 1]! > 0) extend(row, label, this.#cellStarts[cell + 1]!);
    }
    return row;
  }

  #readCells(cellRow: number): void {
    const map = this.#map;
    const upper = Math.max(cellRow - 1, 0) * this.#mapWidth;
    const lower = Math.min(cellRow, this.#mapHeight - 1) * this.#mapWidth;
    this.#cellRow = cellRow;
    this.#pieces = 0;
    this.#mixed = false;
    let label = map[upper]!;
    let uniform = label === map[lower];
    for (let cell = 0; cell <= this.#mapWidth; cell++) {
      const right = Math.min(cell, this.#mapWidth - 1);
      const rightLabel = map[upper + right]!;
      const rightUniform = rightLabel === map[lower + right];
      const value = uniform && rightUniform && rightLabel === label ? label : MIXED;
      if (value === MIXED) this.#mixed = true;
      if (this.#pieces === 0 || value === MIXED || value !== this.#pieceLabels[this.#pieces - 1]) {
        this.#pieceLabels[this.#pieces++] = value;
      }
      this.#pieceCells[this.#pieces - 1] = cell;
      label = rightLabel;
      uniform = rightUniform;
    }
  }

  /** Decides the pixels of one cell that lie in a picture row. */
  #decideCell(row: LabelRow, cell: number, lower: number): void {
    const upper = 2 * this.#height - lower;
    const right = Math.min(cell, this.#mapWidth - 1);
    const left = Math.max(cell - 1, 0);
    const top = Math.max(this.#cellRow - 1, 0) * this.#mapWidth;
    const bottom = Math.min(this.#cellRow, this.#mapHeight - 1) * this.#mapWidth;
    const a = this.#map[top + left]!;
    const b = this.#map[top + right]!;
    const c = this.#map[bottom + left]!;
    const d = this.#map[bottom + right]!;
    const other = b !== a ? b : c !== a ? c : d;
    if ((c === a || c === other) && (d === a || d === other)) {
      // Two labels: how far the first is ahead, along the cell's left and right side; in between it is linear.
      const leftLead = upper + (c === a ? lower : -lower);
      const rightLead = (b === a ? upper : -upper) + (d === a ? lower : -lower);
      this.#decideBetween(row, cell, a, leftLead, other, rightLead, lower >= upper ? c : a, lower >= upper ? d : b);
    } else this.#decideAmong(row, cell, a, b, c, d, upper, lower);
  }

  #decideBetween(
    row: LabelRow,
    cell: number,
    first: number,
    leftLead: number,
    second: number,
    rightLead: number,
    leftNearest: number,
    rightNearest: number,
  ): void {
    const end = this.#cellStarts[cell + 1]!;
    const start = this.#cellStarts[cell]!;
    if (start === end) return;
    if ((leftLead > 0 && rightLead > 0) || (leftLead < 0 && rightLead < 0)) {
      extend(row, leftLead > 0 ? first : second, end);
      return;
    }
    for (let x = start; x < end; x++) {
      const rightWeight = this.#rightWeights[x]!;
      const leftWeight = 2 * this.#width - rightWeight;
      const lead = leftWeight * leftLead + rightWeight * rightLead;
      const nearest = rightWeight >= leftWeight ? rightNearest : leftNearest;
      extend(row, lead > 0 ? first : lead < 0 ? second : nearest, x + 1);
    }
  }

  /** Three or four labels. */
  #decideAmong(
    row: LabelRow,
    cell: number,
    a: number,
    b: number,
    c: number,
    d: number,
    upper: number,
    lower: number,
  ): void {
    const end = this.#cellStarts[cell + 1]!;
    for (let x = this.#cellStarts[cell]!; x < end; x++) {
      const rightWeight = this.#rightWeights[x]!;
      const leftWeight = 2 * this.#width - rightWeight;
      const weightA = leftWeight * upper;
      const weightB = rightWeight * upper;
      const weightC = leftWeight * lower;
      const weightD = rightWeight * lower;
      const forA = weightA + (b === a ? weightB : 0) + (c === a ? weightC : 0) + (d === a ? weightD : 0);
      const forB = weightB + (a === b ? weightA : 0) + (c === b ? weightC : 0) + (d === b ? weightD : 0);
      const forC = weightC + (a === c ? weightA : 0) + (b === c ? weightB : 0) + (d === c ? weightD : 0);
      const forD = weightD + (a === d ? weightA : 0) + (b === d ? weightB : 0) + (c === d ? weightC : 0);
      const most = Math.max(forA, forB, forC, forD);
      const isRight = rightWeight >= leftWeight;
      const isLower = lower >= upper;
      const nearest = isLower ? (isRight ? d : c) : isRight ? b : a;
      const forNearest = isLower ? (isRight ? forD : forC) : isRight ? forB : forA;
      const label = forNearest === most ? nearest : forA === most ? a : forB === most ? b : forC === most ? c : d;
      extend(row, label, x + 1);
    }
  }
}
