/**
 * The step graph in small, with every loss on: what it computes, rows that fill it up, micro-batches, losses switched
 * off.
 * Tolerances: `compare.ts`.
 */
import type { ModelConfig } from '@synseg/core/checkpoint';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import {
  BANK_LOSSES,
  LOSSES,
  needsCaptions,
  type FeatureSource,
  type LossWeights,
} from '../../../packages/train/src/objective/losses.ts';
import { buildStepGraph } from '../../../packages/train/src/step-graph/step-graph.ts';
import { FIGURES, type Figure } from '../../../packages/train/src/step-graph/step-objective.ts';
import { lengthOf, meanOf, relativeError } from '../objective/numeric.ts';
import { expectSameFigures, moved, partsOf } from './compare.ts';
import {
  ALL_LOSSES,
  TinyGraph,
  feedsOf,
  gradientOf,
  inferenceLogits,
  only,
  picturesOf,
  prepare,
  runStep,
  type Figures,
  type Picture,
  type Prepared,
} from './tiny-step.ts';

const MCCL = ['align', 'contrast', 'background', 'separation'] as const;

describe('figures', () => {
  it.each(['simple', 'refined'] as const)(
    'of the masks are those of the logits that inference gives for each picture and label (%s head)',
    async (head) => {
      const prepared = await prepare({ head, lambda: only(['masks']), projector: false });
      const { config } = prepared.spec;
      const pictures = picturesOf(config, [2, 4]);
      const { figures } = await runStep(prepared, feedsOf(prepared.spec, pictures, { rows: 16 }));
      const perPicture = await Promise.all(pictures.map((picture) => maskLossOf(prepared, picture)));
      expect(Math.abs(figures.masks - meanOf(perPicture))).toBeLessThan(1e-5 * meanOf(perPicture));
      expect(figures.statedRows).toBe(6);
    },
  );

  it.each(['conditional', 'taps', 'windows'] as const)(
    'of a ragged batch are the mean of those of its pictures alone, one of which has one label (features: %s)',
    async (features) => {
      const batch = await prepare({ features, images: 3 });
      const alone = await prepare({ features, images: 1 });
      const { config } = batch.spec;
      const pictures = picturesOf(config, [1, 5, 32]);
      const whole = await gradientOf(batch, feedsOf(batch.spec, pictures, { rows: 48 }));
      const graph = await TinyGraph.load(alone, 'partial');
      const parts: Awaited<ReturnType<TinyGraph['run']>>[] = [];
      for (const picture of pictures)
        parts.push(await graph.run(feedsOf(alone.spec, [picture], { batch: pictures }), alone.state));
      await graph.release();
      for (const name of [...LOSSES, 'total'] as const) {
        const mean = meanOf(parts.map(({ figures }) => figures[name]));
        expect(Math.abs(whole.figures[name] - mean), name).toBeLessThanOrEqual(1e-5 * Math.abs(mean));
      }
      expect(
        [parts[0]?.figures.background, parts[0]?.figures.separation].map((loss) => Math.abs(loss as number)),
      ).toEqual([0, 0]);
      expect(whole.figures.separation).toBeGreaterThan(0.1);
      expect(whole.figures.statedRows).toBe(38);
      const meanGradient = whole.gradient.map((_, index) =>
        meanOf(parts.map(({ vectors }) => vectors['accumulated']?.[index] as number)),
      );
      expect(relativeError(whole.gradient, meanGradient)).toBeLessThan(1e-4);
    },
  );

  it.each(['taps', 'windows'] as const)(
    'of losses add up to the total by their weights, and the norm is that of the gradient (features: %s)',
    async (features) => {
      const prepared = await prepare({ features });
      const feeds = feedsOf(prepared.spec, picturesOf(prepared.spec.config, [3, 2]));
      const { figures } = await runStep(prepared, feeds);
      const total = LOSSES.reduce((sum, name) => sum + ALL_LOSSES[name] * figures[name], 0);
      expect(Math.abs(figures.total - total)).toBeLessThan(1e-6 * total);
      const { gradient, figures: partial } = await gradientOf(prepared, feeds);
      expect(Math.abs(figures.gradientNorm - lengthOf(gradient))).toBeLessThan(1e-5 * lengthOf(gradient));
      expect(partial.gradientNorm).toBe(0);
      // Sums over stated rows: five maps, each with a mean in [0, 1].
      expect(figures.statedRows).toBe(5);
      expect(figures.activationMean).toBeGreaterThan(0);
      expect(figures.activationMean).toBeLessThan(5);
      expect(figures.activationDeviation).toBeGreaterThan(0);
    },
  );
});

describe('rows that fill the graph up', () => {
  it.each(['conditional', 'taps', 'windows'] as const)(
    'change nothing, bit for bit, whatever they hold (features: %s)',
    async (features) => {
      const prepared = await prepare({ features, ema: 0.9 });
      const { config } = prepared.spec;
      const pictures = picturesOf(config, [3, 1]);
      const graph = await TinyGraph.load(prepared);
      const run = (contents: number) =>
        graph.run(feedsOf(prepared.spec, pictures, { rows: 16, labels: 8, contents }), prepared.state);
      const zeros = await run(0);
      for (const contents of [1, 2, 3]) expect(await run(contents)).toEqual(zeros);
      await graph.release();
    },
  );

  it.each(['simple', 'refined'] as const)(
    'change nothing by being there: the same losses, gradient and parameters, bit for bit (%s head)',
    async (head) => {
      // The label bank has one size in both: its labels are added up in the runtime's own order.
      const prepared = await prepare({ head });
      const { config } = prepared.spec;
      const pictures = picturesOf(config, [3, 1]);
      const [step, gradient] = [await TinyGraph.load(prepared), await TinyGraph.load(prepared, 'partial')];
      for (const graph of [step, gradient]) {
        const exact = await graph.run(feedsOf(prepared.spec, pictures), prepared.state);
        for (const rows of [16, 32]) {
          const filled = await graph.run(feedsOf(prepared.spec, pictures, { rows }), prepared.state);
          expectSameFigures(filled.figures, exact.figures, 1e-6);
          expect(filled.vectors).toEqual(exact.vectors);
        }
      }
      await Promise.all([step.release(), gradient.release()]);
    },
  );

  it.each(['taps', 'windows'] as const)(
    'of the label bank change the gradient by no more than rounding (features: %s)',
    async (features) => {
      const prepared = await prepare({ features, lambda: only(BANK_LOSSES) });
      const { config } = prepared.spec;
      const pictures = picturesOf(config, [3, 1]);
      const graph = await TinyGraph.load(prepared, 'partial');
      const exact = await graph.run(feedsOf(prepared.spec, pictures), prepared.state);
      const filled = await graph.run(feedsOf(prepared.spec, pictures, { rows: 16, labels: 16 }), prepared.state);
      await graph.release();
      expectSameFigures(filled.figures, exact.figures, 1e-6);
      expect(
        relativeError(filled.vectors['accumulated'] as Float32Array, exact.vectors['accumulated'] as Float32Array),
      ).toBeLessThan(1e-6);
    },
  );
});

describe('micro-batches', () => {
  it.each(['conditional', 'taps', 'windows'] as const)(
    'of one, two or all four pictures give the same figures and the same state after two steps (features: %s)',
    async (features) => {
      const whole = await twoSteps(features, 4);
      for (const images of [2, 1]) {
        const other = await twoSteps(features, images);
        other.figures.forEach((figures, step) => {
          expectSameFigures(figures, whole.figures[step] as Figures, step === 0 ? 1e-5 : 1e-4);
          expectSameFigures(figures, whole.figures[step] as Figures, 1e-4, ['gradientNorm']);
        });
        for (const name of ['mean', 'variance'])
          expect(
            relativeError(other.state[name] as Float32Array, whole.state[name] as Float32Array),
            name,
          ).toBeLessThan(1e-4);
        const parameters = (vector: Float32Array | undefined): Float32Array =>
          Float32Array.from([...partsOf(whole.prepared, vector as Float32Array).values()].flatMap((part) => [...part]));
        const after = parameters(whole.state['parameters']);
        expect(
          moved(after, parameters(other.state['parameters'])) /
            moved(parameters(whole.prepared.state['parameters']), after),
        ).toBeLessThan(1e-2);
      }
    },
  );

  async function twoSteps(
    features: FeatureSource,
    images: number,
  ): Promise<{ prepared: Prepared; figures: Figures[]; state: Record<string, Float32Array> }> {
    const prepared = await prepare({
      features,
      images,
      batchImages: 4,
      optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
    });
    const { config } = prepared.spec;
    const whole = images === 4;
    const [partial, last] = [
      whole ? undefined : await TinyGraph.load(prepared, 'partial'),
      await TinyGraph.load(prepared, whole ? 'whole' : 'last'),
    ];
    let state: Record<string, Float32Array> = { ...prepared.state };
    const figures: Figures[] = [];
    for (const step of [1, 2]) {
      const batch = picturesOf(config, [1, 4, 2, 7], step);
      let accumulated = new Float32Array(prepared.layout.length);
      const sums = Object.fromEntries(FIGURES.map((name) => [name, 0])) as Record<Figure, number>;
      for (let first = 0; first < 4; first += images) {
        const feeds = feedsOf(prepared.spec, batch.slice(first, first + images), { rows: 32, batch });
        const ends = first + images === 4;
        const result = await (ends ? last : (partial as TinyGraph)).run(feeds, state, { step, accumulated });
        for (const name of FIGURES) sums[name] += result.figures[name];
        if (ends) state = result.vectors;
        else accumulated = result.vectors['accumulated'] as Float32Array<ArrayBuffer>;
      }
      figures.push(sums);
    }
    await partial?.release();
    await last.release();
    return { prepared, figures, state };
  }
});

describe('a loss', () => {
  const pictures = (config: ModelConfig): Picture[] => picturesOf(config, [3, 2]);
  const weighted = async (lambda: LossWeights): Promise<{ gradient: Float32Array; figures: Figures }> => {
    const prepared = await prepare({ lambda });
    return gradientOf(prepared, feedsOf(prepared.spec, pictures(prepared.spec.config)));
  };

  it('that is switched off takes its gradient along, and only its own', async () => {
    const all = await weighted(ALL_LOSSES);
    const alone = new Map<string, Float32Array>();
    for (const name of LOSSES) {
      const without = await weighted({ ...ALL_LOSSES, [name]: 0 });
      const difference = all.gradient.map((value, index) => value - (without.gradient[index] as number));
      alone.set(name, difference);
      expect(
        Math.abs(without.figures.total - (all.figures.total - ALL_LOSSES[name] * all.figures[name])),
        name,
      ).toBeLessThan(1e-5 * all.figures.total);
      // The others are what they were.
      expectSameFigures(
        without.figures,
        all.figures,
        1e-6,
        LOSSES.filter((other) => other !== name),
      );
    }
    const sum = all.gradient.map((_, index) =>
      LOSSES.reduce((total, name) => total + (alone.get(name)?.[index] as number), 0),
    );
    expect(relativeError(sum, all.gradient)).toBeLessThan(1e-4);
    for (const [name, difference] of alone) expect(lengthOf(difference), name).toBeGreaterThan(1e-5);
  });

  it('counts by its weight', async () => {
    const [one, three] = [await weighted(only(['align', 'masks'])), await weighted(only(['align', 'masks'], () => 3))];
    expect(three.figures.total).toBeCloseTo(3 * one.figures.total, 5);
    expect(
      relativeError(
        three.gradient,
        one.gradient.map((value) => 3 * value),
      ),
    ).toBeLessThan(1e-6);
  });

  it('alone needs only its own inputs', async () => {
    const inputs = async (
      lambda: LossWeights,
      features: FeatureSource,
      stage: 'all' | 'projector' = 'all',
    ): Promise<string[]> => {
      const prepared = await prepare({ lambda, features, stage, projector: needsCaptions(lambda) });
      return buildStepGraph(
        { ...prepared.spec, phase: 'partial' },
        { weights: undefined, trunkModel: undefined, frozen: prepared.frozen },
      )
        .inputs.map(({ name }) => name)
        .sort();
    };
    const always = ['accumulated', 'imageOfRow', 'parameters', 'rowNumber', 'stated', 'tap0', 'tap1', 'tap2'];
    expect(await inputs(only(MCCL), 'conditional')).toEqual([...always, 'text'].sort());
    const banked = [...always, 'bank', 'bankStated', 'bankValid', 'labelOfRow', 'tapDeviation', 'tapMean'];
    expect(await inputs(only(['grounding', 'partial']), 'taps', 'projector')).toEqual([...banked].sort());
    expect(await inputs(only(['grounding', 'partial']), 'windows', 'projector')).toEqual([...banked, 'tap3'].sort());
    expect(await inputs(only(['masks']), 'windows')).toEqual([...always, 'classOfRow', 'masks', 'text'].sort());
  });
});

describe('features "windows"', () => {
  it('are the patches of the shallowest tap and of the windows, whatever taps and class tokens say', async () => {
    const prepared = await prepare({ features: 'windows', lambda: only(['grounding']), stage: 'projector' });
    const { config } = prepared.spec;
    const [width, between] = [config.tapDims[0] as number, config.tapDims.reduce((sum, channels) => sum + channels, 0)];
    const feeds = feedsOf(prepared.spec, picturesOf(config, [3, 2]));
    const graph = await TinyGraph.load(prepared, 'partial');
    const changed = (name: string, where: (place: number) => boolean) =>
      graph.run(
        {
          ...feeds,
          [name]: {
            ...(feeds[name] as TensorData),
            data: (feeds[name]?.data as Float32Array).map((value, place) => (where(place) ? value + 1 : value)),
          },
        },
        prepared.state,
      );
    const tokenOf = (name: string, place: number): number => Math.floor(place / (feeds[name]?.shape[2] as number)) % 7;
    const base = await graph.run(feeds, prepared.state);
    for (const name of ['tap1', 'tap2']) expect(await changed(name, () => true), name).toEqual(base);
    for (const name of ['tap0', 'tap3']) {
      expect(await changed(name, (place) => tokenOf(name, place) === 0), name).toEqual(base);
      for (const token of [1, 6])
        expect((await changed(name, (place) => tokenOf(name, place) === token)).figures.grounding, name).not.toBe(
          base.figures.grounding,
        );
    }
    for (const name of ['tapMean', 'tapDeviation']) {
      expect(await changed(name, (place) => place >= width && place < between), name).toEqual(base);
      for (const channel of [0, width - 1, between, between + 15])
        expect(
          (await changed(name, (place) => place === channel)).figures.grounding,
          `${name} ${String(channel)}`,
        ).not.toBe(base.figures.grounding);
    }
    await graph.release();
  });

  it('reach the projector standardized: a tap shifted and scaled with its statistics is as it was', async () => {
    const prepared = await prepare({ features: 'windows', lambda: only(['partial']), stage: 'projector' });
    const feeds = feedsOf(prepared.spec, picturesOf(prepared.spec.config, [3, 2]));
    const graph = await TinyGraph.load(prepared, 'partial');
    const base = await graph.run(feeds, prepared.state);
    const mapped = (name: string, change: (value: number) => number): Record<string, TensorData> => ({
      [name]: { ...(feeds[name] as TensorData), data: (feeds[name]?.data as Float32Array).map(change) },
    });
    const all = {
      ...feeds,
      ...mapped('tap0', (value) => 3 * value + 2),
      ...mapped('tap3', (value) => 3 * value + 2),
      ...mapped('tapMean', (value) => 3 * value + 2),
      ...mapped('tapDeviation', (value) => 3 * value),
    };
    const scaled = await graph.run(all, prepared.state);
    expectSameFigures(scaled.figures, base.figures, 1e-5);
    expect(
      relativeError(scaled.vectors['accumulated'] as Float32Array, base.vectors['accumulated'] as Float32Array),
    ).toBeLessThan(1e-5);
    await graph.release();
  });
});

describe('buildStepGraph()', () => {
  it('refuses a tensor that is neither trained nor frozen', async () => {
    const prepared = await prepare({ trainable: ['head'] });
    expect(() =>
      buildStepGraph(prepared.spec, { weights: undefined, trunkModel: undefined, frozen: new Map() }),
    ).toThrow(/^internal: tensor "decoder\..*" must be trained or frozen, got neither$/);
  });
});

/** The mask loss of one picture in float64, from the logits that the inference path gives for its labels. */
async function maskLossOf({ spec: { config }, tensors }: Prepared, picture: Picture): Promise<number> {
  const logits = await inferenceLogits(config, tensors, picture);
  return meanOf(
    picture.rows.flatMap(({ maskClass }, row) => {
      if (maskClass < 0) return [];
      const losses = [...picture.mask].flatMap((value, pixel) => {
        const z = logits[row]?.[pixel] as number;
        return value === 255 ? [] : [Math.log1p(Math.exp(value === maskClass ? -z : z))];
      });
      return [meanOf(losses)];
    }),
  );
}
