/** Filled polygons, bounded: the event loop has turns meanwhile. */
import { DEFAULT_LIMITS } from '@synseg/core/guards';
import { turnTaker } from '@synseg/core/runtime';
import type { PictureLimits } from '../image/picture.ts';

/** Limit of the pixels that a picture's instances cover together, in pictures of the largest size. */
const COVERED_PICTURES = 100;

/** Limits of {@link pixelBudget}. */
export interface BudgetOptions extends Pick<PictureLimits, 'maxPixels'> {
  readonly signal?: AbortSignal | undefined;
}

/** Counts pixels that were painted, bounded for a picture; gives the event loop a turn where a promise is returned. */
export type Spend = (pixels: number) => Promise<void> | undefined;

/** The budget of a picture: what covers it may have a hundred times the pixels of the largest picture together. */
export function pixelBudget({ maxPixels = DEFAULT_LIMITS.maxPixels, signal }: BudgetOptions): Spend {
  const most = COVERED_PICTURES * maxPixels;
  const giveTurn = turnTaker(signal);
  let covered = 0;
  return (pixels) => {
    covered += pixels;
    if (covered > most)
      throw new RangeError(
        `Cannot paint instances: they must cover at most ${most} pixels (${COVERED_PICTURES} × maxPixels) ` +
          'together, got more',
      );
    return giveTurn();
  };
}

/** Fills a polygon `[x, y, x, y, …]` in bytes `[height, width]`. */
export type FillPolygon = (
  data: Uint8Array,
  width: number,
  height: number,
  polygon: readonly number[],
  value: number,
  spend: Spend,
) => Promise<void>;

/** A side of a polygon, and the rows whose centers it crosses: [first, end). */
interface Side {
  readonly first: number;
  readonly end: number;
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}

/**
 * Sets the pixels whose centers lie inside the polygon (even-odd rule), row by row: of the sides only those that cross
 * it count.
 */
export async function fillPolygon(
  data: Uint8Array,
  width: number,
  height: number,
  polygon: readonly number[],
  value: number,
  spend: Spend,
): Promise<void> {
  const sides = sidesOf(polygon, height);
  await spend(sides.length);
  let crossing: Side[] = [];
  let next = 0;
  for (let y = 0; next < sides.length || crossing.length > 0; y++) {
    if (crossing.length === 0) y = sides[next]!.first;
    while (next < sides.length && sides[next]!.first === y) crossing.push(sides[next++]!);
    const center = y + 0.5;
    const places = crossing
      .map(({ fromX, fromY, toX, toY }) => fromX + ((center - fromY) / (toY - fromY)) * (toX - fromX))
      .sort((a, b) => a - b);
    let filled = places.length;
    for (let pair = 0; pair + 1 < places.length; pair += 2) {
      const [start, end] = [
        Math.max(0, Math.ceil(places[pair]! - 0.5)),
        Math.min(width, Math.ceil(places[pair + 1]! - 0.5)),
      ];
      if (!(start < end)) continue;
      data.fill(value, y * width + start, y * width + end);
      filled += end - start;
    }
    const turn = spend(filled);
    if (turn !== undefined) await turn;
    crossing = crossing.filter(({ end }) => end > y + 1);
  }
}

/** The sides that cross a row of the picture, in the order of their first rows. */
function sidesOf(polygon: readonly number[], height: number): Side[] {
  const length = polygon.length - (polygon.length % 2);
  const sides: Side[] = [];
  for (let at = 0; at < length; at += 2) {
    const next = (at + 2) % length;
    const [fromX, fromY, toX, toY] = [polygon[at]!, polygon[at + 1]!, polygon[next]!, polygon[next + 1]!];
    const [first, end] = [
      Math.max(0, Math.ceil(Math.min(fromY, toY) - 0.5)),
      Math.min(height, Math.ceil(Math.max(fromY, toY) - 0.5)),
    ];
    if (first < end) sides.push({ first, end, fromX, fromY, toX, toY });
  }
  return sides.sort((a, b) => a.first - b.first);
}
