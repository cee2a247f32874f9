import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { decodeModel } from '../../../packages/core/src/graph/onnx-schema.ts';
import { callerName, writeOnnx } from '../../../packages/core/src/graph/onnx-writer.ts';
import { add, matmul, multiply, relu, scalar, softmax } from '../../../packages/core/src/graph/ops.ts';
import { conv, resize } from '../../../packages/core/src/graph/picture-ops.ts';
import { createSession } from '../../../packages/core/src/session/onnxruntime.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runGraph } from '../../support/tensors.ts';

const folder = temporaryFolder();

function sample(factor = 2): Graph {
  const graph = new Graph('sample');
  const x = graph.input('x', 'float32', ['n', 2]);
  graph.output('y', softmax(relu(add(matmul(x, graph.floats([1, 2, 3, 4], [2, 2])), scalar(x, factor)))));
  return graph;
}

describe('writeOnnx()', () => {
  it('writes the same bytes for the same graph', () => {
    expect(Buffer.compare(writeOnnx(sample()).bytes, writeOnnx(sample()).bytes)).toBe(0);
    const graph = sample();
    expect(Buffer.compare(writeOnnx(graph).bytes, writeOnnx(graph).bytes), 'writing does not change the graph').toBe(0);
    expect(
      Buffer.compare(writeOnnx(sample()).bytes, writeOnnx(sample(3)).bytes),
      'another number, other bytes',
    ).not.toBe(0);
  });

  it('states opset, producer, and inputs and outputs with their open dimensions', () => {
    const model = decodeModel(writeOnnx(sample()).bytes);
    expect(model.producerName).toBe('synseg');
    expect(model.opsetImport.map(({ domain, version }) => [domain ?? '', Number(version)])).toEqual([['', 17]]);
    const [input] = model.graph.input;
    expect(input?.name).toBe('x');
    expect(input?.type.tensorType.shape.dim.map((dim) => dim.dimParam || Number(dim.dimValue))).toEqual(['n', 2]);
    expect(model.graph.output.map(({ name }) => callerName(name))).toEqual(['y']);
  });

  it('leaves out an omitted input at the end of the list, and names one in between with the empty name', () => {
    const graph = new Graph('omitted');
    const picture = graph.input('picture', 'float32', [1, 1, 4, 4]);
    const kernel = graph.floats([1], [1, 1, 1, 1]);
    graph.output('y', resize(conv(picture, kernel, undefined, { stride: 1, padding: 0 }), [1, 1, 2, 2], 'linear'));
    const nodes = decodeModel(writeOnnx(graph).bytes).graph.node;
    // WebGPU's Conv takes an empty third name for a bias and ends the process.
    expect(nodes.find(({ opType }) => opType === 'Conv')?.input).toEqual(['picture', kernel.name]);
    expect(nodes.find(({ opType }) => opType === 'Resize')?.input.slice(1, 3)).toEqual(['', '']);
  });

  it('lets one value be several outputs, and an output be called like an input', async () => {
    const graph = new Graph('names');
    const x = graph.input('x', 'float32', [2]);
    const doubled = multiply(x, scalar(x, 2));
    graph.output('x', doubled);
    graph.output('again', doubled);
    graph.output('same', x);
    const results = await runGraph(graph, { x: { data: Float32Array.of(1, 2), shape: [2] } });
    expect(Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]))).toEqual({
      x: [2, 4],
      again: [2, 4],
      same: [1, 2],
    });
  });

  it('refers to weights in a file and does not copy them', async () => {
    const path = join(folder, 'weights.bin');
    writeFileSync(path, Buffer.concat([Buffer.alloc(12, 0xff), Buffer.from(Float32Array.of(1.5, -2, 4).buffer)]));
    const graph = new Graph('external');
    const weight = graph.constant('weight', 'float32', [3], { kind: 'file', path, offset: 12, length: 12 });
    graph.output('y', add(graph.input('x', 'float32', [3]), weight));
    const model = writeOnnx(graph);
    expect(model.externalFolder).toBe(folder);
    expect(decodeModel(model.bytes).graph.initializer[0]?.externalData).toMatchObject([
      { key: 'location', value: 'weights.bin' },
      { key: 'offset', value: '12' },
      { key: 'length', value: '12' },
    ]);
    const { y } = await runGraph(graph, { x: { data: Float32Array.of(1, 1, 1), shape: [3] } });
    expect([...(y?.data ?? [])]).toEqual([2.5, -1, 5]);
  });

  it('refuses weight files of two folders', () => {
    const graph = new Graph('split');
    const file = (path: string) => graph.constant('w', 'float32', [1], { kind: 'file', path, offset: 0, length: 4 });
    graph.output('y', add(file('/a/one'), file('/b/two')));
    expect(() => writeOnnx(graph)).toThrow(
      new RangeError('Cannot write graph "split": its weight files must lie in one folder, got /a, /b'),
    );
  });
});

describe('createSession()', () => {
  it('says MODEL_LOAD for bytes that are no model', async () => {
    const load = createSession(
      { bytes: new Uint8Array([1, 2, 3]), externalFolder: undefined },
      { provider: 'cpu', threads: 1 },
    );
    await expect(load).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message: expect.stringMatching(/^Cannot load graph: onnxruntime must accept it, got /),
    });
  });

  it('says MODEL_LOAD when the weight file is gone', async () => {
    const graph = new Graph('gone');
    const path = join(mkdtempSync(join(folder, 'empty-')), 'weights.bin');
    graph.output(
      'y',
      add(
        graph.input('x', 'float32', [1]),
        graph.constant('w', 'float32', [1], { kind: 'file', path, offset: 0, length: 4 }),
      ),
    );
    await expect(createSession(writeOnnx(graph), { provider: 'cpu', threads: 1 })).rejects.toMatchObject({
      code: 'MODEL_LOAD',
    });
  });

  it('says INFERENCE for feeds of another shape, and works on', async () => {
    const session = await createSession(writeOnnx(sample()), { provider: 'cpu', threads: 1 });
    await expect(session.run({ x: { data: new Float32Array(3), shape: [1, 3] } })).rejects.toMatchObject({
      code: 'INFERENCE',
      message: expect.stringMatching(/^Cannot run graph: onnxruntime must finish, got /),
    });
    expect((await session.run({ x: { data: Float32Array.of(0, 0), shape: [1, 2] } }))['y']?.data).toEqual(
      Float32Array.of(0.5, 0.5),
    );
    await session.release();
  });
});
