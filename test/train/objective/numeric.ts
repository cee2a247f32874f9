/**
 * Losses as plain loops over float64 numbers, written from their formulas and not from the graph's code, and what is
 * needed to hold the graph's values and gradients against them.
 */
import { Graph, type DType, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { expect } from 'vitest';
import { gradients } from '../../../packages/train/src/autodiff/gradients.ts';
import { uniform } from '../../support/random.ts';
import { runOnce } from '../autodiff/numeric.ts';

/** A row-major matrix. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** Random numbers that float32 holds exactly, so that both sides compute with the same. */
export function randomMatrix(rows: number, columns: number, seed: number, low = -1, high = 1): Matrix {
  const next = uniform(seed);
  return {
    rows,
    columns,
    data: Float64Array.from({ length: rows * columns }, () => Math.fround(low + (high - low) * next())),
  };
}

export function matrix(rows: readonly (readonly number[])[]): Matrix {
  return {
    rows: rows.length,
    columns: (rows[0] as readonly number[]).length,
    data: Float64Array.from(rows.flat(), Math.fround),
  };
}

export function rowOf({ columns, data }: Matrix, row: number): Float64Array {
  return data.subarray(row * columns, (row + 1) * columns);
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, index) => sum + value * (b[index] as number), 0);
export const lengthOf = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));
export const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  dot(a, b) / (Math.max(lengthOf(a), 1e-12) * Math.max(lengthOf(b), 1e-12));
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** `d loss / d data` by central differences; `data` is put back as it was. */
export function centralDifferences(loss: () => number, data: Float64Array, step = 1e-6): Float64Array {
  return Float64Array.from(data, (original, index) => {
    data[index] = original + step;
    const above = loss();
    data[index] = original - step;
    const below = loss();
    data[index] = original;
    return (above - below) / (2 * step);
  });
}

/** `‖actual − expected‖ / ‖expected‖`. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`lengths must agree, got ${String(actual.length)} and ${String(expected.length)}`);
  return (
    lengthOf(Array.from(actual, (value, index) => value - (expected[index] as number))) /
    Math.max(lengthOf(expected), 1e-30)
  );
}

/** Holds gradients, within 1e-4 relative in norm, against those of a reference that reads the matrices themselves. */
export function expectGradients(
  actual: Readonly<Record<string, Float32Array>>,
  loss: () => number,
  sources: Readonly<Record<string, Matrix>>,
): void {
  for (const [name, { data }] of Object.entries(sources))
    expect(relativeError(actual[name] as Float32Array, centralDifferences(loss, data)), name).toBeLessThan(1e-4);
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/** A feed of the graph. */
export function feed(
  data: ArrayLike<number>,
  shape: readonly number[],
  dtype: keyof typeof ARRAYS = 'float32',
): TensorData {
  return { data: ARRAYS[dtype].from(data), shape };
}

/** A matrix as a feed. */
export function feedOf({ rows, columns, data }: Matrix): TensorData {
  return feed(data, [rows, columns]);
}

/** A scalar that a graph computes from its feeds, and the gradient of each of `sources`. */
export async function valueAndGradients(
  feeds: Readonly<Record<string, TensorData>>,
  sources: readonly string[],
  build: (inputs: Readonly<Record<string, Value>>) => Value,
): Promise<{ value: number; gradients: Record<string, Float32Array> }> {
  const graph = new Graph('loss');
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [name, graph.input(name, dtypeOf(data), shape)]),
  );
  const loss = build(inputs);
  graph.output('loss', loss);
  gradients(
    loss,
    sources.map((name) => inputs[name] as Value),
  ).forEach((gradient, index) => graph.output(`d ${sources[index] as string}`, gradient));
  const results = await runOnce(graph, feeds);
  return {
    value: Number(results['loss']?.data[0]),
    gradients: Object.fromEntries(sources.map((name) => [name, results[`d ${name}`]?.data as Float32Array])),
  };
}

function dtypeOf(data: TensorData['data']): DType {
  return (Object.keys(ARRAYS) as (keyof typeof ARRAYS)[]).find((dtype) => data instanceof ARRAYS[dtype]) as DType;
}
