/** Specification of a step graph: plain data that crosses threads. */
import type { ModelConfig, Weights } from '@synseg/core/checkpoint';
import type { MCCLSettings } from '../objective/paper/mccl.ts';
import { NO_LOSSES, readsWindows, type FeatureSource, type LossWeights, type Stage } from '../objective/losses.ts';
import type { AdamWSettings } from '../optimizer/adamw.ts';
import type { Layout } from './layout.ts';

/** Everything a step graph depends on, weights aside. */
export interface StepSpec {
  /**
   * `rows` of (image, label) through the decoder, `pairs` of picture and caption through both encoders, or `texts`
   * through the text encoder; `images` are then texts.
   */
  readonly kind: 'rows' | 'pairs' | 'texts';
  readonly config: ModelConfig;
  readonly layout: Layout;
  readonly lambda: LossWeights;
  readonly features: FeatureSource;
  /** Weight of the start decoder's logits in the target of `sharing`; with 0 they are not computed. */
  readonly prior: number;
  readonly contrastive: MCCLSettings;
  readonly optimizer: AdamWSettings & {
    readonly weightDecay: number;
    readonly clipNorm: number | undefined;
    /** Learning rate of the picture encoder, in learning rates of the others. @default 1 */
    readonly visionRate?: number;
  };
  /** Decay of the running mean of the weights; undefined without one. */
  readonly ema: number | undefined;
  /** Pictures in this graph, and in the whole batch. */
  readonly images: number;
  readonly batchImages: number;
  /** Raw pictures, or cached taps; embeddings of windows are always cached. */
  readonly input: 'pixels' | 'taps';
  /** Precision of the frozen trunk. */
  readonly trunkPrecision: 'float32' | 'float16';
  readonly stage: Stage;
  /** Patches of a picture that the picture encoder sees, for pairs; undefined: all. */
  readonly patchesKept: number | undefined;
  /** Tokens of a text, for texts. */
  readonly tokens?: number;
  /** `whole`: one graph is the batch. `partial`: adds its gradient to `accumulated`; `last`: so does it, and steps. */
  readonly phase: 'whole' | 'partial' | 'last';
}

/** The part of a specification that only a decoder's steps read. */
export const WITHOUT_DECODER = {
  lambda: NO_LOSSES,
  features: 'conditional',
  prior: 0,
  contrastive: { epsilon: 0, contrastGate: 0 },
  input: 'pixels',
  trunkPrecision: 'float32',
  patchesKept: undefined,
} as const satisfies Partial<StepSpec>;

/** Weights that a step graph carries or points to. */
export interface StepWeights {
  /** The checkpoint's files, unless the trunk is a ready-made one. */
  readonly weights: Weights | undefined;
  /** The bytes of a ready-made trunk. */
  readonly trunkModel: Uint8Array | undefined;
  /** Decoder and projector tensors that are not trained. */
  readonly frozen: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/**
 * Channels of what a step knows of a picture, `[images, 1 + patches, D_i]` each: the taps, then what its windows are
 * embedded as where a loss reads that.
 */
export function pictureDims({
  config,
  ...reading
}: Pick<StepSpec, 'config' | 'features' | 'lambda'>): readonly number[] {
  return readsWindows(reading) ? [...config.tapDims, config.embeddingDim] : config.tapDims;
}

/** Names of the state vectors a spec carries from step to step, each float32 `[P]`. */
export function stateNames({ ema }: Pick<StepSpec, 'ema'>): readonly string[] {
  return ['parameters', 'mean', 'variance', ...(ema === undefined ? [] : ['average'])];
}

/** Numbers of the flat vector that a stage moves: from `start` to the end. */
export function movedRange({ layout, stage }: Pick<StepSpec, 'layout' | 'stage'>): {
  readonly start: number;
  readonly length: number;
} {
  const start = stage === 'projector' ? layout.projectorStart : 0;
  return { start, length: layout.length - start };
}
