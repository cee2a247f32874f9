/**
 * A step on pictures and captions: its whole gradient – both encoders, the scale – against central differences of the
 * loss the
 * same graph reports, what weight decay bears on, and the limit of the scale.
 *
 * Tolerances as in `gradient.test.ts`: the loss is about 2 and good to 1e-6, the step 1e-3.
 */
import { readModelConfig, type ModelConfig } from '@synseg/core/checkpoint';
import { writeOnnx } from '@synseg/core/graph';
import { createSession, type TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { initialEncoders } from '../../../packages/train/src/fresh/initial-encoders.ts';
import { resolveShape } from '../../../packages/train/src/fresh/checkpoint-shape.ts';
import { biasCorrections } from '../../../packages/train/src/optimizer/adamw.ts';
import { flatten } from '../../../packages/train/src/step-graph/initial-values.ts';
import {
  ENCODER_GROUPS,
  encoderTensors,
  groupOf,
  layoutOf,
  type Layout,
} from '../../../packages/train/src/step-graph/layout.ts';
import { PAIR_FIGURES } from '../../../packages/train/src/step-graph/pair-objective.ts';
import { buildEmbedGraph, buildStepGraph } from '../../../packages/train/src/step-graph/step-graph.ts';
import type { StepSpec } from '../../../packages/train/src/step-graph/step-spec.ts';
import { Random } from '../../../packages/train/src/data/random.ts';
import { keptTokens } from '../../../packages/train/src/trainer/pair-batch.ts';
import { gaussians, uniform } from '../../support/random.ts';
import { dot, lengthOf } from '../objective/numeric.ts';

const PAIRS = 4;
const VOCABULARY = 20;
const { configJson, preprocessorJson } = resolveShape({
  vision: { side: 16, width: 12, layers: 2, heads: 2 },
  text: { width: 8, layers: 2, heads: 2, tokens: 6 },
  projectionDim: 6,
  taps: [0],
  decoder: { reduceDim: 8 },
});
const config: ModelConfig = readModelConfig(configJson(VOCABULARY), preprocessorJson, 'test');
const specs = encoderTensors(config);
const layout: Layout = layoutOf(specs, ENCODER_GROUPS, false);
/** With noise on biases and norms: at their usual start some gradients would be zero by chance. */
const noise = gaussians(layout.length, 3, 0.05);
const start = flatten(layout, initialEncoders(specs, config, 1)).map(
  (value, index) => value + (noise[index] as number),
);
const scaleAt = layout.entries.find(({ name }) => name === 'clip.logit_scale')!.offset;
start[scaleAt] = Math.log(5);
const optimizer = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.5, clipNorm: undefined };
const spec: StepSpec = {
  ...{
    kind: 'pairs',
    config,
    layout,
    lambda: {
      align: 0,
      contrast: 0,
      background: 0,
      separation: 0,
      grounding: 0,
      distillation: 0,
      partial: 0,
      sharing: 0,
      masks: 0,
      maskShare: 0,
    },
  },
  ...{
    features: 'taps',
    prior: 0,
    contrastive: { epsilon: 1e-4, contrastGate: 0.1 },
    optimizer,
    ema: undefined,
    images: PAIRS,
    batchImages: PAIRS,
    input: 'pixels',
    trunkPrecision: 'float32',
    patchesKept: undefined,
    stage: 'all',
    phase: 'whole',
  },
};
const weights = { weights: undefined, trunkModel: undefined, frozen: new Map() };
const next = uniform(11);
const integer = (end: number): bigint => BigInt(Math.floor(end * next()));
const feeds: Record<string, TensorData> = {
  pixels: { data: Uint8Array.from({ length: PAIRS * 16 * 16 * 3 }, () => 256 * next()), shape: [PAIRS, 16, 16, 3] },
  ids: { data: BigInt64Array.from({ length: PAIRS * 6 }, () => integer(VOCABULARY)), shape: [PAIRS, 6] },
  ends: { data: BigInt64Array.from([3, 5, 2, 4], (end, pair) => BigInt(pair * 6 + end)), shape: [PAIRS] },
  captions: { data: BigInt64Array.of(0n, 1n, 2n, 1n), shape: [PAIRS] },
};
const vector = (data: Float32Array): TensorData => ({ data, shape: [data.length] });
const number = (value: number): TensorData => ({ data: Float32Array.of(value), shape: [] });

async function withSession<Result>(
  some: Partial<StepSpec>,
  use: (
    run: (parameters: Float32Array, more?: Record<string, TensorData>) => Promise<Record<string, Float32Array>>,
  ) => Promise<Result>,
): Promise<Result> {
  const session = await createSession(writeOnnx(buildStepGraph({ ...spec, ...some }, weights)), {
    provider: 'cpu',
    threads: 1,
  });
  try {
    return await use(async (parameters, more = {}) => {
      const results = await session.run({ ...feeds, parameters: vector(parameters), ...more });
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
    });
  } finally {
    await session.release();
  }
}

describe('a step on pairs', () => {
  it.each([
    ['all patches', undefined],
    ['two of four patches', 2],
  ])(
    'of %s has the gradient that central differences give, in every tensor and in all at once',
    async (_, patchesKept) => {
      await withSession({ phase: 'partial', patchesKept }, async (run) => {
        const kept =
          patchesKept === undefined
            ? {}
            : { keptTokens: { data: keptTokens(5, patchesKept, new Random(3)), shape: [1 + patchesKept, 5] } };
        const accumulated = { ...kept, accumulated: vector(new Float32Array(layout.length)) };
        const lossOf = async (parameters: Float32Array): Promise<number> =>
          (await run(parameters, accumulated))['figures']![PAIR_FIGURES.indexOf('total')] as number;
        const gradient = (await run(start, accumulated))['accumulated'] as Float32Array;
        const norm = lengthOf(gradient);
        expect(norm).toBeGreaterThan(0.1);
        const errors = [];
        for (const { name, offset, length } of [{ name: 'all', offset: 0, length: layout.length }, ...layout.entries]) {
          const own = gradient.subarray(offset, offset + length);
          const leaning = own.map(
            (value) => value * 2 * next() + (0.3 * lengthOf(own) * (next() - 0.5)) / Math.sqrt(length),
          );
          const direction = new Float32Array(layout.length);
          // The gradient of keys' biases has no direction: softmax does not see them.
          direction.set(
            lengthOf(own) > 1e-5 * norm
              ? leaning.map((value) => value / lengthOf(leaning))
              : own.map(() => length ** -0.5),
            offset,
          );
          const at = (size: number): Promise<number> =>
            lossOf(start.map((value, index) => value + size * (direction[index] as number)));
          const slope = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
          const error = Math.abs(slope - dot(gradient, direction)) / norm;
          if (!(error < 1e-3)) errors.push({ name, slope, expected: dot(gradient, direction), error });
        }
        expect(errors).toEqual([]);
      });
    },
  );

  it('decays matrices alone: not biases, norms, the scale, or tables of embeddings', async () => {
    const zeros = new Float32Array(layout.length);
    const corrections = biasCorrections(1, optimizer);
    const state = {
      mean: vector(zeros),
      variance: vector(zeros),
      learningRate: number(0.1),
      meanCorrection: number(corrections.meanCorrection),
      varianceCorrection: number(corrections.varianceCorrection),
    };
    const decayed = await withSession({ phase: 'whole' }, async (run) => {
      const after = (await run(start, state))['parameters'] as Float32Array;
      // AdamW's first step moves each number by η g / (|g| + ε): what is left over of it is η λ p.
      return layout.entries.filter(({ offset, length }) => {
        const extra = Array.from(
          { length },
          (_, index) =>
            Math.abs(Math.abs((after[offset + index] as number) - (start[offset + index] as number)) - 0.1) / 0.1,
        );
        return extra.filter((value) => value > 1e-2).length > length / 2;
      });
    });
    const expected = layout.entries.filter(
      ({ name, shape }) => shape.length > 1 && !/(?:token|position)_embedding/.test(name),
    );
    // Of keys' biases and of words that no caption has the gradient is none: those do not move by η at all.
    const unmoved = /k_proj\.bias$|token_embedding/;
    expect(decayed.map(({ name }) => name).filter((name) => !unmoved.test(name))).toEqual(
      expected.map(({ name }) => name),
    );
    expect(new Set(layout.entries.map(({ name }) => groupOf(name)))).toEqual(new Set(ENCODER_GROUPS));
  });

  it('keeps the scale at 100 after the step', async () => {
    const high = start.slice();
    high[scaleAt] = Math.log(99.9);
    const zeros = new Float32Array(layout.length);
    // A mean that pushes upwards, whatever the gradient is.
    const mean = zeros.slice();
    mean[scaleAt] = -1e6;
    const state = {
      mean: vector(mean),
      variance: vector(zeros),
      learningRate: number(0.1),
      meanCorrection: number(1),
      varianceCorrection: number(1),
    };
    const after = await withSession(
      { phase: 'whole' },
      async (run) => (await run(high, state))['parameters'] as Float32Array,
    );
    expect(after[scaleAt]).toBe(Math.fround(Math.log(100)));
    expect(after).toHaveLength(layout.length);
  });

  it('embeds any number of pairs with the same weights, rows of length one', async () => {
    const session = await createSession(writeOnnx(buildEmbedGraph(spec, weights)), { provider: 'cpu', threads: 1 });
    const { pixels, ids, ends } = feeds;
    const all = await session.run({ parameters: vector(start), pixels: pixels!, ids: ids!, ends: ends! });
    const first = await session.run({
      parameters: vector(start),
      pixels: { data: (pixels!.data as Uint8Array).slice(0, 768), shape: [1, 16, 16, 3] },
      ids: { data: (ids!.data as BigInt64Array).slice(0, 6), shape: [1, 6] },
      ends: { data: (ends!.data as BigInt64Array).slice(0, 1), shape: [1] },
    });
    await session.release();
    for (const side of ['image', 'text']) {
      const [whole, one] = [all[side]!.data as Float32Array, first[side]!.data as Float32Array];
      expect(lengthOf(one)).toBeCloseTo(1, 6);
      one.forEach((value, index) => expect(value).toBeCloseTo(whole[index] as number, 5));
    }
  });
});
