/**
 * A step on texts: the whole gradient of the text encoder against central differences of the loss that the same graph
 * reports. Tolerances as in `gradient.test.ts`.
 */
import { promptBatch, readModelConfig, type ModelConfig } from '@synseg/core/checkpoint';
import { writeOnnx } from '@synseg/core/graph';
import { createSession, type TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { initialEncoders } from '../../../packages/train/src/fresh/initial-encoders.ts';
import { flatten } from '../../../packages/train/src/step-graph/initial-values.ts';
import { layoutOf, textTensors } from '../../../packages/train/src/step-graph/layout.ts';
import { buildCosineGraph, buildStepGraph } from '../../../packages/train/src/step-graph/step-graph.ts';
import { WITHOUT_DECODER, type StepSpec } from '../../../packages/train/src/step-graph/step-spec.ts';
import { TEXT_FIGURES } from '../../../packages/train/src/step-graph/text-objective.ts';
import { gaussians, uniform } from '../../support/random.ts';
import { EMBEDDING_DIM, tinyTextConfig } from '../../support/tiny-convolution.ts';
import { cosine, dot, lengthOf } from '../objective/numeric.ts';

const TOKENS = 6;
const prompts = [
  [10, 3, 4, 11],
  [10, 5, 11],
  [10, 3, 6, 7, 8, 11],
];
const config: ModelConfig = readModelConfig(tinyTextConfig(), undefined, 'test');
const specs = textTensors(config);
const layout = layoutOf(specs, ['text'], false);
/** With noise on biases and norms: at their usual start some gradients would be zero by chance. */
const noise = gaussians(layout.length, 3, 0.05);
const start = flatten(layout, initialEncoders(specs, config, 1)).map((value, index) => value + noise[index]!);
const spec: StepSpec = {
  ...WITHOUT_DECODER,
  ...{ kind: 'texts', tokens: TOKENS, config, layout, ema: undefined, images: 3, batchImages: 3 },
  optimizer: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0, clipNorm: undefined },
  ...{ stage: 'all', phase: 'partial' },
};
const weights = { weights: undefined, trunkModel: undefined, frozen: new Map() };
const vector = (data: Float32Array): TensorData => ({ data, shape: [data.length] });
const targets = { data: gaussians(3 * EMBEDDING_DIM, 5), shape: [3, EMBEDDING_DIM] };

describe('a step on texts', () => {
  it('has the gradient that central differences give, in every tensor and in all at once', async () => {
    const session = await createSession(writeOnnx(buildStepGraph(spec, weights)), { provider: 'cpu', threads: 1 });
    try {
      const run = async (parameters: Float32Array): Promise<{ loss: number; gradient: Float32Array }> => {
        const accumulated = vector(new Float32Array(layout.length));
        const feeds = { ...promptBatch(prompts, TOKENS), targets, parameters: vector(parameters), accumulated };
        const { figures, accumulated: gradient } = await session.run(feeds);
        const numbers = figures!.data as Float32Array;
        expect(numbers[0]! + numbers[1]!).toBeCloseTo(numbers[2]!, 5);
        return { loss: numbers[TEXT_FIGURES.indexOf('total')]!, gradient: gradient!.data as Float32Array };
      };
      const { gradient } = await run(start);
      const norm = lengthOf(gradient);
      expect(norm).toBeGreaterThan(0.1);
      const next = uniform(11);
      for (const { name, offset, length } of [{ name: 'all', offset: 0, length: layout.length }, ...layout.entries]) {
        const own = gradient.subarray(offset, offset + length);
        const leaning = own.map((value) => value + (0.3 * norm * (next() - 0.5)) / Math.sqrt(length));
        const direction = new Float32Array(layout.length);
        direction.set(
          leaning.map((value) => value / lengthOf(leaning)),
          offset,
        );
        const at = async (size: number): Promise<number> =>
          (await run(start.map((value, index) => value + size * direction[index]!))).loss;
        const slope = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
        expect(Math.abs(slope - dot(gradient, direction)) / norm, name).toBeLessThan(2e-3);
      }
    } finally {
      await session.release();
    }
  });

  it('scores texts by their cosines with vectors, whatever the other texts of the run', async () => {
    const model = writeOnnx(buildCosineGraph(spec, weights, 2));
    const session = await createSession(model, { provider: 'cpu', threads: 1 });
    try {
      const vectors = [gaussians(EMBEDDING_DIM, 7), gaussians(EMBEDDING_DIM, 8)].map((row) =>
        row.map((value) => value / lengthOf(row)),
      );
      const feeds = {
        parameters: vector(start),
        vectors: vector(Float32Array.from(vectors.flatMap((row) => [...row]))),
      };
      const cosines = async (some: number[][]): Promise<Float32Array> =>
        (await session.run({ ...feeds, ...promptBatch(some) }))['cosines']!.data as Float32Array;
      const all = await cosines(prompts);
      expect(all).toHaveLength(6);
      expect(all.every((value) => Math.abs(value) <= 1)).toBe(true);
      const alone = await cosines(prompts.slice(1, 2));
      expect(cosine(alone, all.subarray(2, 4))).toBeCloseTo(1, 5);
      expect(alone[0]).toBeCloseTo(all[2]!, 5);
    } finally {
      await session.release();
    }
  });
});
