/** Named sets of defaults of `train()`; an option that is given wins over them. */
import { NO_LOSSES, type FeatureSource, type LossWeights } from '../objective/losses.ts';
import type { KeptWords } from '../phrases/noun-chunks.ts';

/** The defaults of a recipe. */
export interface Recipe {
  readonly steps: number;
  readonly batchSize: number;
  readonly lambda: LossWeights;
  /** Words of captions' phrases. */
  readonly keep: KeptWords;
  readonly features: FeatureSource;
  /** Share of the steps that update the projector alone, up to `projectorStepsAtMost`. */
  readonly projectorShare: number;
  readonly projectorStepsAtMost: number;
  readonly projectorLearningRate: number;
  readonly learningRate: number;
  readonly schedule: 'constant' | 'cosine';
  /** At most a tenth of the steps. */
  readonly warmupSteps: number;
}

/** Steps and pictures of a batch that a machine with 16 GB takes. */
const MODEST = { steps: 2000, batchSize: 16, schedule: 'cosine', warmupSteps: 20, keep: 'adjectives' } as const;

/** By the captions that they suit. @see SynSeg paper, "Implementation details"; `bench/RESULTS.md` for the others */
export const RECIPES = {
  /** Captions that name nearly everything in a picture; finds nouns from a random decoder and from a trained one. */
  'dense-captions': {
    ...MODEST,
    lambda: { ...NO_LOSSES, partial: 1, sharing: 1, masks: 1, maskShare: 1 },
    features: 'windows',
    projectorShare: 0.4,
    projectorStepsAtMost: 800,
    projectorLearningRate: 5e-3,
    learningRate: 2e-3,
  },
  /** Tags, or captions that name a few things among many others; for a random decoder. */
  'tags': {
    ...MODEST,
    lambda: { ...NO_LOSSES, grounding: 1, distillation: 1, masks: 1, maskShare: 1 },
    features: 'taps',
    projectorShare: 0.5,
    projectorStepsAtMost: 1000,
    projectorLearningRate: 3e-3,
    learningRate: 1e-3,
  },
  /** The paper's losses and settings. */
  'paper': {
    steps: 10_000,
    batchSize: 256,
    lambda: { ...NO_LOSSES, align: 0.1, contrast: 1e-3, background: 1e-2, separation: 1, masks: 1 },
    keep: 'paper',
    features: 'conditional',
    // The paper is silent about the start of its projector; a random one would pull on the decoder at first.
    projectorShare: 0.05,
    projectorStepsAtMost: 500,
    projectorLearningRate: 1e-3,
    learningRate: 1e-5,
    schedule: 'constant',
    warmupSteps: 0,
  },
} as const satisfies Readonly<Record<string, Recipe>>;

/** A name of {@link RECIPES}. */
export type RecipeName = keyof typeof RECIPES;

/** The names, the default first. */
export const RECIPE_NAMES = Object.keys(RECIPES) as readonly RecipeName[];
