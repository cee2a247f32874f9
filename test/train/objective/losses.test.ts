import { describe, expect, it } from 'vitest';
import {
  LOSSES,
  activeLosses,
  PAPER_LOSSES,
  needsBank,
  needsCaptions,
  needsDecoder,
  needsMasks,
  needsStatistics,
  readsWindows,
  weighs,
  type LossWeights,
} from '../../../packages/train/src/objective/losses.ts';

const SOURCES = ['conditional', 'taps', 'windows'] as const;
const MCCL = ['align', 'contrast', 'background', 'separation'] as const;
const only = (...names: (keyof LossWeights)[]): LossWeights =>
  Object.fromEntries(LOSSES.map((name) => [name, names.includes(name) ? 0.1 : 0])) as unknown as LossWeights;

describe('activeLosses()', () => {
  it('are those with a weight, in the order of LOSSES', () => {
    expect(activeLosses({ lambda: only(...LOSSES), stage: 'all' })).toEqual(LOSSES);
    expect(activeLosses({ lambda: only('masks', 'align'), stage: 'all' })).toEqual(['align', 'masks']);
  });

  it('are, while the projector alone moves, those that it bears on', () => {
    expect(activeLosses({ lambda: only(...LOSSES), stage: 'projector' })).toEqual([...MCCL, 'grounding', 'partial']);
    expect(activeLosses({ lambda: only('distillation', 'sharing', 'masks', 'maskShare'), stage: 'projector' })).toEqual(
      [],
    );
  });
});

describe('what a loss needs', () => {
  it.each([
    ...MCCL.map(
      (name) => [name, { decoder: true, contrastive: true, masks: false, bank: false, projector: true }] as const,
    ),
    ['grounding', { decoder: false, contrastive: false, masks: false, bank: true, projector: true }] as const,
    ['distillation', { decoder: true, contrastive: false, masks: false, bank: true, projector: true }] as const,
    ['partial', { decoder: false, contrastive: false, masks: false, bank: true, projector: true }] as const,
    ['sharing', { decoder: true, contrastive: false, masks: false, bank: true, projector: true }] as const,
    ['masks', { decoder: true, contrastive: false, masks: true, bank: false, projector: false }] as const,
    ['maskShare', { decoder: true, contrastive: false, masks: true, bank: false, projector: false }] as const,
  ])('%s', (name, expected) => {
    const lambda = only(name);
    expect({
      decoder: needsDecoder([name]),
      contrastive: weighs(lambda, PAPER_LOSSES),
      masks: needsMasks(lambda),
      bank: needsBank(lambda),
      projector: needsCaptions(lambda),
    }).toEqual(expected);
  });
});

describe('needsStatistics()', () => {
  it('is true of features that are standardized, where a loss reads any', () => {
    const lambda = only(...LOSSES);
    expect(SOURCES.filter((features) => needsStatistics({ features, lambda }))).toEqual(['taps', 'windows']);
    expect(needsStatistics({ features: 'taps', lambda: only('masks') })).toBe(false);
  });
});

describe('readsWindows()', () => {
  it('is true of the features "windows", where a loss reads any', () => {
    expect(LOSSES.filter((name) => readsWindows({ features: 'windows', lambda: only(name) }))).toEqual(
      LOSSES.filter((name) => name !== 'masks' && name !== 'maskShare'),
    );
    expect(SOURCES.filter((features) => readsWindows({ features, lambda: only(...LOSSES) }))).toEqual(['windows']);
    expect(readsWindows({ features: 'windows', lambda: only('masks', 'partial') })).toBe(true);
  });
});
