/** The training of a fine-tuning as options of `train()`: what data and start need, and nobody has to choose. */
import type { TrainOptions } from '../trainer/train-options.ts';
import { REHEARSAL } from './rehearsal.ts';
import type { Start } from './start.ts';

/** Pictures of a step. */
export const BATCH = 4;
/** Times that a picture is drawn, in the steps that its number asks for. */
const DRAWS = 100;
const LEAST_STEPS = 400;
const MOST_STEPS = 10_000;
/** Learning rate where captions alone teach, beside that of masks: they say less of where things are. */
const CAPTIONS_SHARE = 0.2;
/** Share of the steps that rehearses what the start knew. */
const REHEARSED_SHARE = 0.25;
/** Scores of held-out pictures during training. */
const SCORES = 10;
/** Held-out pictures that are scored between steps at most; all are at the end. */
const SCORED = 60;

/** Data as {@link recipeOf} needs it. */
export interface RecipeData {
  /** Folder of the format index-jsonl. */
  readonly root: string;
  /** Names of its own sets. */
  readonly sets: readonly string[];
  readonly rehearses: boolean;
  /** True where pictures have masks. */
  readonly masks: boolean;
  /** True where held-out ones do. */
  readonly isScored: boolean;
  /** True where pictures have captions too. */
  readonly captions: boolean;
}

/** Steps between two scores. */
export function scoreEvery(steps: number): number {
  return Math.max(1, Math.ceil(steps / SCORES));
}

/** Steps for a number of pictures. */
export function stepsFor(pictures: number): number {
  return Math.min(MOST_STEPS, Math.max(LEAST_STEPS, Math.round((DRAWS * pictures) / BATCH)));
}

/**
 * Labels in place of the names of the data's classes, where they need one: a start with a table of words looks names up
 * itself, and results keep the names of the data.
 */
export function renameOf({ taught, hasWords }: Pick<Start, 'taught' | 'hasWords'>): Readonly<Record<string, string>> {
  const isShared = (of: string): boolean => taught.filter((word) => word.taught === of).length > 1;
  const renamed = taught.filter((word) => word.name !== word.taught && (!hasWords || isShared(word.taught)));
  return Object.fromEntries(renamed.map((word) => [word.name, word.taught]));
}

/**
 * Options of `train()`.
 *
 * A convolution trunk is trained with its decoder, at a tenth of its rate; of other checkpoints the decoder alone.
 */
export function recipeOf(data: RecipeData, start: Start, steps: number): Omit<TrainOptions, 'out'> {
  const { root, sets, rehearses, masks, captions } = data;
  const own = Object.fromEntries(sets.map((name) => [name, 1 / sets.length]));
  const weights = rehearses ? { ...own, [REHEARSAL]: REHEARSED_SHARE / (1 - REHEARSED_SHARE) } : own;
  const every = scoreEvery(steps);
  const rename = renameOf(start);
  return {
    data: { source: root, format: 'index-jsonl', split: 'train', sets: weights, rename },
    init: start.checkpoint,
    recipe: 'tags',
    objective: !captions ? 'masks' : masks || rehearses ? 'both' : 'captions',
    ...{ steps, batchSize: BATCH, maxCategories: 16, saveEvery: Math.min(50, every) },
    learningRate: (start.trainsTrunk ? 1e-3 : 2e-4) * (masks ? 1 : CAPTIONS_SHARE),
    augmentation: { flip: true, scale: [0.75, 1.75], brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.03 },
    ...(data.isScored && {
      evaluation: { dataset: 'index-jsonl', root, split: 'val', sets, rename, limit: SCORED, every },
    }),
    advanced: {
      trainable: ['film', 'reduces', 'layers', 'head', ...(start.trainsTrunk ? (['vision'] as const) : [])],
      ...{ clipNorm: 1, warmupSteps: Math.ceil(steps / 10) },
      // The mean reaches back over about a tenth of the steps.
      ema: Math.min(0.998, Math.max(0, 1 - 10 / steps)),
    },
  };
}
