/** Labels of a checkpoint with a table of words: what they answer as, what is unknown, and what is embedded. */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { toFloat16 } from '@synseg/core/checkpoint';
import { LabelSet, Segmenter, type LabelInput, type LabelsOptions } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { gaussians } from '../../support/random.ts';
import { SMALL_WORDS, writeWords } from '../../support/small-words.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { writeTinyConvolution } from '../../support/tiny-convolution.ts';

const root = temporaryFolder();
const cacheFolder = join(root, 'cache');
const plain = writeTinyClipseg(join(root, 'plain'));
const known = writeWords(writeTinyClipseg(join(root, 'known')));

async function embed(folder: string, labels: readonly LabelInput[], options: LabelsOptions = {}): Promise<LabelSet> {
  await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
  return await segmenter.labels(labels, options);
}

const rows = ({ embeddings }: LabelSet): number[][] =>
  Array.from({ length: embeddings.length / EMBEDDING_DIM }, (_, row) => [
    ...embeddings.subarray(row * EMBEDDING_DIM, (row + 1) * EMBEDDING_DIM),
  ]);

describe('a label that the table of words has', () => {
  it("has the embedding of its class's name, and keeps its own name", async () => {
    const asked = ['a red Poodle', 'lorries', 'car'];
    const set = await embed(known, asked, { threshold: 0.3 });
    expect(rows(set)).toEqual(rows(await embed(plain, ['dog', 'truck', 'car'])));
    expect(set.names).toEqual(asked);
    expect(set.words).toEqual([
      { asked: 'a red Poodle', answered: 'dog', why: 'kind' },
      { asked: 'lorries', answered: 'truck', why: 'synonym' },
      { asked: 'car', answered: 'car', why: 'class' },
    ]);
    expect(set.unknown).toEqual([]);
  });

  it('has the embedding that the table gives its class, where it gives one', async () => {
    const own = Float32Array.from({ length: EMBEDDING_DIM }, (_, at) => at / 4 - 1);
    const vectors = { cow: Buffer.from(toFloat16(own).buffer).toString('base64') };
    const folder = writeWords(writeTinyClipseg(join(root, 'vectors')), { ...SMALL_WORDS, vectors });
    const set = await embed(folder, ['dog', 'heifers', { name: 'cow', prompts: ['a cow'] }]);
    const [dog, cow] = rows(await embed(plain, ['dog', { name: 'cow', prompts: ['a cow'] }]));
    expect(rows(set)).toEqual([dog, [...own], cow]);
  });

  it('is put into the templates of the call by the name of its class', async () => {
    const templates = ['the {} there', '{}'];
    expect(rows(await embed(known, ['heifers'], { templates }))).toEqual(
      rows(await embed(plain, ['cow'], { templates })),
    );
  });

  it('is not looked up where it has prompts of its own', async () => {
    const labels = [{ name: 'poodle', prompts: ['a poodle', 'my {}'] }];
    const set = await embed(known, labels);
    expect(rows(set)).toEqual(rows(await embed(plain, labels)));
    expect([set.words, set.unknown]).toEqual([[{ asked: 'poodle', answered: 'poodle', why: 'text' }], []]);
  });

  it('may answer as the class of another: the first of them gets the pixels', async () => {
    await using segmenter = await Segmenter.load(known, { device: 'cpu', cacheFolder });
    const picture = { data: Uint8Array.from(gaussians(40 * 30 * 3, 5), (x) => 128 + 60 * x), width: 40, height: 30 };
    const areas = async (...names: string[]): Promise<number[]> => {
      const result = await segmenter.segment(picture, await segmenter.labels(names, { background: 'none' }));
      return names.map((name) => result.areas[name] as number);
    };
    const [poodle, dog, car] = await areas('poodle', 'dog', 'car');
    expect([poodle, dog, car]).toEqual([...(await areas('poodle', 'car')).toSpliced(1, 0, 0)]);
    expect(poodle).toBeGreaterThan(0);
    expect(await areas('car', 'dog', 'poodle')).toEqual([car, poodle, 0]);
  });

  it('is cached by what it answers as: two tables of one text encoder are not mixed', async () => {
    const other = writeWords(writeTinyClipseg(join(root, 'other')), {
      format: 1,
      classes: { cat: { kind: ['poodle'] }, dog: {} },
    });
    const [dog, cat] = rows(await embed(plain, ['dog', 'cat']));
    expect(dog).not.toEqual(cat);
    expect(rows(await embed(known, ['poodle', 'dog']))).toEqual([dog, dog]);
    expect(rows(await embed(other, ['poodle', 'dog']))).toEqual([cat, dog]);
  });
});

describe('a label that the table of words does not have', () => {
  it('is embedded as it is and said to be unknown, with the known words that are alike', async () => {
    const set = await embed(known, ['pooodle', 'forklift', 'dog'], { templates: ['the {}', '{}'] });
    const same = rows(await embed(plain, ['pooodle', 'forklift', 'dog'], { templates: ['the {}', '{}'] }));
    expect(rows(set)).toEqual(same);
    expect(set.words.map(({ answered, why }) => `${answered}: ${why}`)).toEqual([
      'pooodle: unknown',
      'forklift: unknown',
      'dog: class',
    ]);
    expect(set.unknown).toEqual([
      { asked: 'pooodle', nearest: ['poodle'] },
      { asked: 'forklift', nearest: ['truck', 'car'] },
    ]);
  });

  it('stays with the set in another thread and in a file', async () => {
    const set = await embed(known, ['forklift', 'poodle']);
    const thread = new Worker(new URL('thread-process.mjs', import.meta.url), { workerData: set.parts });
    const [there] = (await once(thread, 'message')) as [Pick<LabelSet, 'parts' | 'words' | 'unknown'>];
    expect(there).toEqual({ parts: set.parts, words: set.words, unknown: set.unknown });
    expect(there.unknown).toMatchObject([{ asked: 'forklift' }]);
    const path = join(root, 'set.safetensors');
    await set.save(path);
    expect(await LabelSet.load(path)).toEqual(set);
  });
});

describe('a checkpoint without a table of words', () => {
  it('takes any words and calls none unknown', async () => {
    const set = await embed(plain, ['poodle', 'a red forklift']);
    expect(set.words).toEqual([
      { asked: 'poodle', answered: 'poodle', why: 'text' },
      { asked: 'a red forklift', answered: 'a red forklift', why: 'text' },
    ]);
    expect(set.unknown).toEqual([]);
  });
});

describe('a checkpoint with a vocabulary and a table of words', () => {
  const folder = writeWords(writeTinyConvolution(join(root, 'vocabulary')), {
    format: 1,
    classes: { car: { kind: ['taxi'] }, road: {}, lake: {} },
  });

  it('answers words of the table from the vocabulary; a name that only the vocabulary has is unknown', async () => {
    const [car, sky] = await Promise.all([embed(folder, ['car']), embed(folder, ['sky'])]);
    const set = await embed(folder, ['a taxi', 'sky']);
    expect([...set.embeddings]).toEqual([...car.embeddings, ...sky.embeddings]);
    expect(set.words.map(({ why }) => why)).toEqual(['kind', 'unknown']);
    expect(set.unknown).toEqual([{ asked: 'sky', nearest: [] }]);
  });

  it('refuses what neither has, as before', async () => {
    await expect(embed(folder, ['forklift'])).rejects.toMatchObject({
      code: 'LABEL_UNKNOWN',
      message: expect.stringContaining('must be one of the 3 names of the vocabulary, got "forklift"'),
    });
  });
});

it('a table of words that is damaged is an error of loading', async () => {
  const folder = writeWords(writeTinyClipseg(mkdtempSync(join(root, 'bad-'))), { format: 1, classes: { dog: [] } });
  await expect(embed(folder, ['dog'])).rejects.toMatchObject({
    code: 'CHECKPOINT_FORMAT',
    message: `Cannot load checkpoint: ${join(folder, 'words.json')}: classes: dog must be a JSON object, got []`,
  });
});
