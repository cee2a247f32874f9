/** Logits along outlines: weighted means of their neighbors, worked out by hand. */
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { alongOutlines } from '../../../packages/core/src/model/outlines.ts';
import { gaussians } from '../../support/random.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

const [ROWS, COLUMNS, WIDTH, CHANNELS] = [3, 4, 2, 2];
const CELLS = ROWS * COLUMNS;
const logits = { data: gaussians(2 * CELLS, 1), shape: [2, ROWS, COLUMNS] };
const shared = { data: gaussians(WIDTH * CELLS, 2), shape: [1, WIDTH, ROWS, COLUMNS] };
const finest = { data: gaussians(CHANNELS * 4 * CELLS, 3), shape: [1, CHANNELS, 2 * ROWS, 2 * COLUMNS] };

/** Runs the graph; a parameter is zero unless `values` has it. */
async function run(values: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
  const graph = new Graph('outlines');
  const input = (name: string, shape: readonly number[]) => graph.input(name, 'float32', shape);
  const get = (name: string, shape: readonly number[]) =>
    graph.floats(values[name] ?? new Float32Array(shape.reduce((product, side) => product * side, 1)), shape);
  const result = alongOutlines({ graph, get }, input('logits', logits.shape), {
    ...{ shared: input('shared', shared.shape), finest: input('finest', finest.shape) },
    ...{ text: graph.floats(new Float32Array(2), [2, 1]), assignment: undefined },
  });
  graph.output('result', result);
  return (await runGraph(graph, { logits, shared, finest }))['result']!.data as Float32Array;
}

/** The logit of a label at a cell; beyond an edge the one at the edge. */
function at(label: number, row: number, column: number): number {
  const inside = (place: number, size: number) => Math.min(Math.max(place, 0), size - 1);
  return logits.data[(label * ROWS + inside(row, ROWS)) * COLUMNS + inside(column, COLUMNS)]!;
}

/** What each place of the result should be. @param weight - of a neighbor, 0 … 8, for one of a cell's four results */
function expected(weight: (neighbor: number, result: number, row: number, column: number) => number): Float32Array {
  const values = new Float32Array(2 * 4 * CELLS);
  values.forEach((_, place) => {
    const [label, y, x] = [
      Math.floor(place / (4 * CELLS)),
      Math.floor((place % (4 * CELLS)) / (2 * COLUMNS)),
      place % (2 * COLUMNS),
    ];
    const [row, column, result] = [y >> 1, x >> 1, 2 * (y % 2) + (x % 2)];
    for (let neighbor = 0; neighbor < 9; neighbor++)
      values[place]! +=
        weight(neighbor, result, row, column) *
        at(label, row + Math.floor(neighbor / 3) - 1, column + (neighbor % 3) - 1);
  });
  return values;
}

describe('alongOutlines', () => {
  it('is the mean of nine neighbors where all weigh the same', async () => {
    const { excess } = worstExcess(
      await run({}),
      expected(() => 1 / 9),
      1e-6,
      1e-6,
    );
    expect(excess).toBeLessThanOrEqual(0);
  });

  it('takes the neighbor that alone has weight, for each of the four results of a cell', async () => {
    // Scores lie by neighbor, then by result.
    const chosen = [0, 5, 7, 4];
    const bias = new Float32Array(36);
    chosen.forEach((neighbor, result) => (bias[neighbor * 4 + result] = 100));
    const { excess } = worstExcess(
      await run({ 'decoder.outlines.project.bias': bias }),
      expected((neighbor, result) => (chosen[result] === neighbor ? 1 : 0)),
      ...[1e-6, 1e-6],
    );
    expect(excess).toBeLessThanOrEqual(0);
  });

  it('weighs by what the finest map and the shared features show at the cell', async () => {
    // The joined map is relu(the finest map's upper left cell + the shared features), channel by channel.
    const patch = new Float32Array(WIDTH * CHANNELS * 4);
    const identity = new Float32Array(WIDTH * WIDTH);
    const middle = new Float32Array(WIDTH * 9);
    for (let channel = 0; channel < WIDTH; channel++) {
      patch[(channel * CHANNELS + channel) * 4] = 1;
      identity[channel * WIDTH + channel] = 1;
      middle[channel * 9 + 4] = 1;
    }
    const project = gaussians(36 * WIDTH, 4);
    const joined = (channel: number, row: number, column: number): number =>
      Math.max(
        0,
        finest.data[(channel * 2 * ROWS + 2 * row) * 2 * COLUMNS + 2 * column]! +
          shared.data[(channel * ROWS + row) * COLUMNS + column]!,
      );
    const weight = (neighbor: number, result: number, row: number, column: number): number => {
      const score = (of: number): number =>
        Math.exp(
          joined(0, row, column) * project[(of * 4 + result) * WIDTH]! +
            joined(1, row, column) * project[(of * 4 + result) * WIDTH + 1]!,
        );
      return score(neighbor) / Array.from({ length: 9 }, (_, of) => score(of)).reduce((sum, part) => sum + part);
    };
    const actual = await run({
      'decoder.outlines.finest.weight': patch,
      'decoder.outlines.shared.weight': identity,
      'decoder.outlines.depthwise.weight': middle,
      'decoder.outlines.project.weight': project,
    });
    expect(worstExcess(actual, expected(weight), 1e-5, 1e-5).excess).toBeLessThanOrEqual(0);
  });
});
