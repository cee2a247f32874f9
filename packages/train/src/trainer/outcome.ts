/** Whether a step or a score is good. */
import { SynsegError } from '@synseg/core';
import type { StepReport } from './reports.ts';
import type { Score } from './subject.ts';

/** The error of a step whose loss or gradient is no number; undefined when they are numbers. */
export function divergence(
  { step, total, gradientNorm }: StepReport,
  keys: readonly string[],
): SynsegError | undefined {
  if (Number.isFinite(total) && Number.isFinite(gradientNorm)) return undefined;
  const got = `${total} and ${gradientNorm} in step ${step} (${keys.join(', ')})`;
  const remedy = 'the last good checkpoint is kept, a smaller learningRate or clipNorm may help';
  const text = `Cannot train on: total loss and gradient must be numbers, got ${got}; ${remedy}`;
  return new SynsegError('TRAINING_DIVERGED', text);
}

/** The number by which a score is the best. */
export function valueOf(score: Score): number {
  if ('mIoU' in score) return score.mIoU;
  return 'cosine' in score ? score.cosine : (score.imageToText + score.textToImage) / 2;
}
