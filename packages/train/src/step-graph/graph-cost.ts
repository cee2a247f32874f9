/** Memory and arithmetic of a graph, from its shapes: what a run will take before it is tried. */
import { BYTES_PER_ELEMENT, type Graph, type GraphNode, type Shape, type Value } from '@synseg/core/graph';

/** Cost of a run of a graph. */
export interface GraphCost {
  /** Most bytes of values that are needed at a time, inputs and constants included. */
  readonly bytes: number;
  /** Multiplications and additions of matrix products, linear layers and convolutions. */
  readonly flops: number;
  /** Bytes that its nodes read and write. */
  readonly moved: number;
}

/** Operators whose output is their first operand's memory. */
const VIEWS = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity']);

/** Adds up a graph whose nodes run in their order; `dimension` gives the named dimensions. */
export function graphCost(graph: Graph, dimension: (name: string) => number): GraphCost {
  const sizeOf = (shape: Shape): number =>
    shape.reduce<number>((product, side) => product * (typeof side === 'number' ? side : dimension(side)), 1);
  const bytesOf = ({ dtype, shape }: Value): number => sizeOf(shape) * BYTES_PER_ELEMENT[dtype];
  const memoryOf = (value: Value): Value => {
    const { producer } = value;
    const [viewed] = producer?.inputs ?? [];
    return viewed !== undefined && VIEWS.has(producer!.operator) ? memoryOf(viewed) : value;
  };
  const lastUse = new Map<Value, number>();
  for (const [index, { inputs }] of graph.nodes.entries())
    for (const input of inputs) if (input !== undefined) lastUse.set(memoryOf(input), index);
  for (const { value } of graph.outputs) lastUse.set(memoryOf(value), graph.nodes.length);
  let held = [...graph.inputs, ...graph.constants.map(({ value }) => value)].reduce((sum, x) => sum + bytesOf(x), 0);
  let [bytes, flops, moved] = [held, 0, 0];
  for (const [index, node] of graph.nodes.entries()) {
    for (const output of node.outputs) if (memoryOf(output) === output) held += bytesOf(output);
    [bytes, flops] = [Math.max(bytes, held), flops + flopsOf(node, sizeOf)];
    if (!VIEWS.has(node.operator))
      for (const value of [...node.inputs, ...node.outputs]) moved += value === undefined ? 0 : bytesOf(value);
    const used = new Set(node.inputs.flatMap((input) => (input === undefined ? [] : [memoryOf(input)])));
    for (const value of used) if (value.producer !== undefined && lastUse.get(value) === index) held -= bytesOf(value);
  }
  return { bytes, flops, moved };
}

function flopsOf({ operator, inputs: [x, kernel], outputs }: GraphNode, sizeOf: (shape: Shape) => number): number {
  const out = sizeOf(outputs[0]?.shape ?? []);
  // `affine()` is the one that writes Gemm, whose first operand lies as that of MatMul.
  if (operator === 'MatMul' || operator === 'Gemm') return 2 * out * sizeOf(x!.shape.slice(-1));
  return operator === 'Conv' ? 2 * out * sizeOf(kernel!.shape.slice(1)) : 0;
}
