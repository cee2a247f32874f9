/** The options of `trainTextEncoder()`, each described once; `train-plan.ts` resolves them. */
import { flag, group, integer, number, text, withDefault, type OptionsOf } from '@synseg/core/guards';
import {
  RUN_ADVANCED_OPTIONS,
  RUN_OPTIONS,
  TRAIN_ENCODERS_ADVANCED_OPTIONS,
  TRAIN_ENCODERS_OPTIONS,
} from './train-options.ts';

const { beta2, schedule } = TRAIN_ENCODERS_ADVANCED_OPTIONS;

/** Options of the score of texts. */
const TEXT_EVALUATION_OPTIONS = {
  /** Table of the texts, as `data` of the training itself. @default the texts of the training */
  data: text(),
  /** Steps between two evaluations. @default all of them: one at the end */
  every: integer(),
};
export type TextEvaluation = OptionsOf<typeof TEXT_EVALUATION_OPTIONS>;

/** Advanced options of `trainTextEncoder()`. */
export const TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS = {
  /** Course of the learning rate after its rise. */
  schedule,
  /** Weight decay. */
  weightDecay: withDefault(number({ least: 0 }), 0.01),
  /** Applies weight decay to biases, norms and tables of embeddings too. */
  decayVectors: withDefault(flag(), false),
  /** AdamW's β2. */
  beta2,
  /** AdamW's ε. */
  adamEpsilon: withDefault(number({ least: 0 }), 1e-8),
  ...RUN_ADVANCED_OPTIONS,
};

/** Options of `trainTextEncoder()`. */
export const TRAIN_TEXT_ENCODER_OPTIONS = {
  /**
   * Table of texts and the name that each stands for: `.jsonl` with `{"text": "poodles", "name": "dog"}` a line, or
   * `.csv` or `.tsv` with these columns. A line twice counts twice.
   */
  data: text(),
  /** Folder with the vectors of names: `vocab.json` with `names`, `vocab.safetensors` with `embeddings`. */
  vectors: text(),
  /** Checkpoint to start from: a folder or a hub id; `createCheckpoint()` writes one with random weights. */
  init: TRAIN_ENCODERS_OPTIONS.init,
  /** Optimizer steps. */
  steps: withDefault(integer({ least: 0 }), 4000),
  /** Texts in a step. */
  batchSize: withDefault(integer(), 128),
  /** Learning rate. */
  learningRate: withDefault(number({ least: 0 }), 2e-3),
  /** Score of texts, which picks the best checkpoint, `best/`. */
  evaluation: withDefault(group(TEXT_EVALUATION_OPTIONS), {}),
  ...RUN_OPTIONS,
  /** Settings that seldom need a change. */
  advanced: group(TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS),
};

/** Options that must be given. */
export const TEXT_ENCODER_NEEDED = ['data', 'vectors', 'init', 'out'] as const;
export type TrainTextEncoderOptions = OptionsOf<
  typeof TRAIN_TEXT_ENCODER_OPTIONS,
  (typeof TEXT_ENCODER_NEEDED)[number]
>;
