/**
 * The whole way of a table of addresses and captions, as CC12M is one: phrases of it, shards as img2dataset writes
 * them, and a run whose categories are the phrases of the table and no others.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractPhrases, train, type StepReport, type TrainOptions } from '@synseg/train';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { failureOf, jpeg, tar, write } from './data/fixtures.ts';
import { writeTinyTrunk } from './trainer/tiny-set.ts';

const root = temporaryFolder();
const trunk = writeTinyTrunk(join(root, 'trunk'));
/** "car", "road", "sky" are names of the vocabulary, "cars" stands in by "car", "tree" by its two kinds. */
const CAPTIONS = [
  'Cars on a road',
  'the sky above a tree',
  'A tree',
  'A car under  the sky ', // a downloader may trim and fold it
  'Trees',
];
const urlOf = (index: number): string => `https://example.org/${index}.jpg`;

/** Shards of two and three samples: picture, text and JSON of each, under a number, and no name of a table. */
async function writeShards(folder: string, texts = true): Promise<string> {
  for (const [shard, indices] of [
    [0, 1],
    [2, 3, 4],
  ].entries()) {
    const members: Record<string, string | Uint8Array> = {};
    for (const index of indices) {
      const [key, caption] = [`${shard}`.padStart(5, '0') + `${index}`.padStart(4, '0'), CAPTIONS[index] ?? ''];
      members[`${key}.jpg`] = await jpeg(index);
      if (texts) members[`${key}.txt`] = caption.trim().replaceAll(/\s+/g, ' ');
      members[`${key}.json`] = JSON.stringify({ caption, url: urlOf(index), key, status: 'success', width: 32 });
    }
    await tar(join(folder, `0000${shard}.tar`), members);
  }
  return join(folder, '{00000..00001}.tar');
}

const options = (name: string, data: TrainOptions['data'], changes: Partial<TrainOptions> = {}): TrainOptions => ({
  ...{ data, init: 'random', trunk, out: join(root, name), cacheFolder: join(root, 'cache'), recipe: 'tags' },
  ...{ steps: 3, batchSize: 3, cacheFeatures: false, device: 'cpu', threads: 1 },
  advanced: { workers: 1, decoder: { reduceDim: 8, heads: 2, intermediateSize: 16 } },
  ...changes,
});

/** The reports of a run, and the categories that the vocabulary lacked, with what stands in for them. */
async function run(given: TrainOptions): Promise<{ reports: StepReport[]; standIns: unknown }> {
  const reports: StepReport[] = [];
  for await (const report of train(given)) reports.push(report);
  const vocabulary = JSON.parse(readFileSync(join(given.out, 'last/vocab.json'), 'utf8')) as { standIns?: unknown };
  return { reports, standIns: vocabulary.standIns };
}

const sum = (reports: readonly StepReport[], name: keyof NonNullable<StepReport['leftOut']>): number =>
  reports.reduce((total, { leftOut }) => total + (leftOut?.[name] ?? 0), 0);

/** Writes the table and its phrases; the defaults would find trees in it. */
async function writePhrases(name: string, header: string): Promise<string> {
  const rows = CAPTIONS.map((caption, index) => `${urlOf(index)}\t${caption}\n`);
  const table = write(join(root, name, 'cc.tsv'), header + rows.join(''));
  const phrases = join(root, name, 'phrases.jsonl');
  const summary = await extractPhrases(table, { out: phrases, exclude: ['tree'] });
  expect(summary).toMatchObject({ lines: 5, kept: 3, withoutPhrases: 2, broken: 0 });
  return phrases;
}

describe('a run on shards of a table', () => {
  test.each([
    { what: 'with a header, joined by caption', header: 'url\tcaption\n', texts: true },
    { what: 'without a header, joined by address', header: '', texts: false },
  ])('trains the phrases of the table: $what', async ({ header, texts }) => {
    const name = `texts-${texts}`;
    const phrases = await writePhrases(name, header);
    const source = await writeShards(join(root, name), texts);
    const { reports, standIns } = await run(options(`run-${name}`, { source, phrases }));
    expect(standIns).toEqual([{ category: 'cars', entries: ['car'] }]);
    // Nine pictures of three in five.
    expect(sum(reports, 'withoutPhrases')).toBeGreaterThanOrEqual(4);
    expect(sum(reports, 'corrupt') + sum(reports, 'unknown')).toBe(0);
  });

  test('without phrases, those of the captions are taken with the defaults', async () => {
    const { reports, standIns } = await run(options('run-alone', await writeShards(join(root, 'alone'))));
    expect(standIns).toEqual(expect.arrayContaining([{ category: 'tree', entries: ['pine tree', 'apple tree'] }]));
    expect(sum(reports, 'withoutPhrases')).toBe(0);
  });
});

describe('options of phrases', () => {
  test('reach the captions of a run: a list of what to drop, or its file', async () => {
    const source = await writeShards(join(root, 'dropped'));
    const dropped = await run(options('run-dropped', source, { nounPhrases: { exclude: ['tree'] } }));
    expect(dropped.standIns).toEqual([{ category: 'cars', entries: ['car'] }]);
    expect(sum(dropped.reports, 'withoutPhrases')).toBeGreaterThanOrEqual(4);
    const file = write(join(root, 'drop.txt'), 'tree, car');
    const fromFile = await run(options('run-file', source, { nounPhrases: { exclude: file, keep: 'nouns' } }));
    expect(fromFile.standIns).toBeUndefined();
  });
});

describe('phrases of a run', () => {
  test('that are known and empty stay empty', async () => {
    const rows = CAPTIONS.map((caption, index) => ({
      image: urlOf(index),
      caption,
      nouns: index === 0 ? ['road'] : [],
    }));
    const phrases = write(join(root, 'empty.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { reports, standIns } = await run(
      options('run-empty', { source: await writeShards(join(root, 'empty')), phrases }),
    );
    expect(standIns).toBeUndefined();
    expect(sum(reports, 'withoutPhrases')).toBeGreaterThanOrEqual(4 * 8);
  });

  test('that fit no sample are an error', async () => {
    const phrases = write(
      join(root, 'other.jsonl'),
      '{"image":"https://other.org/1.jpg","caption":"x","nouns":["y"]}\n',
    );
    const source = await writeShards(join(root, 'other'));
    expect(await failureOf(run(options('run-other', { source, phrases })))).toMatch(
      /^DATASET_FORMAT: Cannot open dataset: phrases must have the key, image or caption of a sample, got none of 5, the last of them "0000\d\.tar\/\d+", in ".*other\.jsonl", which has "https:\/\/other\.org\/1\.jpg"$/,
    );
  });
});
