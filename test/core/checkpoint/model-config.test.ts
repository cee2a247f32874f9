import { describe, expect, it } from 'vitest';
import { readModelConfig, type ModelConfig } from '../../../packages/core/src/checkpoint/model-config.ts';
import { tinyConfig } from '../../support/tiny-clipseg.ts';

const clipseg = { model_type: 'clipseg' };
const ownTrunk = {
  model_type: 'synseg',
  trunk: { file: 'vision.onnx', inputSize: [96, 64], patchSize: 16, patchGrid: [6, 4], tapDims: [8, 12] },
  text: { vocabulary: 'vocab.json', embeddings: 'vocab.safetensors', dim: 32 },
  decoder: {},
};

function read(config: unknown, preprocessor?: unknown, inputSize?: number): ModelConfig {
  return readModelConfig(config, preprocessor, 'FOLDER', inputSize);
}

describe('a CLIPSeg folder', () => {
  it("that says nothing is CLIPSeg ViT-B/32 at CLIP's 224 px with CLIP's statistics", () => {
    expect(read(clipseg)).toMatchObject({
      inputSize: [224, 224],
      patchGrid: [7, 7],
      trunk: {
        kind: 'clip',
        hiddenSize: 768,
        layers: 12,
        heads: 12,
        intermediateSize: 3072,
        activation: 'quick_gelu',
        patchSize: 32,
        trainedSize: 224,
        tapLayers: [3, 6, 9],
        imageMean: [0.48145466, 0.4578275, 0.40821073],
      },
      text: {
        kind: 'clip',
        hiddenSize: 512,
        layers: 12,
        heads: 8,
        vocabularySize: 49408,
        maxTokens: 77,
        eosTokenId: 49407,
      },
      tapDims: [768, 768, 768],
      embeddingDim: 512,
      decoder: {
        reduceDim: 64,
        layers: 3,
        heads: 4,
        intermediateSize: 2048,
        activation: 'relu',
        conditionalLayer: 0,
        head: 'simple',
        patchSize: 32,
      },
    });
  });

  it.each([
    ['height and width', { size: { height: 352, width: 352 } }],
    ['a number', { size: 352 }],
    ['the shortest edge', { size: { shortest_edge: 352 } }],
  ])('takes its input size from preprocessor_config.json as %s', (_, preprocessor) => {
    const { inputSize, trunk } = read(
      { ...clipseg, vision_config: { patch_size: 16 } },
      { ...preprocessor, image_mean: [0.1, 0.2, 0.3], image_std: [1, 2, 3] },
    );
    expect(inputSize).toEqual([352, 352]);
    expect(trunk).toMatchObject({ imageMean: [0.1, 0.2, 0.3], imageStd: [1, 2, 3] });
  });

  it('takes a picture that is not square when preprocessor_config.json says so', () => {
    const config = { ...clipseg, vision_config: { patch_size: 16 } };
    expect(read(config, { size: { height: 224, width: 352 } })).toMatchObject({
      inputSize: [224, 352],
      patchGrid: [14, 22],
    });
    expect(() => read(config, { size: { height: 224, width: 350 } })).toThrow(
      'FOLDER/preprocessor_config.json: size must be multiples of the patch size 16, got {"height":224,"width":350}',
    );
  });

  it('takes another input size when asked, and the trained one stays known', () => {
    expect(read(tinyConfig(), { size: 32 }, 48)).toMatchObject({
      inputSize: [48, 48],
      patchGrid: [6, 6],
      trunk: { trainedSize: 32 },
    });
  });

  it('has the refined head when use_complex_transposed_convolution is set', () => {
    expect(read({ ...clipseg, use_complex_transposed_convolution: true }).decoder).toMatchObject({ head: 'refined' });
  });

  it("says which sentences names are put into, CLIPSeg's unless it names its own", () => {
    expect(read(clipseg).text).toMatchObject({ templates: 'clipseg' });
    expect(read({ ...clipseg, prompt_templates: ['{}', 'a {}'] }).text).toMatchObject({ templates: ['{}', 'a {}'] });
    for (const wrong of [[], ['road'], '{}', [1]])
      expect(() => read({ ...clipseg, prompt_templates: wrong })).toThrow(
        `FOLDER/config.json: prompt_templates must be a list of texts with {}, got ${JSON.stringify(wrong)}`,
      );
  });

  it.each([
    [{ image_std: [0, 0, 0] }, 'image_std must be 3 numbers above 0, got [0,0,0]'],
    [{ image_std: [1, 1, -1] }, 'image_std must be 3 numbers above 0, got [1,1,-1]'],
    [{ image_std: [1, 1, 1e999] }, 'image_std must be 3 finite numbers, got [1,1,null]'],
    [{ image_mean: [0, '0', 0] }, 'image_mean must be 3 finite numbers, got [0,"0",0]'],
    [{ size: 32 * 1000 }, 'size must be at most 8192, got 32000'],
  ])('refuses statistics and sizes that no picture can be divided by: %j', (preprocessor, rule) => {
    expect(() => read(clipseg, preprocessor)).toThrow(`FOLDER/preprocessor_config.json: ${rule}`);
  });

  it.each([[0], [-1e-5]])('refuses the epsilon %d', (epsilon) => {
    expect(() => read({ ...clipseg, text_config: { layer_norm_eps: epsilon } })).toThrow(
      `FOLDER/config.json: text_config: layer_norm_eps must be above 0, got ${JSON.stringify(epsilon)}`,
    );
    expect(() => read({ ...clipseg, vision_config: { num_hidden_layers: 1e9 } })).toThrow(
      'num_hidden_layers must be at most 10000000, got 1000000000',
    );
  });

  it.each([[100], [0], [16.5], [-32]])('refuses the input size %d', (size) => {
    expect(() => read(clipseg, undefined, size)).toThrow(
      new RangeError(
        `Cannot load checkpoint: inputSize must be a positive multiple of the patch size 32, got ${String(size)} ` +
          '(FOLDER)',
      ),
    );
  });
});

describe('a folder with its own trunk', () => {
  it('says sizes, taps and vocabulary', () => {
    expect(read(ownTrunk)).toMatchObject({
      inputSize: [96, 64],
      patchGrid: [6, 4],
      trunk: { kind: 'onnx', file: 'vision.onnx', patchSize: 16 },
      text: { kind: 'vocabulary', names: 'vocab.json', embeddings: 'vocab.safetensors' },
      tapDims: [8, 12],
      embeddingDim: 32,
      decoder: { reduceDim: 64, layers: 2, heads: 4, activation: 'relu', layerNormEpsilon: 1e-5, head: 'simple' },
    });
  });

  it("may have CLIP's text encoder in place of a vocabulary", () => {
    expect(
      read({ ...ownTrunk, text: {}, text_config: { hidden_size: 64, num_attention_heads: 8 }, projection_dim: 48 }),
    ).toMatchObject({ text: { kind: 'clip', hiddenSize: 64 }, embeddingDim: 48 });
  });

  it('takes no other input size than its own', () => {
    expect(() =>
      read({ ...ownTrunk, trunk: { ...ownTrunk.trunk, inputSize: [96, 96], patchGrid: [6, 6] } }, undefined, 64),
    ).toThrow(new RangeError("Cannot load checkpoint: inputSize must be the trunk's own [96, 96], got 64"));
  });
});

describe('a wrong field is named', () => {
  const vision = (fields: object): object => ({ ...clipseg, vision_config: fields });
  const trunk = (fields: object): object => ({ ...ownTrunk, trunk: { ...ownTrunk.trunk, ...fields } });
  it.each([
    [null, undefined, 'FOLDER/config.json must be a JSON object, got null'],
    [[], undefined, 'FOLDER/config.json must be a JSON object, got []'],
    [{ model_type: 'bert' }, undefined, 'FOLDER/config.json: model_type must be "clipseg" or "synseg", got "bert"'],
    [{}, undefined, 'FOLDER/config.json: model_type must be "clipseg" or "synseg", got nothing'],
    [
      vision({ hidden_size: '768' }),
      undefined,
      'FOLDER/config.json: vision_config: hidden_size must be an integer ≥ 1, got "768"',
    ],
    [
      vision({ hidden_size: 30, num_attention_heads: 4 }),
      undefined,
      'FOLDER/config.json: vision_config: num_attention_heads must be a divisor of 30, got 4',
    ],
    [
      vision({ patch_size: 0 }),
      undefined,
      'FOLDER/config.json: vision_config: patch_size must be an integer ≥ 1, got 0',
    ],
    [
      vision({ hidden_act: 'swish' }),
      undefined,
      'FOLDER/config.json: vision_config: hidden_act must be one of quick_gelu, gelu, relu, got "swish"',
    ],
    [
      vision({ layer_norm_eps: '1e-5' }),
      undefined,
      'FOLDER/config.json: vision_config: layer_norm_eps must be a number, got "1e-5"',
    ],
    [
      vision({ layer_norm_eps: 1e60 }),
      undefined,
      'FOLDER/config.json: vision_config: layer_norm_eps must be a number that float32 can hold, got 1e+60',
    ],
    [
      vision({ layer_norm_eps: 1e-300 }),
      undefined,
      'FOLDER/config.json: vision_config: layer_norm_eps must be above 0 as float32, got 1e-300',
    ],
    [
      clipseg,
      { image_mean: [1e39, 0, 0] },
      'FOLDER/preprocessor_config.json: image_mean must be numbers that float32 can hold, got [1e+39,0,0]',
    ],
    [vision([]), undefined, 'FOLDER/config.json: vision_config must be a JSON object, got []'],
    [
      { ...clipseg, extract_layers: [3, 12] },
      undefined,
      'FOLDER/config.json: extract_layers must be ascending block indices below 12, got [3,12]',
    ],
    [
      { ...clipseg, extract_layers: [6, 3] },
      undefined,
      'FOLDER/config.json: extract_layers must be ascending block indices below 12, got [6,3]',
    ],
    [
      { ...clipseg, extract_layers: [] },
      undefined,
      'FOLDER/config.json: extract_layers must be a list of integers ≥ 0, got []',
    ],
    [{ ...clipseg, conditional_layer: 3 }, undefined, 'FOLDER/config.json: conditional_layer must be below 3, got 3'],
    [
      { ...clipseg, reduce_dim: 62 },
      undefined,
      'FOLDER/config.json: decoder_num_attention_heads must be a divisor of 62, got 4',
    ],
    [
      clipseg,
      { image_mean: [0.5, 0.5] },
      'FOLDER/preprocessor_config.json: image_mean must be 3 finite numbers, got [0.5,0.5]',
    ],
    [
      clipseg,
      { size: { width: 224 } },
      'FOLDER/preprocessor_config.json: size: shortest_edge must be an integer ≥ 1, got nothing',
    ],
    [clipseg, { size: '224' }, 'FOLDER/preprocessor_config.json: size must be a JSON object, got "224"'],
    [clipseg, [], 'FOLDER/preprocessor_config.json must be a JSON object, got []'],
    [
      trunk({ inputSize: undefined }),
      undefined,
      'FOLDER/config.json: trunk: inputSize must be a list of integers ≥ 1, got nothing',
    ],
    [
      trunk({ patchGrid: [6, 6] }),
      undefined,
      'FOLDER/config.json: trunk: patchGrid must be inputSize / patchSize = [6, 4], got [6,6]',
    ],
    [trunk({ file: '' }), undefined, 'FOLDER/config.json: trunk: file must be a string, got ""'],
    [
      { ...ownTrunk, decoder: { layers: 3 } },
      undefined,
      'FOLDER/config.json: decoder: layers must be the number of taps, 2, got 3',
    ],
    [
      { ...ownTrunk, decoder: { conditional_layer: 2 } },
      undefined,
      'FOLDER/config.json: decoder: conditional_layer must be below 2, got 2',
    ],
    [
      { ...ownTrunk, text: { vocabulary: 'vocab.json' } },
      undefined,
      'FOLDER/config.json: text: embeddings must be a string, got nothing',
    ],
  ])('%j with preprocessor %j', (config, preprocessor, message) => {
    let error: unknown;
    try {
      read(config, preprocessor);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'CHECKPOINT_FORMAT', message: `Cannot load checkpoint: ${message}` });
  });
});
