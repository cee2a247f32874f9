/** Arithmetic on one closed ring, flat `[x0, y0, x1, y1, …]`; nothing here is public. */

/** Signed area in square pixels by the shoelace formula, `½ Σ (xᵢ yᵢ₊₁ − xᵢ₊₁ yᵢ)`: positive = clockwise on screen. */
export function ringArea(ring: readonly number[]): number {
  let twice = 0;
  let previousX = ring[ring.length - 2] ?? 0;
  let previousY = ring[ring.length - 1] ?? 0;
  for (let index = 0; index < ring.length; index += 2) {
    const x = ring[index]!;
    const y = ring[index + 1]!;
    twice += previousX * y - x * previousY;
    previousX = x;
    previousY = y;
  }
  return twice / 2;
}

/**
 * Drops corners that lie within `tolerance` pixels of the simplified ring (Douglas–Peucker, 1973).
 *
 * A ring has no ends to hold on to, so it is cut at its first corner and at the one furthest from it. A ring that would
 * keep fewer than three corners is returned unchanged: an outline of two points encloses nothing.
 */
export function simplifyRing(ring: readonly number[], tolerance: number): readonly number[] {
  const corners = ring.length / 2;
  const keep = new Uint8Array(corners);
  const furthest = furthestFrom(ring, 0, 0, corners);
  keep[0] = 1;
  keep[furthest.corner] = 1;
  const open: [first: number, last: number][] = [
    [0, furthest.corner],
    [furthest.corner, corners], // corner `corners` is corner 0 again
  ];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [first, last] = span;
    const { corner, squared } = furthestFrom(ring, first, last, last);
    if (squared <= tolerance * tolerance) continue;
    keep[corner] = 1;
    open.push([first, corner], [corner, last]);
  }
  const simplified = ring.filter((_, index) => keep[index >> 1] === 1);
  return simplified.length < 6 ? ring : simplified;
}

/**
 * The corner between `first` and `end` (both excluded) furthest from the line segment `first`–`last`; of equals the one
 * next to the middle. A comb's teeth are equals: taking the first of them would look at the rest again for each.
 */
function furthestFrom(ring: readonly number[], first: number, last: number, end: number) {
  const corners = ring.length / 2;
  const x0 = ring[2 * first]!;
  const y0 = ring[2 * first + 1]!;
  const dx = ring[2 * (last % corners)]! - x0;
  const dy = ring[2 * (last % corners) + 1]! - y0;
  const lengthSquared = dx * dx + dy * dy;
  const middle = (first + end) / 2;
  let [furthest, most] = [first, 0];
  for (let corner = first + 1; corner < end; corner++) {
    const px = ring[2 * corner]! - x0;
    const py = ring[2 * corner + 1]! - y0;
    const along = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
    const squared = (px - along * dx) ** 2 + (py - along * dy) ** 2;
    if (squared > most || (squared === most && squared > 0 && Math.abs(corner - middle) < Math.abs(furthest - middle)))
      [furthest, most] = [corner, squared];
  }
  return { corner: furthest, squared: most };
}
