/**
 * Outlines that a library traced around a mask, filled so that the mask comes out again.
 *
 * OpenCV's `findContours`, which most exporters use, gives the places of the outermost pixels themselves, not the edges
 * between pixels: filled as a drawn polygon, half a pixel is missing all around, and thin legs vanish. Such an outline
 * is known by its corners, all of them whole pixels, and by sides in other directions than along the edges of pixels.
 * scikit-image's `find_contours` runs between the places of pixels, half a pixel up and to the left of where it is
 * drawn: of each corner one coordinate is whole, and the other lies in the middle.
 */
import { fillPolygon, type FillPolygon, type Spend } from './fill-polygon.ts';

/** Distance from whole pixels that rounded shares and percentages leave: 0.005 % of 2,000 pixels. */
const ROUNDING = 0.1;
/** Fewer corners may well be drawn by hand. */
const LEAST_CORNERS = 8;

/** Fills a polygon as it was made: traced around a mask, or drawn. */
export const fillOutline: FillPolygon = (data, width, height, polygon, value, spend) => {
  const corners = tracedCorners(polygon);
  if (corners !== undefined) return fillTraced(data, width, height, corners, value, spend);
  const drawn = isBetweenPixels(polygon) ? polygon.map((place) => place + 0.5) : polygon;
  return fillPolygon(data, width, height, drawn, value, spend);
};

/** True for an outline between the places of pixels; what would lie outside of the picture may have been moved to 0. */
function isBetweenPixels(polygon: readonly number[]): boolean {
  if (polygon.length < 2 * LEAST_CORNERS) return false;
  const isHalf = (place: number): boolean => Math.abs(place - Math.floor(place) - 0.5) <= ROUNDING;
  const isWhole = (place: number): boolean => Math.abs(place - Math.round(place)) <= ROUNDING;
  let halves = 0;
  for (let at = 0; at + 1 < polygon.length; at += 2) {
    const [x, y] = [polygon[at]!, polygon[at + 1]!];
    const isBetween = (isHalf(x) && isWhole(y)) || (isWhole(x) && isHalf(y));
    const isMoved = (x === 0 && isWhole(y)) || (y === 0 && isWhole(x));
    if (!isBetween && !isMoved) return false;
    if (isBetween) halves += 1;
  }
  return halves > 0;
}

/**
 * The corners of a traced outline as whole pixels; undefined for any other polygon `[x, y, x, y, …]`.
 *
 * @example
 * ```ts
 * import { tracedCorners } from './traced-outline.ts';
 * console.assert(tracedCorners([0, 0, 2, 0, 2, 1, 0, 1]) === undefined);
 * console.assert(tracedCorners([2, 1, 1, 2, 1, 3, 2, 4, 3, 4, 4, 3, 4, 2, 3, 1])?.length === 16);
 * ```
 */
export function tracedCorners(polygon: readonly number[]): number[] | undefined {
  const length = polygon.length - (polygon.length % 2);
  if (length < 2 * LEAST_CORNERS) return undefined;
  let isAlongEdges = true;
  for (let at = 0; at < length; at += 2) {
    const next = (at + 2) % length;
    const [x, y] = [Math.round(polygon[at]!), Math.round(polygon[at + 1]!)];
    if (!(Math.abs(x - polygon[at]!) <= ROUNDING && Math.abs(y - polygon[at + 1]!) <= ROUNDING)) return undefined;
    isAlongEdges &&= Math.round(polygon[next]!) === x || Math.round(polygon[next + 1]!) === y;
  }
  return isAlongEdges ? undefined : polygon.slice(0, length).map(Math.round);
}

/** Fills a traced outline with the pixels that its sides run along. */
async function fillTraced(
  data: Uint8Array,
  width: number,
  height: number,
  corners: readonly number[],
  value: number,
  spend: Spend,
): Promise<void> {
  const centers = corners.map((place) => place + 0.5);
  await fillPolygon(data, width, height, centers, value, spend);
  for (let at = 0; at < corners.length; at += 2) {
    const next = (at + 2) % corners.length;
    const [x, y, toX, toY] = [corners[at]!, corners[at + 1]!, corners[next]!, corners[next + 1]!];
    const steps = Math.max(Math.abs(toX - x), Math.abs(toY - y), 1);
    const [across, down] = [(toX - x) / steps, (toY - y) / steps];
    const [first, last] = Math.abs(across) > Math.abs(down) ? within(x, across, width) : within(y, down, height);
    const end = Math.min(steps, last);
    for (let step = Math.max(0, first); step <= end; step++) {
      const [column, row] = [Math.round(x + step * across), Math.round(y + step * down)];
      if (column >= 0 && column < width && row >= 0 && row < height) data[row * width + column] = value;
    }
    const turn = spend(Math.max(0, end - first) + 1);
    if (turn !== undefined) await turn;
  }
}

/** The first and the last step of ±1 from a place that lie within [0, size). */
function within(from: number, direction: number, size: number): readonly [number, number] {
  if (direction === 0) return [0, 0];
  return direction > 0 ? [-from, size - 1 - from] : [from - size + 1, from];
}
