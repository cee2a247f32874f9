/** Progress of a fine-tuning, and what comes of it. */
import type { Score } from '../evaluate/score.ts';
import type { StepReport, TrainEstimate } from '../trainer/reports.ts';
import type { TaughtWord } from './new-words.ts';

/** What will be done: known before the first step. */
export interface FineTunePlan {
  /** The form of the data and the files it was known by. */
  readonly data: string;
  readonly trainingPictures: number;
  readonly heldOutPictures: number;
  /** The data's classes, and what each is taught as. */
  readonly words: readonly TaughtWord[];
  /** Number of classes of the start that are rehearsed, each in the pictures in which the start sees it. */
  readonly rehearsed: number;
  readonly steps: number;
  /** Pictures of a step. */
  readonly batchSize: number;
  /** Time of a step on this machine, measured, seconds. */
  readonly secondsPerStep: number;
  /** What all steps and scores take, seconds. */
  readonly seconds: number;
  /** What the process takes at most, estimated. */
  readonly memoryBytes: number;
}

/** What a fine-tuning is at. */
export type FineTuneProgress =
  /** The data is read and held-out pictures are chosen, or the start's own maps are made. */
  | { readonly stage: 'data' | 'rehearsal'; readonly done: number; readonly total: number }
  /** The live page is there: its address is for the person who started the run. */
  | { readonly stage: 'page'; readonly url: string }
  /** A few steps are timed. */
  | { readonly stage: 'pace' }
  /** `lines` say it to people. Told again when the first steps correct their number: `lines` then say the new one. */
  | {
      readonly stage: 'plan';
      readonly plan: FineTunePlan;
      readonly lines: readonly { readonly name: string; readonly value: string }[];
    }
  /** The memory that the steps take. */
  | ({ readonly stage: 'estimate' } & TrainEstimate)
  | { readonly stage: 'step'; readonly report: StepReport }
  /** Held-out pictures are scored between steps, thresholds are found, or the result is scored. */
  | { readonly stage: 'evaluate' | 'calibrate' | 'score'; readonly done: number; readonly total: number }
  /** mIoU of the held-out pictures: of the start at step 0, then of what is trained. */
  | { readonly stage: 'scored'; readonly step: number; readonly mIoU: number; readonly best: boolean };

/** Held-out pictures of a word. */
export interface WordCounts {
  /** Pictures whose captions name it. */
  readonly said: number;
  /** Pictures in which it is found. */
  readonly found: number;
  readonly both: number;
}

/** What captions of held-out pictures say, and what is found in them. */
export interface SaidScore {
  /** Harmonic mean of the share of what was said that is found, and of what is found that was said; 0 to 1. */
  readonly f1: number;
  readonly perWord: Readonly<Record<string, WordCounts>>;
}

/** Result of `fineTune()`. */
export interface FineTuned {
  /** Folder of the checkpoint. */
  readonly model: string;
  /** HTML report. */
  readonly report: string;
  /** Scores of the held-out pictures: of the start and of the result, thresholds included; null without masks. */
  readonly start: Score | null;
  readonly score: Score | null;
  /** Without masks: how well the words of held-out captions or tags are found, by the start and by the result. */
  readonly said: { readonly start: SaidScore; readonly now: SaidScore } | null;
  /**
   * Of the pixels of held-out pictures that the start gave to other words that it knew, the share that the result gives
   * to the same; null without such. 0 to 1.
   */
  readonly kept: number | null;
  /** Share of the trained weights in the result, 0 to 1; the rest is the start's. */
  readonly share: number;
  readonly plan: FineTunePlan;
  /** Steps done. */
  readonly steps: number;
  /** What was learned, lost and kept, for people. */
  readonly sentences: readonly string[];
  /** A table by class for people, its head first: IoU at the start and now, or words that were said and found. */
  readonly rows: readonly (readonly string[])[];
  /** Step of the checkpoint that was kept; 0 is the start, which training did not beat. */
  readonly bestStep: number;
}
