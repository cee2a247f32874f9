import { describe, expect, it } from 'vitest';
import { HealthWatch } from '../../../packages/train/src/trainer/health.ts';
import { RECIPES, type RecipeName } from '../../../packages/train/src/trainer/recipes.ts';
import type { StepReport } from '../../../packages/train/src/trainer/reports.ts';

const CHECKPOINT = 'to start from a trained decoder (init: a CLIPSeg checkpoint).';
const healthy = { activationDeviation: 0.2, clampShare: 0 };

/** What is told over steps, by step. */
function told(
  settings: ConstructorParameters<typeof HealthWatch>[0],
  reports: readonly Partial<StepReport>[],
): [step: number, message: string][] {
  const watch = new HealthWatch({ recipe: 'paper', init: 'random', lambda: RECIPES.paper.lambda, ...settings });
  return reports.flatMap((report, index) =>
    watch.check({ step: index + 1, ...report } as StepReport).map((message): [number, string] => [index + 1, message]),
  );
}

const times = (count: number, report: Partial<StepReport>): Partial<StepReport>[] =>
  Array.from({ length: count }, () => report);

describe('HealthWatch', () => {
  it('says nothing of a run that does well', () => {
    expect(told({}, times(200, healthy))).toEqual([]);
  });

  it('says after 50 steps, once, that maps are flat', () => {
    const flat = { ...healthy, activationDeviation: 0.0123456 };
    expect(told({}, times(49, flat))).toEqual([]);
    expect(told({}, times(200, flat))).toEqual([
      [
        50,
        'Activation maps are flat: their spatial standard deviation was below 0.02 for 50 steps (0.0123 at step ' +
          `50). A random decoder seldom leaves this state under the paper's losses. What helps: recipe ` +
          `'dense-captions' or 'tags', or ${CHECKPOINT}`,
      ],
    ]);
  });

  it('says so of steps in a row alone', () => {
    const flat = { ...healthy, activationDeviation: 0.01 };
    expect(told({}, [...times(49, flat), healthy, ...times(49, flat)])).toEqual([]);
    expect(told({}, [...times(49, flat), healthy, ...times(50, flat)]).map(([step]) => step)).toEqual([100]);
    expect(told({}, times(100, { ...healthy, activationDeviation: 0.02 }))).toEqual([]);
  });

  it('says after 50 steps that most rows are in the clamp, where L_cont counts', () => {
    const clamped = { ...healthy, clampShare: 0.756 };
    expect(told({}, times(100, clamped))).toEqual([
      [
        50,
        'Foreground and background are too alike: 76 % of the rows of step 50 were in the clamp of eq. 4, where ' +
          "L_cont has no gradient. A random decoder seldom leaves this state under the paper's losses. What helps: " +
          `recipe 'dense-captions' or 'tags', or ${CHECKPOINT}`,
      ],
    ]);
    expect(told({ lambda: { ...RECIPES.paper.lambda, contrast: 0 } }, times(100, clamped))).toEqual([]);
    expect(told({}, times(100, { ...healthy, clampShare: 0.5 }))).toEqual([]);
  });

  it('advises by recipe and start', () => {
    const flat = times(50, { ...healthy, activationDeviation: 0 });
    const advice = (recipe: RecipeName, init: string): string | undefined =>
      told({ recipe, init }, flat)[0]?.[1].split(/What helps(?=[: ])/)[1];
    expect(advice('paper', 'random')).toBe(`: recipe 'dense-captions' or 'tags', or ${CHECKPOINT}`);
    expect(advice('tags', 'random')).toBe(`: a larger learningRate, more steps, or ${CHECKPOINT}`);
    const smaller = ' from a trained decoder: a smaller learningRate';
    expect(advice('paper', 'a/folder')).toBe(`${smaller}, or recipe 'dense-captions' or 'tags'.`);
    expect(advice('tags', 'a/folder')).toBe(`${smaller}.`);
  });

  it('says nothing of steps without maps', () => {
    expect(told({}, times(100, {}))).toEqual([]);
  });
});
