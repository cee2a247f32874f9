/**
 * Eq. 3–9 on small numbers, without reference files (those: `test/golden/mccl.test.ts`). Values within 1e-5 relative,
 * gradients within 1e-4 relative in norm: float32 through a cosine and a logarithm, away from the clamp.
 */
import { Graph, ops, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, it } from 'vitest';
import { mccl, type MCCLLosses } from '../../../../packages/train/src/objective/paper/mccl.ts';
import { assignmentOf, rowWeights, unit } from '../../../../packages/train/src/objective/rows.ts';
import { runOnce } from '../../autodiff/numeric.ts';
import {
  centralDifferences,
  cosine,
  feed,
  feedOf,
  matrix,
  meanOf,
  randomMatrix,
  relativeError,
  rowOf,
  valueAndGradients,
  type Matrix,
} from '../numeric.ts';

const IMAGES = 3;
const EPSILON = 1e-4;
const GATE = 0.1;
/**
 * Picture 0 has three labels and one that is not stated of it, picture 1 has one, picture 2 two; one row fills the
 * bucket.
 */
const ROWS = [
  [0, 1],
  [0, 1],
  [1, 1],
  [0, 0],
  [2, 1],
  [0, 1],
  [2, 1],
  [-1, 0],
] as const;
const DIM = 4;
const NAMES = ['align', 'contrast', 'background', 'separation'] as const;

function feedsOf(sources: Readonly<Record<'foreground' | 'background' | 'text', Matrix>>): Record<string, TensorData> {
  return {
    ...Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, feedOf(source)])),
    imageOfRow: feed(
      ROWS.map(([image]) => image),
      [ROWS.length],
      'int32',
    ),
    rowNumber: feed(
      ROWS.map((_, row) => row),
      [ROWS.length],
    ),
    stated: feed(
      ROWS.map(([, stated]) => stated),
      [ROWS.length],
    ),
  };
}

function lossesOf(inputs: Readonly<Record<string, Value>>): MCCLLosses {
  const value = (name: string): Value => inputs[name] as Value;
  const weights = rowWeights(
    assignmentOf(value('imageOfRow'), IMAGES),
    { imageOfRow: value('imageOfRow'), rowNumber: value('rowNumber'), stated: value('stated') },
    IMAGES,
  );
  return mccl({ foreground: value('foreground'), background: value('background') }, value('text'), weights, {
    epsilon: EPSILON,
    contrastGate: GATE,
  });
}

const similarity = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  (Math.min(Math.max(cosine(x, y), -1 + EPSILON), 1 - EPSILON) + 1) / 2;

function expectedLosses({
  foreground,
  background,
  text,
}: Readonly<Record<'foreground' | 'background' | 'text', Matrix>>): Record<(typeof NAMES)[number], number> {
  const perImage = Array.from({ length: IMAGES }, (_, image) => {
    const rows = ROWS.flatMap(([of, stated], row) => (of === image && stated === 1 ? [row] : []));
    const pairs = rows.flatMap((j) => rows.flatMap((k) => (j === k ? [] : [[j, k] as const])));
    const overPairs = (f: (j: number, k: number) => number): number =>
      pairs.length === 0 ? 0 : meanOf(pairs.map(([j, k]) => f(j, k)));
    return {
      align: -meanOf(rows.map((row) => Math.log(similarity(rowOf(foreground, row), rowOf(text, row))))),
      contrast: -meanOf(
        rows.map((row) =>
          cosine(rowOf(foreground, row), rowOf(background, row)) > GATE
            ? Math.log(1 - similarity(rowOf(foreground, row), rowOf(background, row)))
            : 0,
        ),
      ),
      background: -overPairs((j, k) => Math.log(similarity(rowOf(background, j), rowOf(background, k)))),
      separation: -overPairs((j, k) => Math.log(1 - similarity(rowOf(foreground, j), rowOf(foreground, k)))),
    };
  });
  return Object.fromEntries(NAMES.map((name) => [name, meanOf(perImage.map((losses) => losses[name]))])) as Record<
    (typeof NAMES)[number],
    number
  >;
}

async function run(
  sources: Readonly<Record<'foreground' | 'background' | 'text', Matrix>>,
): Promise<Record<string, number>> {
  const graph = new Graph('losses');
  const feeds = feedsOf(sources);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape }]) => [
      name,
      graph.input(name, name === 'imageOfRow' ? 'int32' : 'float32', shape),
    ]),
  );
  for (const [name, value] of Object.entries(lossesOf(inputs))) graph.output(name, value);
  return Object.fromEntries(
    Object.entries(await runOnce(graph, feeds)).map(([name, { data }]) => [name, Number(data[0])]),
  );
}

const sources = {
  foreground: randomMatrix(ROWS.length, DIM, 1),
  background: randomMatrix(ROWS.length, DIM, 5),
  text: randomMatrix(ROWS.length, DIM, 3),
};

describe('mccl()', () => {
  it.each(NAMES)('%s and its gradients are those of the formula', async (name) => {
    const open =
      name === 'separation'
        ? ['foreground']
        : name === 'background'
          ? ['background']
          : name === 'align'
            ? ['foreground', 'text']
            : ['foreground', 'background'];
    const { value, gradients } = await valueAndGradients(feedsOf(sources), open, (inputs) => lossesOf(inputs)[name]);
    const expected = (): number => expectedLosses(sources)[name];
    expect(expected()).toBeGreaterThan(0.01);
    expect(Math.abs(value - expected())).toBeLessThan(1e-5 * expected());
    for (const source of open)
      expect(
        relativeError(
          gradients[source] as Float32Array,
          centralDifferences(expected, sources[source as keyof typeof sources].data),
        ),
        source,
      ).toBeLessThan(1e-4);
  });

  it('counts the stated rows in the clamp, which add −log(ε/2) to L_cont and no gradient', async () => {
    const same = {
      ...sources,
      background: { ...sources.foreground, data: sources.foreground.data.map((value) => 2 * value) },
    };
    const { clampedRows, contrast } = await run(same);
    expect(clampedRows).toBe(6);
    // 1 − (1 − ε) has four digits in float32.
    expect(Math.abs((contrast as number) / -Math.log(EPSILON / 2) - 1)).toBeLessThan(1e-3);
    const { gradients } = await valueAndGradients(feedsOf(same), ['foreground'], (inputs) =>
      ops.add(lossesOf(inputs).contrast, ops.reduceSum(inputs['foreground'] as Value, [0, 1])),
    );
    expect(new Set(gradients['foreground'])).toEqual(new Set([1]));
    expect((await run(sources))['clampedRows']).toBe(0);
  });

  it('leaves rows at or below the gate out of L_cont, and keeps N as the divisor', async () => {
    const axis = (row: readonly number[]): Matrix => matrix(ROWS.map(() => row));
    // Row by row: cosine 0 but for row 2, the only one of picture 1, and row 4, one of two of picture 2.
    const background = matrix(ROWS.map((_, row) => (row === 2 || row === 4 ? [1, 1, 0, 0] : [0, 1, 0, 0])));
    const { contrast } = await run({ foreground: axis([1, 0, 0, 0]), background, text: sources.text });
    const one = -Math.log((1 - Math.SQRT1_2) / 2);
    expect(contrast).toBeCloseTo((0 + one + one / 2) / 3, 5);
  });

  it('adds nothing to L_back and L_sep for pictures with one label', async () => {
    const graph = new Graph('single');
    const feeds = { ...feedsOf(sources), stated: feed([1, 0, 1, 0, 1, 0, 0, 0], [ROWS.length]) };
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, { shape }]) => [
        name,
        graph.input(name, name === 'imageOfRow' ? 'int32' : 'float32', shape),
      ]),
    );
    const { background, separation } = lossesOf(inputs);
    graph.output('background', background);
    graph.output('separation', separation);
    const results = await runOnce(graph, feeds);
    expect(
      [results['background']?.data[0], results['separation']?.data[0]].map((value) => Math.abs(Number(value))),
    ).toEqual([0, 0]);
  });
});

describe('unit()', () => {
  it('makes rows of length one, and leaves a row of zeros as it is', async () => {
    const graph = new Graph('unit');
    graph.output('unit', unit(graph.input('x', 'float32', [3, 2])));
    const { unit: rows } = await runOnce(graph, { x: feed([3, 4, 0, 0, -1e-3, 0], [3, 2]) });
    expect(Array.from(rows?.data as Float32Array, (value) => Math.round(value * 1e6) / 1e6)).toEqual([
      0.6, 0.8, 0, 0, -1, 0,
    ]);
  });
});
