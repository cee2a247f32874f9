/** Tests a device by running a graph on it, the only proof that it works. */
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-writer.ts';
import { add, scalar } from '../graph/ops.ts';
import { openSession } from './engine-session.ts';
import type { Device } from './providers.ts';

/** Adds two numbers on a device. @throws Error with the reason when it does not work */
export async function tryDevice(device: Device, cacheFolder: string): Promise<void> {
  const graph = new Graph('probe');
  const x = graph.input('x', 'float32', [1]);
  graph.output('y', add(x, scalar(x, 1)));
  const session = await openSession(writeOnnx(graph), { device, threads: 1, precision: 'fp32', cacheFolder });
  const { y } = await session.run({ x: { data: Float32Array.of(1), shape: [1] } });
  await session.release();
  if (y?.data[0] !== 2) throw new Error(`Cannot use ${device}: 1 + 1 must be 2, got ${y?.data[0]}`);
}
