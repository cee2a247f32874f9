/** Tests an execution provider by running a graph on it, the only proof that it works. */
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { add, scalar } from '../graph/ops.ts';
import { createSession } from './onnxruntime.ts';
import type { Provider } from './providers.ts';

/** Adds two numbers on a provider. @throws Error with the reason when the provider does not work */
export async function tryProvider(provider: Provider): Promise<void> {
  const graph = new Graph('probe');
  const x = graph.input('x', 'float32', [1]);
  graph.output('y', add(x, scalar(x, 1)));
  const session = await createSession(writeOnnx(graph), { provider, threads: 1 });
  const { y } = await session.run({ x: { data: Float32Array.of(1), shape: [1] } });
  await session.release();
  if (y?.data[0] !== 2) throw new Error(`Cannot use ${provider}: 1 + 1 must be 2, got ${y?.data[0]}`);
}
