/** Five views of a picture and their merge, against loops written out here. */
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { mergeViews, pictureSize, splitViews, type MergeRule } from '../../../packages/core/src/model/views.ts';
import { gaussians, uniform } from '../../support/random.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

const [HEIGHT, WIDTH] = [3, 5];

async function split(pixels: Uint8Array, pictures: number): Promise<Uint8Array> {
  const graph = new Graph('split');
  graph.output('views', splitViews(graph.input('pixels', 'uint8', ['n', 2 * HEIGHT, 2 * WIDTH, 3])));
  const { views } = await runGraph(graph, { pixels: { data: pixels, shape: [pictures, 2 * HEIGHT, 2 * WIDTH, 3] } });
  expect(views?.shape).toEqual([5 * pictures, HEIGHT, WIDTH, 3]);
  return views?.data as Uint8Array;
}

describe('splitViews()', () => {
  const next = uniform(1);
  const pixels = Uint8Array.from({ length: 2 * 2 * HEIGHT * 2 * WIDTH * 3 }, () => Math.floor(256 * next()));
  const at = (picture: number, y: number, x: number, c: number): number =>
    pixels[((picture * 2 * HEIGHT + y) * 2 * WIDTH + x) * 3 + c] as number;
  const expected = (view: number, picture: number, y: number, x: number, c: number): number => {
    if (view > 0) return at(picture, y + (view > 2 ? HEIGHT : 0), x + (view % 2 === 0 ? WIDTH : 0), c);
    const sum =
      at(picture, 2 * y, 2 * x, c) +
      at(picture, 2 * y, 2 * x + 1, c) +
      at(picture, 2 * y + 1, 2 * x, c) +
      at(picture, 2 * y + 1, 2 * x + 1, c);
    // Halves go to the even neighbour, as IEEE rounding does.
    return sum % 4 === 2 ? 2 * Math.round(sum / 8) : Math.round(sum / 4);
  };

  it.each([
    [0, 'the whole: the mean of 2 × 2 pixels'],
    [1, 'the top left quadrant, pixel for pixel'],
    [2, 'the top right quadrant'],
    [3, 'the bottom left quadrant'],
    [4, 'the bottom right quadrant'],
  ])('view %i is %s', async (view) => {
    const views = await split(pixels, 2);
    for (const picture of [0, 1]) {
      const start = (picture * 5 + view) * HEIGHT * WIDTH * 3;
      const reference = Array.from({ length: HEIGHT * WIDTH * 3 }, (_, index) =>
        expected(view, picture, Math.floor(index / 3 / WIDTH), Math.floor(index / 3) % WIDTH, index % 3),
      );
      expect([...views.slice(start, start + HEIGHT * WIDTH * 3)]).toEqual(reference);
    }
  });

  it('needs a picture of twice the size', () => {
    expect(pictureSize([HEIGHT, WIDTH], 5)).toEqual([2 * HEIGHT, 2 * WIDTH]);
    expect(pictureSize([HEIGHT, WIDTH], 1)).toEqual([HEIGHT, WIDTH]);
  });
});

describe('mergeViews()', () => {
  const [pictures, labels] = [2, 3];
  const logits = gaussians(pictures * 5 * labels * HEIGHT * WIDTH, 2, 3);
  const at = (picture: number, view: number, label: number, y: number, x: number): number =>
    logits[(((picture * 5 + view) * labels + label) * HEIGHT + y) * WIDTH + x] as number;
  const clamp = (value: number, last: number): number => Math.min(Math.max(value, 0), last);

  /** Bilinear at an output pixel, half-pixel centres, in float64. */
  function enlarged(picture: number, label: number, y: number, x: number): number {
    const [sourceY, sourceX] = [clamp((y + 0.5) / 2 - 0.5, HEIGHT - 1), clamp((x + 0.5) / 2 - 0.5, WIDTH - 1)];
    const [top, left] = [Math.floor(sourceY), Math.floor(sourceX)];
    const [bottom, right] = [clamp(top + 1, HEIGHT - 1), clamp(left + 1, WIDTH - 1)];
    const mix = (a: number, b: number, t: number): number => a + t * (b - a);
    const line = (row: number): number =>
      mix(at(picture, 0, label, row, left), at(picture, 0, label, row, right), sourceX - left);
    return mix(line(top), line(bottom), sourceY - top);
  }

  it.each(['mean', 'max'] as const)('%s of the enlarged whole and the stitched quadrants', async (rule: MergeRule) => {
    const graph = new Graph('merge');
    const value = graph.input('logits', 'float32', ['5*labels*n', HEIGHT, WIDTH]);
    // Names of dimensions are read from inputs: this graph needs one that has them.
    graph.output('sizes', graph.input('sizes', 'float32', ['n', 'labels']));
    graph.output('merged', mergeViews(value, 'n', 'labels', 5, rule));
    const { merged } = await runGraph(graph, {
      logits: { data: logits, shape: [pictures * 5 * labels, HEIGHT, WIDTH] },
      sizes: { data: new Float32Array(pictures * labels), shape: [pictures, labels] },
    });
    const expected: number[] = [];
    for (let picture = 0; picture < pictures; picture++) {
      for (let label = 0; label < labels; label++) {
        for (let y = 0; y < 2 * HEIGHT; y++) {
          for (let x = 0; x < 2 * WIDTH; x++) {
            const quadrant = 1 + (y >= HEIGHT ? 2 : 0) + (x >= WIDTH ? 1 : 0);
            const [whole, detail] = [
              enlarged(picture, label, y, x),
              at(picture, quadrant, label, y % HEIGHT, x % WIDTH),
            ];
            expected.push(rule === 'mean' ? (whole + detail) / 2 : Math.max(whole, detail));
          }
        }
      }
    }
    expect(merged?.shape).toEqual([pictures, labels, 2 * HEIGHT, 2 * WIDTH]);
    // One interpolation and one sum in float32 of numbers below 10.
    expect(worstExcess(merged?.data as Float32Array, expected, 2e-6, 1e-6).excess).toBeLessThanOrEqual(0);
  });
});
