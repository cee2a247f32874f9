import { planTraining, type TrainPlan } from '@synseg/train';
import { describe, expect, it } from 'vitest';
import {
  SETTINGS,
  STARTS,
  ablationTable,
  lambdaOf,
  onlyLosses,
  type AblationOptions,
  type Outcome,
  type Start,
} from '../../bench/support/ablation-settings.ts';

const given: AblationOptions = {
  lambda: lambdaOf('0.1,0.001,0.01,1'),
  steps: 80,
  maskSteps: 250,
  learningRate: 1e-3,
  halfLearningRate: 1e-4,
  maxCategories: 4,
};

/** What `train()` makes of a setting. */
function planOf(name: string, start: Start): TrainPlan {
  const setting = SETTINGS.find((one) => one.name === name)!;
  const origin = start === 'random' ? { init: 'random', trunk: 'encoders' } : { init: 'half' };
  return planTraining({
    data: 'rows.jsonl',
    out: 'run',
    ...origin,
    steps: given.steps,
    ...setting.options(start, given),
  }).plan;
}

/** λ1 … λ4 as planned. */
function weights({ lambda: { align, contrast, background, separation } }: TrainPlan): number[] {
  return [align, contrast, background, separation];
}

describe('settings', () => {
  it("are the paper's Table III, with its weights and its figures", () => {
    const rows = SETTINGS.filter(({ paper }) => paper !== undefined);
    expect(rows.map(({ name, paper }) => [name, weights(planOf(name, 'random')), paper])).toEqual([
      ['cont', [0, 0.001, 0, 0], [33.0, 25.8, 28.4]],
      ['align', [0.1, 0.001, 0, 0], [50.7, 28.4, 26.0]],
      ['back', [0.1, 0.001, 0.01, 0], [54.6, 35.7, 30.1]],
      ['all', [0.1, 0.001, 0.01, 1], [60.5, 43.8, 35.8]],
      ['no-cont', [0.1, 0, 0.01, 1], [59.8, 43.5, 35.7]],
    ]);
    for (const start of STARTS)
      for (const { name } of rows)
        expect(planOf(name, start)).toMatchObject({
          recipe: 'paper',
          objective: 'captions',
          features: 'conditional',
          steps: 80,
          maxCategories: 4,
        });
  });

  it('have reference rows: the other recipes, nothing learnt, masks', () => {
    expect(SETTINGS.map(({ name }) => name)).toEqual([
      'untrained',
      'cont',
      'align',
      'back',
      'all',
      'no-cont',
      'tags',
      'dense-captions',
      'masks',
    ]);
    expect(planOf('tags', 'random').lambda).toMatchObject({ grounding: 1, distillation: 1, separation: 0 });
    expect(
      [planOf('dense-captions', 'random'), planOf('dense-captions', 'half')].map(
        ({ recipe, features, steps, projectorSteps, prior }) => [recipe, features, steps, projectorSteps, prior],
      ),
    ).toEqual([
      ['dense-captions', 'windows', 600, 400, 0],
      ['dense-captions', 'windows', 600, 400, 1],
    ]);
    expect(planOf('untrained', 'random').steps).toBe(0);
    expect(
      [planOf('masks', 'random'), planOf('masks', 'half')].map(({ objective, steps, lambda }) => [
        objective,
        steps,
        lambda.masks,
        lambda.maskShare,
        lambda.grounding,
      ]),
    ).toEqual([
      ['masks', 250, 1, 1, 0],
      ['masks', 80, 1, 1, 0],
    ]);
  });

  it('treat a decoder that already localizes with care: its projector is led up to it, and it learns slowly', () => {
    const rates = (name: string, start: Start): unknown[] => {
      const { schedule, projectorSchedule, projectorSteps } = planOf(name, start);
      return [
        schedule.kind,
        schedule.learningRate,
        schedule.steps,
        projectorSteps,
        projectorSteps === 0 ? undefined : projectorSchedule.learningRate,
      ];
    };
    expect([rates('all', 'random'), rates('all', 'half')]).toEqual([
      ['cosine', 1e-3, 76, 4, 1e-3],
      ['cosine', 1e-4, 40, 40, 1e-3],
    ]);
    expect([rates('tags', 'random'), rates('tags', 'half')]).toEqual([
      ['cosine', 1e-3, 40, 40, 3e-3],
      ['cosine', 1e-4, 40, 40, 3e-3],
    ]);
    expect([rates('dense-captions', 'random'), rates('dense-captions', 'half')]).toEqual([
      ['cosine', 2e-3, 200, 400, 5e-3],
      ['cosine', 1e-3, 200, 400, 5e-3],
    ]);
    expect([rates('masks', 'random'), rates('masks', 'half')]).toEqual([
      ['cosine', 1e-3, 250, 0, undefined],
      ['cosine', 1e-3, 80, 0, undefined],
    ]);
  });

  it('weigh the losses as they are told', () => {
    expect(onlyLosses(lambdaOf('1,0.1,0.01,1'), ['align', 'separation'])).toEqual({
      align: 1,
      contrast: 0,
      background: 0,
      separation: 1,
    });
    for (const text of ['1,2,3', '1,2,3,x', '1,2,3,', '1,2,3,-1'])
      expect(() => lambdaOf(text)).toThrow(
        `Cannot run bench: --lambda must be four numbers from 0, of L_align, L_cont, L_back and L_sep, got ${text}`,
      );
  });
});

describe('ablationTable()', () => {
  const outcome = (argmax: number | null, mapDeviation?: number, clampShare?: number): Outcome => ({
    scores: { argmax },
    mapDeviation,
    clampShare,
  });

  it("sets means beside the paper's columns, with the change from the same seed's start", () => {
    const outcomes = new Map([
      ['tags', [outcome(0.12), outcome(0.31)]],
      ['untrained', [outcome(0.1), outcome(0.3)]],
      ['all', [outcome(0.09, 0.5, 0.25), outcome(0.24, 0.25, 0.75)]],
    ]);
    expect(ablationTable([['argmax', 'mIoU, %']], outcomes).split('\n')).toEqual([
      '| setting | mIoU, % | paper: VOC | Context | City | deviation of maps | rows in the clamp |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
      '| as it starts | 20.0 ± 14.1 |  |  |  |  |  |',
      '| all four | 16.5 ± 10.6 (−3.5) | 60.5 | 43.8 | 35.8 | 0.38 | 0.50 |',
      '| `recipe: tags` | 21.5 ± 13.4 (+1.5) |  |  |  |  |  |',
    ]);
  });

  it('leaves out what is not known', () => {
    const outcomes = new Map([
      ['untrained', [outcome(null)]],
      ['cont', [outcome(0.05)]],
      ['align', [outcome(null)]],
    ]);
    expect(
      ablationTable([['argmax', 'mIoU, %']], outcomes)
        .split('\n')
        .slice(2),
    ).toEqual([
      '| as it starts |  |  |  |  |  |  |',
      '| L_cont only | 5.0 | 33.0 | 25.8 | 28.4 |  |  |',
      '| + L_align |  | 50.7 | 28.4 | 26.0 |  |  |',
    ]);
  });
});
