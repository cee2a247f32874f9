/**
 * What two step graphs must agree in, and how closely.
 *
 * Where they add the same float32 numbers in another order, figures are held to 1e-5 relative and gradients to 1e-4
 * relative in norm: foreground and background are alike in an untrained decoder, and 1 − cosine loses the digits they
 * share.
 * Parameters after a step are held to 1e-2 of what it moved them: AdamW moves each by the learning rate whatever its
 * gradient's size, so that the rounding of tiny gradients counts as much as any.
 */
import { expect } from 'vitest';
import { FIGURES, type Figure } from '../../../packages/train/src/step-graph/step-objective.ts';
import { lengthOf } from '../objective/numeric.ts';
import type { Figures, Prepared } from './tiny-step.ts';

/** Of the sums over micro-batches, the gradient's norm left out. */
const SUMMED = FIGURES.filter((name) => name !== 'gradientNorm');

export function expectSameFigures(
  actual: Figures,
  expected: Figures,
  tolerance = 1e-5,
  names: readonly Figure[] = SUMMED,
): void {
  for (const name of names)
    expect(
      Math.abs(actual[name] - expected[name]),
      `${name}: ${String(actual[name])}, ${String(expected[name])}`,
    ).toBeLessThanOrEqual(tolerance * Math.max(1e-3, Math.abs(expected[name])));
}

/**
 * The parts of a flat vector that some tensors have. Not those of the keys' biases: they shift all scores of a token
 * alike, softmax does not see them, and their gradient is nothing but rounding.
 */
export function partsOf(
  { layout }: Prepared,
  vector: Float32Array,
  belongs: (name: string) => boolean = () => true,
): Map<string, Float32Array> {
  return new Map(
    layout.entries
      .filter(({ name }) => belongs(name) && !name.endsWith('k_proj.bias'))
      .map(({ name, offset, length }) => [name, vector.slice(offset, offset + length)]),
  );
}

/** How far a vector went. */
export const moved = (before: Float32Array | undefined, after: Float32Array | undefined): number =>
  lengthOf(Array.from(after ?? [], (value, index) => value - (before?.[index] as number)));
