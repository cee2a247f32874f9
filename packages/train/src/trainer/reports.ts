/** Reports of a training run: steps, scores, warnings, progress. */
import type { DataWarning } from '../data/data-warning.ts';
import type { LeftOut } from '../data/left-out.ts';

/** Score of a set with masks. */
export interface SegmentationScore {
  /** 0 to 1. */
  readonly mIoU: number;
  readonly best: boolean;
}

/** Score of held-out pairs: shares, 0 to 1. */
export interface RetrievalScore {
  /** Pictures whose nearest caption is their own. */
  readonly imageToText: number;
  /** Captions whose nearest picture is one of theirs. */
  readonly textToImage: number;
  /** Expected share of guessing. */
  readonly chance: number;
  readonly pairs: number;
  /** True when the mean of both shares is the largest so far. */
  readonly best: boolean;
}

/** Score of texts against the vectors of their names. */
export interface TextScore {
  /** Share of texts whose vector is nearest to that of their own name, by cosine among all names; 0 to 1. */
  readonly nearest: number;
  /** Mean cosine of a text's vector and that of its name, −1 to 1. */
  readonly cosine: number;
  readonly texts: number;
  readonly names: number;
  /** True when the mean cosine is the largest so far. */
  readonly best: boolean;
}

/** A problem that does not stop training. */
export interface TrainWarning {
  readonly kind: 'data' | 'health' | 'categories' | 'recipe' | 'resume';
  readonly message: string;
  /** The data's own, for `kind: 'data'`. */
  readonly data?: DataWarning;
}

/** Memory and time of a run, estimated from its graph's shapes and the speed of the device's matrix products. */
export interface TrainEstimate {
  /** The most that the process takes; with another device than the processor, what the steps take there. */
  readonly memoryBytes: number;
  /** Of the steps that are left, without reading pictures and without a ready-made trunk. */
  readonly seconds: number;
  /** Pictures in memory at once. */
  readonly microBatchSize: number;
  /** Height and width of the pictures, pixels. */
  readonly inputSize: readonly [height: number, width: number];
  readonly device: string;
}

/** Progress of the work before and between steps. */
export type TrainProgress =
  | { readonly stage: 'load' }
  /** What a run of `train()` will take, before its first step. */
  | ({ readonly stage: 'estimate' } & TrainEstimate)
  | { readonly stage: 'features'; readonly done: number; readonly total: number; readonly bytes: number }
  | { readonly stage: 'evaluate'; readonly done: number; readonly total: number }
  /** The score of what training starts from, before the first step. */
  | { readonly stage: 'start'; readonly score: NonNullable<StepReport['score']> };

/** One step of training. */
export interface StepReport {
  /** Steps done, counted from 1. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** Each loss before its weight, a mean over pictures or texts; those whose weight is 0 are left out. */
  readonly losses: Readonly<Record<string, number>>;
  /** Σ λ · loss */
  readonly total: number;
  /** Before the clip. */
  readonly gradientNorm: number;
  /** Mean of the activation maps, 0 to 1; absent, as the next two, while only the projector learns. */
  readonly activationMean?: number;
  /** Standard deviation of the activation maps over patches, the mean over maps: near 0 they are flat. */
  readonly activationDeviation?: number;
  /** Share of rows whose foreground and background are so alike that eq. 4's clamp stops the gradient. */
  readonly clampShare?: number;
  /** Share of the batch's pictures whose nearest caption is their own; of `trainEncoders()`, like the next. */
  readonly accuracy?: number;
  /** Learned factor of the cosines, 100 at most. */
  readonly logitScale?: number;
  /** Pictures in a second; of `trainTextEncoder()` texts. */
  readonly imagesPerSecond: number;
  /** Share of the time in which the step waited for data. */
  readonly dataWaitShare: number;
  /** Data that was passed over for the step's batch; of pictures alone. */
  readonly leftOut?: LeftOut;
  /** Of the periodic evaluation after this step. */
  readonly score?: SegmentationScore | RetrievalScore | TextScore;
}
