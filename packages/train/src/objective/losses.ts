/** The losses by name: their weights, and the inputs that each needs. No graphs here. */
import { number } from '@synseg/core/guards';

const weight = number({ least: 0 });

/** Weights of the losses; a loss of weight 0 is not computed. In the order of the step graph's figures. */
export const LOSS_WEIGHTS = {
  /** λ1, of L_align (eq. 5): the foreground is like its label. */
  align: weight,
  /** λ2, of L_cont (eq. 6): the foreground is unlike its background. */
  contrast: weight,
  /** λ3, of L_back (eq. 7): backgrounds of a picture's labels are alike. */
  background: weight,
  /** λ4, of L_sep (eq. 8): foregrounds of a picture's labels differ. */
  separation: weight,
  /** The projector finds the labels that a caption or tags state (recipe 'tags'). */
  grounding: weight,
  /** The decoder distributes patches among a picture's labels as the projector does (recipe 'tags'). */
  distillation: weight,
  /** Each patch is one of the picture's labels, and each label has some patches (recipe 'dense-captions'). */
  partial: weight,
  /** The decoder distributes patches among its own and other labels as the projector does (recipe 'dense-captions'). */
  sharing: weight,
  /** Cross-entropy against masks of each label by itself. */
  masks: weight,
  /** Cross-entropy against masks among the labels of a picture. */
  maskShare: weight,
};

/** A loss. */
export type Loss = keyof typeof LOSS_WEIGHTS;

/** A weight for each loss. */
export type LossWeights = Readonly<Record<Loss, number>>;

/** Names of the losses. */
export const LOSSES = Object.keys(LOSS_WEIGHTS) as readonly Loss[];

/** No loss at all. */
export const NO_LOSSES = Object.fromEntries(LOSSES.map((name) => [name, 0])) as unknown as LossWeights;

/**
 * Input of the projector: the paper's post-decoder features; all taps, standardized; or the shallowest tap beside the
 * picture encoder's embeddings of windows, standardized.
 */
export type FeatureSource = 'conditional' | 'taps' | 'windows';

/** Parameters that a step updates: all that are trained, or the projector alone, by the losses that depend on it. */
export type Stage = 'all' | 'projector';

/** Losses of the paper. */
export const PAPER_LOSSES = ['align', 'contrast', 'background', 'separation'] as const satisfies readonly Loss[];
/** Losses that read labels' scores at patches, before the decoder. */
export const BANK_LOSSES = ['grounding', 'distillation', 'partial', 'sharing'] as const satisfies readonly Loss[];
const MASK_LOSSES: readonly Loss[] = ['masks', 'maskShare'];
/** Losses that do not depend on the projector. */
const DECODER_ONLY: readonly Loss[] = ['distillation', 'sharing', ...MASK_LOSSES];
/** Losses that do not depend on the decoder. */
const PROJECTOR_ONLY: readonly Loss[] = ['grounding', 'partial'];

/** Losses that count in a stage: in the projector's own, those that depend on it. */
export function activeLosses({ lambda, stage }: { readonly lambda: LossWeights; readonly stage: Stage }): Loss[] {
  return LOSSES.filter((name) => lambda[name] !== 0 && (stage === 'all' || !DECODER_ONLY.includes(name)));
}

/** True when one of the losses has a weight. */
export function weighs(lambda: LossWeights, losses: readonly Loss[]): boolean {
  return losses.some((name) => lambda[name] !== 0);
}

/** True when a loss reads the decoder. */
export function needsDecoder(active: readonly Loss[]): boolean {
  return active.some((name) => !PROJECTOR_ONLY.includes(name));
}

/** True when a loss reads masks. */
export function needsMasks(lambda: LossWeights): boolean {
  return weighs(lambda, MASK_LOSSES);
}

/** True when a loss reads labels' scores at patches. */
export function needsBank(lambda: LossWeights): boolean {
  return weighs(lambda, BANK_LOSSES);
}

/** True when a loss reads the projector, and with it captions, tags or noun phrases. */
export function needsCaptions(lambda: LossWeights): boolean {
  return weighs(lambda, PAPER_LOSSES) || needsBank(lambda);
}

/** True when a loss reads embeddings of windows. */
export function readsWindows({ features, lambda }: { features: FeatureSource; lambda: LossWeights }): boolean {
  return features === 'windows' && needsCaptions(lambda);
}

/** True when features are standardized by statistics of the set. */
export function needsStatistics({ features, lambda }: { features: FeatureSource; lambda: LossWeights }): boolean {
  return features !== 'conditional' && needsCaptions(lambda);
}
