/** What a caller may say about a training run. Everything is resolved once, by `train-plan.ts`. */
import type { Precision, Provider, Templates } from '@synseg/core';
import { optionNames } from '@synseg/core/guards';
import type { PictureLimits } from '../image/picture-bytes.ts';
import type { Augmentation } from '../data/data-options.ts';
import type { DataWarning } from '../data/data-warning.ts';
import type { DataOptions } from '../data/data-options.ts';
import type { EvaluateOptions } from '../evaluate/evaluate-options.ts';
import type { ParameterGroup } from '../step-graph/layout.ts';
import type { FeatureSource, LossWeights } from '../objective/losses.ts';

/** Named sets of defaults. */
export type RecipeName = 'paper' | 'best' | 'windows' | 'clip';

/**
 * What is learnt from: noun phrases of captions, masks, or both, which train the decoder on frozen encoders; or whole
 * captions
 * against pictures (`contrastive`), which trains the encoders.
 */
export type Objective = 'mccl' | 'masks' | 'both' | 'contrastive';

/** Sizes of a decoder that starts at random on a trunk without one. */
export interface DecoderShape {
  /** Channels; @default 64 */
  readonly reduceDim?: number;
  /** @default 4 */
  readonly heads?: number;
  /** Width of the blocks' hidden layer; @default 2048 */
  readonly intermediateSize?: number;
  /** Upsampling: one transposed convolution, or CLIPSeg's three layers; @default 'simple' */
  readonly head?: 'simple' | 'refined';
}

/** A masks set that picks the best checkpoint. */
export interface PeriodicEvaluation extends Pick<
  EvaluateOptions,
  'dataset' | 'root' | 'split' | 'labels' | 'limit' | 'views'
> {
  /** Steps between two evaluations; @default `saveEvery` */
  readonly every?: number;
}

/** Pictures and captions that were not trained on, for `objective: 'contrastive'`: how many find each other. */
export interface RetrievalEvaluation {
  /** As `data` of the training itself. */
  readonly data: string | DataOptions;
  /** Pairs at most, those that the run's seed draws first; @default 512 */
  readonly limit?: number;
  /** Steps between two evaluations; @default `saveEvery` */
  readonly every?: number;
}

/** Score of a masks set. */
export interface SegmentationScore {
  readonly mIoU: number;
  readonly best: boolean;
}

/** Score of held-out pairs: shares, 0 to 1. */
export interface RetrievalScore {
  /** Pictures whose nearest caption is their own. */
  readonly imageToText: number;
  /** Captions whose nearest picture is one of theirs. */
  readonly textToImage: number;
  /** What guessing would get. */
  readonly chance: number;
  readonly pairs: number;
  /** True when the mean of both shares is the largest so far. */
  readonly best: boolean;
}

/** Options of `train()`. */
export interface TrainOptions extends PictureLimits {
  /** Captions, tags or masks: see `DataOptions`. */
  readonly data: string | DataOptions;
  /**
   * Folder or hub id of the checkpoint to start from, `'embedded'`, or `'random'` for a seeded random decoder on
   * `trunk`.
   */
  readonly init: string;
  /**
   * Folder or hub id of the frozen encoders for `init: 'random'`, or `'embedded'`: a CLIPSeg folder, or a trunk with a
   * vocabulary.
   */
  readonly trunk?: string;
  /** Shape of the random decoder, where the trunk's folder does not give one. */
  readonly decoder?: DecoderShape;
  /** Side of the square picture a CLIP trunk takes, pixels; the paper's is 224. @default the checkpoint's own */
  readonly inputSize?: number;
  /** Run folder. */
  readonly out: string;
  /** @default 10,000 */
  readonly steps?: number;
  /** Images a step; @default 256 */
  readonly batchSize?: number;
  /** Images in memory at once, a divisor of `batchSize`: the gradient is the same, to rounding. @default `batchSize` */
  readonly microBatchSize?: number;
  /**
   * Defaults for losses, features and learning rate: the paper's, what did best here, or CLIP's. @default 'paper';
   * 'clip' for contrastive, and only there
   */
  readonly recipe?: RecipeName;
  /** @default 'mccl' */
  readonly objective?: Objective;
  /** Weights of the losses; 0 switches one off. @default the recipe's */
  readonly lambda?: Partial<LossWeights>;
  /** Cosine of foreground and background above which L_cont acts; @default 0.1 */
  readonly contrastGate?: number;
  /** ε of eq. 4; @default 1e-4 */
  readonly epsilon?: number;
  /**
   * What the projector reads: post-decoder features (paper), the deepest tap, all taps, or the shallowest beside
   * windows' embeddings. @default the recipe's
   */
  readonly features?: FeatureSource;
  /**
   * How much the logits of the decoder that training starts from count in what `sharing` teaches: it keeps what it
   * knows. Give 0 for one that was never trained. @default 1; 0 with `init: 'random'`
   */
  readonly prior?: number;
  /** Sentences that categories are put into; a vocabulary looks them up as they are. @default the checkpoint's own */
  readonly templates?: Templates;
  /** What becomes of a category a vocabulary does not have; @default 'compose' */
  readonly unknownCategories?: 'compose' | 'leave-out';
  /**
   * First steps, which move the projector alone: one that starts at random misleads the decoder. @default the recipe's
   */
  readonly projectorSteps?: number;
  /** Of those steps; schedule and warm-up are those of the others. @default the recipe's */
  readonly projectorLearningRate?: number;
  /** @default the recipe's; the paper's is 1e-5 */
  readonly learningRate?: number;
  /** @default 'constant' */
  readonly schedule?: 'constant' | 'cosine';
  /** Of the cosine's last step; @default 0 */
  readonly finalLearningRate?: number;
  /** @default 0 */
  readonly warmupSteps?: number;
  /** @default 0.01; 0.2 of recipe 'clip' */
  readonly weightDecay?: number;
  /** Decay biases, the parameters of norms and tables of embeddings too; @default true; false of recipe 'clip' */
  readonly decayVectors?: boolean;
  /** @default 0.9 */
  readonly beta1?: number;
  /** @default 0.999; 0.98 of recipe 'clip' */
  readonly beta2?: number;
  /** AdamW's ε; @default 1e-8; 1e-6 of recipe 'clip' */
  readonly adamEpsilon?: number;
  /** Largest global norm of the gradient; @default none */
  readonly clipNorm?: number;
  /**
   * Share of a picture's patches that each step leaves out, a random choice, of `objective: 'contrastive'`: half is
   * nearly twice as fast (FLIP, Li et al. 2023). @default 0
   */
  readonly patchDropout?: number;
  /** Groups of parameters that move; @default all that the objective bears on */
  readonly trainable?: readonly ParameterGroup[];
  /** Decay per step of a running mean of the weights, which checkpoints then hold; @default none */
  readonly ema?: number;
  /** @default 42 */
  readonly seed?: number;
  /** @default none: the plain resize of the paper */
  readonly augmentation?: Augmentation;
  /** Labels per image at most, a random choice of more; @default 32 */
  readonly maxCategories?: number;
  /**
   * Keep the frozen trunk's taps on disk (fp16) and run the trunk once per image: for small sets. @default true with
   * features 'windows', else false
   */
  readonly cacheFeatures?: boolean;
  /** @default 'auto' */
  readonly device?: Provider | 'auto';
  /** Of the frozen trunk; what is trained is fp32. @default 'fp32' */
  readonly precision?: Extract<Precision, 'fp32' | 'fp16'>;
  /** Processor threads of one operator; @default the processor's, at most 8 */
  readonly threads?: number;
  /** Threads that decode pictures; @default one less than there are processors, from 1 to 8 */
  readonly workers?: number;
  /** Steps between saves of `last/`; @default 500 */
  readonly saveEvery?: number;
  /** Steps between checkpoints that are kept, `step-N/`; @default none */
  readonly keepEvery?: number;
  /** What picks `best/`: a masks set, or with `objective: 'contrastive'` held-out pairs. */
  readonly evaluation?: PeriodicEvaluation | RetrievalEvaluation;
  /** Go on with the run in `out`; @default false */
  readonly resume?: boolean;
  /** Folder of cached embeddings and downloads; @default core's */
  readonly cacheFolder?: string;
  readonly onWarning?: (warning: TrainWarning) => void;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Finishes the step, saves, and rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Something a caller should know and training goes on without. */
export interface TrainWarning {
  readonly kind: 'data' | 'health' | 'categories' | 'resume';
  readonly message: string;
  /** The data's own, for `kind: 'data'`. */
  readonly data?: DataWarning;
}

/** How far what comes before and between steps is. */
export type TrainProgress =
  | { readonly stage: 'load' }
  | { readonly stage: 'features'; readonly done: number; readonly total: number; readonly bytes: number }
  | { readonly stage: 'evaluate'; readonly done: number; readonly total: number };

/** What a step was like. */
export interface StepReport {
  /** Steps done, counted from 1. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** Each loss before its weight, a mean over images; those whose weight is 0 are left out. */
  readonly losses: Readonly<Record<string, number>>;
  /** Σ λ · loss */
  readonly total: number;
  /** Before the clip. */
  readonly gradientNorm: number;
  /**
   * Mean of the activation maps, 0 to 1; absent, as the next two, while the projector alone learns without the decoder.
   */
  readonly activationMean?: number;
  /** Standard deviation of the activation maps over patches, the mean over maps: near 0 they are flat. */
  readonly activationDeviation?: number;
  /** Share of rows whose foreground and background are so alike that eq. 4's clamp stops the gradient. */
  readonly clampShare?: number;
  /** Share of the batch's pictures whose nearest caption is their own; of `objective: 'contrastive'`, as the next. */
  readonly accuracy?: number;
  /** Factor of the cosines, learnt, 100 at most. */
  readonly logitScale?: number;
  readonly imagesPerSecond: number;
  /** Share of the time in which the step waited for data. */
  readonly dataWaitShare: number;
  /** Of the periodic evaluation after this step. */
  readonly score?: SegmentationScore | RetrievalScore;
}

/** Names of {@link TrainOptions}. */
export const TRAIN_NAMES = optionNames<TrainOptions>({
  ...{
    data: true,
    init: true,
    trunk: true,
    decoder: true,
    out: true,
    inputSize: true,
    steps: true,
    batchSize: true,
    microBatchSize: true,
    recipe: true,
    objective: true,
    lambda: true,
  },
  ...{
    contrastGate: true,
    epsilon: true,
    features: true,
    prior: true,
    templates: true,
    unknownCategories: true,
    projectorSteps: true,
    projectorLearningRate: true,
    learningRate: true,
  },
  ...{
    schedule: true,
    finalLearningRate: true,
    warmupSteps: true,
    weightDecay: true,
    decayVectors: true,
    beta1: true,
    beta2: true,
    adamEpsilon: true,
    clipNorm: true,
    patchDropout: true,
  },
  ...{
    trainable: true,
    ema: true,
    seed: true,
    augmentation: true,
    maxCategories: true,
    cacheFeatures: true,
    device: true,
    precision: true,
    threads: true,
    workers: true,
  },
  ...{
    saveEvery: true,
    keepEvery: true,
    evaluation: true,
    resume: true,
    cacheFolder: true,
    maxPixels: true,
    maxImageBytes: true,
    onWarning: true,
    onProgress: true,
    signal: true,
  },
});

/** Names of the options within them that are objects; those of `data` are with `DataOptions`. */
export const NESTED_NAMES = {
  lambda: optionNames<LossWeights>({
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
  }),
  decoder: optionNames<DecoderShape>({ reduceDim: true, heads: true, intermediateSize: true, head: true }),
  augmentation: optionNames<Augmentation>({ flip: true, crop: true }),
  evaluation: optionNames<PeriodicEvaluation & RetrievalEvaluation>({
    dataset: true,
    root: true,
    split: true,
    labels: true,
    limit: true,
    views: true,
    every: true,
    data: true,
  }),
} satisfies Partial<Record<keyof TrainOptions, ReadonlySet<string>>>;
