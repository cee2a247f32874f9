/** Learning rates over time. */

/** A schedule by name, with its numbers. */
export interface Schedule {
  /** `constant` after the warm-up, or `cosine` down to `finalLearningRate` at the last step. */
  readonly kind: 'constant' | 'cosine';
  readonly learningRate: number;
  readonly finalLearningRate: number;
  /** Steps of linear rise from 0. */
  readonly warmupSteps: number;
  /** Steps in all. */
  readonly steps: number;
}

/** The learning rate of a step. @param step - counted from 1 */
export function learningRateAt(
  step: number,
  { kind, learningRate, finalLearningRate, warmupSteps, steps }: Schedule,
): number {
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (kind === 'constant') return learningRate;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return finalLearningRate + (learningRate - finalLearningRate) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
