/** Embeddings of several sentences pooled into one, against worked examples. */
import { expect, it } from 'vitest';
import { PooledEmbeddings, type Pooling } from '../../../packages/core/src/text/pooling.ts';

function pooled(labels: readonly (readonly (readonly number[])[])[], pooling: Pooling): number[] {
  const counts = labels.map((sentences) => sentences.length);
  const sum = new PooledEmbeddings(counts, 2, pooling);
  labels.forEach((sentences, label) => sentences.forEach((one) => sum.add(label, Float32Array.from(one))));
  return Array.from(sum.result(), (value) => Number(value.toFixed(5)));
}

it('takes the mean of the embeddings as they are', () => {
  expect(
    pooled(
      [
        [
          [6, 8],
          [0, 2],
        ],
        [[1, 3]],
      ],
      'mean',
    ),
  ).toEqual([3, 5, 1, 3]);
});

it('takes the mean of their directions, with the mean of their lengths', () => {
  // Directions (0.6, 0.8) and (1, 0): their mean (0.8, 0.4) has the direction (2, 1) / √5; the lengths are 10 and 2.
  const length = 6 / Math.sqrt(5);
  const expected = [2 * length, length].map((value) => Number(value.toFixed(5)));
  expect(
    pooled(
      [
        [
          [6, 8],
          [2, 0],
        ],
        [[3, 4]],
      ],
      'directions',
    ),
  ).toEqual([...expected, 3, 4]);
});

it('leaves zeros zeros', () => {
  expect(
    pooled(
      [
        [
          [0, 0],
          [0, 0],
        ],
        [
          [1, 0],
          [-1, 0],
        ],
      ],
      'directions',
    ),
  ).toEqual([0, 0, 0, 0]);
});
