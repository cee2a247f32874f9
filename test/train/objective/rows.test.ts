import { Graph, type Value } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import {
  assignmentOf,
  rowInputs,
  sharesWithinImages,
  rowWeights,
  sum,
  total,
} from '../../../packages/train/src/objective/rows.ts';
import { runOnce } from '../autodiff/numeric.ts';
import { feed } from './numeric.ts';

/** Three rows of picture 0, one of them not stated; none of picture 1; one of picture 2; two that fill the bucket. */
const imageOfRow = [0, 2, 0, -1, 0, -1];
const stated = [1, 1, 0, 0, 1, 1];

async function weightsOf(batchImages: number): Promise<Record<string, number[][]>> {
  const graph = new Graph('rows');
  const rows = rowInputs(graph, 'rows');
  const assignment = assignmentOf(rows.imageOfRow, 3);
  graph.output('assignment', assignment);
  for (const [name, value] of Object.entries(rowWeights(assignment, rows, batchImages)))
    graph.output(name, value as Value);
  const results = await runOnce(graph, {
    imageOfRow: feed(imageOfRow, [6], 'int32'),
    rowNumber: feed([0, 1, 2, 3, 4, 5], [6]),
    stated: feed(stated, [6]),
  });
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, shape }]) => {
      const [count = 0, width = 0] = shape;
      return [
        name,
        Array.from({ length: count }, (_, row) =>
          Array.from(data as Float32Array).slice(row * width, (row + 1) * width),
        ),
      ];
    }),
  );
}

describe('assignmentOf() and rowWeights()', () => {
  it('say whose row it is, and nobody for one that fills the bucket', async () => {
    expect((await weightsOf(3))['assignment']).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('count stated rows that belong to a picture', async () => {
    expect((await weightsOf(3))['isStated']).toEqual([[1], [1], [0], [0], [1], [0]]);
  });

  it('make a sum over rows the mean of each picture’s stated rows and the mean over pictures', async () => {
    expect((await weightsOf(4))['row']).toEqual([[1 / 8], [1 / 4], [0], [0], [1 / 8], [0]]);
  });

  it('make a sum over ordered pairs of rows a mean too, no row with itself, 0 for a picture with one', async () => {
    const none = [0, 0, 0, 0, 0, 0];
    expect((await weightsOf(4))['pair']).toEqual([
      [0, 0, 0, 0, 1 / 8, 0],
      none,
      none,
      none,
      [1 / 8, 0, 0, 0, 0, 0],
      none,
    ]);
  });
});

describe('sharesWithinImages()', () => {
  /** Four rows of two pictures, and one that fills the bucket. */
  const MEMBERSHIP = feed([1, 0, 0, 1, 1, 0, 0, 1, 0, 0], [5, 2]);

  async function sharesOf(x: readonly number[], peak: 'own' | 'common'): Promise<Record<string, number[]>> {
    const graph = new Graph('shares');
    const { share, logShare } = sharesWithinImages(
      graph.input('x', 'float32', [5, 1]),
      graph.input('membership', 'float32', [5, 2]),
      peak,
    );
    graph.output('share', share);
    graph.output('logShare', logShare);
    const results = await runOnce(graph, { x: feed(x, [5, 1]), membership: MEMBERSHIP });
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
  }

  it.each(['own', 'common'] as const)(
    'is a softmax over the rows of a picture, however large another picture’s numbers are; 0 for other rows (%s peak)',
    async (peak) => {
      const { share, logShare } = await sharesOf([1000, 1, 1004, 3, 77], peak);
      const [small, large] = [1 / (1 + Math.exp(4)), 1 / (1 + Math.exp(-4))];
      const [less, more] = [1 / (1 + Math.exp(2)), 1 / (1 + Math.exp(-2))];
      [small, less, large, more, 0].forEach((expected, row) => expect(share?.[row]).toBeCloseTo(expected, 6));
      [small, less, large, more, 1].forEach((expected, row) =>
        expect(logShare?.[row]).toBeCloseTo(Math.log(expected), 5),
      );
    },
  );

  it('leaves no picture out whose numbers lie far closer together than another’s, with a peak of its own', async () => {
    const { share } = await sharesOf([-1000, 1, 1000, 1, 0], 'own');
    [0, 0.5, 1, 0.5, 0].forEach((expected, row) => expect(share?.[row]).toBeCloseTo(expected, 6));
  });
});

describe('total() and sum()', () => {
  it('add up all elements, and several scalars', async () => {
    const graph = new Graph('sums');
    const x = graph.input('x', 'float32', [2, 2]);
    graph.output('total', total(x));
    graph.output('sum', sum([total(x), graph.floats([0.5], []), graph.floats([3], [])]));
    const results = await runOnce(graph, { x: feed([1, 2, 3, 4], [2, 2]) });
    expect([results['total']?.data[0], results['sum']?.data[0]]).toEqual([10, 13.5]);
  });

  it('refuse a sum of nothing', () => {
    expect(() => sum([])).toThrow(new RangeError('internal: a sum must have terms, got none'));
  });
});
