/** Memory and arithmetic of graphs, against what is added up by hand. */
import { Graph, ops, pictureOps, shapeOps } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { graphCost } from '../../../packages/train/src/step-graph/graph-cost.ts';

const four = (): number => 4;

describe('graphCost()', () => {
  it('counts two operations for each number of a product, named dimensions included', () => {
    const graph = new Graph('product');
    const x = graph.input('x', 'float32', ['rows', 3]);
    graph.output('y', ops.matmul(x, graph.floats([1, 2, 3, 4, 5, 6], [3, 2])));
    // 4 × 3, 3 × 2 and 4 × 2 floats.
    expect(graphCost(graph, four)).toEqual({ bytes: 4 * (12 + 6 + 8), flops: 2 * 4 * 3 * 2, moved: 4 * (12 + 6 + 8) });
  });

  it('counts linear layers and convolutions', () => {
    const graph = new Graph('layers');
    const rows = graph.input('rows', 'float32', ['rows', 3]);
    const bias = graph.floats([0, 0], [2]);
    graph.output('linear', ops.affine(rows, graph.floats([1, 2, 3, 4, 5, 6], [2, 3]), bias));
    expect(graphCost(graph, four).flops).toBe(2 * 4 * 3 * 2);
    const picture = graph.input('picture', 'float32', [1, 4, 8, 8]);
    const kernel = graph.floats(new Array<number>(6 * 4 * 3 * 3).fill(1), [6, 4, 3, 3]);
    graph.output('map', pictureOps.conv(picture, kernel, undefined, { stride: 1, padding: 1 }));
    expect(graphCost(graph, four).flops).toBe(2 * 4 * 3 * 2 + 2 * (6 * 8 * 8) * (4 * 3 * 3));
  });

  it('gives memory back after its last use, and not before the last use of a view of it', () => {
    const chain = (length: number): Graph => {
      const graph = new Graph('chain');
      let value = graph.input('x', 'float32', [100]);
      for (let index = 0; index < length; index++) value = ops.exp(value);
      graph.output('y', value);
      return graph;
    };
    // The input, what is read and what is written.
    expect([2, 3, 9].map((length) => graphCost(chain(length), four).bytes)).toEqual([1200, 1200, 1200]);
    const graph = new Graph('view');
    const first = ops.exp(graph.input('x', 'float32', [100]));
    const view = shapeOps.reshape(first, [10, 10]);
    const other = ops.exp(ops.exp(first));
    graph.output('y', ops.add(shapeOps.reshape(other, [10, 10]), view));
    // The input, the viewed value, two of the others, and two shapes of two int64.
    expect(graphCost(graph, four).bytes).toBe(4 * 400 + 2 * 16);
  });
});
