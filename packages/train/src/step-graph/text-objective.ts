/** A step's forward pass on texts: the text encoder → its distance from vectors, and the figures of the report. */
import { ops, type Graph, type Parameters, type Value } from '@synseg/core/graph';
import { vectorLosses } from '../objective/vectors.ts';
import { encodeTexts } from './encode-texts.ts';
import type { StepSpec } from './step-spec.ts';

/** Order of the figures in the graph's output `figures` float32 `[4]`. */
export const TEXT_FIGURES = ['cosine', 'distance', 'total', 'gradientNorm'] as const;

/** One of {@link TEXT_FIGURES}. */
export type TextFigure = (typeof TEXT_FIGURES)[number];

/** Forward pass and loss; beside the inputs of `encodeTexts`, `targets` float32 `[images, embeddingDim]`. */
export function textObjective(
  graph: Graph,
  { config, images, tokens }: Pick<StepSpec, 'config' | 'images' | 'tokens'>,
  parameters: Parameters,
): { loss: Value; figures: Partial<Record<TextFigure, Value>> } {
  const targets = graph.input('targets', 'float32', [images, config.embeddingDim]);
  const { cosine, distance } = vectorLosses(encodeTexts(config, parameters, images, tokens as number), targets);
  const loss = ops.add(cosine, distance);
  return { loss, figures: { cosine, distance, total: loss } };
}
