import { Graph } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { vectorLosses } from '../../../packages/train/src/objective/vectors.ts';
import { gradientError, runOnce } from '../autodiff/numeric.ts';

function graphOf(rows: number, dim: number): Graph {
  const graph = new Graph('vectors');
  const input = (name: string): ReturnType<Graph['input']> => graph.input(name, 'float32', [rows, dim]);
  Object.entries(vectorLosses(input('embedding'), input('target'))).forEach(([name, value]) =>
    graph.output(name, value),
  );
  return graph;
}

describe('vectorLosses()', () => {
  it('is what a hand computes', async () => {
    // Row 1: cosine 0.6, difference (0, 4) of length 4 against 5. Row 2: the vector itself. Row 3: opposite.
    const [embedding, target] = [
      [3, 0, 2, 1, -1, 0],
      [3, 4, 2, 1, 2, 0],
    ].map((numbers) => ({ data: Float32Array.from(numbers), shape: [3, 2] }));
    const { cosine, distance } = await runOnce(graphOf(3, 2), { embedding: embedding!, target: target! });
    expect(Number(cosine!.data[0])).toBeCloseTo((1 - 0.6 + 0 + 2) / 3, 6);
    expect(Number(distance!.data[0])).toBeCloseTo((16 / 25 + 0 + 9 / 4) / 3, 6);
  });

  it.each(['cosine', 'distance'] as const)('has the gradient of %s that central differences give', async (loss) => {
    const error = await gradientError({
      shapes: [
        [4, 3],
        [4, 3],
      ],
      build: (embedding, target) => vectorLosses(embedding, target)[loss],
    });
    expect(error).toBeLessThan(1e-7);
  });
});
