import { Graph, type Value } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import {
  assignmentOf,
  competing,
  excluding,
  rowInputs,
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

describe('excluding()', () => {
  it('leaves rows that count as they are and sets the others to one number, exactly', async () => {
    const graph = new Graph('excluding');
    graph.output('y', excluding(graph.input('x', 'float32', [4, 2]), graph.input('counts', 'float32', [4, 1])));
    const { y } = await runOnce(graph, {
      x: feed([0.1, -1e-30, 1e6, -7, -0.3, 5, 3e10, 0], [4, 2]),
      counts: feed([1, 0, 1, 0], [4, 1]),
    });
    const lowest = Math.fround(-1e30);
    expect([...(y?.data as Float32Array)]).toEqual(
      [0.1, -1e-30, lowest, lowest, -0.3, 5, lowest, lowest].map(Math.fround),
    );
  });
});

describe('competing()', () => {
  it("takes each picture's mean off its rows, whatever another picture's numbers are", async () => {
    const graph = new Graph('competing');
    graph.output('y', competing(graph.input('x', 'float32', [5, 1]), graph.input('membership', 'float32', [5, 2])));
    const membership = feed([1, 0, 0, 1, 1, 0, 0, 1, 0, 0], [5, 2]);
    const { y } = await runOnce(graph, { x: feed([1000, 1, 1004, 3, 77], [5, 1]), membership });
    expect([...(y?.data as Float32Array)]).toEqual([-2, -1, 2, 1, Math.fround(-1e30)]);
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
