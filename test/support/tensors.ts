/** Reading reference tensors, and running a graph in this process. */
import { open } from 'node:fs/promises';
import { readSafetensors, toFloat32 } from '../../packages/core/src/checkpoint/safetensors.ts';
import { writeOnnx } from '../../packages/core/src/graph/onnx-writer.ts';
import type { Graph } from '../../packages/core/src/graph/graph.ts';
import type { TensorData } from '../../packages/core/src/session/graph-session.ts';
import { createSession } from '../../packages/core/src/session/onnxruntime.ts';

/** A tensor of reference values. */
export interface Reference {
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array | Int32Array | BigInt64Array;
}

/** Every tensor of a safetensors file, and its metadata. */
export async function readTensors(
  path: string,
): Promise<{ tensors: Map<string, Reference>; metadata: Readonly<Record<string, string>> }> {
  const { tensors, metadata } = await readSafetensors(path);
  const file = await open(path);
  const result = new Map<string, Reference>();
  try {
    for (const [name, entry] of tensors) {
      const bytes = new Uint8Array(entry.length);
      await file.read(bytes, 0, entry.length, entry.offset);
      const data =
        entry.dtype === 'uint8'
          ? bytes
          : entry.dtype === 'int64'
            ? new BigInt64Array(bytes.buffer)
            : entry.dtype === 'int32'
              ? new Int32Array(bytes.buffer)
              : toFloat32(entry, bytes);
      result.set(name, { shape: entry.shape, data });
    }
  } finally {
    await file.close();
  }
  return { tensors: result, metadata };
}

/** Runs a graph once on the CPU provider. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<Record<string, TensorData>> {
  const session = await createSession(writeOnnx(graph), { provider: 'cpu', threads: 2 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/**
 * The worst excess of |actual − expected| over `absolute + relative·|expected|`, and where; ≤ 0 means within tolerance.
 */
export function worstExcess(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  absolute: number,
  relative: number,
): { excess: number; index: number; error: number } {
  if (actual.length !== expected.length)
    throw new RangeError(
      `Cannot compare: lengths must agree, got ${String(actual.length)} and ${String(expected.length)}`,
    );
  let worst = { excess: -Infinity, index: -1, error: 0 };
  for (let index = 0; index < actual.length; index++) {
    const error = Math.abs((actual[index] as number) - (expected[index] as number));
    const excess = error - absolute - relative * Math.abs(expected[index] as number);
    if (!(excess <= worst.excess)) worst = { excess, index, error };
  }
  return worst;
}
