/**
 * What a step moves, and by how much: trained groups, the projector's stage, AdamW's settings. Tolerances:
 * `compare.ts`.
 */
import { describe, expect, it } from 'vitest';
import type { LossWeights } from '../../../packages/train/src/objective/losses.ts';
import { DECODER_GROUPS, groupOf, type ParameterGroup } from '../../../packages/train/src/step-graph/layout.ts';
import { lengthOf, relativeError } from '../objective/numeric.ts';
import { expectSameFigures, moved, partsOf } from './compare.ts';
import {
  ALL_LOSSES,
  feedsOf,
  gradientOf,
  only,
  picturesOf,
  prepare,
  runStep,
  type Figures,
  type Prepared,
} from './tiny-step.ts';

const MCCL = ['align', 'contrast', 'background', 'separation'] as const;

describe('trainable groups', () => {
  const feedsFor = ({ spec }: Prepared) => feedsOf(spec, picturesOf(spec.config, [3, 2]));
  const wholes = new Map<
    LossWeights,
    Promise<{ prepared: Prepared; figures: Figures; vectors: Record<string, Float32Array> }>
  >();
  const run = async (lambda: LossWeights, trainable: readonly ParameterGroup[]) => {
    const prepared = await prepare({ lambda, trainable });
    return { prepared, ...(await runStep(prepared, feedsFor(prepared))) };
  };
  /** Losses that bear on the projector; the decoder's own do not. */
  const projecting = only([...MCCL, 'grounding', 'partial']);

  it.each(DECODER_GROUPS)('%s alone moves as it would among the others, and the rest stays', async (group) => {
    const lambda = group === 'projector' ? projecting : ALL_LOSSES;
    if (!wholes.has(lambda)) wholes.set(lambda, run(lambda, DECODER_GROUPS));
    const [whole, part] = [await wholes.get(lambda), await run(lambda, [group])] as [
      Awaited<ReturnType<typeof run>>,
      Awaited<ReturnType<typeof run>>,
    ];
    const belongs = (name: string): boolean => groupOf(name) === group;
    expect(part.prepared.layout.entries.every(({ name }) => belongs(name))).toBe(true);
    expect(part.prepared.frozen.size + part.prepared.layout.entries.length).toBe(whole.prepared.tensors.size);
    expectSameFigures(part.figures, whole.figures, 1e-6);
    const expected = partsOf(whole.prepared, whole.vectors['parameters'] as Float32Array, belongs);
    const before = partsOf(part.prepared, part.prepared.state['parameters'] as Float32Array, belongs);
    for (const [name, values] of partsOf(part.prepared, part.vectors['parameters'] as Float32Array, belongs)) {
      expect(moved(before.get(name), values), name).toBeGreaterThan(0);
      expect(moved(expected.get(name), values) / moved(before.get(name), values), name).toBeLessThan(1e-2);
    }
  });
});

describe('stage "projector"', () => {
  it.each([
    ['whole', 'taps'],
    ['last', 'taps'],
    ['whole', 'windows'],
  ] as const)(
    'moves the projector alone, in phase "%s", all that it has; everything else stays as it is, bit for bit ' +
      '(features: %s)',
    async (phase, features) => {
      const prepared = await prepare({ features, stage: 'projector', ema: 0.5, decayVectors: false });
      const noise = {
        mean: prepared.state['mean']?.map((_, index) => (index % 7) / 100),
        variance: prepared.state['variance']?.map((_, index) => (index % 5) / 100),
      };
      const before: Record<string, Float32Array> = { ...prepared.state, ...(noise as Record<string, Float32Array>) };
      const { vectors } = await runStep(
        { ...prepared, state: before },
        feedsOf(prepared.spec, picturesOf(prepared.spec.config, [3, 2])),
        phase,
      );
      const { projectorStart } = prepared.layout;
      for (const name of ['parameters', 'mean', 'variance', 'average']) {
        const [start, end] = [before[name] as Float32Array, vectors[name] as Float32Array];
        expect(end.length).toBe(start.length);
        expect(end.slice(0, projectorStart), name).toEqual(start.slice(0, projectorStart));
        const projector = [...end.slice(projectorStart)];
        expect(
          projector.filter((value, index) => value !== start[projectorStart + index]).length,
          name,
        ).toBeGreaterThan(0.99 * projector.length);
      }
    },
  );

  it.each(['taps', 'windows'] as const)(
    'moves it as all parameters together would, by the losses that bear on it (features: %s)',
    async (features) => {
      const lambda = only([...MCCL, 'grounding', 'partial']);
      const [projector, all] = [await prepare({ features, stage: 'projector' }), await prepare({ features, lambda })];
      const feeds = feedsOf(all.spec, picturesOf(all.spec.config, [3, 2]));
      const [some, whole] = [
        await gradientOf({ ...projector, spec: { ...projector.spec, lambda: { ...ALL_LOSSES, ...lambda } } }, feeds),
        await gradientOf(all, feeds),
      ];
      expect(relativeError(some.gradient, whole.gradient.slice(all.layout.projectorStart))).toBeLessThan(1e-6);
    },
  );

  it('leaves losses of the decoder alone out', async () => {
    const prepared = await prepare({ stage: 'projector' });
    const { figures } = await runStep(prepared, feedsOf(prepared.spec, picturesOf(prepared.spec.config, [3, 2])));
    expect([figures.distillation, figures.masks, figures.maskShare]).toEqual([0, 0, 0]);
  });
});

describe('the update', () => {
  const feedsFor = ({ spec }: Prepared) => feedsOf(spec, picturesOf(spec.config, [3, 2]));

  it('decays all numbers, or all but biases and norms', async () => {
    const [none, all, some] = await Promise.all(
      [
        { weightDecay: 0, decayVectors: true },
        { weightDecay: 0.5, decayVectors: true },
        { weightDecay: 0.5, decayVectors: false },
      ].map(async ({ weightDecay, decayVectors }) => {
        const prepared = await prepare({ decayVectors });
        const spec = { ...prepared.spec, optimizer: { ...prepared.spec.optimizer, weightDecay } };
        return {
          prepared,
          after: (await runStep({ ...prepared, spec }, feedsFor(prepared), 'whole', { learningRate: 0.1 })).vectors[
            'parameters'
          ] as Float32Array,
        };
      }),
    );
    const [reference, decayed, exempt] = [none, all, some] as [
      NonNullable<typeof none>,
      NonNullable<typeof none>,
      NonNullable<typeof none>,
    ];
    for (const { name, offset, length, shape } of reference.prepared.layout.entries) {
      for (let at = offset; at < offset + length; at++) {
        const decay = 0.05 * (reference.prepared.state['parameters']?.[at] as number);
        expect(decayed.after[at], name).toBeCloseTo((reference.after[at] as number) - decay, 6);
        expect(exempt.after[at], name).toBeCloseTo((reference.after[at] as number) - (shape.length > 1 ? decay : 0), 6);
      }
    }
  });

  /** Enough for what bears on all parameters alike. */
  const small = { trainable: ['head'], lambda: only(['masks', 'maskShare']), projector: false } as const;

  it('clips the gradient to the norm and reports it as it was before', async () => {
    const prepared = await prepare(small);
    const clip = async (clipNorm: number | undefined) =>
      runStep(
        { ...prepared, spec: { ...prepared.spec, optimizer: { ...prepared.spec.optimizer, clipNorm } } },
        feedsFor(prepared),
      );
    const [free, clipped, loose] = [await clip(undefined), await clip(0.01), await clip(1e6)];
    expect(clipped.figures.gradientNorm).toBe(free.figures.gradientNorm);
    expect(free.figures.gradientNorm).toBeGreaterThan(0.1);
    // m' = (1 − β1) g
    expect(lengthOf(clipped.vectors['mean'] as Float32Array)).toBeCloseTo(0.001, 6);
    expect(
      relativeError(
        clipped.vectors['mean'] as Float32Array,
        (free.vectors['mean'] as Float32Array).map((value) => (value * 0.01) / free.figures.gradientNorm),
      ),
    ).toBeLessThan(1e-5);
    expect(loose.vectors).toEqual(free.vectors);
  });

  it('keeps a running mean of the weights', async () => {
    const prepared = await prepare({ ...small, ema: 0.75 });
    const average = (prepared.state['average'] as Float32Array).map((value, index) => value + (index % 3));
    const { vectors } = await runStep({ ...prepared, state: { ...prepared.state, average } }, feedsFor(prepared));
    const expected = average.map((value, index) => 0.75 * value + 0.25 * (vectors['parameters']?.[index] as number));
    expect(relativeError(vectors['average'] as Float32Array, expected)).toBeLessThan(1e-6);
    expect(Object.keys((await runStep(await prepare(small), feedsFor(prepared))).vectors).sort()).toEqual([
      'mean',
      'parameters',
      'variance',
    ]);
  });

  it('moves nothing when the learning rate is 0', async () => {
    const prepared = await prepare(small);
    expect((await runStep(prepared, feedsFor(prepared), 'whole', { learningRate: 0 })).vectors['parameters']).toEqual(
      prepared.state['parameters'],
    );
  });
});
