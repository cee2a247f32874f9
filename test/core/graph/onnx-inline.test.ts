/** A foreign ONNX model inside a graph: what it must look like, and that its numbers are its own. */
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { addForeignModel, type ForeignSignature } from '../../../packages/core/src/graph/onnx-inline.ts';
import { decodeModel, encodeModel, type ModelProto } from '../../../packages/core/src/graph/onnx-schema.ts';
import { writeOnnx } from '../../../packages/core/src/graph/onnx-writer.ts';
import { add, cast, multiply } from '../../../packages/core/src/graph/ops.ts';
import { reshape } from '../../../packages/core/src/graph/shape-ops.ts';
import { runGraph } from '../../support/tensors.ts';

/** `pixels` uint8 [n, 4] → `tap` float32 [n, 2, 2]: pixels · [1, 2, 3, 4]. */
function foreign(change: (model: ModelProto) => void = () => undefined): Uint8Array {
  const graph = new Graph('foreign');
  const pixels = graph.input('pixels', 'uint8', ['n', 4]);
  graph.output('y', reshape(multiply(cast(pixels, 'float32'), graph.floats([1, 2, 3, 4])), ['n', 2, 2]));
  const model = decodeModel(writeOnnx(graph).bytes);
  // Our writer's own output names carry a prefix; a foreign model's do not.
  (model.graph.output[0] as { name: string }).name = 'tap';
  (model.graph.node.at(-1) as { output: string[] }).output = ['tap'];
  change(model);
  return encodeModel(model);
}

function inline(bytes: Uint8Array, change: Partial<{ input: string; output: string; channels: number }> = {}): Graph {
  const graph = new Graph('host');
  const value = graph.input('picture', 'uint8', ['n', 4]);
  const signature: ForeignSignature = {
    input: { name: change.input ?? 'pixels', value },
    outputs: [{ name: change.output ?? 'tap', dtype: 'float32', shape: ['n', 2, change.channels ?? 2] }],
  };
  const [tap] = addForeignModel(graph, bytes, signature);
  graph.output('sum', add(tap as NonNullable<typeof tap>, graph.floats([0.5])));
  return graph;
}

describe('addForeignModel()', () => {
  it('computes what the model computes', async () => {
    const { sum } = await runGraph(inline(foreign()), {
      picture: { data: Uint8Array.of(1, 1, 1, 1, 2, 0, 0, 255), shape: [2, 4] },
    });
    expect([sum?.shape, [...(sum?.data ?? [])]]).toEqual([
      [2, 2, 2],
      [1.5, 2.5, 3.5, 4.5, 2.5, 0.5, 0.5, 1020.5],
    ]);
  });

  it('can be put in twice: names are kept apart', async () => {
    const graph = new Graph('host');
    const value = graph.input('picture', 'uint8', ['n', 4]);
    const signature: ForeignSignature = {
      input: { name: 'pixels', value },
      outputs: [{ name: 'tap', dtype: 'float32', shape: ['n', 2, 2] }],
    };
    const taps = [addForeignModel(graph, foreign(), signature), addForeignModel(graph, foreign(), signature)].flat();
    graph.output(
      'sum',
      taps.reduce((a, b) => add(a, b)),
    );
    const { sum } = await runGraph(graph, { picture: { data: Uint8Array.of(1, 2, 3, 4), shape: [1, 4] } });
    expect([...(sum?.data ?? [])]).toEqual([2, 8, 18, 32]);
  });

  it('may have nodes without names, as ONNX allows', async () => {
    const graph = inline(foreign((model) => model.graph.node.forEach((node) => (node.name = ''))));
    const { sum } = await runGraph(graph, { picture: { data: Uint8Array.of(1, 1, 1, 1), shape: [1, 4] } });
    expect([...(sum?.data ?? [])]).toEqual([1.5, 2.5, 3.5, 4.5]);
  });

  it('refuses another input name, naming what is there', () => {
    expect(() => inline(foreign(), { input: 'image' })).toThrow(
      new RangeError('Cannot inline ONNX model: it must have an input "image", got pixels'),
    );
  });

  it('refuses another output name, naming what is there', () => {
    expect(() => inline(foreign(), { output: 'tap0' })).toThrow(
      new RangeError('Cannot inline ONNX model: it must have an output "tap0", got tap'),
    );
  });

  it('refuses another output shape, naming both sides', () => {
    expect(() => inline(foreign(), { channels: 3 })).toThrow(
      new RangeError('Cannot inline ONNX model: output "tap" must be float32 [n, 2, 3], got type 1 [n, 2, 2]'),
    );
  });

  it('refuses another input element type', () => {
    const bytes = foreign((model) => ((model.graph.input[0]?.type.tensorType as { elemType: number }).elemType = 1));
    expect(() => inline(bytes)).toThrow(
      new RangeError('Cannot inline ONNX model: input "pixels" must be uint8 [n, 4], got type 1 [n, 4]'),
    );
  });

  it.each([[12], [22]])('refuses opset %i', (opset) => {
    const bytes = foreign((model) => (model.opsetImport = [{ domain: '', version: opset }]));
    expect(() => inline(bytes)).toThrow(
      new RangeError(`Cannot inline ONNX model: opset must be in [13, 21], got ${String(opset)}`),
    );
  });

  it.each(['If', 'Loop', 'Scan', 'SequenceMap'])('refuses control flow: a run of %s may have no end', (opType) => {
    const bytes = foreign((model) => ((model.graph.node[0] as { opType: string }).opType = opType));
    expect(() => inline(bytes)).toThrow(
      `Cannot inline ONNX model: it must have no control flow (If, Loop, Scan, SequenceMap), got "${opType}"`,
    );
  });

  it('refuses weights outside the file', () => {
    const bytes = foreign((model) => ((model.graph.initializer[0] as { dataLocation: number }).dataLocation = 1));
    expect(() => inline(bytes)).toThrow(
      'Cannot inline ONNX model: weights must be inside the file, got external tensor',
    );
  });

  it.each([
    ['text', Buffer.from('not a model at all')],
    ['nothing', new Uint8Array(0)],
    ['half a model', foreign().subarray(0, 40)],
    [
      'a message without a graph',
      encodeModel({ irVersion: 8, opsetImport: [{ version: 17 }] } as unknown as ModelProto),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(() => inline(bytes)).toThrow(RangeError);
    expect(() => inline(bytes)).toThrow(
      /^Cannot inline ONNX model: (bytes must be a serialized ModelProto|it must hold a graph), got /,
    );
  });
});
