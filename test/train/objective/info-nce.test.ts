import { Graph } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../../packages/train/src/autodiff/gradients.ts';
import { infoNCE } from '../../../packages/train/src/objective/info-nce.ts';
import { gradientError, runOnce } from '../autodiff/numeric.ts';

async function lossOf(
  image: readonly number[],
  text: readonly number[],
  captions: readonly number[],
  logScale: number,
): Promise<Record<string, number>> {
  const graph = new Graph('pairs');
  const pairs = captions.length;
  const embeddings = (name: string): ReturnType<Graph['input']> => graph.input(name, 'float32', [pairs, 2]);
  const scale = graph.input('logScale', 'float32', []);
  const {
    loss,
    hits,
    scale: factor,
  } = infoNCE(embeddings('image'), embeddings('text'), graph.integers(captions), scale);
  Object.entries({ loss, hits, factor, slope: gradients(loss, [scale])[0]! }).forEach(([name, value]) =>
    graph.output(name, value),
  );
  const data = (numbers: readonly number[], shape: readonly number[]): TensorData => ({
    data: Float32Array.from(numbers),
    shape,
  });
  const results = await runOnce(graph, {
    image: data(image, [pairs, 2]),
    text: data(text, [pairs, 2]),
    logScale: data([logScale], []),
  });
  return Object.fromEntries(Object.entries(results).map(([name, { data: numbers }]) => [name, Number(numbers[0])]));
}

describe('infoNCE()', () => {
  it('is what a hand computes', async () => {
    // Cosines [[1, 0], [0.6, 0.8]] (lengths do not count), scale 2: logits [[2, 0], [1.2, 1.6]].
    const { loss, hits, factor } = await lossOf([3, 0, 1.2, 1.6], [2, 0, 0, 5], [0, 1], Math.log(2));
    const pictures = [Math.log(1 + Math.exp(-2)), Math.log(1 + Math.exp(-0.4))];
    const captions = [Math.log(1 + Math.exp(-0.8)), Math.log(1 + Math.exp(-1.6))];
    expect(loss).toBeCloseTo([...pictures, ...captions].reduce((sum, term) => sum + term) / 4, 6);
    expect(hits).toBe(2);
    expect(factor).toBeCloseTo(2, 6);
  });

  it('does not count pictures of the same caption as negatives of each other', async () => {
    // Three pairs, the first two of one caption: picture 1 has to choose between its own and the third alone.
    const { loss, hits } = await lossOf([1, 0, 1, 0, 0, 1], [1, 0, 1, 0, 0, 1], [0, 0, 2], 0);
    const one = Math.log(1 + Math.exp(-1));
    const third = Math.log(1 + 2 * Math.exp(-1));
    expect(loss).toBeCloseTo((2 * one + third) / 3, 6);
    expect(hits).toBe(3);
    const { loss: alike } = await lossOf([1, 0, 0, 1], [1, 0, 1, 0], [0, 0], 0);
    expect(alike).toBeCloseTo(0, 12);
  });

  it('keeps the scale at 100, beyond which it has no gradient', async () => {
    const inner = await lossOf([1, 0, 0.6, 0.8], [0.8, 0.6, 0, 1], [0, 1], Math.log(99));
    const outer = await lossOf([1, 0, 0.6, 0.8], [0.8, 0.6, 0, 1], [0, 1], Math.log(200));
    expect([inner.factor, outer.factor].map((factor) => Number(factor?.toFixed(2)))).toEqual([99, 100]);
    expect(outer.slope).toBe(0);
  });

  it('has the gradient that central differences give', async () => {
    // Of float64, as the rules are; 1 / √ε of the clamp in a vector's length is far away.
    const error = await gradientError({
      shapes: [[4, 3], [4, 3], []],
      build: (image, text, scale) => infoNCE(image, text, image.graph.integers([0, 1, 0, 3]), scale).loss,
    });
    expect(error).toBeLessThan(1e-7);
  });
});
