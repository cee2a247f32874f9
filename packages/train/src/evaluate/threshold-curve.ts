/** The score at each of several thresholds, from one pass: which label wins does not depend on the threshold. */
import { UNCOUNTED } from './confusion-matrix.ts';
import { UNKNOWN } from './outlines.ts';

/** The score where the label with the highest activation must reach a threshold. */
export interface CurvePoint {
  readonly threshold: number;
  readonly mIoU: number;
  readonly pixelAccuracy: number;
}

/** What competes for the pixels, as places of classes. */
interface Competitors {
  /** By the row of their activations. */
  readonly competing: readonly number[];
  /** Of pixels that no label won, {@link UNCOUNTED} for none. */
  readonly nothing: number;
}

/**
 * Counts a picture at each threshold.
 *
 * @param activations - Float32Array, [competing, pixels], 0 to 1
 * @param truth - Int16Array, [pixels]: class of every pixel, or {@link UNKNOWN}
 * @param thresholds - rising
 * @returns a row of each class that was found: class, then pixels found and hit, by threshold
 */
export function countCurve(
  activations: Float32Array,
  truth: Int16Array,
  { competing, nothing }: Competitors,
  thresholds: readonly number[],
): number[][] {
  const size = thresholds.length;
  const best = new Float32Array(truth.length).fill(-1);
  const winner = new Uint8Array(truth.length);
  for (const row of competing.keys())
    for (let pixel = 0, at = row * truth.length; pixel < truth.length; pixel++, at++)
      if (activations[at]! > best[pixel]!) {
        best[pixel] = activations[at]!;
        winner[pixel] = row;
      }
  const rows = new Map<number, number[]>();
  const add = (place: number, step: number, hit: boolean): void => {
    const row = rows.get(place) ?? [place, ...new Array<number>(2 * size).fill(0)];
    rows.set(place, row);
    row[1 + step]!++;
    if (hit) row[1 + size + step]!++;
  };
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const is = truth[pixel]!;
    if (is === UNKNOWN) continue;
    const place = competing[winner[pixel]!];
    for (const [step, threshold] of thresholds.entries()) {
      if (place !== undefined && best[pixel]! >= threshold) add(place, step, place === is);
      else if (nothing !== UNCOUNTED) add(nothing, step, nothing === is);
    }
  }
  return [...rows.values()].sort(([one], [other]) => one! - other!);
}

/**
 * The curve of several pictures.
 *
 * @param rows - of all of them, as {@link countCurve} gives them
 * @param truthPixels - by class
 */
export function curveOf(
  rows: Iterable<readonly number[]>,
  truthPixels: readonly number[],
  thresholds: readonly number[],
): CurvePoint[] {
  const [size, classes] = [thresholds.length, truthPixels.length];
  const sums = truthPixels.map(() => new Float64Array(2 * size));
  for (const [place, ...counts] of rows) for (const [at, pixels] of counts.entries()) sums[place!]![at]! += pixels;
  const all = truthPixels.reduce((sum, pixels) => sum + pixels, 0);
  return thresholds.map((threshold, step) => {
    let [total, found, hitPixels] = [0, 0, 0];
    for (let index = 0; index < classes; index++) {
      const [taken, hits] = [sums[index]![step]!, sums[index]![size + step]!];
      const union = truthPixels[index]! + taken - hits;
      hitPixels += hits;
      if (union === 0) continue;
      total += hits / union;
      found++;
    }
    return { threshold, mIoU: found === 0 ? 0 : total / found, pixelAccuracy: all === 0 ? 0 : hitPixels / all };
  });
}
