/** Gradients by central differences, and a graph run in this process. */
import { Graph, ops, writeOnnx, type DType, type Value } from '@synseg/core/graph';
import { createSession, type TensorData } from '@synseg/core/runtime';
import { gradients } from '../../../packages/train/src/autodiff/gradients.ts';
import { uniform } from '../../support/random.ts';

/** Runs a graph once on the CPU provider. */
export async function runOnce(
  graph: Graph,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<Record<string, TensorData>> {
  const session = await createSession(writeOnnx(graph), { provider: 'cpu', threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** What a rule's test varies. */
export interface Case {
  /** Shapes of the operands, all of them differentiated. */
  readonly shapes: readonly (readonly number[])[];
  readonly build: (...operands: Value[]) => Value;
  /** Where the operands' numbers lie; @default [-2, 2] */
  readonly range?: readonly [number, number];
  /** float32 where the runtime has no float64 kernel. @default 'float64' */
  readonly dtype?: DType;
  /** @default 1e-6 */
  readonly step?: number;
}

/**
 * The largest relative difference (in norm, per operand) between the gradient graph and central differences of
 * `Σ w ⊙ f(operands)`, w random.
 */
export async function gradientError({
  shapes,
  build,
  range = [-2, 2],
  dtype = 'float64',
  step = 1e-6,
}: Case): Promise<number> {
  const graph = new Graph('case');
  const operands = shapes.map((shape, index) => graph.input(`x${String(index)}`, dtype, shape));
  const y = build(...operands);
  const next = uniform(7);
  const make = (length: number, [low, high]: readonly [number, number]): Float64Array =>
    Float64Array.from({ length }, () => low + (high - low) * next());
  const size = (shape: readonly unknown[]): number =>
    shape.reduce<number>((product, dimension) => product * (dimension as number), 1);
  const asType = (data: Float64Array): Float32Array | Float64Array =>
    dtype === 'float32' ? Float32Array.from(data) : data;
  const weights = graph.input('w', dtype, y.shape);
  const loss = ops.reduceSum(
    ops.multiply(y, weights),
    y.shape.map((_, axis) => axis),
  );
  graph.output('loss', loss);
  gradients(loss, operands).forEach((gradient, index) => graph.output(`g${String(index)}`, gradient));
  const session = await createSession(writeOnnx(graph), { provider: 'cpu', threads: 1 });
  try {
    const values = shapes.map((shape) => make(size(shape), range));
    const w = make(size(y.shape), [-1, 1]);
    const run = (): Promise<Record<string, TensorData>> =>
      session.run({
        ...Object.fromEntries(
          values.map((data, index) => [
            `x${String(index)}`,
            { data: asType(data), shape: shapes[index] as readonly number[] },
          ]),
        ),
        w: { data: asType(w), shape: y.shape as readonly number[] },
      });
    const analytic = await run();
    let worst = 0;
    for (const [index, data] of values.entries()) {
      const numeric: number[] = [];
      for (let at = 0; at < data.length; at++) {
        const original = data[at] as number;
        const lossAt = async (value: number): Promise<number> => {
          data[at] = value;
          return Number((await run())['loss']?.data[0]);
        };
        numeric.push(((await lossAt(original + step)) - (await lossAt(original - step))) / (2 * step));
        data[at] = original;
      }
      const given = analytic[`g${String(index)}`] as TensorData;
      if (given.shape.join() !== (shapes[index] as readonly number[]).join())
        throw new Error(`gradient must have shape [${String(shapes[index])}], got [${given.shape.join()}]`);
      const difference = Math.hypot(...numeric.map((value, at) => value - Number(given.data[at])));
      worst = Math.max(worst, difference / Math.max(1e-12, Math.hypot(...numeric)));
    }
    return worst;
  } finally {
    await session.release();
  }
}
