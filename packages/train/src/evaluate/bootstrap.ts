/** How far an mIoU would move with other pictures: bootstrap over pictures (Efron 1979), percentile interval. */
import { Random } from '../data/random.ts';
import type { Tally } from './tally.ts';

/** Share of the draws within the interval. */
const LEVEL = 0.95;
const DRAWS = 1000;

/** Interval of an mIoU. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Share of the draws that lie within. */
  readonly level: number;
  /** Times that as many pictures were drawn with replacement. */
  readonly draws: number;
  readonly seed: number;
}

/**
 * Interval of the mean mIoU of some sets; pictures are drawn within their own set. Equal seeds give equal intervals on
 * every machine.
 */
export function bootstrap(sets: readonly Tally[], seed: number): Interval {
  const random = new Random(seed, 'bootstrap');
  const draws = Float64Array.from(
    { length: DRAWS },
    () => sets.reduce((sum, set) => sum + set.drawn(random), 0) / sets.length,
  ).sort();
  const at = (share: number): number => draws[Math.round(share * (DRAWS - 1))]!;
  return { low: at((1 - LEVEL) / 2), high: at((1 + LEVEL) / 2), level: LEVEL, draws: DRAWS, seed };
}
