import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Weights, encodeSafetensors, readModelConfig, type FloatTensor } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { initialValues } from '../../../packages/train/src/step-graph/initial-values.ts';
import { trainedTensors, type ParameterSpec } from '../../../packages/train/src/step-graph/layout.ts';
import { gaussians } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyConfig, tinyTensors, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { meanOf } from '../objective/numeric.ts';

const root = temporaryFolder();
const folder = writeTinyClipseg(join(root, 'tiny'));
const refined = readModelConfig(tinyConfig({ head: 'refined', patch: 16, size: 32 }), undefined, 'tiny', 32);
const specs = trainedTensors(refined, 16);
const random = async (some: readonly ParameterSpec[], seed: number) =>
  (await initialValues(some, undefined, seed)).tensors;

describe('initialValues() at random', () => {
  it('follow from the seed', async () => {
    const [first, again, other] = await Promise.all([random(specs, 1), random(specs, 1), random(specs, 2)]);
    expect(again).toEqual(first);
    for (const [name, { data }] of first)
      if (!name.includes('layer_norm')) expect(other.get(name)?.data, name).not.toEqual(data);
  });

  it('of a tensor do not depend on which others there are, nor in which order', async () => {
    const all = await random(specs, 1);
    const some = [...specs].reverse().filter(({ name }) => !/film|layers\.1|convolution\.2/.test(name));
    for (const [name, tensor] of await random(some, 1)) expect(tensor, name).toEqual(all.get(name));
  });

  it('of two tensors of one shape differ', async () => {
    const values = await random(specs, 1);
    expect(values.get('decoder.film_mul.weight')?.data).not.toEqual(values.get('decoder.film_add.weight')?.data);
    expect(values.get('decoder.layers.0.self_attn.q_proj.weight')?.data).not.toEqual(
      values.get('decoder.layers.1.self_attn.q_proj.weight')?.data,
    );
  });

  it('are the identity for norms, and fill ±1/√inputs evenly for the rest, biases as their weights', async () => {
    const values = await random(specs, 1);
    expect(new Set(values.get('decoder.layers.0.layer_norm1.weight')?.data)).toEqual(new Set([1]));
    expect(new Set(values.get('decoder.layers.0.layer_norm1.bias')?.data)).toEqual(new Set([0]));
    const inputs = {
      'decoder.film_mul': 16,
      'decoder.layers.0.mlp.fc2': 32,
      // Convolution: channels × 3 × 3. Transposed with stride = kernel: each result reads one cell of every channel.
      'decoder.transposed_convolution.0': 16 * 9,
      'decoder.transposed_convolution.2': 16,
      'decoder.transposed_convolution.4': 8,
      'projector': 16,
    };
    for (const [name, count] of Object.entries(inputs)) {
      const bound = 1 / Math.sqrt(count);
      const weight = [...(values.get(`${name}.weight`)?.data ?? [])];
      expect(Math.max(...weight.map(Math.abs)), name).toBeLessThanOrEqual(Math.fround(bound));
      expect(Math.max(...weight.map(Math.abs)), name).toBeGreaterThan(0.9 * bound);
      // Of n uniform numbers, mean within 4 standard errors.
      expect(Math.abs(meanOf(weight)), name).toBeLessThan((4 * bound) / Math.sqrt(3 * weight.length));
      expect(
        [...(values.get(`${name}.bias`)?.data ?? [])].every((value) => Math.abs(value) <= Math.fround(bound)),
        name,
      ).toBe(true);
    }
  });

  it('says which were made up', async () => {
    expect((await initialValues(specs, undefined, 1)).random).toEqual(specs.map(({ name }) => name));
  });
});

describe('initialValues() of a checkpoint', () => {
  const config = readModelConfig(tinyConfig(), undefined, 'tiny', 32);

  it('equal the file, and only the projector is made up', async () => {
    const { tensors, random: made } = await initialValues(trainedTensors(config, 16), await Weights.open(folder), 1);
    const stored = tinyTensors();
    for (const [name, { shape, data }] of tensors)
      if (name.startsWith('decoder.'))
        expect({ shape, data: [...data] }, name).toEqual({ shape, data: [...(stored.get(name)?.data ?? [])] });
    expect(made).toEqual(['projector.weight', 'projector.bias']);
    expect(tensors.get('projector.weight')).toEqual(
      (await random(trainedTensors(config, 16), 1)).get('projector.weight'),
    );
  });

  it('take a projector of the right width along, and start one of another width anew', async () => {
    const projector = { shape: [16, 16], data: gaussians(256, 5) };
    const path = writeTinyClipseg(join(root, 'with projector'), {
      tensors: { 'projector.weight': projector, 'projector.bias': { shape: [16], data: gaussians(16, 6) } },
    });
    const weights = await Weights.open(path);
    const same = await initialValues(trainedTensors(config, 16), weights, 1);
    expect(same.random).toEqual([]);
    expect(same.tensors.get('projector.weight')?.data).toEqual(projector.data);
    const other = await initialValues(trainedTensors(config, 96), weights, 1);
    expect(other.random).toContain('projector.weight');
    expect(other.tensors.get('projector.weight')?.shape).toEqual([16, 96]);
  });

  it('start a projector anew where any of its tensors is missing, too many or of another shape', async () => {
    const wanted = trainedTensors(config, 48);
    const stored: Readonly<Record<string, FloatTensor>> = {
      'projector.weight': { shape: [16, 48], data: gaussians(768, 5) },
      'projector.bias': { shape: [16], data: gaussians(16, 6) },
    };
    const without = (missing: string): Record<string, FloatTensor> =>
      Object.fromEntries(Object.entries(stored).filter(([name]) => name !== missing));
    const started = async (tensors: Readonly<Record<string, FloatTensor>>, name: string) =>
      initialValues(wanted, await Weights.open(writeTinyClipseg(join(root, name), { tensors })), 1);
    const kept = await started(stored, 'all of it');
    expect(kept.random).toEqual([]);
    for (const [name, { data }] of Object.entries(stored)) expect(kept.tensors.get(name)?.data, name).toEqual(data);
    const anew = await random(wanted, 1);
    for (const [name, tensors] of [
      ['without a weight', without('projector.weight')],
      ['without a bias', without('projector.bias')],
      [
        'with a tensor more',
        { ...stored, 'projector.convolution.weight': { shape: [16, 8, 3, 3], data: gaussians(1152, 7) } },
      ],
      ['of other features', { ...stored, 'projector.weight': { shape: [16, 32], data: gaussians(512, 8) } }],
      ['of another bias', { ...stored, 'projector.bias': { shape: [1, 16], data: gaussians(16, 9) } }],
    ] as const) {
      const { tensors: values, random: made } = await started(tensors, name);
      expect(made, name).toEqual(['projector.weight', 'projector.bias']);
      for (const some of made) expect(values.get(some), `${some} ${name}`).toEqual(anew.get(some));
    }
  });

  it('refuse a decoder of another shape, naming the tensor', async () => {
    const path = writeTinyClipseg(join(root, 'other'), {});
    const tensors = tinyTensors();
    tensors.set('decoder.film_mul.weight', { shape: [8, 16], data: new Float32Array(128) });
    writeFileSync(join(path, 'model.safetensors'), encodeSafetensors(tensors));
    await expect(initialValues(trainedTensors(config, 16), await Weights.open(path), 1)).rejects.toThrow(
      /tensor "?decoder\.film_mul\.weight"?.*\[16, 16\].*\[8, 16\]/,
    );
  });
});
