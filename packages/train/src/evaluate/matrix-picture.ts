/** The confusion matrix as a PNG: a row of each true class, with the shares of its pixels by the class found. */
import { encodeSheet, svgText } from './picture-sheet.ts';
import type { Score } from './score.ts';

/** Longest side of the cells together, pixels. */
const MOST = 1600;
/** Sides of a cell, pixels. */
const [LARGEST_CELL, SMALLEST_CELL] = [48, 6];
/** Least cells that names, and shares, fit beside and in. */
const [NAMED_CELL, FILLED_CELL] = [12, 34];
const MARGIN = 170;
const GROUND = 32;
/** Letters of a name that fit in the margin. */
const LONGEST_NAME = 22;

/** Draws the matrix, the last column for pixels that were taken for no class. */
export async function drawMatrix({
  classes,
  confusion,
  missed,
}: Pick<Score, 'classes' | 'confusion' | 'missed'>): Promise<Uint8Array> {
  const columns = [...classes, 'nothing'];
  const cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(MOST / columns.length)));
  const [width, height] = [MARGIN + cell * columns.length + 8, MARGIN + cell * classes.length + 8];
  const pixels = new Uint8Array(width * height * 3).fill(GROUND);
  const texts: string[] = [];
  if (cell >= NAMED_CELL)
    for (const [at, name] of columns.entries()) {
      const middle = MARGIN + (at + 0.5) * cell + 5;
      const shown = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
      if (at < classes.length) texts.push(svgText(shown, 4, middle));
      texts.push(`<g transform="rotate(-90 ${middle} ${MARGIN - 6})">${svgText(shown, middle, MARGIN - 6)}</g>`);
    }
  for (const [row, counts] of confusion.entries()) {
    const all = [...counts, missed[row]!];
    const total = all.reduce((sum, count) => sum + count, 0);
    for (const [column, count] of all.entries()) {
      const share = total === 0 ? 0 : count / total;
      const [left, top] = [MARGIN + column * cell, MARGIN + row * cell];
      paint(pixels, width, left, top, cell - 1, colorOf(share, row === column));
      if (cell >= FILLED_CELL && share >= 0.005)
        texts.push(svgText((100 * share).toFixed(0), left + 8, top + cell / 2 + 5));
    }
  }
  const title = svgText('truth ↓, found →, % of the truth', 4, 18);
  return encodeSheet(pixels, width, height, [title, ...texts]);
}

/** From dark to green on the diagonal, to red beside it. */
function colorOf(share: number, right: boolean): readonly [number, number, number] {
  const strong = Math.round(52 + 150 * Math.sqrt(share));
  return right ? [40, strong, 60] : [strong, 44, 52];
}

function paint(
  pixels: Uint8Array,
  width: number,
  left: number,
  top: number,
  side: number,
  color: readonly [number, number, number],
): void {
  for (let y = top; y < top + side; y++)
    for (let x = left; x < left + side; x++) pixels.set(color, 3 * (y * width + x));
}
