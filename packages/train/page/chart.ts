/** Where the lines of a chart run: numbers in, the coordinates of an SVG out. It touches no page. */

/** Inner edges of a chart, in units of its viewBox. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The values at the edges of a chart. */
export interface Scale {
  readonly x: readonly [low: number, high: number];
  readonly y: readonly [low: number, high: number];
}

export type Point = readonly [x: number, y: number];

/** The values from the least to the greatest, with some room around them. */
export function rangeOf(values: readonly number[]): readonly [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return [0, 1];
  const room = high > low ? 0.06 * (high - low) : Math.max(1e-3, 0.1 * Math.abs(high));
  return [low - room, high + room];
}

/** Three to six round numbers within a range. */
export function ticksOf([low, high]: readonly [low: number, high: number]): readonly number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  // Sums of steps would gather errors, and so print as 0.30000000000000004.
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Where a point lies. */
export function placed([x, y]: Point, scale: Scale, frame: Frame): Point {
  const { left, right, top, bottom } = frame;
  const along = (value: number, [low, high]: readonly [number, number], from: number, to: number): number =>
    from + ((to - from) * (value - low)) / (high > low ? high - low : 1);
  return [along(x, scale.x, left, right), along(y, scale.y, bottom, top)];
}

/** The `d` of a path through points. */
export function pathOf(points: readonly Point[], scale: Scale, frame: Frame): string {
  return points
    .map(
      (point, at) =>
        `${at === 0 ? 'M' : 'L'}${placed(point, scale, frame)
          .map((part) => part.toFixed(1))
          .join(' ')}`,
    )
    .join('');
}
