/** Boundary IoU of a picture (Cheng et al. 2021, "Boundary IoU", CVPR): how well outlines are met, class by class. */

/** Share of a picture's diagonal within which a pixel belongs to an outline, as in the paper. */
const DISTANCE = 0.02;
/** Pixels of which nothing is known: they do not count, and make no outline. */
export const UNKNOWN = -1;
/** Pixels that were taken for no class: another than every class, and none of its own. */
export const NO_CLASS = 256;
/** Larger than every class. */
const NEUTRAL = 32_767;

/** Distance from the outline within which pixels count, pixels; at least 1. */
export function outlineDistance(width: number, height: number): number {
  return Math.max(1, Math.round(DISTANCE * Math.hypot(width, height)));
}

/**
 * Counts, of each class of truth or answer, the pixels of either that lie near their own outline.
 *
 *   Boundary IoU = |(G_d ∩ G) ∩ (P_d ∩ P)| ÷ |(G_d ∩ G) ∪ (P_d ∩ P)|
 *
 * G_d are the pixels within d of the outline of G, by the larger of the distances along x and y, as the authors' code
 * erodes; the edge of the picture is an outline.
 *
 * @param truth - Int16Array, [height, width]: class of every pixel, or {@link UNKNOWN}
 * @param found - the same, as answered, or {@link NO_CLASS}; {@link UNKNOWN} where the truth is
 * @returns in threes: class, pixels of both, pixels of either
 */
export function compareOutlines(truth: Int16Array, found: Int16Array, width: number, height: number): number[] {
  const distance = outlineDistance(width, height);
  const [nearTruth, nearFound] = [truth, found].map((map) => nearOutline(map, width, height, distance)) as [
    Uint8Array,
    Uint8Array,
  ];
  const [both, either] = [new Float64Array(NO_CLASS), new Float64Array(NO_CLASS)];
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const is = nearTruth[pixel] === 1 ? truth[pixel]! : UNKNOWN;
    const taken = nearFound[pixel] === 1 && found[pixel] !== NO_CLASS ? found[pixel]! : UNKNOWN;
    if (is !== UNKNOWN) either[is]!++;
    if (taken === is && is !== UNKNOWN) both[is]!++;
    else if (taken !== UNKNOWN) either[taken]!++;
  }
  return [...either].flatMap((pixels, index) => (pixels === 0 ? [] : [index, both[index]!, pixels]));
}

/** Pixels that have one of another class within the distance along both axes: Uint8Array, [height, width], 0 or 1. */
export function nearOutline(map: Int16Array, width: number, height: number, distance: number): Uint8Array {
  const lowest = leastAround((at) => at, map, width, height, distance);
  const highest = leastAround((at) => -at, map, width, height, distance);
  return Uint8Array.from(map, (at, pixel) => {
    if (at === UNKNOWN) return 0;
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const atEdge = Math.min(x, width - 1 - x, y, height - 1 - y) < distance;
    return Number(atEdge || lowest[pixel] !== at || highest[pixel] !== -at);
  });
}

/** The least value in the square around each pixel; unknown pixels and those outside are passed over. */
function leastAround(
  valueOf: (at: number) => number,
  map: Int16Array,
  width: number,
  height: number,
  distance: number,
): Int16Array {
  const least = map.map((at) => (at === UNKNOWN ? NEUTRAL : valueOf(at)));
  for (let y = 0; y < height; y++) slide(least, y * width, 1, width, distance);
  for (let x = 0; x < width; x++) slide(least, x, width, height, distance);
  return least;
}

/**
 * The least value within the distance of each place of a line, in its place (van Herk 1992, Gil & Werman 1993): of
 * blocks as long as the window, the least of their starts and of their ends make every window.
 */
function slide(values: Int16Array, first: number, step: number, length: number, distance: number): void {
  const window = 2 * distance + 1;
  const padded = new Int16Array(length + 2 * distance).fill(NEUTRAL);
  for (let at = 0; at < length; at++) padded[at + distance] = values[first + at * step]!;
  const [starts, ends] = [padded.slice(), padded.slice()];
  for (let at = 1; at < padded.length; at++) if (at % window !== 0) starts[at] = Math.min(starts[at]!, starts[at - 1]!);
  for (let at = padded.length - 2; at >= 0; at--)
    if ((at + 1) % window !== 0) ends[at] = Math.min(ends[at]!, ends[at + 1]!);
  for (let at = 0; at < length; at++) values[first + at * step] = Math.min(ends[at]!, starts[at + window - 1]!);
}
