import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeSafetensors, readFloats, type FloatTensor } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { Weights } from '../../../packages/core/src/checkpoint/weights.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(root, 'case-'))));

const vector = (...values: number[]): FloatTensor => ({ shape: [values.length], data: Float32Array.from(values) });

function shard(name: string, tensors: Record<string, FloatTensor>): void {
  writeFileSync(join(folder, name), encodeSafetensors(new Map(Object.entries(tensors))));
}

function index(weightMap: unknown): void {
  writeFileSync(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: { total_size: 1 }, weight_map: weightMap }),
  );
}

describe('Weights.open()', () => {
  it('reads one file', async () => {
    shard('model.safetensors', { a: vector(1, 2), b: vector(3) });
    const weights = await Weights.open(folder);
    expect(weights.entries().map(({ name }) => name)).toEqual(['a', 'b']);
    expect([...(await readFloats(weights.get('a', [2])))]).toEqual([1, 2]);
  });

  it('reads shards as one set of names', async () => {
    shard('model-00001-of-00002.safetensors', { a: vector(1, 2) });
    shard('model-00002-of-00002.safetensors', { b: vector(3) });
    index({ b: 'model-00002-of-00002.safetensors', a: 'model-00001-of-00002.safetensors' });
    const weights = await Weights.open(folder);
    expect([...(await readFloats(weights.get('a', [2]))), ...(await readFloats(weights.get('b', [1])))]).toEqual([
      1, 2, 3,
    ]);
    expect(weights.files).toEqual([
      join(folder, 'model-00001-of-00002.safetensors'),
      join(folder, 'model-00002-of-00002.safetensors'),
    ]);
  });

  it('follows links, as a hub cache has them, to the files themselves', async () => {
    shard('blob', { a: vector(1) });
    symlinkSync('blob', join(folder, 'model.safetensors'));
    expect((await Weights.open(folder)).files).toEqual([join(folder, 'blob')]);
  });

  it('names what a folder without weights must hold', async () => {
    await expect(Weights.open(folder)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message:
        'Cannot load checkpoint: folder must hold model.safetensors or model.safetensors.index.json, got ' +
        `${folder}`,
    });
  });

  it('names a shard that is missing', async () => {
    shard('one.safetensors', { a: vector(1) });
    index({ a: 'one.safetensors', b: 'two.safetensors' });
    await expect(Weights.open(folder)).rejects.toThrow(
      'Cannot read two.safetensors: file must be readable, got ENOENT',
    );
  });

  it('names a tensor the index promises and no shard has', async () => {
    shard('one.safetensors', { a: vector(1) });
    index({ a: 'one.safetensors', b: 'one.safetensors' });
    await expect(Weights.open(folder)).rejects.toThrow(
      'Cannot load checkpoint: tensor "b" must be in one.safetensors as the index says, got none',
    );
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty map', {}],
  ])('refuses an index with %s', async (_, map) => {
    index(map);
    await expect(Weights.open(folder)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message:
        `Cannot load checkpoint: ${join(folder, 'model.safetensors.index.json')} must be a safetensors ` +
        'index, got no weight_map',
    });
  });

  it('refuses an index that is null, and shards that are no names', async () => {
    writeFileSync(join(folder, 'model.safetensors.index.json'), 'null');
    await expect(Weights.open(folder)).rejects.toThrow('must be a safetensors index, got no weight_map');
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    writeFileSync(join(folder, 'model.safetensors.index.json'), `{"weight_map":{"a":${deep},"b":{"toString":1}}}`);
    await expect(Weights.open(folder)).rejects.toThrow(
      'Cannot load checkpoint: files that it names must lie in its folder, got a list of 1 (',
    );
  });

  it('refuses an index that is no JSON', async () => {
    writeFileSync(join(folder, 'model.safetensors.index.json'), '{');
    await expect(Weights.open(folder)).rejects.toThrow(
      'model.safetensors.index.json must be a safetensors index, got ',
    );
  });
});

describe('get()', () => {
  it('names the tensor, its shape and the file when it is missing', async () => {
    shard('model.safetensors', { a: vector(1) });
    const weights = await Weights.open(folder);
    expect(() => weights.get('decoder.film_mul.bias', [16])).toThrow(
      'Cannot load checkpoint: tensor "decoder.film_mul.bias" [16] must be in model.safetensors, got none ' +
        `(${join(folder, 'model.safetensors')})`,
    );
  });

  it.each([[[3]], [[2, 1]], [[]]])('names the tensor, both shapes and the file when %j is asked for', async (shape) => {
    shard('model.safetensors', { a: vector(1, 2) });
    const weights = await Weights.open(folder);
    expect(() => weights.get('a', shape)).toThrow(
      `Cannot load checkpoint: tensor "a" must be [${shape.join(', ')}], got [2] in model.safetensors ` +
        `(${join(folder, 'model.safetensors')})`,
    );
  });
});
