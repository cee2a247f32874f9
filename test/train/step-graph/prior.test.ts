/**
 * The step graph with a prior: beside the decoder that is trained, the one that training started from. Tolerances:
 * `compare.ts`.
 */
import type { FloatTensor, ModelConfig } from '@synseg/core/checkpoint';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { flatten, unflatten } from '../../../packages/train/src/step-graph/initial-values.ts';
import { groupOf } from '../../../packages/train/src/step-graph/layout.ts';
import { buildStepGraph } from '../../../packages/train/src/step-graph/step-graph.ts';
import { gaussians } from '../../support/random.ts';
import { lengthOf, meanOf, relativeError } from '../objective/numeric.ts';
import { expectSameFigures, partsOf } from './compare.ts';
import {
  LABEL_TEXTS,
  TinyGraph,
  feedsOf,
  gradientOf,
  inferenceLogits,
  only,
  picturesOf,
  prepare,
  runStep,
  type Picture,
  type Prepared,
  type TinyStep,
} from './tiny-step.ts';

const SHARING = only(['partial', 'sharing']);
const sharing = (choices: TinyStep = {}): Promise<Prepared> => prepare({ lambda: SHARING, prior: 1, ...choices });
const vector = (data: Float32Array): TensorData => ({ data, shape: [data.length] });
const feedsFor = ({ spec }: Prepared): Record<string, TensorData> => feedsOf(spec, picturesOf(spec.config, [3, 2]));
/** Trained tensors as they are now, and others that training may have started from. */
const now = ({ state }: Prepared): Float32Array => state['parameters'] as Float32Array;
const another = (prepared: Prepared, seed = 9): Float32Array =>
  gaussians(prepared.layout.length, seed, 0.3).map((value, index) => value + (now(prepared)[index] as number));

type Gradient = Awaited<ReturnType<typeof gradientOf>>;

/** Figures and gradient for each of some start decoders. */
async function gradientsFrom(prepared: Prepared, ...starts: readonly Float32Array[]): Promise<Gradient[]> {
  const graph = await TinyGraph.load(prepared, 'partial');
  const found: Gradient[] = [];
  for (const start of starts) {
    const { figures, vectors } = await graph.run({ ...feedsFor(prepared), start: vector(start) }, prepared.state);
    found.push({ figures, gradient: vectors['accumulated'] as Float32Array });
  }
  await graph.release();
  return found;
}

describe('the start decoder', () => {
  it('is an input of steps that move all, where it counts, and of no others', async () => {
    const inputs = async (choices: TinyStep): Promise<readonly string[]> => {
      const { spec, frozen } = await sharing({ phase: 'partial', ...choices });
      return buildStepGraph(spec, { weights: undefined, trunkModel: undefined, frozen })
        .inputs.map(({ name }) => name)
        .sort();
    };
    const shared = [
      'accumulated',
      'bank',
      'bankStated',
      'bankValid',
      'imageOfRow',
      'labelOfRow',
      'parameters',
      'rowNumber',
      'stated',
      'tap0',
      'tap1',
      'tap2',
      'tapDeviation',
      'tapMean',
    ];
    expect(await inputs({})).toEqual([...shared, 'start', 'text'].sort());
    expect(await inputs({ prior: 0.25, features: 'windows' })).toEqual([...shared, 'start', 'tap3', 'text'].sort());
    expect(await inputs({ prior: 0 })).toEqual([...shared, 'text'].sort());
    expect(await inputs({ stage: 'projector' })).toEqual(shared);
  });

  it.each([
    ['simple', 0.5],
    ['simple', 2],
    ['refined', 1],
  ] as const)(
    'gives its logits, as inference gives them, to what is shared (%s head, weight %d)',
    async (head, prior) => {
      const prepared = await sharing({ head, prior });
      const start = another(prepared);
      const { figures } = await runStep(prepared, { ...feedsFor(prepared), start: vector(start) });
      const [expected, ofItself] = [
        await meanSharing(prepared, unflatten(prepared.layout, start)),
        await meanSharing(prepared, prepared.tensors),
      ];
      expect(Math.abs(figures.sharing - expected)).toBeLessThan(1e-5 * expected);
      expect(Math.abs(ofItself - expected)).toBeGreaterThan(1e-2 * expected);
    },
  );

  it('decides with its weight what the decoder learns, and nothing of what the projector learns', async () => {
    const prepared = await sharing();
    const [some, heavier] = [
      await gradientsFrom(prepared, now(prepared), another(prepared)),
      await gradientsFrom(await sharing({ prior: 2 }), another(prepared)),
    ];
    const none = await gradientOf(await sharing({ prior: 0 }), feedsFor(prepared));
    const { projectorStart } = prepared.layout;
    const all = [...some, ...heavier, none];
    const gradients = all.map(({ gradient }) => gradient.slice(0, projectorStart));
    gradients.forEach((one, index) =>
      gradients.slice(0, index).forEach((before) => expect(relativeError(one, before)).toBeGreaterThan(0.05)),
    );
    for (const { gradient, figures } of all) {
      expect(relativeError(gradient.slice(projectorStart), none.gradient.slice(projectorStart))).toBeLessThan(1e-6);
      expect([figures.partial, figures.activationMean]).toEqual([none.figures.partial, none.figures.activationMean]);
    }
  });

  it('comes without its projector: of that, nothing counts', async () => {
    const prepared = await sharing();
    const start = another(prepared);
    const [some, other] = await gradientsFrom(
      prepared,
      start,
      start.map((value, index) => (index < prepared.layout.projectorStart ? value : -7 * value)),
    );
    expect(other).toEqual(some);
  });

  it('counts with every group of its tensors', async () => {
    const prepared = await sharing();
    const changed = another(prepared);
    const groups = ['film', 'reduces', 'layers', 'head'];
    const mixed = groups.map((group) => {
      const start = now(prepared).slice();
      for (const { name, offset, length } of prepared.layout.entries)
        if (groupOf(name) === group) start.set(changed.subarray(offset, offset + length), offset);
      return start;
    });
    const [base, ...others] = await gradientsFrom(prepared, now(prepared), ...mixed);
    others.forEach(({ gradient }, index) =>
      expect(relativeError(gradient, base?.gradient as Float32Array), groups[index]).toBeGreaterThan(1e-2),
    );
  });

  it('has the tensors that are not trained from where the decoder has them', async () => {
    const [whole, part] = [await sharing(), await sharing({ trainable: ['head'] })];
    const start = another(part);
    const tensors = new Map<string, FloatTensor>([...whole.tensors, ...unflatten(part.layout, start)]);
    const [[expected], [actual]] = [
      await gradientsFrom(whole, flatten(whole.layout, tensors)),
      await gradientsFrom(part, start),
    ] as [[Gradient], [Gradient]];
    expectSameFigures(actual.figures, expected.figures, 1e-6);
    const head = partsOf(whole, expected.gradient, (name) => groupOf(name) === 'head');
    const parts = partsOf(part, actual.gradient);
    expect([...parts.keys()]).toEqual([...head.keys()]);
    for (const [name, values] of parts)
      expect(relativeError(values, head.get(name) as Float32Array), name).toBeLessThan(1e-6);
  });

  it('stays what it is while the decoder moves away from it', async () => {
    const prepared = await sharing({ ema: 0.9 });
    const feeds = { ...feedsFor(prepared), start: vector(now(prepared)) };
    const graph = await TinyGraph.load(prepared);
    const first = await graph.run(feeds, prepared.state);
    const second = await graph.run(feeds, first.vectors, { step: 2 });
    await graph.release();
    expect(Object.keys(first.vectors).sort()).toEqual(['average', 'mean', 'parameters', 'variance']);
    const after = unflatten(prepared.layout, first.vectors['parameters'] as Float32Array);
    const [expected, carried] = [
      await meanSharing({ ...prepared, tensors: after }, prepared.tensors),
      await meanSharing({ ...prepared, tensors: after }, after),
    ];
    expect(Math.abs(second.figures.sharing - expected)).toBeLessThan(1e-5 * expected);
    expect(Math.abs(carried - expected)).toBeGreaterThan(1e-3 * expected);
  });
});

describe('steps with a prior', () => {
  it('that move the projector alone are as without one, bit for bit', async () => {
    const [prior, none] = [await sharing({ stage: 'projector' }), await sharing({ stage: 'projector', prior: 0 })];
    expect(await runStep(prior, { ...feedsFor(prior), start: vector(another(prior)) })).toEqual(
      await runStep(none, feedsFor(none)),
    );
  });

  it.each(['taps', 'windows'] as const)(
    'are the same, bit for bit, whatever fills the graph up (features: %s)',
    async (features) => {
      const prepared = await sharing({ features, prior: 2 });
      const graph = await TinyGraph.load(prepared);
      const run = (contents: number) =>
        graph.run(
          {
            ...feedsOf(prepared.spec, picturesOf(prepared.spec.config, [3, 1]), { rows: 16, labels: 8, contents }),
            start: vector(another(prepared)),
          },
          prepared.state,
        );
      const zeros = await run(0);
      for (const contents of [1, 2, 3]) expect(await run(contents)).toEqual(zeros);
      await graph.release();
    },
  );

  it('of micro-batches of one, two or all four pictures have the same figures and gradient', async () => {
    const whole = await inParts(4);
    for (const images of [2, 1]) {
      const parts = await inParts(images);
      expect(Math.abs(parts.sharing - whole.sharing)).toBeLessThan(1e-5 * whole.sharing);
      expect(relativeError(parts.gradient, whole.gradient)).toBeLessThan(1e-4);
    }
    expect(lengthOf(whole.gradient)).toBeGreaterThan(0.1);
  });

  /** Of the loss that the prior bears on alone. */
  async function inParts(images: number): Promise<{ sharing: number; gradient: Float32Array }> {
    const prepared = await sharing({
      lambda: only(['sharing']),
      trainable: ['film', 'reduces', 'layers', 'head'],
      images,
      batchImages: 4,
    });
    const batch = picturesOf(prepared.spec.config, [1, 4, 2, 7]);
    const graph = await TinyGraph.load(prepared, 'partial');
    const sum = { sharing: 0, gradient: new Float32Array(prepared.layout.length) };
    for (let first = 0; first < 4; first += images) {
      const feeds = {
        ...feedsOf(prepared.spec, batch.slice(first, first + images), { rows: 32, batch }),
        start: vector(another(prepared)),
      };
      const { figures, vectors } = await graph.run(feeds, prepared.state, { accumulated: sum.gradient });
      sum.sharing += figures.sharing;
      sum.gradient = vectors['accumulated'] as Float32Array<ArrayBuffer>;
    }
    await graph.release();
    return sum;
  }
});

/** The loss `sharing` of the pictures of {@link feedsFor}. */
async function meanSharing(prepared: Prepared, start: ReadonlyMap<string, FloatTensor>): Promise<number> {
  return meanOf(
    await Promise.all(picturesOf(prepared.spec.config, [3, 2]).map((picture) => sharingOf(prepared, start, picture))),
  );
}

/** The loss `sharing` of one picture in float64: logits by the inference path, scores from the graph's inputs. */
async function sharingOf(
  { spec, tensors }: Prepared,
  start: ReadonlyMap<string, FloatTensor>,
  picture: Picture,
): Promise<number> {
  const { config, prior } = spec;
  const [given, known] = [await patchLogits(config, tensors, picture), await patchLogits(config, start, picture)];
  const scores = scoresOf(spec, tensors, picture);
  const losses = Array.from({ length: config.patchGrid[0] * config.patchGrid[1] }, (_, patch) => {
    const opinions = picture.rows.map(({ stated }, row) =>
      Math.exp(
        2 * ((scores[row]?.[patch] as number) - (stated === 1 ? 0 : 4)) + prior * (known[row]?.[patch] as number),
      ),
    );
    const claims = given.map((ofRow) => Math.exp(ofRow[patch] as number));
    const [allOpinions, allClaims] = [opinions, claims].map((values) =>
      values.reduce((sum, value) => sum + value, 0),
    ) as [number, number];
    const alone: number[] = [];
    let shared = 0;
    opinions.forEach((opinion, row) => {
      const [share, claim, z] = [opinion / allOpinions, claims[row] as number, given[row]?.[patch] as number];
      shared -= share * Math.log(claim / allClaims);
      alone.push(Math.log1p(Math.exp(z)) - z * Math.max(share, 1 / (1 + Math.exp(-(known[row]?.[patch] as number)))));
    });
    return shared + meanOf(alone) / 2;
  });
  return meanOf(losses);
}

/** Mean logit of each patch, `[row][patch]`. */
async function patchLogits(
  config: ModelConfig,
  tensors: ReadonlyMap<string, FloatTensor>,
  picture: Picture,
): Promise<number[][]> {
  const {
    inputSize: [, width],
    patchGrid: [rows, columns],
  } = config;
  const side = width / columns;
  return (await inferenceLogits(config, tensors, picture)).map((logits) =>
    Array.from({ length: rows * columns }, (_, patch) => {
      const [top, left] = [side * Math.floor(patch / columns), side * (patch % columns)];
      return meanOf(
        Array.from(
          { length: side * side },
          (__, place) => logits[(top + Math.floor(place / side)) * width + left + (place % side)] as number,
        ),
      );
    }),
  );
}

/** `unit(t) · (W x + b)` of standardized taps x, `[row][patch]`. */
function scoresOf(spec: Prepared['spec'], tensors: ReadonlyMap<string, FloatTensor>, picture: Picture): number[][] {
  const { tapMean, tapDeviation } = feedsOf(spec, [picture]) as Record<'tapMean' | 'tapDeviation', TensorData>;
  const [weight, bias] = ['projector.weight', 'projector.bias'].map(
    (name) => tensors.get(name)?.data as Float32Array,
  ) as [Float32Array, Float32Array];
  const patches = Array.from({ length: spec.config.patchGrid[0] * spec.config.patchGrid[1] }, (_, patch) => {
    const channels = picture.taps.flatMap((tap, index) => [
      ...tap.slice(
        (patch + 1) * (spec.config.tapDims[index] as number),
        (patch + 2) * (spec.config.tapDims[index] as number),
      ),
    ]);
    const x = channels.map((value, at) => (value - Number(tapMean.data[at])) / Number(tapDeviation.data[at]));
    return [...bias].map((offset, row) =>
      x.reduce((sum, value, at) => sum + value * (weight[row * x.length + at] as number), offset),
    );
  });
  return picture.rows.map(({ label }) => {
    const text = LABEL_TEXTS[label] as Float32Array;
    return patches.map(
      (projected) => projected.reduce((sum, value, at) => sum + value * (text[at] as number), 0) / lengthOf(text),
    );
  });
}
