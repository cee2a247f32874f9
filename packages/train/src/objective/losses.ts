/**
 * The names of the losses, their weights, and what each needs. No graphs here: options and reports speak of these too.
 */

/** The loss terms, in the order of the graph's figures. */
export const LOSSES = [
  'align',
  'contrast',
  'background',
  'separation',
  'grounding',
  'distillation',
  'partial',
  'sharing',
  'masks',
  'maskShare',
] as const;

/** Weights of the loss terms; a term of weight 0 is not computed. */
export interface LossWeights {
  /** λ1 */
  readonly align: number;
  /** λ2 */
  readonly contrast: number;
  /** λ3 */
  readonly background: number;
  /** λ4 */
  readonly separation: number;
  /** Is a stated label found in the picture, by the projector; see `objective/grounding.ts`. */
  readonly grounding: number;
  /** Does the decoder share patches among labels as the projector does. */
  readonly distillation: number;
  /**
   * Is each patch one of the stated labels, and has each of them some, by the projector; see
   * `objective/partial-labels.ts`.
   */
  readonly partial: number;
  /** Does the decoder share patches among stated labels and others as the projector does. */
  readonly sharing: number;
  /** Per-label cross-entropy against masks. */
  readonly masks: number;
  /** Cross-entropy against masks among the labels of a picture. */
  readonly maskShare: number;
}

/**
 * What the projector reads: the paper's post-decoder features, the deepest tap before any label bears on it, all taps,
 * standardised, or what is local – the shallowest tap and the picture encoder's embeddings of windows, standardised.
 */
export const FEATURE_SOURCES = ['conditional', 'visual', 'taps', 'windows'] as const;

/** One of {@link FEATURE_SOURCES}. */
export type FeatureSource = (typeof FEATURE_SOURCES)[number];

/** True when features are standardised, by what some pictures of the set tell. */
export function needsStatistics(features: FeatureSource): boolean {
  return features === 'taps' || features === 'windows';
}

/** What moves: everything trained, or the projector alone, and the losses that bear on it. */
export type Stage = 'all' | 'projector';

/** Losses that the projector does not bear on. */
const DECODER_ONLY: ReadonlySet<keyof LossWeights> = new Set<keyof LossWeights>([
  'distillation',
  'sharing',
  'masks',
  'maskShare',
]);

/** Losses that the decoder does not bear on. */
const PROJECTOR_ONLY: ReadonlySet<keyof LossWeights> = new Set<keyof LossWeights>(['grounding', 'partial']);

/** Losses that count in a stage: of the projector's own, those its parameters bear on. */
export function activeLosses({
  lambda,
  stage,
}: {
  readonly lambda: LossWeights;
  readonly stage: Stage;
}): (keyof LossWeights)[] {
  return LOSSES.filter((name) => lambda[name] !== 0 && (stage === 'all' || !DECODER_ONLY.has(name)));
}

/** True when a loss reads the decoder. */
export function needsDecoder(active: readonly (keyof LossWeights)[]): boolean {
  return active.some((name) => !PROJECTOR_ONLY.has(name));
}

/** True when any of the four MCCL losses counts. */
export function needsContrastive({ align, contrast, background, separation }: LossWeights): boolean {
  return [align, contrast, background, separation].some((weight) => weight !== 0);
}

/** True when a loss reads masks. */
export function needsMasks({ masks, maskShare }: LossWeights): boolean {
  return masks !== 0 || maskShare !== 0;
}

/** Losses that read labels' scores at patches, before the decoder. */
export const BANK_LOSSES = [
  'grounding',
  'distillation',
  'partial',
  'sharing',
] as const satisfies readonly (keyof LossWeights)[];

/** True when one of {@link BANK_LOSSES} counts. */
export function needsBank(lambda: LossWeights): boolean {
  return BANK_LOSSES.some((name) => lambda[name] !== 0);
}

/** True when a loss reads the projector. */
export function needsProjector(lambda: LossWeights): boolean {
  return needsContrastive(lambda) || needsBank(lambda);
}

/** True when a loss reads what windows are embedded as. */
export function readsWindows({
  features,
  lambda,
}: {
  readonly features: FeatureSource;
  readonly lambda: LossWeights;
}): boolean {
  return features === 'windows' && needsProjector(lambda);
}
