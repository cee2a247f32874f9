/** A step's forward pass on pictures and captions: both encoders → InfoNCE, and the figures of the report. */
import type { Graph, Parameters, Value } from '@synseg/core/graph';
import { infoNCE } from '../objective/info-nce.ts';
import { LOGIT_SCALE, encodePairs } from './encode-pairs.ts';
import type { StepSpec } from './step-spec.ts';

/** Order of the figures in the graph's output `figures` float32 `[5]`. */
export const PAIR_FIGURES = ['infoNCE', 'total', 'hits', 'logitScale', 'gradientNorm'] as const;

/** One of {@link PAIR_FIGURES}. */
export type PairFigure = (typeof PAIR_FIGURES)[number];

/** Forward pass and loss; a further input is `captions` int64 `[images]`: equal numbers for equal captions. */
export function pairObjective(
  graph: Graph,
  { config, images, patchesKept }: Pick<StepSpec, 'config' | 'images' | 'patchesKept'>,
  parameters: Parameters,
): { loss: Value; figures: Partial<Record<PairFigure, Value>> } {
  const { image, text } = encodePairs(graph, config, parameters, images, patchesKept);
  const { loss, hits, scale } = infoNCE(
    image,
    text,
    graph.input('captions', 'int64', [images]),
    parameters.get(LOGIT_SCALE, []),
  );
  return { loss, figures: { infoNCE: loss, total: loss, hits, logitScale: scale } };
}
