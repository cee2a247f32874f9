import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { Vocabulary } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { readNamedTexts } from '../../../packages/train/src/data/named-texts.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, writeTinyVectors } from '../../support/tiny-convolution.ts';
import { write } from './fixtures.ts';

const root = temporaryFolder();
const vectors = writeTinyVectors(join(root, 'vectors'));
const text = { kind: 'vocabulary', names: 'vocab.json', embeddings: 'vocab.safetensors' } as const;
const vocabulary = await Vocabulary.load(vectors, { text, embeddingDim: EMBEDDING_DIM });
const read = (name: string, content: string | Uint8Array): ReturnType<typeof readNamedTexts> =>
  readNamedTexts(write(join(root, name), content), vocabulary, undefined);

describe('readNamedTexts()', () => {
  const rows = [
    { text: 'cars', row: 0 },
    { text: 'a red car', row: 0 },
    { text: 'cars', row: 0 },
    { text: 'the sky', row: 2 },
  ];
  const lines = ['cars|car', ' a red car |Car', 'cars|car', 'the sky|sky'].map((line) => line.split('|'));

  it('reads each line, those that stand twice too, and names whatever their case', async () => {
    const jsonl = lines.map(([said, name]) => JSON.stringify({ text: said, name, more: 1 })).join('\n\n');
    expect(await read('a.jsonl', jsonl)).toEqual(rows);
    expect(await read('a.jsonl.gz', gzipSync(jsonl))).toEqual(rows);
    expect(await read('a.csv', ['text,name', ...lines.map((line) => line.join(','))].join('\n'))).toEqual(rows);
  });

  it.each<[string, string, string]>([
    ['a line that is no JSON', '{"text":', 'line 2: line must be JSON, got '],
    ['a line that is no object', '["cars", "car"]', 'line 2: row must be an object, got ["cars","car"]'],
    ['an empty text', '{"text": " ", "name": "car"}', 'line 2: text must be a text that is not empty, got " "'],
    ['a number', '{"text": 5, "name": "car"}', 'line 2: text must be a text that is not empty, got 5'],
    ['no text', '{"name": "car"}', 'line 2: text must be a text that is not empty, got undefined'],
    ['no name', '{"text": "cars"}', 'line 2: name must be a text, got undefined'],
    [
      'a name without a vector',
      '{"text": "trucks", "name": "truck"}',
      'line 2: name must be one of the 3 with a vector, got "truck"; nearest: ',
    ],
    [
      'a text with two names',
      '{"text": "The  SKY", "name": "road"}',
      'line 2: text "The  SKY" must have one name, got "road", in line 1 "sky"',
    ],
  ])('refuses %s: file, line, rule and value', async (_, line, message) => {
    await expect(read('b.jsonl', `{"text": "the sky", "name": "sky"}\n${line}\n`)).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: expect.stringContaining(`Cannot open dataset: "${join(root, 'b.jsonl')}" ${message}`),
    });
  });

  it('refuses a table without lines, and one that is not there', async () => {
    await expect(read('c.jsonl', '\n')).rejects.toThrow(`"${join(root, 'c.jsonl')}" must have lines, got none`);
    await expect(readNamedTexts(join(root, 'none.jsonl'), vocabulary, undefined)).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: expect.stringContaining('data must be a readable file'),
    });
  });
});
