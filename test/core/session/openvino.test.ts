/** Sessions of OpenVINO, where its library is: values, shapes, types, errors that never end the process, release. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { writeOnnx } from '../../../packages/core/src/graph/onnx-writer.ts';
import { add, cast, matmul, multiply, reduceMax, scalar } from '../../../packages/core/src/graph/ops.ts';
import type { GraphSession, TensorData } from '../../../packages/core/src/session/graph-session.ts';
import { createSession } from '../../../packages/core/src/session/onnxruntime.ts';
import { createOpenVinoSession, openVinoInfo } from '../../../packages/core/src/session/openvino.ts';
import type { Precision } from '../../../packages/core/src/session/protocol.ts';
import { hasOpenVino, whyNoOpenVino } from '../../support/openvino.ts';
import { gaussians } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { worstExcess } from '../../support/tensors.ts';

const root = temporaryFolder();
const cacheFolder = join(root, 'cache');
const floats = (values: readonly number[], shape: readonly number[]): TensorData => ({
  data: Float32Array.from(values),
  shape,
});

function load(graph: Graph, precision: Precision = 'fp32'): Promise<GraphSession> {
  return createOpenVinoSession(writeOnnx(graph), { device: 'openvino', threads: 2, precision, cacheFolder });
}

/** `scaled = x · factor` for any number of rows, its largest number, and `x` itself. */
function rows(): Graph {
  const graph = new Graph('rows');
  const x = graph.input('x', 'float32', ['n', 2]);
  const scaled = multiply(x, graph.input('factor', 'float32', []));
  graph.output('scaled', scaled);
  graph.output('again', scaled);
  graph.output('largest', reduceMax(scaled, [0, 1]));
  graph.output('x', x);
  return graph;
}

describe.skipIf(!hasOpenVino)(`a session of OpenVINO${whyNoOpenVino}`, () => {
  it('runs a graph with any number of rows, and gives outputs their own names, values and shapes', async () => {
    const session = await load(rows());
    expect(session.inputNames).toEqual(['x', 'factor']);
    for (const values of [
      [1, 2, 3, 4, 5, 6],
      [7, 8],
      [9, 8, 7, 6],
    ]) {
      const shape = [values.length / 2, 2];
      const results = await session.run({ x: floats(values, shape), factor: floats([3], []) });
      const scaled = values.map((value) => 3 * value);
      expect(results).toEqual({
        scaled: floats(scaled, shape),
        again: floats(scaled, shape),
        largest: floats([Math.max(...scaled)], []),
        x: floats(values, shape),
      });
    }
    await session.release();
  });

  it('gives results that later runs leave alone', async () => {
    const session = await load(rows());
    const first = await session.run({ x: floats([1, 2], [1, 2]), factor: floats([1], []) });
    await session.run({ x: floats([5, 6], [1, 2]), factor: floats([1], []) });
    expect(first['scaled']).toEqual(floats([1, 2], [1, 2]));
    await session.release();
  });

  it.each([
    ['float32', Float32Array.of(1.5, -2)],
    ['float64', Float64Array.of(1.5, -2)],
    ['uint8', Uint8Array.of(1, 255)],
    ['int32', Int32Array.of(-7, 2 ** 30)],
    ['int64', BigInt64Array.of(-7n, 2n ** 30n)],
  ] as const)('takes and gives %s', async (type, data) => {
    const graph = new Graph('types');
    const x = graph.input('x', type, [2]);
    graph.output('same', x);
    graph.output('float', cast(x, 'float32'));
    const session = await load(graph);
    const { same, float } = await session.run({ x: { data, shape: [2] } });
    expect(same).toEqual({ data, shape: [2] });
    expect(float?.data).toEqual(Float32Array.from(data, Number));
    await session.release();
  });

  it('reads a part of an array, and memory that threads share', async () => {
    const session = await load(rows());
    const factor = floats([1], []);
    const part = { data: Float32Array.of(0, 1, 2, 3).subarray(1, 3), shape: [1, 2] };
    expect((await session.run({ x: part, factor }))['scaled']).toEqual(floats([1, 2], [1, 2]));
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([4, 5]);
    expect((await session.run({ x: { data: shared, shape: [1, 2] }, factor }))['scaled']).toEqual(
      floats([4, 5], [1, 2]),
    );
    await session.release();
  });

  it.each<[string, Record<string, TensorData>, string]>([
    [
      'another shape',
      { x: floats([1, 2, 3], [1, 3]) },
      'input "x" must be [?, 2] of the graph\'s type, got 3 numbers of Float32Array as [1, 3]',
    ],
    ['fewer numbers than its shape says', { x: floats([1, 2, 3], [2, 2]) }, 'got 3 numbers of Float32Array as [2, 2]'],
    ['a negative dimension', { x: floats([1, 2], [-1, -2]) }, 'got 2 numbers of Float32Array as [-1, -2]'],
    ['another type', { x: { data: Uint8Array.of(1, 2), shape: [1, 2] } }, 'got 2 numbers of Uint8Array as [1, 2]'],
    ['another rank', { x: floats([1, 2], [2]) }, 'got 2 numbers of Float32Array as [2]'],
    ['no rows at all', { x: floats([], [0, 2]) }, 'OpenVINO must finish, got '],
    ['another name', { x: floats([1, 2], [1, 2]), z: floats([1], []) }, 'inputs must be of x, factor, got "z"'],
    ['nothing', {}, 'input "x" must be fed, got nothing'],
  ])('says INFERENCE for an input of %s, and works on', async (_, feeds, message) => {
    const session = await load(rows());
    const factor = floats([2], []);
    const failed = session.run({ factor, ...feeds });
    await expect(failed).rejects.toMatchObject({ code: 'INFERENCE' });
    await expect(failed).rejects.toThrow(message);
    const { scaled } = await session.run({ x: floats([1, 2], [1, 2]), factor });
    expect(scaled).toEqual(floats([2, 4], [1, 2]));
    await session.release();
  });

  it("says INFERENCE with the library's words when inputs do not go together", async () => {
    const graph = new Graph('pair');
    const [a, b] = [graph.input('a', 'float32', ['n', 2]), graph.input('b', 'float32', ['n', 2])];
    graph.output('sum', add(a, b));
    const session = await load(graph);
    const run = session.run({ a: floats([1, 2, 3, 4], [2, 2]), b: floats([1, 2, 3, 4, 5, 6], [3, 2]) });
    await expect(run).rejects.toMatchObject({
      code: 'INFERENCE',
      message: expect.stringMatching(/^Cannot run graph: OpenVINO must finish, got .*[^\s]$/),
    });
    await session.release();
  });

  it('is released once or twice, and refuses to run then', async () => {
    const session = await load(rows());
    await session.release();
    await session.release();
    await expect(session.run({ x: floats([1, 2], [1, 2]), factor: floats([1], []) })).rejects.toMatchObject({
      code: 'INFERENCE',
      message: 'Cannot run graph: the session must not be released, got a run after that',
    });
  });

  it('says MODEL_LOAD for bytes that are no model and for operators that it has not', async () => {
    const settings = { device: 'openvino', threads: 1, precision: 'fp32', cacheFolder } as const;
    const broken = createOpenVinoSession({ bytes: new Uint8Array([1, 2, 3]), externalFolder: undefined }, settings);
    await expect(broken).rejects.toMatchObject({ code: 'MODEL_LOAD' });
    const graph = new Graph('foreign');
    const x = graph.input('x', 'float32', [1]);
    graph.output('y', graph.node('NoSuchOperator', [x], { dtype: 'float32', shape: [1] }));
    await expect(load(graph)).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message: expect.stringMatching(/^Cannot load graph: OpenVINO must accept it, got .*NoSuchOperator/),
    });
  });

  it('says DEVICE_UNAVAILABLE for a device that is not here, with those that are', async () => {
    const { devices } = await openVinoInfo();
    expect(devices).toContain('CPU');
    if (devices.some((name) => name.startsWith('NPU'))) return;
    const settings = { device: 'openvino:npu', threads: 1, precision: 'fp32', cacheFolder } as const;
    await expect(createOpenVinoSession(writeOnnx(rows()), settings)).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: `Cannot use device "openvino:npu": it must be one that OpenVINO finds here, got ${devices.join(', ')}`,
    });
  });

  it('compiles a graph once for all sessions, and one apart for each precision', async () => {
    const own = join(root, 'once');
    const graph = new Graph('once');
    const x = graph.input('x', 'float32', ['n', 64]);
    graph.output('y', matmul(x, graph.floats(gaussians(64 * 64, 1), [64, 64])));
    const folders = (): string[] => readdirSync(join(own, 'openvino')).filter((name) => name.startsWith('graph-'));
    const feeds = { x: { data: gaussians(64 * 8, 2), shape: [8, 64] } };
    const run = async (precision: Precision): Promise<Float32Array> => {
      const settings = { device: 'openvino', threads: 2, precision, cacheFolder: own } as const;
      const session = await createOpenVinoSession(writeOnnx(graph), settings);
      const { y } = await session.run(feeds);
      await session.release();
      return y?.data as Float32Array;
    };
    const first = await run('fp32');
    const made = folders();
    expect(made).toHaveLength(1);
    expect(await run('fp32')).toEqual(first);
    expect(folders()).toEqual(made);
    const reference = await createSession(writeOnnx(graph), { provider: 'cpu', threads: 2 });
    const exact = (await reference.run(feeds))['y']?.data as Float32Array;
    await reference.release();
    expect(worstExcess(first, exact, 1e-4, 1e-5).excess).toBeLessThan(0);
    const half = await run('fp16').catch((error: unknown) => error as Error);
    if (half instanceof Error) expect(half.message).toContain('Cannot use precision "fp16": it must be one that');
    else {
      // The library would take fp32's file for fp16's, were they in one folder.
      expect(folders()).toHaveLength(2);
      expect(worstExcess(half, exact, 0, 0).error).toBeGreaterThan(1e-4);
      expect(await run('fp32')).toEqual(first);
    }
  });

  it('does not grow with runs and loads', async () => {
    const graph = new Graph('memory');
    const x = graph.input('x', 'float32', ['n', 1024]);
    graph.output('y', multiply(x, scalar(x, 2)));
    const rss = (): number => process.memoryUsage.rss() / 2 ** 20;
    const round = async (): Promise<void> => {
      const session = await load(graph);
      for (let run = 0; run < 20; run++)
        await session.run({ x: { data: new Float32Array(2 ** 20), shape: [1024, 1024] } });
      await session.release();
    };
    for (let warm = 0; warm < 3; warm++) await round();
    const before = rss();
    // 200 runs of 8 MB: an input or an output that stays would be 800 MB.
    for (let rounds = 0; rounds < 10; rounds++) await round();
    expect(rss() - before).toBeLessThan(300);
  });
});

it('says how to get OpenVINO where it is missing, and does not pass over a wrong OPENVINO_LIB', async () => {
  const script = `
    import { Segmenter } from '@synseg/core';
    await Segmenter.load('embedded', { device: 'openvino' }).catch(({ code, message }) => console.log(code, message));
  `;
  const run = async (environment: Record<string, string>): Promise<string> => {
    const { OPENVINO_LIB: _, ...env } = process.env;
    const node = ['--input-type=module', '--eval', script];
    return (await promisify(execFile)(process.execPath, node, { env: { ...env, PATH: root, ...environment } })).stdout;
  };
  expect(await run({ OPENVINO_LIB: '/nowhere' })).toMatch(
    /^DEVICE_UNAVAILABLE Cannot use OpenVINO: OPENVINO_LIB must name OpenVINO's C library .* got "\/nowhere"/,
  );
  expect(await run({ LD_LIBRARY_PATH: '' })).toMatch(
    /^DEVICE_UNAVAILABLE Cannot use OpenVINO: its C library must load, got .* \(npm i koffi; pip install openvino; OPENVINO_LIB/,
  );
});
