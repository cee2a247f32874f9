/** Named sets of defaults. What a caller says wins over them. */
import type { FeatureSource, LossWeights } from '../step-graph/step-graph.ts';
import type { RecipeName } from './train-options.ts';

/** What a recipe decides. */
export interface Recipe {
  readonly lambda: LossWeights;
  readonly features: FeatureSource;
  readonly learningRate: number;
  readonly schedule: 'constant' | 'cosine';
  /** At most a tenth of the steps. */
  readonly warmupSteps: number;
}

/** @see SynSeg paper, "Implementation details", for `paper`; `bench/RESULTS.md` for `best`. */
export const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  paper: { lambda: { align: 0.1, contrast: 1e-3, background: 1e-2, separation: 1, masks: 1 }, features: 'conditional', learningRate: 1e-5, schedule: 'constant', warmupSteps: 0 },
  best: { lambda: { align: 0.1, contrast: 1e-3, background: 1e-2, separation: 1, masks: 1 }, features: 'visual', learningRate: 1e-3, schedule: 'cosine', warmupSteps: 50 },
};
