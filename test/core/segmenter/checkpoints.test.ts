/** Checkpoints of other forms than the tiny default, through the public door. */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter, type Segmentation, type SegmenterOptions } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, type FloatTensor } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyTensors, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { tinyTextConfig, writeTinyConvolution } from '../../support/tiny-convolution.ts';
import { worstExcess } from '../../support/tensors.ts';

const root = temporaryFolder();
const tiny = writeTinyClipseg(join(root, 'tiny'));
const cacheFolder = join(root, 'cache');
const photo = picture(60, 40, 1);

async function activations(folder: string, options: SegmenterOptions = {}): Promise<Segmentation> {
  await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder, ...options });
  return await segmenter.segment(photo, await segmenter.labels(['road', 'car', 'the tree']), {
    output: ['labels', 'activations'],
    size: 'model',
  });
}

/** Largest difference of two activation maps, 0 … 1. */
function largestDifference(a: Segmentation, b: Segmentation): number {
  return worstExcess(a.activations, b.activations, 0, 0).error;
}

describe('precision', () => {
  it('fp16 stays close to fp32', async () => {
    // Half precision keeps three digits per operation. Logits here reach ±7, and a few dozen operations deep they are
    // off by 0.003 on average and 0.1 at worst, activations by a quarter of that.
    const [exact, half] = [await activations(tiny), await activations(tiny, { precision: 'fp16' })];
    const differences = exact.activations.map((value, index) => Math.abs(value - (half.activations[index] as number)));
    expect(Math.max(...differences)).toBeGreaterThan(0);
    expect(Math.max(...differences)).toBeLessThan(0.04);
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(0.002);
  });

  it('int8 keeps the label of nearly every pixel', async () => {
    const [exact, rough] = [await activations(tiny), await activations(tiny, { precision: 'int8' })];
    // The trunk's products are rounded to 1/127 of their rows' range, a random network amplifies that: 0.1 of
    // activation at worst, and only pixels that were nearly tied change their label.
    expect(largestDifference(exact, rough)).toBeLessThan(0.15);
    const changed = exact.labelMap.filter((label, pixel) => label !== rough.labelMap[pixel]).length;
    expect(changed / exact.labelMap.length).toBeLessThan(0.1);
  });

  it('int8 graphs are made anew when the weights change', async () => {
    const folder = writeTinyClipseg(join(root, 'changing'), { seed: 3 });
    const before = await activations(folder, { precision: 'int8' });
    writeTinyClipseg(folder, { seed: 4 });
    expect(largestDifference(before, await activations(folder, { precision: 'int8' }))).toBeGreaterThan(0.05);
  });
});

describe('templates', () => {
  it("are the checkpoint's unless a caller names others", async () => {
    const folder = writeTinyClipseg(join(root, 'templates'));
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, prompt_templates: ['the {}'] }));
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    expect(segmenter.templates).toEqual(['the {}']);
    const [own, named, plain] = await Promise.all([
      segmenter.labels(['road']),
      segmenter.labels(['road'], { templates: ['the {}'] }),
      segmenter.labels(['road'], { templates: 'plain' }),
    ]);
    expect(own.embeddings).toEqual(named.embeddings);
    expect(own.embeddings).not.toEqual(plain.embeddings);
  });
});

describe('input size', () => {
  it('other than the trained one interpolates the position embeddings', async () => {
    await using segmenter = await Segmenter.load(tiny, { device: 'cpu', cacheFolder, inputSize: 48 });
    expect(segmenter.inputSize).toEqual([48, 48]);
    const result = await segmenter.segment(photo, await segmenter.labels(['road', 'car'], { background: 'none' }), {
      size: 'model',
    });
    expect([result.width, result.height]).toEqual([48, 48]);
    expect(new Set(result.labelMap).size).toBe(2);
  });

  it('equal to the trained one changes nothing', async () => {
    expect(largestDifference(await activations(tiny, { inputSize: 32 }), await activations(tiny))).toBe(0);
  });
});

describe('the cache of graphs', () => {
  const cached = (folder: string): string[] =>
    readdirSync(join(folder, 'graphs')).map((name) => join(folder, 'graphs', name));

  it('is used by the next load, and a damaged graph is built again', async () => {
    const own = join(root, 'damaged');
    const first = await activations(tiny, { cacheFolder: own });
    const before = new Map(cached(own).map((path) => [path, readFileSync(path)]));
    expect(before.size).toBeGreaterThan(0);
    for (const [path, bytes] of before) writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    // So that the text encoder's graph is needed again too.
    rmSync(join(own, 'embeddings'), { recursive: true });
    expect(largestDifference(await activations(tiny, { cacheFolder: own }), first)).toBe(0);
    expect(cached(own).every((path) => readFileSync(path).equals(before.get(path) as Buffer))).toBe(true);
  });

  it("serves a copy of the checkpoint elsewhere with the copy's weights", async () => {
    const own = join(root, 'shared-cache');
    const [one, two] = [
      await activations(tiny, { cacheFolder: own }),
      await activations(writeTinyClipseg(join(root, 'twin'), { seed: 9 }), { cacheFolder: own }),
    ];
    const files = cached(own).length;
    expect(largestDifference(one, two)).toBeGreaterThan(0.05);
    expect(
      largestDifference(two, await activations(join(root, 'twin'), { cacheFolder: join(root, 'cache-of-its-own') })),
    ).toBe(0);
    expect(cached(own), 'same layout, same graphs').toHaveLength(files);
  });

  it('may be a folder that cannot be written', async () => {
    const blocked = join(root, 'blocked');
    writeFileSync(blocked, 'a file where a folder should be');
    expect(largestDifference(await activations(tiny, { cacheFolder: blocked }), await activations(tiny))).toBe(0);
  });
});

describe('folders', () => {
  it('with the refined head and patches of another size than 16 are upsampled to the input size', async () => {
    const result = await activations(writeTinyClipseg(join(root, 'refined'), { head: 'refined' }));
    expect([result.width, result.height, result.activations.length]).toEqual([32, 32, 3072]);
  });

  it('with more blocks than taps need are cut: later weights may be missing', async () => {
    const options = { blocks: 5, taps: [0, 1, 3] };
    const whole = await activations(writeTinyClipseg(join(root, 'deep'), options));
    const without = Object.fromEntries(
      [...tinyTensors(options).keys()]
        .filter((name) => name.includes('vision_model.encoder.layers.4'))
        .map((name) => [name, undefined]),
    );
    expect(Object.keys(without)).not.toEqual([]);
    expect(
      largestDifference(
        await activations(writeTinyClipseg(join(root, 'cut'), { ...options, tensors: without })),
        whole,
      ),
    ).toBe(0);
  });

  it('in shards give what one file gives', async () => {
    const folder = join(root, 'sharded');
    mkdirSync(folder);
    for (const file of ['config.json', 'preprocessor_config.json', 'vocab.json', 'merges.txt'])
      copyFileSync(join(tiny, file), join(folder, file));
    const entries = [...tinyTensors()];
    const names = [
      'model-00001-of-00003.safetensors',
      'model-00002-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
    ];
    names.forEach((name, shard) =>
      writeFileSync(join(folder, name), encodeSafetensors(new Map(entries.filter((_, index) => index % 3 === shard)))),
    );
    const map = Object.fromEntries(entries.map(([name], index) => [name, names[index % 3]]));
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    for (const precision of ['fp32', 'int8'] as const)
      expect(largestDifference(await activations(folder, { precision }), await activations(tiny, { precision }))).toBe(
        0,
      );
  });

  it('with a convolution trunk and a small text encoder take any label', async () => {
    const folder = writeTinyConvolution(join(root, 'convolution-text'), tinyTextConfig());
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    expect([segmenter.vocabulary, segmenter.templates]).toEqual([undefined, ['{}']]);
    const labels = await segmenter.labels(['road', 'a word that no list holds'], { background: 'none' });
    expect(labels.embeddings).toHaveLength(2 * 6);
    expect(labels.embeddings.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    const result = await segmenter.segment(photo, labels, { size: 'model' });
    expect([result.width, result.height, new Set(result.labelMap).size]).toEqual([48, 32, 2]);
    expect(await activations(folder, { precision: 'fp16' })).toMatchObject({ width: 48, height: 32 });
  });

  it('whose weights have another shape say which, of which file', async () => {
    const folder = writeTinyClipseg(join(root, 'wrong'), {
      tensors: { 'decoder.film_mul.weight': { shape: [8, 16], data: new Float32Array(128) } },
    });
    await expect(Segmenter.load(folder, { device: 'cpu', cacheFolder })).rejects.toMatchObject({
      name: 'SynsegError',
      code: 'CHECKPOINT_FORMAT',
      message:
        'Cannot load checkpoint: tensor "decoder.film_mul.weight" must be [16, 16], got [8, 16] in ' +
        `model.safetensors (${join(folder, 'model.safetensors')})`,
    });
  });

  it('whose weights are missing say which', async () => {
    const folder = writeTinyClipseg(join(root, 'missing'), {
      tensors: { 'clip.vision_model.pre_layrnorm.bias': undefined },
    });
    await expect(Segmenter.load(folder, { device: 'cpu', cacheFolder })).rejects.toThrow(
      'Cannot load checkpoint: tensor "clip.vision_model.pre_layrnorm.bias" [32] must be in model.safetensors, ' +
        'got none',
    );
  });

  it('whose text weights are missing say so when the first label is asked for', async () => {
    await using segmenter = await Segmenter.load(
      writeTinyClipseg(join(root, 'textless'), { tensors: { 'clip.text_projection.weight': undefined } }),
      { device: 'cpu', cacheFolder },
    );
    await expect(segmenter.labels(['road'])).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining('tensor "clip.text_projection.weight" [16, 32] must be in model.safetensors'),
    });
  });

  it.each<['fp32' | 'fp16' | 'int8', 1 | 5]>([
    ['fp32', 1],
    ['fp32', 5],
    ['fp16', 1],
    ['int8', 1],
  ])('whose weights are not numbers are an error in %s with %i views, not a label', async (precision, views) => {
    for (const part of ['clip.vision_model.encoder.layers.1.mlp.fc1.weight', 'decoder.transposed_convolution.weight']) {
      const tensors = tinyTensors();
      const { shape, data } = tensors.get(part) as FloatTensor;
      const folder = writeTinyClipseg(join(root, `nan-${precision}-${views}-${part}`), {
        tensors: { [part]: { shape, data: data.map((value, at) => (at % 2 === 0 ? NaN : value)) } },
      });
      const segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder, precision });
      const labels = await segmenter.labels(['road']);
      const encoded = await segmenter.encode(photo, { views });
      await expect(segmenter.segment(encoded, labels)).rejects.toMatchObject({
        code: 'INFERENCE',
        message:
          'Cannot segment: logits must be finite numbers, got others (the weights of the checkpoint may be ' +
          'damaged, or too large for this precision)',
      });
      await segmenter.dispose();
    }
  });

  it('whose weights are cut off say so', async () => {
    const folder = writeTinyClipseg(join(root, 'truncated'));
    writeFileSync(
      join(folder, 'model.safetensors'),
      readFileSync(join(folder, 'model.safetensors')).subarray(0, 50_000),
    );
    await expect(Segmenter.load(folder, { device: 'cpu', cacheFolder })).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringMatching(
        /^Cannot read model\.safetensors: tensor ".*" must end within the file, got end \d+ of 50000 bytes \(truncated\)/,
      ),
    });
  });
});
