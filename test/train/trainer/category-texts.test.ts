import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { readModelConfig, toFloat16, type ModelConfig } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import {
  openCategoryTexts,
  standInEntries,
  type CategoryTextOptions,
  type CategoryTexts,
} from '../../../packages/train/src/trainer/category-texts.ts';
import { gaussians } from '../../support/random.ts';
import { SMALL_WORDS, writeWords } from '../../support/small-words.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, tinyConfig, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { TRUNK_DIM, VOCABULARY, writeTinyTrunk } from './tiny-set.ts';

const root = temporaryFolder();
const trunk = writeTinyTrunk(join(root, 'trunk'));
const trunkConfig = readModelConfig(
  { ...(JSON.parse(readFileSync(join(trunk, 'config.json'), 'utf8')) as object), decoder: {} },
  undefined,
  trunk,
);
const open = (
  folder: string,
  config: ModelConfig,
  options: Partial<CategoryTextOptions> = {},
): Promise<CategoryTexts> =>
  openCategoryTexts({
    folder,
    config,
    templates: 'clipseg',
    unknown: 'compose',
    cacheFolder: join(root, 'cache'),
    device: 'cpu',
    threads: 1,
    ...options,
  });
const entry = (name: string): Float32Array =>
  gaussians(VOCABULARY.length * TRUNK_DIM, 77).subarray(
    VOCABULARY.indexOf(name) * TRUNK_DIM,
    (VOCABULARY.indexOf(name) + 1) * TRUNK_DIM,
  );
const expectClose = (a: Float32Array, b: readonly number[]): void =>
  b.forEach((value, index) => expect(a[index]).toBeCloseTo(value, 6));

describe('standInEntries()', () => {
  const names = ['shoe', 'sweat pants', 'short pants', 'Hand_Bag', 'dress', 'berry', 'watch', 'night sky', 'bus stop'];

  it.each([
    ['shoes', ['shoe']],
    ['berries', ['berry']],
    ['watches', ['watch']],
    ['dresses', ['dress']],
    ['handbag', []],
    ['hand bags', ['Hand_Bag']],
    ['hand  bag', ['Hand_Bag']],
    ['pants', ['sweat pants', 'short pants']],
    ['pant', ['sweat pants', 'short pants']],
    ['bag', ['Hand_Bag']],
    ['skies', ['night sky']],
    ['stop', ['bus stop']],
    ['bus', []],
    ['ess', []],
    ['oe', []],
  ])('of "%s" are %j', (category, entries) => {
    expect(standInEntries(category, names)).toEqual(entries);
  });

  it('are the entry of the same name alone, where there is one', () => {
    expect(standInEntries('trees', ['tree', 'pine tree', 'apple trees'])).toEqual(['tree']);
  });
});

describe('texts of a checkpoint with a table of words', () => {
  it('are those of the classes that the words answer as, as in use', async () => {
    const folder = writeTinyClipseg(join(root, 'words'));
    const own = gaussians(EMBEDDING_DIM, 5);
    const vectors = { cow: Buffer.from(toFloat16(own).buffer).toString('base64') };
    writeWords(folder, { ...SMALL_WORDS, vectors });
    const texts = await open(folder, readModelConfig(tinyConfig(), undefined, folder));
    const asked = ['Poodle', 'dog', 'heifers', 'gizmo'];
    const found = await texts.embed(asked);
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
    const { embeddings } = await segmenter.labels(asked);
    expect(asked.flatMap((name) => [...found.get(name)!])).toEqual([...embeddings]);
    expect(found.get('Poodle')).toEqual(found.get('dog'));
    own.forEach((value, at) => expect(found.get('heifers')![at]).toBeCloseTo(value, 2));
    await texts.dispose();
  });
});

describe('texts of a vocabulary', () => {
  it('are its entries; what is none of them is stood for by their mean', async () => {
    const texts = await open(trunk, trunkConfig);
    const found = await texts.embed(['road', 'Pine_Tree', 'cars', 'tree']);
    expect(found.get('road')).toEqual(entry('road'));
    expect(found.get('Pine_Tree')).toEqual(entry('pine tree'));
    expect(found.get('cars')).toEqual(entry('car'));
    expectClose(
      found.get('tree') as Float32Array,
      Array.from(entry('pine tree'), (value, index) => (value + (entry('apple tree')[index] as number)) / 2),
    );
    expect(['road', 'tree', 'cars', 'horse'].map(texts.knows)).toEqual([true, true, true, false]);
  });

  it('grow by the categories that were stood for, in the order they came', async () => {
    const texts = await open(trunk, trunkConfig);
    for (const category of ['road', 'tree', 'horse', 'cars', 'tree']) texts.knows(category);
    const { names, embeddings, standIns } = texts.extended?.() ?? {
      names: [],
      embeddings: new Float32Array(),
      standIns: [],
    };
    expect(names).toEqual([...VOCABULARY, 'tree', 'cars']);
    expect(standIns).toEqual([
      { category: 'tree', entries: ['pine tree', 'apple tree'] },
      { category: 'cars', entries: ['car'] },
    ]);
    expect(embeddings.length).toBe(names.length * TRUNK_DIM);
    expect(embeddings.slice(0, TRUNK_DIM * VOCABULARY.length)).toEqual(gaussians(VOCABULARY.length * TRUNK_DIM, 77));
    expect(embeddings.slice(-TRUNK_DIM)).toEqual(entry('car'));
  });

  it('leave out what is no entry, when told to', async () => {
    const texts = await open(trunk, trunkConfig, { unknown: 'leave-out' });
    expect(['road', 'tree', 'cars'].map(texts.knows)).toEqual([true, false, false]);
    expect(texts.extended?.().names).toEqual(VOCABULARY);
  });

  it('have the mean of all entries in common', async () => {
    const texts = await open(trunk, trunkConfig);
    const mean = Array.from(
      { length: TRUNK_DIM },
      (_, index) => VOCABULARY.reduce((sum, name) => sum + (entry(name)[index] as number), 0) / VOCABULARY.length,
    );
    expectClose(await texts.center(['road']), mean);
    await texts.dispose();
  });
});

describe('texts of a text encoder', () => {
  it('are the embeddings that a segmenter has for the same names and sentences; there is no unknown one', async () => {
    const folder = writeTinyClipseg(join(root, 'clipseg'));
    const texts = await open(folder, readModelConfig(tinyConfig(), undefined, folder, 32), {
      templates: ['{}', 'the {}'],
    });
    await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
    const names = ['road', 'the car', 'zebra', 'road'];
    const found = await texts.embed(names);
    expect([...found.keys()]).toEqual(['road', 'the car', 'zebra']);
    const expected = await segmenter.labels(['road', 'the car', 'zebra'], { templates: ['{}', 'the {}'] });
    expect(Float32Array.from([...found.values()].flatMap((values) => [...values]))).toEqual(expected.embeddings);
    expect(found.get('road')?.length).toBe(EMBEDDING_DIM);
    // Again, from memory, and in another company.
    expect((await texts.embed(['zebra', 'tree'])).get('zebra')).toEqual(found.get('zebra'));
    expect(texts.knows('anything')).toBe(true);
    expect(texts.extended).toBeUndefined();
    expectClose(
      await texts.center(['road', 'zebra']),
      Array.from(
        found.get('road') as Float32Array,
        (value, index) => (value + (found.get('zebra')?.[index] as number)) / 2,
      ),
    );
    await texts.dispose();
    await texts.dispose();
  });

  it('of more categories than one request holds are all there', async () => {
    const folder = join(root, 'clipseg');
    const texts = await open(folder, readModelConfig(tinyConfig(), undefined, folder, 32), { templates: ['{}'] });
    const names = Array.from({ length: 70 }, (_, index) => `thing ${String(index)}`);
    const found = await texts.embed(names);
    expect(
      [...found.values()].every(
        (values) => values instanceof Float32Array && values.length === EMBEDDING_DIM && values.every(Number.isFinite),
      ),
    ).toBe(true);
    expect(new Set([...found.values()].map((values) => values.join())).size).toBe(70);
    await texts.dispose();
  });

  it('need no thread to be disposed of', async () => {
    const folder = join(root, 'clipseg');
    await expect(
      (await open(folder, readModelConfig(tinyConfig(), undefined, folder, 32))).dispose(),
    ).resolves.toBeUndefined();
  });
});
