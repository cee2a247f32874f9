/** What a batch passed over to be full: counts of a batch alone, so that they do not depend on where a run resumed. */
import type { Prepared } from './sample-preparer.ts';

/** Data left out on the way to a batch. */
export interface LeftOut {
  /** Pictures that cannot be read, or whose mask cannot. */
  readonly corrupt: number;
  /** Pictures without a known noun phrase, and without a mask. */
  readonly withoutPhrases: number;
  /** Pictures without a mask, where one is required. */
  readonly withoutMask: number;
  /** Phrases that the checkpoint does not know. */
  readonly unknown: number;
  /** Phrases of the batch's pictures beyond `maxCategories`. */
  readonly truncated: number;
}

/** Counts samples in the order in which they come. */
export function leftOutOf(samples: readonly Prepared[]): LeftOut {
  const of = (outcome: Prepared['outcome']): readonly Prepared[] => samples.filter((one) => one.outcome === outcome);
  return {
    corrupt: of('corrupt').length,
    withoutPhrases: of('withoutPhrases').length,
    withoutMask: of('withoutMask').length,
    unknown: samples.reduce((sum, { unknown }) => sum + unknown.length, 0),
    truncated: of('usable').reduce((sum, { truncated }) => sum + truncated, 0),
  };
}
