/** The network's parts against themselves run another way: label by label, padded, at another precision. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../packages/core/src/checkpoint/checkpoint.ts';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { quantizedMatmul } from '../../../packages/core/src/graph/ops.ts';
import type { TransformerDecoderConfig } from '../../../packages/core/src/checkpoint/model-config.ts';
import { decode } from '../../../packages/core/src/model/decoder.ts';
import {
  buildDecodeGraph,
  buildSplitGraph,
  buildTextGraph,
  buildTrunkGraph,
  type ParameterSource,
} from '../../../packages/core/src/model/model-graphs.ts';
import { CheckpointParameters } from '../../../packages/core/src/model/parameters.ts';
import { quantizeRows, QuantizedParameters } from '../../../packages/core/src/model/quantized-parameters.ts';
import { promptBatch } from '../../../packages/core/src/text/prompt-batch.ts';
import type { TensorData } from '../../../packages/core/src/session/graph-session.ts';
import { gaussians, picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';

const root = temporaryFolder();

async function open(name: string, options: Parameters<typeof writeTinyClipseg>[1] = {}) {
  const { config, weights } = await openCheckpoint(writeTinyClipseg(join(root, name), options));
  const source: ParameterSource = (graph) => new CheckpointParameters(graph, weights);
  return { config, decoder: config.decoder as TransformerDecoderConfig, weights, source };
}

const floats = (tensor: TensorData | undefined): Float32Array => tensor?.data as Float32Array;

/** Order of summation differs between the two runs, nothing else: a few units in the last place of numbers near 10. */
function expectEqual(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const { excess, error } = worstExcess(actual, expected, 1e-5, 1e-5);
  expect(excess, `error ${String(error)}`).toBeLessThanOrEqual(0);
}

describe('decoder', () => {
  const text = gaussians(3 * EMBEDDING_DIM, 5);

  it.each([0, 1, 2])('conditioned at layer %i gives each label what it would get alone', async (conditionalLayer) => {
    const { config, source } = await open(`conditional-${String(conditionalLayer)}`, { conditionalLayer });
    const taps = Object.fromEntries(
      [0, 1, 2].map((tap) => [`tap${String(tap)}`, { data: gaussians(2 * 17 * 32, 10 + tap), shape: [2, 1, 17, 32] }]),
    );
    const graph = buildDecodeGraph(config, source, 1, 'mean');
    const { logits } = await runGraph(graph, { ...taps, text: { data: text, shape: [3, EMBEDDING_DIM] } });
    expect(logits?.shape).toEqual([2, 3, 32, 32]);
    for (let label = 0; label < 3; label++) {
      const alone = await runGraph(graph, {
        ...taps,
        text: { data: text.slice(label * EMBEDDING_DIM, (label + 1) * EMBEDDING_DIM), shape: [1, EMBEDDING_DIM] },
      });
      for (let image = 0; image < 2; image++) {
        expectEqual(
          floats(logits).slice((image * 3 + label) * 1024, (image * 3 + label + 1) * 1024),
          floats(alone['logits']).slice(image * 1024, (image + 1) * 1024),
        );
      }
    }
    const [first, second] = [floats(logits).slice(0, 1024), floats(logits).slice(1024, 2048)];
    expect(worstExcess(first, second, 0.1, 0).excess, 'labels do change the logits').toBeGreaterThan(0);
  });

  it('reports one row per image and label for every layer, also before the conditional one', async () => {
    const { decoder, source } = await open('hidden', { conditionalLayer: 1 });
    const graph = new Graph('hidden');
    const parameters = source(graph);
    const taps = [0, 1, 2].map((tap) => graph.input(`tap${String(tap)}`, 'float32', ['images', 17, 32]));
    const { hidden } = decode(parameters, taps, graph.input('text', 'float32', ['labels', EMBEDDING_DIM]), decoder);
    hidden.forEach((state, index) => graph.output(`hidden${String(index)}`, state));
    const feeds = Object.fromEntries(
      [0, 1, 2].map((tap) => [`tap${String(tap)}`, { data: gaussians(2 * 17 * 32, tap), shape: [2, 17, 32] }]),
    );
    const results = await runGraph(graph, { ...feeds, text: { data: text, shape: [3, EMBEDDING_DIM] } });
    expect(Object.values(results).map(({ shape }) => shape)).toEqual(Array.from({ length: 4 }, () => [6, 17, 16]));
    const rows = floats(results['hidden1']);
    expect([...rows.slice(0, 272)], 'before FiLM all labels of an image are one').toEqual([...rows.slice(272, 544)]);
    expect([...rows.slice(0, 272)]).not.toEqual([...rows.slice(3 * 272, 4 * 272)]);
  });

  it.each([0, 1, 2])(
    'conditioned at layer %i, pairs each row with the picture it is assigned to',
    async (conditionalLayer) => {
      const { decoder, source } = await open(`assigned-${String(conditionalLayer)}`, { conditionalLayer });
      const feeds = Object.fromEntries(
        [0, 1, 2].map((tap) => [`tap${String(tap)}`, { data: gaussians(2 * 17 * 32, 20 + tap), shape: [2, 17, 32] }]),
      );
      const features = async (
        rows: number,
        data: Float32Array,
        assignment?: readonly number[],
      ): Promise<Float32Array[]> => {
        const graph = new Graph('rows');
        const taps = [0, 1, 2].map((tap) => graph.input(`tap${String(tap)}`, 'float32', ['images', 17, 32]));
        const words = graph.input('text', 'float32', ['labels', EMBEDDING_DIM]);
        const states = decode(
          source(graph),
          taps,
          words,
          decoder,
          assignment === undefined ? undefined : graph.input('assignment', 'float32', ['labels', 'images']),
        );
        graph.output('features', states.features);
        states.hidden.forEach((state, index) => graph.output(`hidden${String(index)}`, state));
        const results = await runGraph(graph, {
          ...feeds,
          text: { data, shape: [rows, EMBEDDING_DIM] },
          ...(assignment === undefined
            ? {}
            : { assignment: { data: Float32Array.from(assignment), shape: [rows, 2] } }),
        });
        return Object.values(results).map(floats);
      };
      const all = await features(3, text);
      const word = (label: number): Float32Array => text.slice(label * EMBEDDING_DIM, (label + 1) * EMBEDDING_DIM);
      const some = await features(3, Float32Array.of(...word(2), ...word(0), ...word(2)), [0, 1, 0, 1, 1, 0]);
      some.forEach((values, index) => {
        const length = values.length / 3;
        const expected = [3 + 2, 3 + 0, 2].flatMap((row) => [
          ...(all[index] as Float32Array).slice(row * length, (row + 1) * length),
        ]);
        expectEqual(values, expected);
      });
    },
  );

  it('refuses an assignment that does not fit rows and pictures', async () => {
    const { decoder, source } = await open('misassigned');
    const graph = new Graph('rows');
    const taps = [0, 1, 2].map((tap) => graph.input(`tap${String(tap)}`, 'float32', [2, 17, 32]));
    const words = graph.input('text', 'float32', [3, EMBEDDING_DIM]);
    const assignment = graph.input('assignment', 'float32', [2, 3]);
    expect(() => decode(source(graph), taps, words, decoder, assignment)).toThrow(
      'Cannot decode: assignment must be float32 [3, 2], got assignment: float32 [2, 3]',
    );
  });
});

describe('text encoder', () => {
  it('gives a prompt the same embedding at its own length and padded to 77', async () => {
    const { config, source } = await open('text');
    const graph = buildTextGraph(config, source);
    const prompts = [
      [520, 5, 521],
      [520, 7, 9, 300, 514, 2, 521],
      [520, ...Array.from({ length: 75 }, (_, index) => index), 521],
    ];
    const together = floats((await runGraph(graph, promptBatch(prompts)))['embeddings']);
    for (const [row, prompt] of prompts.entries()) {
      const { embeddings } = await runGraph(graph, promptBatch([prompt]));
      expectEqual(floats(embeddings), together.slice(row * EMBEDDING_DIM, (row + 1) * EMBEDDING_DIM));
    }
  });

  it('depends on every token before the end', async () => {
    const { config, source } = await open('text-order');
    const embed = async (ids: number[]): Promise<Float32Array> =>
      floats((await runGraph(buildTextGraph(config, source), promptBatch([ids])))['embeddings']);
    const difference = worstExcess(await embed([520, 5, 6, 521]), await embed([520, 6, 5, 521]), 0.01, 0);
    expect(difference.excess).toBeGreaterThan(0);
  });
});

describe('trunk graph', () => {
  it('sees the views of a picture as it would see each alone', async () => {
    const { config, source } = await open('views');
    const { data } = picture(64, 64, 3);
    const views = (await runGraph(buildSplitGraph(config), { pixels: { data, shape: [1, 64, 64, 3] } }))[
      'views'
    ] as TensorData;
    expect(views.shape).toEqual([5, 32, 32, 3]);
    const { tap0, tap2 } = await runGraph(buildTrunkGraph(config, source), { views });
    expect([tap0?.shape, tap2?.shape]).toEqual([
      [5, 17, 32],
      [5, 17, 32],
    ]);
    const last = { data: views.data.slice(4 * 3072) as Uint8Array, shape: [1, 32, 32, 3] };
    const alone = await runGraph(buildTrunkGraph(config, source), { views: last });
    expectEqual(floats(tap2).slice(4 * 544), floats(alone['tap2']));
  });

  it('names tensor, both shapes and file when a weight has another shape', async () => {
    const tensors = { 'decoder.reduces.1.bias': { shape: [8], data: new Float32Array(8) } };
    const { config, source } = await open('wrong', { tensors });
    const file = join(root, 'wrong', 'model.safetensors');
    expect(() => buildDecodeGraph(config, source, 1, 'mean')).toThrow(
      `Cannot load checkpoint: tensor "decoder.reduces.1.bias" must be [16], got [8] in model.safetensors (${file})`,
    );
  });
});

describe('int8 weights', () => {
  it("are within half a step of the originals, the step being the row's largest magnitude / 127", () => {
    const [rows, columns] = [7, 33];
    const weight = gaussians(rows * columns, 9);
    weight.fill(0, 0, columns);
    const { matrix, scale } = quantizeRows(weight, rows, columns);
    expect(scale[0], 'a row of zeros').toBe(1);
    for (let row = 0; row < rows; row++) {
      const values = [...weight.slice(row * columns, (row + 1) * columns)];
      const largest = Math.max(...values.map(Math.abs));
      if (row > 0) expect(scale[row]).toBeCloseTo(largest / 127, 7);
      values.forEach((value, column) => {
        const restored = ((matrix[column * rows + row] as number) - 128) * (scale[row] as number);
        expect(Math.abs(restored - value)).toBeLessThanOrEqual(((scale[row] as number) / 2) * (1 + 1e-5));
      });
    }
  });

  it('give large products whole, on every processor', async () => {
    const [rows, inner, columns] = [3, 64, 5];
    const graph = new Graph('product');
    const a = graph.input('a', 'float32', [rows, inner]);
    const { matrix, scale } = quantizeRows(new Float32Array(columns * inner).fill(0.5), columns, inner);
    const inline = (
      name: string,
      dtype: 'uint8' | 'float32',
      shape: readonly number[],
      data: Uint8Array | Float32Array,
    ) => graph.constant(name, dtype, shape, { kind: 'inline', bytes: new Uint8Array(data.buffer) });
    const zeroPoint = inline('zero', 'uint8', [columns], new Uint8Array(columns).fill(128));
    graph.output(
      'y',
      quantizedMatmul(
        a,
        inline('b', 'uint8', [inner, columns], matrix),
        inline('scale', 'float32', [columns], scale),
        zeroPoint,
        graph.floats(new Float32Array(columns), [columns]),
      ),
    );
    const { y } = await runGraph(graph, { a: { data: new Float32Array(rows * inner).fill(2), shape: [rows, inner] } });
    // 64 products of 255 · 127: in pairs they do not fit 16 bits with a sign. The rest is float32's rounding.
    for (const value of floats(y)) expect(Math.abs(value - inner)).toBeLessThan(1e-3);
  });

  it('change the taps by a few per cent of their size', async () => {
    const { config, weights, source } = await open('int8');
    const feeds = { views: { data: picture(32, 32, 4).data, shape: [1, 32, 32, 3] } };
    const exact = floats((await runGraph(buildTrunkGraph(config, source), feeds))['tap2']);
    const quantised = (graph: Graph) => new QuantizedParameters(new CheckpointParameters(graph, weights), weights);
    const rough = floats((await runGraph(buildTrunkGraph(config, quantised), feeds))['tap2']);
    const norm = (values: Float32Array): number => Math.hypot(...values);
    const relative = norm(exact.map((value, index) => value - (rough[index] as number))) / norm(exact);
    // Two roundings (weights 1/254, activations 1/510 of their range) in each of 12 products: 1 to 3 per cent.
    expect(relative).toBeGreaterThan(1e-5);
    expect(relative).toBeLessThan(0.05);
  });
});
