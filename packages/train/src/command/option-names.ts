/**
 * Names that files and flags may use, complete by type: an option that is added elsewhere does not compile until it is
 * here.
 */
import type { FeatureSource, LossWeights } from '../objective/losses.ts';
import { TRAIN_NAMES, type Objective, type RecipeName, type TrainOptions } from '../trainer/train-options.ts';

/** What a configuration file may say; the rest belongs to the process. */
export type ConfigOptions = Partial<Omit<TrainOptions, 'onWarning' | 'onProgress' | 'signal'>>;

type Names<Name extends string> = Readonly<Record<Name, true>>;

/** Losses; the four of the paper come first, in the order of λ1 … λ4. */
export const LOSSES: Names<keyof LossWeights> = {
  align: true,
  contrast: true,
  background: true,
  separation: true,
  masks: true,
  grounding: true,
  distillation: true,
  partial: true,
  sharing: true,
  maskShare: true,
};
/** Values of `features`. */
export const FEATURES: Names<FeatureSource> = { conditional: true, visual: true, taps: true, windows: true };
/** Values of `recipe`. */
export const RECIPE_NAMES: Names<RecipeName> = { paper: true, best: true, windows: true, clip: true };
/** Values of `objective`. */
export const OBJECTIVES: Names<Objective> = { mccl: true, masks: true, both: true, contrastive: true };

/** Names of a configuration file: what belongs to the process is not in it. */
export const OPTION_NAMES: ReadonlySet<string> = new Set(
  [...TRAIN_NAMES].filter((name) => !['onWarning', 'onProgress', 'signal'].includes(name)),
);
