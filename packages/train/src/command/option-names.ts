/** Names that files and flags may use, complete by type: an option that is added elsewhere does not compile until it is here. */
import type { Augmentation } from '../data/augment.ts';
import type { FeatureSource, LossWeights } from '../objective/losses.ts';
import type { DecoderShape, Objective, PeriodicEvaluation, RecipeName, RetrievalEvaluation, TrainOptions } from '../trainer/train-options.ts';

/** What a configuration file may say; the rest belongs to the process. */
export type ConfigOptions = Partial<Omit<TrainOptions, 'onWarning' | 'onProgress' | 'signal'>>;

type Names<Name extends string> = Readonly<Record<Name, true>>;

/** Losses; the four of the paper come first, in the order of λ1 … λ4. */
export const LOSSES: Names<keyof LossWeights> = { align: true, contrast: true, background: true, separation: true, masks: true, grounding: true, distillation: true, partial: true, sharing: true, maskShare: true };
/** Values of `features`. */
export const FEATURES: Names<FeatureSource> = { conditional: true, visual: true, taps: true, windows: true };
/** Values of `recipe`. */
export const RECIPE_NAMES: Names<RecipeName> = { paper: true, best: true, windows: true, clip: true };
/** Values of `objective`. */
export const OBJECTIVES: Names<Objective> = { mccl: true, masks: true, both: true, contrastive: true };

/** Names of a configuration file. */
export const OPTION_NAMES: Names<keyof ConfigOptions> = {
  ...{ data: true, init: true, trunk: true, decoder: true, out: true, inputSize: true, steps: true, batchSize: true, microBatchSize: true, recipe: true, objective: true, lambda: true },
  ...{ contrastGate: true, epsilon: true, features: true, prior: true, templates: true, unknownCategories: true, projectorSteps: true, projectorLearningRate: true, learningRate: true },
  ...{ schedule: true, finalLearningRate: true, warmupSteps: true, weightDecay: true, decayVectors: true, beta1: true, beta2: true, adamEpsilon: true, clipNorm: true, patchDropout: true },
  ...{ trainable: true, ema: true, seed: true, augmentation: true, maxCategories: true, cacheFeatures: true, device: true, precision: true, threads: true, workers: true },
  ...{ saveEvery: true, keepEvery: true, evaluation: true, resume: true, cacheFolder: true },
};

/** Names within options that are objects; those of `data` are checked where it is opened. */
export const NESTED_NAMES: Readonly<Record<'lambda' | 'decoder' | 'augmentation' | 'evaluation', Names<string>>> = {
  lambda: LOSSES,
  decoder: { reduceDim: true, heads: true, intermediateSize: true, head: true } satisfies Names<keyof DecoderShape>,
  augmentation: { flip: true, crop: true } satisfies Names<keyof Augmentation>,
  evaluation: { dataset: true, root: true, split: true, labels: true, limit: true, views: true, every: true, data: true } satisfies Names<keyof PeriodicEvaluation | keyof RetrievalEvaluation>,
};
