/** Refinement of scores by color, against loops over pixels and neighbors written out here. */
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { refineScores, type Refinement } from '../../../packages/core/src/model/pamr.ts';
import { uniform } from '../../support/random.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

type Planes = readonly (readonly number[])[];

const [ROWS, COLUMNS] = [7, 9];

async function refined(
  pixels: Uint8Array,
  [height, width]: readonly [number, number],
  scores: Planes,
  rule: Refinement,
): Promise<Float32Array> {
  const graph = new Graph('refine');
  const colors = graph.input('pixels', 'uint8', [height, width, 3]);
  graph.output('refined', refineScores(colors, graph.input('scores', 'float32', ['n', 1, ROWS, COLUMNS]), rule));
  const results = await runGraph(graph, {
    pixels: { data: pixels, shape: [height, width, 3] },
    scores: { data: Float32Array.from(scores.flat()), shape: [scores.length, 1, ROWS, COLUMNS] },
  });
  return results['refined']?.data as Float32Array;
}

/** The cell at a place, the nearest inside for one outside. */
function cellAt(plane: readonly number[], row: number, column: number): number {
  const inside = (place: number, count: number): number => Math.min(Math.max(place, 0), count - 1);
  return plane[inside(row, ROWS) * COLUMNS + inside(column, COLUMNS)] as number;
}

/** Neighbors of a place at every distance, and the place itself for each of them where asked. */
function around(plane: readonly number[], row: number, column: number, dilations: readonly number[], self: boolean) {
  return dilations.flatMap((dilation) =>
    [-1, 0, 1].flatMap((down) =>
      [-1, 0, 1].flatMap((right) =>
        down === 0 && right === 0 && !self ? [] : [cellAt(plane, row + down * dilation, column + right * dilation)],
      ),
    ),
  );
}

function direct(colors: Planes, scores: Planes, { iterations, dilations }: Refinement): number[] {
  const places = Array.from({ length: ROWS * COLUMNS }, (_, at) => [Math.floor(at / COLUMNS), at % COLUMNS] as const);
  const weights = places.map(([row, column]) => {
    const perColor = colors.map((plane) => {
      const all = around(plane, row, column, dilations, true);
      const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
      const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1));
      const own = cellAt(plane, row, column);
      return around(plane, row, column, dilations, false).map(
        (value) => -Math.abs(own - value) / (0.1 * deviation + 1e-8),
      );
    });
    const means = perColor[0]!.map((_, at) => perColor.reduce((sum, values) => sum + values[at]!, 0) / colors.length);
    const highest = Math.max(...means);
    const powers = means.map((value) => Math.exp(value - highest));
    const total = powers.reduce((sum, value) => sum + value, 0);
    return powers.map((value) => value / total);
  });
  let planes = scores;
  for (let turn = 0; turn < iterations; turn++)
    planes = planes.map((plane) =>
      places.map(([row, column], at) =>
        around(plane, row, column, dilations, false).reduce((sum, value, to) => sum + value * weights[at]![to]!, 0),
      ),
    );
  return planes.flat();
}

function planesOf(pixels: Uint8Array): Planes {
  return [0, 1, 2].map((color) => Array.from({ length: pixels.length / 3 }, (_, at) => pixels[3 * at + color]!));
}

describe('refineScores()', () => {
  const next = uniform(5);
  const noise = Uint8Array.from({ length: ROWS * COLUMNS * 3 }, () => Math.floor(256 * next()));
  const scores = Array.from({ length: 3 }, () => Array.from({ length: ROWS * COLUMNS }, next));

  it.each<Refinement>([
    { iterations: 1, dilations: [1] },
    { iterations: 10, dilations: [1, 2, 4, 8, 12, 24] },
    { iterations: 0, dilations: [3] },
  ])('gives what loops over the neighbors give: %o', async (rule) => {
    const actual = await refined(noise, [ROWS, COLUMNS], scores, rule);
    expect(worstExcess(actual, direct(planesOf(noise), scores, rule), 1e-5, 1e-5).excess).toBeLessThan(0);
  });

  it('leaves scores alone across an edge of color, and spreads them within one color', async () => {
    const halves = noise.map((_, at) => (Math.floor(at / 3) % COLUMNS < 4 ? 0 : 255));
    const spot = [Array.from({ length: ROWS * COLUMNS }, (_, at) => (at === 3 * COLUMNS + 1 ? 1 : 0))];
    const actual = await refined(halves, [ROWS, COLUMNS], spot, { iterations: 4, dilations: [1, 2] });
    const right = actual.filter((_, at) => at % COLUMNS >= 4);
    const left = actual.filter((_, at) => at % COLUMNS < 4);
    expect(Math.max(...right)).toBeLessThan(1e-3);
    expect(Math.min(...left)).toBeGreaterThan(0.01);
  });

  it('samples a larger picture so that the corners lie on each other', async () => {
    const [height, width] = [2 * ROWS - 1, 2 * COLUMNS - 1];
    // Every second pixel of the larger one is a pixel of the smaller one, the corners among them.
    const larger = new Uint8Array(height * width * 3);
    for (let row = 0; row < height; row += 2)
      for (let column = 0; column < width; column += 2)
        for (let color = 0; color < 3; color++)
          larger[(row * width + column) * 3 + color] = noise[((row / 2) * COLUMNS + column / 2) * 3 + color]!;
    const rule = { iterations: 2, dilations: [1, 2] };
    const actual = await refined(larger, [height, width], scores, rule);
    expect(worstExcess(actual, direct(planesOf(noise), scores, rule), 1e-5, 1e-5).excess).toBeLessThan(0);
  });
});
