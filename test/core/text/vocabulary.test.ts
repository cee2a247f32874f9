import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../../packages/core/src/checkpoint/model-config.ts';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { Vocabulary } from '../../../packages/core/src/text/vocabulary.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const NAMES = ['car', 'traffic light', 'traffic_sign', 'road', 'railroad', 'Tree'];
const config = {
  text: { kind: 'vocabulary', names: 'vocab.json', embeddings: 'vocab.safetensors' },
  embeddingDim: 2,
} as ModelConfig;

function write(name: string, json: string, rows = NAMES.length, width = 2): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'vocab.json'), json);
  const data = Float32Array.from({ length: rows * width }, (_, index) => index);
  writeFileSync(
    join(folder, 'vocab.safetensors'),
    encodeSafetensors(new Map([['embeddings', { shape: [rows, width], data }]])),
  );
  return folder;
}

const folder = write('good', JSON.stringify({ names: NAMES }));

describe('Vocabulary', () => {
  it('looks a name up, whatever its case, spaces and underscores', async () => {
    const vocabulary = await Vocabulary.load(folder, config);
    for (const name of ['traffic light', 'Traffic_Light', ' traffic  light '])
      expect([...vocabulary.embedding(name)], name).toEqual([2, 3]);
    expect([...vocabulary.embedding('traffic sign')]).toEqual([4, 5]);
    expect([...vocabulary.embedding('tree')]).toEqual([10, 11]);
  });

  it('says whether it has a name, by the same rule', async () => {
    const vocabulary = await Vocabulary.load(folder, config);
    expect(['Traffic_Light', ' tree ', 'lamp'].map((name) => vocabulary.has(name))).toEqual([true, true, false]);
  });

  it('gives a copy: changing it does not change the table', async () => {
    const vocabulary = await Vocabulary.load(folder, config);
    vocabulary.embedding('car').fill(9);
    expect([...vocabulary.embedding('car')]).toEqual([0, 1]);
  });

  it('names the nearest entries of a word it does not have', async () => {
    const vocabulary = await Vocabulary.load(folder, config);
    let error: unknown;
    try {
      vocabulary.embedding('rod');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'LABEL_UNKNOWN',
      message: expect.stringMatching(
        /^Cannot embed label: label must be one of the 6 names of the vocabulary, got "rod"; nearest: "road", /,
      ),
    });
  });

  it('counts a name that contains the word as near', async () => {
    const vocabulary = await Vocabulary.load(folder, config);
    expect(vocabulary.nearest('traffic').slice(0, 2).sort()).toEqual(['traffic light', 'traffic_sign']);
    expect(vocabulary.nearest('roads').slice(0, 1)).toEqual(['road']);
    expect(vocabulary.nearest('x')).toHaveLength(5);
  });

  it.each([
    ['no list', '{"labels":[]}', 6, 2, 'vocab.json must have a list "names" of strings, got undefined'],
    ['numbers', '{"names":[1,2]}', 6, 2, 'vocab.json must have a list "names" of strings, got object'],
    ['too few rows', JSON.stringify({ names: NAMES }), 5, 2, 'tensor "embeddings" must be [6, 2], got [5, 2] in '],
    ['other widths', JSON.stringify({ names: NAMES }), 6, 3, 'tensor "embeddings" must be [6, 2], got [6, 3] in '],
  ])('refuses a file with %s', async (name, json, rows, width, message) => {
    await expect(Vocabulary.load(write(name, json, rows, width), config)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining(message),
    });
  });
});
