/**
 * The options of `train()` and `trainEncoders()`, each described once, and those of any run; `train-plan.ts` resolves
 * them.
 */
import { LOAD_OPTIONS, PROVIDERS } from '@synseg/core/options';
import { abortSignal, callback, choice, flag, group, integer, list, number, text } from '@synseg/core/guards';
import { value, withDefault, type OptionsOf } from '@synseg/core/guards';
import { AUGMENTATION_OPTIONS, DATA } from '../data/data-options.ts';
import { EVALUATE_OPTIONS } from '../evaluate/evaluate-options.ts';
import { PICTURE_LIMITS } from '../image/picture.ts';
import { LOSS_WEIGHTS } from '../objective/losses.ts';
import { EXCLUDE } from '../phrases/exclusions.ts';
import { KEPT_WORDS, type KeptWords } from '../phrases/noun-chunks.ts';
import { PHRASE_EXTRACTOR_OPTIONS } from '../phrases/phrase-extractor.ts';
import { DECODER_GROUPS, ENCODER_GROUPS } from '../step-graph/layout.ts';
import { RECIPE_NAMES } from './recipes.ts';
import type { TrainProgress, TrainWarning } from './reports.ts';

const share = number({ least: 0, most: 0.9999999 });

/** Sizes of a decoder that starts at random. */
export const DECODER_OPTIONS = {
  /** Channels of the decoder. */
  reduceDim: withDefault(integer(), 64),
  /** Attention heads of a block of a transformer decoder. */
  heads: withDefault(integer(), 4),
  /** Width of the hidden layer of a transformer decoder's blocks. */
  intermediateSize: withDefault(integer(), 2048),
  /** Upsampling of a transformer decoder: one transposed convolution, or CLIPSeg's three layers. */
  head: withDefault(choice(['simple', 'refined']), 'simple'),
};
export type DecoderShape = OptionsOf<typeof DECODER_OPTIONS>;

const { dataset, root, split, sets, rename, classes, labels, background, threshold, limit, views } = EVALUATE_OPTIONS;

/** Steps between two evaluations. @default saveEvery */
const every = integer();

/** Options of `evaluate()` for a set of pictures with masks that picks the best checkpoint. */
const PERIODIC_EVALUATION_OPTIONS = {
  ...{ dataset, root, split, sets, rename, classes, labels, background, threshold, limit, views, every },
};
export type PeriodicEvaluation = OptionsOf<typeof PERIODIC_EVALUATION_OPTIONS, 'dataset' | 'root'>;

/** Options of retrieval between held-out pictures and captions. */
const RETRIEVAL_OPTIONS = {
  /** Source of the pairs, as `data` of the training itself. */
  data: DATA,
  /** Most pairs; the seed draws them. */
  limit: withDefault(integer({ least: 2 }), 512),
  every,
};
export type RetrievalEvaluation = OptionsOf<typeof RETRIEVAL_OPTIONS, 'data'>;

/** Options that every training run has. */
export const RUN_OPTIONS = {
  /** Run folder: configuration, log, checkpoints. */
  out: text(),
  /** Seed of everything random. */
  seed: withDefault(integer({ least: 0 }), 42),
  /** Steps between two saves of `last/`. */
  saveEvery: withDefault(integer(), 500),
  /** Continues the run in `out`. */
  resume: withDefault(flag(), false),
  /** Execution provider; 'auto' takes a GPU where one starts, else the CPU. OpenVINO cannot train. */
  device: withDefault(choice(['auto', ...PROVIDERS]), 'auto'),
  /** Processor threads of one operator. @default as many as the processor has, at most 8 */
  threads: LOAD_OPTIONS.threads,
  /** Folder of cached embeddings, features and downloads. @default the checkpoints' cache folder */
  cacheFolder: text(),
  /** Called with problems that do not stop training. */
  onWarning: callback<(warning: TrainWarning) => void>(),
  /** Called with the progress before and between steps. */
  onProgress: callback<(progress: TrainProgress) => void>(),
  /** Finishes the step, saves, and rejects with the signal's reason. */
  signal: abortSignal(),
};

/** Options of runs on pictures. */
const PICTURE_RUN_OPTIONS = {
  /** Random changes of pictures and their masks. */
  augmentation: withDefault(group(AUGMENTATION_OPTIONS), {}),
  ...RUN_OPTIONS,
};

/** Advanced options that every training run has. */
export const RUN_ADVANCED_OPTIONS = {
  /** Learning rate of the cosine's last step. */
  finalLearningRate: withDefault(number({ least: 0 }), 0),
  /** Steps in which the rate rises from 0. @default the recipe's, 2000 of encoders; at most a tenth of the steps */
  warmupSteps: integer({ least: 0 }),
  /** AdamW's β1. */
  beta1: withDefault(number({ least: 0, most: 0.999999 }), 0.9),
  /** Largest global norm of the gradient. @default none */
  clipNorm: number({ above: 0 }),
  /** Decay per step of a running mean of the weights, which checkpoints then hold. @default none */
  ema: share,
  /** Steps between checkpoints that are kept as `step-N/`. @default none */
  keepEvery: integer(),
};

/** Advanced options of runs on pictures. */
const PICTURE_RUN_ADVANCED_OPTIONS = {
  ...RUN_ADVANCED_OPTIONS,
  /** Threads for decoding pictures. @default one less than there are processors, from 1 to 8 */
  workers: integer(),
  ...PICTURE_LIMITS,
};

/** Advanced options of `train()`. */
export const TRAIN_ADVANCED_OPTIONS = {
  /** Sizes of the random decoder, where the trunk's folder gives none. */
  decoder: group(DECODER_OPTIONS),
  /** Side of the square picture of a CLIP trunk, pixels. @default the checkpoint's own; recipe 'paper': up to 224 */
  inputSize: integer(),
  /** Weights of the losses; 0 switches one off. @default the recipe's */
  lambda: withDefault(group(LOSS_WEIGHTS), {}),
  /** Cosine of foreground and background above which L_cont applies. */
  contrastGate: withDefault(number({ least: -1, most: 1 }), 0.1),
  /** ε of eq. 4. */
  epsilon: withDefault(number({ least: 1e-7, most: 0.1 }), 1e-4),
  /** Weight of the start decoder's logits in `sharing`; 0 for an untrained one. @default 1; 0 with init 'random' */
  prior: number({ least: 0 }),
  /** Treatment of categories missing from a vocabulary. */
  unknownCategories: withDefault(choice(['compose', 'leave-out']), 'compose'),
  /** First steps, which update the projector alone. @default the recipe's */
  projectorSteps: integer({ least: 0 }),
  /** Learning rate of the projector's own steps. @default the recipe's */
  projectorLearningRate: number({ least: 0 }),
  /** Course of the learning rate after its rise. @default the recipe's */
  schedule: choice(['constant', 'cosine']),
  /** Weight decay. */
  weightDecay: withDefault(number({ least: 0 }), 0.01),
  /** Applies weight decay to biases and the parameters of norms too. */
  decayVectors: withDefault(flag(), true),
  /** AdamW's β2. */
  beta2: withDefault(number({ least: 0, most: 0.999999 }), 0.999),
  /** AdamW's ε. */
  adamEpsilon: withDefault(number({ least: 0 }), 1e-8),
  /**
   * Groups of parameters to train. `vision`, the trunk, is trained only where it is named.
   * @default all others that a loss depends on
   */
  trainable: withDefault(list(choice([...DECODER_GROUPS, 'vision'])), DECODER_GROUPS),
  /** Learning rate of a trained trunk, in learning rates of the decoder. */
  visionRate: withDefault(number({ least: 0 }), 0.1),
  /** First block of a trained trunk that is trained; those before it cost most and change least. */
  visionFrom: withDefault(integer({ least: 0 }), 0),
  /** Precision of the frozen trunk; what is trained is fp32. */
  precision: withDefault(choice(['fp32', 'fp16']), 'fp32'),
  ...PICTURE_RUN_ADVANCED_OPTIONS,
};

/** Options of the noun phrases that `train()` takes from captions. */
const NOUN_PHRASE_OPTIONS = {
  /**
   * Words of a phrase: adjectives and nouns, nouns alone, both as two phrases, or the paper's Algorithm 1.
   * @default 'adjectives'; 'paper' of recipe 'paper'
   */
  keep: choice<KeptWords>(KEPT_WORDS),
  /** Phrases to drop afterwards: a list, a text file of it, or 'none'. @default DEFAULT_EXCLUSIONS */
  exclude: EXCLUDE,
  person: PHRASE_EXTRACTOR_OPTIONS.person,
};

/** Options of `train()`. */
export const TRAIN_OPTIONS = {
  /** Pictures with captions, tags or masks. */
  data: DATA,
  /** Checkpoint to start from: a folder, a hub id, 'embedded', or 'random' for a random decoder on `trunk`. */
  init: text(),
  /** Frozen encoders for init 'random': a folder, a hub id or 'embedded'. */
  trunk: text(),
  /**
   * Losses and their settings: for captions that name nearly everything in a picture, for tags and captions that name a
   * few things, or the paper's.
   */
  recipe: withDefault(choice(RECIPE_NAMES), 'dense-captions'),
  /** Supervision: noun phrases of captions, masks, or both. */
  objective: withDefault(choice(['captions', 'masks', 'both']), 'captions'),
  /** Noun phrases of captions that none are known of: not in `data.phrases`, nor as tags. */
  nounPhrases: withDefault(group(NOUN_PHRASE_OPTIONS), {}),
  /** Optimizer steps. @default 2000; 10000 of recipe 'paper' */
  steps: integer({ least: 0 }),
  /** Pictures in a step. @default 16; 256 of recipe 'paper' */
  batchSize: integer(),
  /**
   * Pictures in memory at once, a divisor of `batchSize`: equal to rounding.
   * @default what half of the memory holds, up to 16; with CUDA what half of the GPU's free memory does, by nvidia-smi
   */
  microBatchSize: integer(),
  /** Learning rate. @default the recipe's: 2e-3, 1e-3 of 'tags', 1e-5 of 'paper' */
  learningRate: number({ least: 0 }),
  /** Most labels of a picture; of more, a random choice. */
  maxCategories: withDefault(integer({ most: 1024 }), 32),
  /** Prompt templates of the categories; a vocabulary looks names up as they are. @default the checkpoint's own */
  templates: EVALUATE_OPTIONS.templates,
  /** Keeps the encoded pictures on disk: for small sets. @default true with recipe 'dense-captions', else false */
  cacheFeatures: flag(),
  /** Set of pictures with masks that picks the best checkpoint, `best/`. */
  evaluation: group(PERIODIC_EVALUATION_OPTIONS, ['dataset', 'root']),
  ...PICTURE_RUN_OPTIONS,
  /** Settings that seldom need a change. */
  advanced: group(TRAIN_ADVANCED_OPTIONS),
};
export type TrainOptions = OptionsOf<typeof TRAIN_OPTIONS, Needed>;

/** Advanced options of `trainEncoders()`. */
export const TRAIN_ENCODERS_ADVANCED_OPTIONS = {
  /** Course of the learning rate after its rise. */
  schedule: withDefault(choice(['constant', 'cosine']), 'cosine'),
  /** Weight decay. */
  weightDecay: withDefault(number({ least: 0 }), 0.2),
  /** Applies weight decay to biases, norms and tables of embeddings too. */
  decayVectors: withDefault(flag(), false),
  /** AdamW's β2. */
  beta2: withDefault(number({ least: 0, most: 0.999999 }), 0.98),
  /** AdamW's ε. */
  adamEpsilon: withDefault(number({ least: 0 }), 1e-6),
  /** Groups of parameters to train. */
  trainable: withDefault(list(choice(ENCODER_GROUPS)), ENCODER_GROUPS),
  ...PICTURE_RUN_ADVANCED_OPTIONS,
};

/** Options of `trainEncoders()`. @see Radford et al. 2021, table 20, for the optimizer */
export const TRAIN_ENCODERS_OPTIONS = {
  /** Pictures with captions. */
  data: DATA,
  /** Checkpoint to start from: a folder or a hub id; `createCheckpoint()` writes one with random weights. */
  init: value<string>(
    'be a folder or hub id (createCheckpoint() writes a fresh one)',
    (given) => typeof given === 'string',
    (given) => given !== '' && given !== 'random',
    { fromText: String, placeholder: 'source' },
  ),
  /** Optimizer steps. */
  steps: withDefault(integer({ least: 0 }), 5000),
  /** Pictures in a step: each caption is a negative of every other picture of the batch. */
  batchSize: withDefault(integer(), 64),
  /** Learning rate. */
  learningRate: withDefault(number({ least: 0 }), 5e-4),
  /** Share of patches that each step leaves out at random: half is nearly twice as fast (FLIP, Li et al. 2023). */
  patchDropout: withDefault(number({ least: 0, most: 0.95 }), 0),
  /** Pictures and captions, not trained on, that pick the best checkpoint, `best/`. */
  evaluation: group(RETRIEVAL_OPTIONS, ['data']),
  ...PICTURE_RUN_OPTIONS,
  /** Settings that seldom need a change. */
  advanced: group(TRAIN_ENCODERS_ADVANCED_OPTIONS),
};
export type TrainEncodersOptions = OptionsOf<typeof TRAIN_ENCODERS_OPTIONS, Needed>;

/** Options that must be given. */
export const NEEDED = ['data', 'init', 'out'] as const;
type Needed = (typeof NEEDED)[number];
