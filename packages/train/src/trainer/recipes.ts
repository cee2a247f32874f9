/** Named sets of defaults. What a caller says wins over them. */
import type { FeatureSource, LossWeights } from '../objective/losses.ts';
import type { RecipeName } from './train-options.ts';

/** What a recipe decides. */
export interface Recipe {
  readonly lambda: LossWeights;
  readonly features: FeatureSource;
  /** Share of the steps, and at most so many of them, that move the projector alone. */
  readonly projectorShare: number;
  readonly projectorStepsAtMost: number;
  readonly projectorLearningRate: number;
  readonly learningRate: number;
  readonly schedule: 'constant' | 'cosine';
  /** At most a tenth of the steps. */
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Weight decay bears on biases, norms and tables of embeddings too. */
  readonly decayVectors: boolean;
  readonly beta2: number;
  readonly adamEpsilon: number;
}

const NO_LOSSES: LossWeights = {
  align: 0,
  contrast: 0,
  background: 0,
  separation: 0,
  grounding: 0,
  distillation: 0,
  partial: 0,
  sharing: 0,
  masks: 0,
  maskShare: 0,
};

const BEST: Recipe = {
  lambda: {
    align: 0,
    contrast: 0,
    background: 0,
    separation: 0,
    grounding: 1,
    distillation: 1,
    partial: 0,
    sharing: 0,
    masks: 1,
    maskShare: 1,
  },
  features: 'taps',
  projectorShare: 0.5,
  projectorStepsAtMost: 1000,
  projectorLearningRate: 3e-3,
  learningRate: 1e-3,
  schedule: 'cosine',
  warmupSteps: 20,
  weightDecay: 0.01,
  decayVectors: true,
  beta2: 0.999,
  adamEpsilon: 1e-8,
};

/**
 * @see SynSeg paper, "Implementation details", for `paper`; `bench/RESULTS.md` for `best`; Radford et al. 2021, table
 * 20, for
 *   the optimiser of `clip`, whose learning rate is twice that of its ViT-B/32: encoders here are a tenth as wide
 */
export const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  paper: {
    lambda: {
      align: 0.1,
      contrast: 1e-3,
      background: 1e-2,
      separation: 1,
      grounding: 0,
      distillation: 0,
      partial: 0,
      sharing: 0,
      masks: 1,
      maskShare: 0,
    },
    features: 'conditional',
    projectorShare: 0,
    projectorStepsAtMost: 0,
    projectorLearningRate: 1e-5,
    learningRate: 1e-5,
    schedule: 'constant',
    warmupSteps: 0,
    weightDecay: 0.01,
    decayVectors: true,
    beta2: 0.999,
    adamEpsilon: 1e-8,
  },
  best: BEST,
  windows: {
    ...BEST,
    lambda: { ...BEST.lambda, grounding: 0, distillation: 0, partial: 1, sharing: 1 },
    features: 'windows',
    projectorShare: 0.4,
    projectorStepsAtMost: 800,
    projectorLearningRate: 5e-3,
    learningRate: 2e-3,
  },
  clip: {
    lambda: NO_LOSSES,
    features: 'taps',
    projectorShare: 0,
    projectorStepsAtMost: 0,
    projectorLearningRate: 0,
    learningRate: 1e-3,
    schedule: 'cosine',
    warmupSteps: 2000,
    weightDecay: 0.2,
    decayVectors: false,
    beta2: 0.98,
    adamEpsilon: 1e-6,
  },
};
