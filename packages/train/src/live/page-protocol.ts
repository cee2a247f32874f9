/** What the page is told: the whole state, as JSON at `/state`. Plain data that the page's scripts read too. */
import type { Stretch } from './curve.ts';

/** A held-out picture by the addresses of its files. */
export interface ShownPicture {
  readonly name: string;
  readonly photo: string;
  readonly truth: string;
  readonly prediction: string;
}

/** A score on the held-out part. */
export interface ShownScore {
  readonly step: number;
  readonly value: number;
}

/** Everything that is known of a training. */
export interface PageState {
  /** Changes with everything else. */
  readonly version: string;
  readonly title: string;
  /** What is being done where it is not a step, and at the end what became of it. */
  readonly note: string;
  readonly ended: boolean;
  readonly plan: readonly (readonly [name: string, value: string])[];
  readonly step: number;
  readonly steps: number;
  readonly secondsLeft: number | null;
  readonly imagesPerSecond: number | null;
  readonly learningRate: number | null;
  /** Each loss of the last step; null where it was no number. */
  readonly losses: readonly (readonly [name: string, value: number | null])[];
  /** The weighted sum of the losses by step. */
  readonly curve: readonly Stretch[];
  /** What the scores are: `mIoU`. */
  readonly measure: string;
  /** True for scores that are shares, shown as percent. */
  readonly isShare: boolean;
  /** The score before the first step. */
  readonly start: number | null;
  readonly scores: readonly ShownScore[];
  readonly best: ShownScore | null;
  readonly picturesOfStep: number | null;
  readonly pictures: readonly ShownPicture[];
}
