import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { writeOnnx } from '../../../packages/core/src/graph/onnx-writer.ts';
import { add, multiply, scalar } from '../../../packages/core/src/graph/ops.ts';
import { ResidentTensor } from '../../../packages/core/src/session/graph-session.ts';
import { createSession } from '../../../packages/core/src/session/onnxruntime.ts';

/** `state' = 2 state + x`, and their sum as a figure. */
function counter(): Graph {
  const graph = new Graph('counter');
  const state = graph.input('state', 'float32', [2]);
  const x = graph.input('x', 'float32', [2]);
  const next = add(multiply(state, scalar(state, 2)), x);
  graph.output('state', next);
  graph.output('figure', add(next, x));
  return graph;
}

describe('a session of onnxruntime', () => {
  it('keeps resident outputs as handles that feed the next run', async () => {
    const session = await createSession(writeOnnx(counter()), { provider: 'cpu', threads: 1, resident: ['state'] });
    const x = { data: Float32Array.of(1, 10), shape: [2] };
    const first = await session.runResident({ state: { data: Float32Array.of(1, 1), shape: [2] }, x });
    expect(first.resident['state']).toBeInstanceOf(ResidentTensor);
    expect(Object.keys(first.results)).toEqual(['figure']);
    const second = await session.runResident({ state: first.resident['state'] as ResidentTensor, x });
    expect([...(second.results['figure']?.data ?? [])]).toEqual([8, 44]);
    first.resident['state']?.dispose();
    second.resident['state']?.dispose();
    await session.release();
  });

  it('names its inputs', async () => {
    const session = await createSession(writeOnnx(counter()), { provider: 'cpu', threads: 1 });
    expect(session.inputNames).toEqual(['state', 'x']);
    await session.release();
  });
});
