import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { Weights, openCheckpoint, readFloats } from '@synseg/core/checkpoint';
import { createCheckpoint, type CreateOptions, type CreatedCheckpoint } from '@synseg/train';
import { beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const CAPTIONS = ['a red car', 'a blue car', 'the red bus', 'a blue bus on the road'];
const SMALL: CreateOptions = {
  vision: { side: 32, width: 64, layers: 4, heads: 2 },
  text: { width: 48, layers: 2, heads: 2, tokens: 10 },
  projectionDim: 40,
  vocabulary: 530,
  decoder: { reduceDim: 16 },
};
const folder = join(root, 'small');
let made: CreatedCheckpoint;
let numbers: (name: string) => Promise<Float32Array>;

beforeAll(async () => {
  made = await createCheckpoint(folder, CAPTIONS, SMALL);
  const weights = await Weights.open(folder);
  numbers = (name) => readFloats(weights.entries().find((entry) => entry.name === name)!);
});

const deviation = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

describe('createCheckpoint()', () => {
  it('writes a folder that segments a picture', async () => {
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
    const { labelMap, width, height } = await segmenter.segment(
      picture(40, 30, 1),
      await segmenter.labels(['red car', 'road']),
    );
    expect([width, height, labelMap.length]).toEqual([40, 30, 1200]);
  });

  it('tells what was made', () => {
    expect(made).toMatchObject({ folder, vocabulary: 525 });
  });

  it('says its sizes, and takes taps up to the last block but one', async () => {
    const { config } = await openCheckpoint(folder);
    expect(config).toMatchObject({
      inputSize: [32, 32],
      patchGrid: [4, 4],
      embeddingDim: 40,
      tapDims: [64, 64],
      decoder: { reduceDim: 16, intermediateSize: 64, head: 'simple' },
    });
    expect(config.trunk).toMatchObject({ tapLayers: [1, 2], layers: 4, activation: 'quick_gelu' });
    expect(config.text).toMatchObject({ maxTokens: 10, vocabularySize: 525, eosTokenId: 524, templates: ['{}'] });
  });

  it("starts as CLIP's text encoder: deviations by width and depth, norms of 1, no biases, scale 1/0.07", async () => {
    const expected: readonly (readonly [string, number])[] = [
      ['clip.vision_model.encoder.layers.1.self_attn.q_proj.weight', 64 ** -0.5],
      ['clip.vision_model.encoder.layers.1.self_attn.out_proj.weight', (64 * 8) ** -0.5],
      ['clip.vision_model.encoder.layers.0.mlp.fc1.weight', 128 ** -0.5],
      ['clip.text_model.encoder.layers.0.mlp.fc2.weight', (48 * 4) ** -0.5],
      ['clip.text_model.embeddings.token_embedding.weight', 0.02],
      ['clip.text_model.embeddings.position_embedding.weight', 0.01],
      ['clip.vision_model.embeddings.position_embedding.weight', 64 ** -0.5],
      ['clip.vision_model.embeddings.patch_embedding.weight', (3 * 64) ** -0.5 / Math.sqrt(3)],
      ['clip.visual_projection.weight', 64 ** -0.5],
    ];
    // Of 480 numbers, the fewest here, the deviation is good to 3 % (one in √2n).
    for (const [name, value] of expected)
      expect(Math.abs(deviation(await numbers(name)) / value - 1), name).toBeLessThan(0.1);
    expect(new Set(await numbers('clip.vision_model.post_layernorm.weight'))).toEqual(new Set([1]));
    expect(new Set(await numbers('clip.text_model.encoder.layers.1.mlp.fc1.bias'))).toEqual(new Set([0]));
    expect(await numbers('clip.logit_scale')).toEqual(Float32Array.of(Math.log(1 / 0.07)));
  });

  it('writes the same bytes for the same seed and captions, and others for another seed', async () => {
    const [again, other] = [join(root, 'again'), join(root, 'other')];
    await createCheckpoint(again, CAPTIONS, SMALL);
    await createCheckpoint(other, CAPTIONS, { ...SMALL, seed: 43 });
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'merges.txt',
      'model.safetensors',
      'preprocessor_config.json',
      'vocab.json',
    ]);
    for (const file of readdirSync(folder))
      expect(readFileSync(join(again, file)).equals(readFileSync(join(folder, file))), file).toBe(true);
    expect(readFileSync(join(other, 'model.safetensors')).equals(readFileSync(join(folder, 'model.safetensors')))).toBe(
      false,
    );
  });

  it('makes a nano of less than eight million numbers when no size is given', async () => {
    const { parameters } = await createCheckpoint(join(root, 'nano'), CAPTIONS);
    expect(parameters).toEqual({ vision: 2_759_424, text: 880_001, decoder: 207_617 });
  });

  it.each<[CreateOptions, string]>([
    [{ vision: { side: 90 } }, 'vision.side must be a multiple of the patch 8, got 90'],
    [{ vision: { heads: 5 } }, 'vision.heads must divide the width 192, got 5'],
    [{ vision: { width: 0 } }, 'vision.width must be a positive integer, got 0'],
    [{ text: { tokens: 2 } }, 'text.tokens must be an integer of at least 3, got 2'],
    [{ taps: [3, 1] }, 'taps must be ascending numbers of blocks below 6, got [3,1]'],
    [
      { vision: { patch: 6 }, decoder: { head: 'refined' } },
      'decoder.head must be "simple" unless the patch is a multiple of 4, here 6, got "refined"',
    ],
    [{ seed: -1 }, 'seed must be an integer of at least 0, got -1'],
    [{ vocabulary: 513 }, 'vocabulary must be an integer from 514 to 49408, got 513'],
    [{ vocabulary: 49_409 }, 'vocabulary must be an integer from 514 to 49408, got 49409'],
    [{ vocabulary: 600.5 }, 'vocabulary must be an integer from 514 to 49408, got 600.5'],
  ])('refuses %j', async (options, message) => {
    await expect(createCheckpoint(join(root, 'refused'), CAPTIONS, options)).rejects.toThrow(
      new RangeError(`Cannot create checkpoint: ${message}`),
    );
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a path for captions',
      () => createCheckpoint(join(root, 'refused'), 'captions.jsonl', SMALL),
      'captions must be an iterable of texts, got "captions.jsonl"',
    ],
    [
      'captions that are no texts',
      () => createCheckpoint(join(root, 'refused'), [5 as never], SMALL),
      'a caption must be a text, got 5',
    ],
    [
      'no captions',
      () => createCheckpoint(join(root, 'refused'), undefined as never),
      'captions must be an iterable of texts, got undefined',
    ],
    [
      'no folder',
      () => createCheckpoint(undefined as never, CAPTIONS),
      'folder must be a string that is not empty, got undefined',
    ],
    [
      'a misspelt option',
      () => createCheckpoint(join(root, 'refused'), CAPTIONS, { sead: 1 } as never),
      'options must have known names, got "sead" (did you mean "seed"?)',
    ],
    [
      'a misspelt size',
      () => createCheckpoint(join(root, 'refused'), CAPTIONS, { vision: { with: 5 } } as never),
      'vision must have known names, got "with" (did you mean "width"?)',
    ],
  ])('refuses %s', async (_, create, message) => {
    const action = message.startsWith('a caption') ? 'learn tokenizer' : 'create checkpoint';
    await expect(create()).rejects.toThrow(new TypeError(`Cannot ${action}: ${message}`));
    expect(existsSync(join(root, 'refused'))).toBe(false);
  });

  it('stops when aborted, also where captions have no end, and leaves nothing', async () => {
    function* endless(): Generator<string> {
      for (;;) yield 'a red car';
    }
    const ending = createCheckpoint(join(root, 'endless'), endless(), { ...SMALL, signal: AbortSignal.timeout(50) });
    await expect(ending).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(existsSync(join(root, 'endless'))).toBe(false);
  });

  it('says that a file is in the way', async () => {
    const file = join(root, 'file');
    writeFileSync(file, 'x');
    await expect(createCheckpoint(file, CAPTIONS, SMALL)).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot create checkpoint: ${file} must be a folder that can be written, got ENOTDIR`,
    });
    expect(readFileSync(file, 'utf8')).toBe('x');
  });

  it('leaves a folder alone that holds something', async () => {
    await expect(createCheckpoint(folder, CAPTIONS, SMALL)).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot create checkpoint: folder must be new or empty, got ${folder}`,
    });
  });
});
