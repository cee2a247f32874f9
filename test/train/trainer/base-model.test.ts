import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBaseModel, projectorChannels, type BaseModel } from '../../../packages/train/src/trainer/base-model.ts';
import { planTraining } from '../../../packages/train/src/trainer/train-plan.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyConfig, tinyTensors, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { failureOf } from '../data/fixtures.ts';
import { PROJECTORS, tinyModel } from '../step-graph/tiny-step.ts';
import { nested, type FlatOptions } from './flat-options.ts';
import { writeTinyTrunk } from './tiny-set.ts';

const root = temporaryFolder();
const clipseg = writeTinyClipseg(join(root, 'clipseg'));
const trunk = writeTinyTrunk(join(root, 'trunk'));
const open = (options: Omit<FlatOptions, 'data' | 'out'>): Promise<BaseModel> =>
  openBaseModel(
    planTraining(nested({ recipe: 'paper' as const, data: 'x.jsonl', out: 'y', ...options })).plan,
    join(root, 'cache'),
    undefined,
  );

describe('openBaseModel()', () => {
  it('takes decoder and configuration from a checkpoint; the projector is new', async () => {
    const base = await open({ init: clipseg });
    expect(base.folder).toBe(clipseg);
    expect(base.configJson).toEqual(tinyConfig());
    expect(base.config).toMatchObject({
      inputSize: [32, 32],
      patchGrid: [4, 4],
      decoder: { reduceDim: 16, head: 'simple' },
    });
    expect(base.random).toEqual(['projector.weight', 'projector.bias']);
    expect(base.tensors.get('decoder.film_mul.weight')?.data).toEqual(
      tinyTensors().get('decoder.film_mul.weight')?.data,
    );
    expect(base.trunkKey).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['paper', 16],
    ['tags', 96],
    ['dense-captions', 48],
  ] as const)('gives the projector of recipe %s %i channels', async (recipe, channels) => {
    expect((await open({ init: clipseg, recipe })).tensors.get('projector.weight')?.shape).toEqual([16, channels]);
  });

  it('has no projector where nothing reads one', async () => {
    expect(
      (await open({ init: clipseg, objective: 'masks' })).specs.some(({ name }) => name.startsWith('projector')),
    ).toBe(false);
  });

  it('leaves behind the thresholds of a decoder that it does not keep', async () => {
    const folder = writeTinyClipseg(join(root, 'calibrated'));
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...config, threshold: 0.3, thresholds: { road: 0.2 } }));
    const random = await open({ init: 'random', trunk: folder });
    expect([random.config.threshold, random.config.thresholds, random.configJson]).toEqual([0.5, {}, config]);
    const kept = await open({ init: folder });
    expect([kept.config.threshold, kept.config.thresholds]).toEqual([0.3, { road: 0.2 }]);
  });

  it('makes a decoder up, by the seed, on a CLIPSeg trunk', async () => {
    const [one, two] = [
      await open({ init: 'random', trunk: clipseg }),
      await open({ init: 'random', trunk: clipseg, seed: 43 }),
    ];
    expect(one.random).toEqual(one.specs.map(({ name }) => name));
    expect(one.tensors.get('decoder.film_mul.weight')?.data).not.toEqual(
      tinyTensors().get('decoder.film_mul.weight')?.data,
    );
    expect(two.tensors.get('decoder.film_mul.weight')?.data).not.toEqual(
      one.tensors.get('decoder.film_mul.weight')?.data,
    );
    expect(two.trunkKey).toBe(one.trunkKey);
  });

  it('gives a bare trunk the decoder that is asked for, and writes it into the configuration', async () => {
    const { config, configJson, specs } = await open({
      init: 'random',
      trunk,
      decoder: { reduceDim: 8, heads: 2, intermediateSize: 24 },
    });
    expect(configJson).toMatchObject({
      model_type: 'synseg',
      decoder: {
        reduce_dim: 8,
        attention_heads: 2,
        intermediate_size: 24,
        hidden_act: 'relu',
        layer_norm_eps: 1e-5,
        conditional_layer: 0,
        complex_transposed_convolution: false,
      },
    });
    expect(config.decoder).toMatchObject({
      reduceDim: 8,
      heads: 2,
      intermediateSize: 24,
      layers: 3,
      head: 'simple',
      patchSize: 8,
    });
    expect(specs.find(({ name }) => name === 'decoder.layers.0.mlp.fc1.weight')?.shape).toEqual([24, 8]);
  });

  it('trains at another input size and says so in the checkpoints’ preprocessing', async () => {
    const { config, files } = await open({ init: clipseg, inputSize: 48 });
    expect(config).toMatchObject({ inputSize: [48, 48], patchGrid: [6, 6] });
    expect(JSON.parse(files.get('preprocessor_config.json') ?? '')).toMatchObject({
      size: { height: 48, width: 48 },
      image_mean: [0.485, 0.456, 0.406],
    });
    expect((await open({ init: clipseg })).files.size).toBe(0);
  });

  it('refuses a path that is neither a folder nor a hub id', async () => {
    expect(await failureOf(open({ init: '/no/such/folder' }))).toBe(
      'MODEL_LOAD: Cannot train: model must be an existing folder, a hub id like owner/name or "embedded", got ' +
        '"/no/such/folder"',
    );
  });

  it('refuses a folder without config.json', async () => {
    const folder = join(root, 'empty');
    mkdirSync(folder);
    expect(await failureOf(open({ init: folder }))).toBe(
      `MODEL_LOAD: Cannot train: folder must hold config.json, got "${folder}"`,
    );
  });

  it('refuses a bare trunk as a checkpoint', async () => {
    expect(await failureOf(open({ init: trunk }))).toBe(
      `CHECKPOINT_FORMAT: Cannot train: init must be a checkpoint with a decoder, got "${trunk}" without one; pass ` +
        'it as trunk, with init "random"',
    );
  });

  it('refuses a ready-made trunk for windows, which it cannot embed, unless no loss reads them', async () => {
    const bare = { init: 'random', trunk, decoder: { reduceDim: 8, heads: 2, intermediateSize: 24 } } as const;
    const message =
      'CHECKPOINT_FORMAT: Cannot train: checkpoint must have CLIP\'s picture encoder for recipe "dense-captions" ' +
      '(recipe "tags" needs none), got a ready-made trunk';
    expect(await failureOf(open({ ...bare, recipe: 'dense-captions' }))).toBe(message);
    expect((await open({ ...bare, recipe: 'dense-captions', objective: 'masks' })).config.trunk.kind).toBe('onnx');
  });

  it('refuses a decoder for a folder that has one', async () => {
    expect(await failureOf(open({ init: 'random', trunk: clipseg, decoder: {} }))).toBe(
      "RangeError: Cannot train: advanced.decoder must be left out when the trunk's config.json gives one, " +
        `got both (${clipseg})`,
    );
  });

  it('refuses a folder of another kind', async () => {
    const folder = join(root, 'bert');
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), '{ "model_type": "bert" }');
    expect(await failureOf(open({ init: folder }))).toMatch(
      /^CHECKPOINT_FORMAT: .*model_type must be "clipseg" or "synseg", got "bert"$/,
    );
  });
});

describe('projectorChannels()', () => {
  it.each(['conditional', 'taps', 'windows'] as const)('is how many a projector of %s features reads', (features) => {
    expect(projectorChannels({ features }, tinyModel())).toBe(PROJECTORS[features]);
  });
});
