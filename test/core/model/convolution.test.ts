/** Convolution checkpoints: what their configuration may say, and that they segment like the others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import {
  encodeSafetensors,
  readFloats,
  readSafetensors,
  type FloatTensor,
} from '../../../packages/core/src/checkpoint/safetensors.ts';
import { readModelConfig } from '../../../packages/core/src/checkpoint/model-config.ts';
import { openCheckpoint } from '../../../packages/core/src/checkpoint/checkpoint.ts';
import { buildDecodeGraph } from '../../../packages/core/src/model/model-graphs.ts';
import { CheckpointParameters } from '../../../packages/core/src/model/parameters.ts';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { decodeLabels } from '../../../packages/core/src/model/label-decoder.ts';
import { gaussians, picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runGraph, worstExcess } from '../../support/tensors.ts';
import { EMBEDDING_DIM, NAMES, tinyConvolutionConfig, writeTinyConvolution } from '../../support/tiny-convolution.ts';

const root = temporaryFolder();
const tiny = writeTinyConvolution(join(root, 'tiny'));
const cacheFolder = join(root, 'cache');
const read = (trunk: Readonly<Record<string, unknown>>, inputSize?: number) =>
  readModelConfig(tinyConvolutionConfig(trunk), undefined, 'FOLDER', inputSize);

describe('config.json of a convolution trunk', () => {
  it('says what the trunk makes of a picture', () => {
    const { patchGrid, tapDims, fineDim, finestDim, trunk } = read({});
    expect({ patchGrid, tapDims, fineDim, finestDim, patchSize: trunk.patchSize }).toEqual({
      ...{ patchGrid: [2, 3], tapDims: [8, 8, 5], fineDim: 8, finestDim: 6, patchSize: 16 },
    });
    expect(read({ finest: null }).finestDim).toBeUndefined();
    expect(read({ pyramid: null }).tapDims).toEqual([8, 8]);
    expect(read({}, 64).patchGrid).toEqual([4, 4]);
  });

  it.each([
    [{ stages: [] }, 'stages must be a list of 1 to 1000 objects, got []'],
    [{ stages: 'six' }, 'stages must be a list of 1 to 1000 objects, got "six"'],
    [{ stages: [{ expansion: 1, channels: 4, blocks: 201 }] }, 'stages must be at most 200 blocks in all, got 201'],
    [{ stages: [{ expansion: 1, channels: 4, blocks: 1, stride: 3 }] }, 'stages must be stages of stride 1 or 2, got'],
    [{ stages: [{ expansion: 0, channels: 4, blocks: 1 }] }, 'stages[0]: expansion must be an integer ≥ 1, got 0'],
    [{ taps: [5, 4] }, 'taps must be ascending numbers of blocks from 4 to 5, got [5,4]'],
    [{ taps: [3] }, 'taps must be ascending numbers of blocks from 4 to 5, got [3]'],
    [{ taps: [6] }, 'taps must be ascending numbers of blocks from 4 to 5, got [6]'],
    [{ fine: 1 }, 'fine must be the number of a block with 8 pixels per cell, got 1'],
    [{ finest: 3 }, 'finest must be the number of a block with 4 pixels per cell, got 3'],
    [{ inputSize: [32, 40] }, 'inputSize must be height and width, multiples of 16 up to 8192, got [32,40]'],
    [{ inputSize: [32] }, 'inputSize must be height and width, multiples of 16 up to 8192, got [32]'],
    [{ imageStd: [1, 0, 1] }, 'imageStd must be 3 numbers above 0, got [1,0,1]'],
    [{ kind: 'magic' }, 'kind must be one of onnx, convolution, got "magic"'],
  ])('is refused with %j', (trunk, message) => {
    expect(() => read(trunk)).toThrow(`Cannot load checkpoint: FOLDER/config.json: trunk: ${message}`);
  });

  it('takes only sides that the strides divide', () => {
    expect(() => read({}, 40)).toThrow('inputSize must be a positive multiple of the patch size 16, got 40');
  });
});

describe('decoder', () => {
  const text = gaussians(3 * EMBEDDING_DIM, 5);
  const maps = {
    tap0: { data: gaussians(2 * 7 * 8, 1), shape: [2, 1, 7, 8] },
    tap1: { data: gaussians(2 * 7 * 8, 2), shape: [2, 1, 7, 8] },
    tap2: { data: gaussians(2 * 7 * 5, 3), shape: [2, 1, 7, 5] },
    fine: { data: gaussians(2 * 8 * 4 * 6, 4), shape: [2, 1, 8, 4, 6] },
    finest: { data: gaussians(2 * 6 * 8 * 12, 6), shape: [2, 1, 6, 8, 12] },
  };
  const cells = 8 * 12;

  it('gives each label what it would get alone', async () => {
    const { config, weights } = await openCheckpoint(tiny);
    const graph = buildDecodeGraph(config, (of) => new CheckpointParameters(of, weights), 1, 'mean');
    const { logits } = await runGraph(graph, { ...maps, text: { data: text, shape: [3, EMBEDDING_DIM] } });
    expect(logits?.shape).toEqual([2, 3, 8, 12]);
    for (let label = 0; label < 3; label++) {
      const one = text.slice(label * EMBEDDING_DIM, (label + 1) * EMBEDDING_DIM);
      const alone = await runGraph(graph, { ...maps, text: { data: one, shape: [1, EMBEDDING_DIM] } });
      for (let image = 0; image < 2; image++) {
        const among = (logits?.data as Float32Array).slice(
          (image * 3 + label) * cells,
          (image * 3 + label + 1) * cells,
        );
        const by = (alone['logits']?.data as Float32Array).slice(image * cells, (image + 1) * cells);
        expect(worstExcess(among, by, 1e-5, 1e-5).excess).toBeLessThanOrEqual(0);
      }
    }
  });

  it('pairs each row with the picture it is assigned to', async () => {
    const { config, weights } = await openCheckpoint(tiny);
    const run = async (assignment: readonly number[] | undefined) => {
      const graph = new Graph('rows');
      const inputs = Object.entries(maps).map(([name, { shape }]) =>
        graph.input(name, 'float32', [2, ...shape.slice(2)]),
      );
      const words = graph.input('text', 'float32', ['labels', EMBEDDING_DIM]);
      const pairs = assignment && graph.input('assignment', 'float32', ['labels', 2]);
      const rows = decodeLabels(new CheckpointParameters(graph, weights), inputs, words, config, pairs);
      graph.output('features', rows.features);
      graph.output('logits', rows.logits());
      const feeds = Object.entries(maps).map(([name, { data, shape }]) => [
        name,
        { data, shape: [2, ...shape.slice(2)] },
      ]);
      return runGraph(graph, {
        ...(Object.fromEntries(feeds) as typeof maps),
        text: { data: text, shape: [3, EMBEDDING_DIM] },
        ...(assignment && { assignment: { data: Float32Array.from(assignment), shape: [3, 2] } }),
      });
    };
    const [every, assigned] = [await run(undefined), await run([1, 0, 0, 1, 1, 0])];
    expect([every['logits']?.shape, assigned['logits']?.shape]).toEqual([
      [6, 8, 12],
      [3, 8, 12],
    ]);
    expect(assigned['features']?.shape).toEqual([3, 24, 7]);
    [0, 1, 0].forEach((image, row) => {
      const expected = (every['logits']?.data as Float32Array).slice(
        (image * 3 + row) * cells,
        (image * 3 + row + 1) * cells,
      );
      const actual = (assigned['logits']?.data as Float32Array).slice(row * cells, (row + 1) * cells);
      expect(worstExcess(actual, expected, 1e-5, 1e-5).excess).toBeLessThanOrEqual(0);
    });
  });
});

describe('Segmenter', () => {
  const photo = picture(60, 40, 1);
  const segment = async (options: Parameters<typeof Segmenter.load>[1] = {}, views: 1 | 5 = 1) => {
    await using segmenter = await Segmenter.load(tiny, { device: 'cpu', cacheFolder, ...options });
    return await segmenter.segment(photo, await segmenter.labels(NAMES), {
      ...{ output: ['labels', 'activations'], size: 'model', views },
    });
  };

  it.each([undefined, 64, 96])('segments at input size %s', async (inputSize) => {
    const { activations, width, height } = await segment(inputSize === undefined ? {} : { inputSize });
    expect([height, width]).toEqual(inputSize === undefined ? [32, 48] : [inputSize, inputSize]);
    expect(activations).toHaveLength(NAMES.length * height * width);
    expect(new Set(activations).size).toBeGreaterThan(100);
  });

  it('segments with a checkpoint whose trunk has no finest map', async () => {
    const folder = writeTinyConvolution(join(root, 'coarse'), tinyConvolutionConfig({ finest: null }));
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    const { activations } = await segmenter.segment(photo, await segmenter.labels(NAMES), { output: ['activations'] });
    expect(new Set(activations).size).toBeGreaterThan(100);
  });

  it('merges five views', async () => {
    const { width, height } = await segment({}, 5);
    expect([height, width]).toEqual([64, 96]);
  });

  it('computes in fp16 what it computes in fp32, nearly', async () => {
    const [exact, half] = [await segment(), await segment({ precision: 'fp16' })];
    // Half precision keeps three digits per operation; logits of this random network reach a few units.
    const { error } = worstExcess(half.activations, exact.activations, 0, 0);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02);
  });

  it('computes in int8 what it computes in fp32, roughly', async () => {
    const exact = await segment();
    // The second load finds the graph in the cache, and what was measured in it.
    for (const { activations } of [await segment({ precision: 'int8' }), await segment({ precision: 'int8' })]) {
      // Maps and kernels are rounded to 1/255 of their range, and this random network amplifies that.
      const { error } = worstExcess(activations, exact.activations, 0, 0);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(0.15);
    }
  });

  it('says which weights are not numbers, where int8 would make numbers of them', async () => {
    const folder = writeTinyConvolution(join(root, 'damaged'));
    const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
    const damaged = new Map<string, FloatTensor>();
    for (const [name, entry] of tensors) damaged.set(name, { shape: entry.shape, data: await readFloats(entry) });
    damaged.get('trunk.blocks.2.expand.weight')!.data[0] = NaN;
    writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(damaged));
    await expect(Segmenter.load(folder, { device: 'cpu', cacheFolder, precision: 'int8' })).rejects.toThrow(
      /^Cannot load checkpoint: (values|numbers) of "trunk\.blocks\.2\.\w+" must be finite/,
    );
  });
});
