import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, openWarned, samplesOf, write } from './fixtures.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const files = (root: string, names: readonly string[], content = 'x'): void => {
  for (const name of names) write(at(root, name), content);
};

describe('openDataset() on a folder', () => {
  it('reads the table in it: metadata first, else the only one', async () => {
    files('hf', ['a.jpg']);
    write(at('hf', 'metadata.jsonl'), '{"file_name":"a.jpg","text":"cap"}\n');
    write(at('hf', 'other.csv'), 'image,caption\na.jpg,other\n');
    files('csv', ['a.jpg']);
    write(at('csv', 'list.csv'), 'image,caption\na.jpg,one\n');
    expect((await samplesOf((await openWarned(at('hf'))).dataset))[0]?.categories).toEqual(['cap']);
    expect((await openWarned(at('csv'))).dataset.description).toBe('1 sample of list.csv');
    write(at('csv', 'list2.tsv'), 'a.jpg\tone\n');
    expect(await failureOf(openWarned(at('csv')))).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${at('csv')}" must hold one table (name the one to read as source), ` +
        'got [list.csv, list2.tsv]',
    );
    expect(await failureOf(openWarned({ source: at('hf'), header: true }))).toBe(
      'RangeError: Cannot open dataset: header must be left out for format jsonl, got true',
    );
  });

  it('reads a text beside each picture, in subfolders too', async () => {
    files('texts', ['0/1.jpg', '0/2.JPG', '1/3.png', '0/1.json']);
    write(at('texts', '0/1.txt'), 'one,two');
    write(at('texts', '1/3.caption'), 'three');
    const { dataset } = await openWarned(at('texts'));
    expect((await samplesOf(dataset)).map((sample) => [sample.key, sample.image, sample.categories])).toEqual([
      ['0/1.jpg', at('texts', '0/1.jpg'), ['one', 'two']],
      ['0/2.JPG', at('texts', '0/2.JPG'), []],
      ['1/3.png', at('texts', '1/3.png'), ['three']],
    ]);
  });

  it.each([
    ['the split above images and labels', ['train/images/a.jpg', 'train/images/b.jpg'], ['train/labels/a.png']],
    ['the split below images and masks', ['images/train/a.jpg', 'images/train/b.jpg'], ['masks/train/a.png']],
  ])('finds masks by name, with %s', async (name, pictures, masks) => {
    files(name, [...pictures, ...masks]);
    write(
      at(name, 'classes.json'),
      '{"classes":[{"index":1,"name":"car"},{"index":0,"name":"none"}],"ignore_index":9,"background_index":0}',
    );
    const { dataset } = await openWarned({ source: at(name), split: 'train' });
    expect([dataset.classes, dataset.ignoreIndex, dataset.backgroundIndex]).toEqual([
      [
        { index: 0, name: 'none' },
        { index: 1, name: 'car' },
      ],
      9,
      0,
    ]);
    expect(await samplesOf(dataset)).toEqual([
      { key: pictures[0], image: at(name, pictures[0]!), categories: [], mask: at(name, masks[0]!) },
      { key: pictures[1], image: at(name, pictures[1]!), categories: [] },
    ]);
  });

  it('takes the folders and the class list given', async () => {
    files('own', ['pics/a.jpg', 'segs/a.png']);
    const classes = write(at('own', 'list.json'), '{"classes":[{"index":3,"name":"car"}]}');
    const { dataset } = await openWarned({ source: at('own'), images: at('own/pics'), masks: at('own/segs'), classes });
    expect([dataset.classes, (await samplesOf(dataset))[0]?.mask]).toEqual([
      [{ index: 3, name: 'car' }],
      at('own/segs/a.png'),
    ]);
  });

  it('says what is missing', async () => {
    files('bare', ['images/a.jpg']);
    files('unmatched', ['images/a.jpg', 'labels/b.png']);
    files('nothing', ['readme.md']);
    const message = async (name: string, options = {}): Promise<string> =>
      (await failureOf(openWarned({ source: at(name), ...options }))).replaceAll(folder, '…');
    expect(await message('bare')).toBe(
      'DATASET_FORMAT: Cannot open dataset: "…/bare" must say something of its pictures: a table (.jsonl, .csv, ' +
        '.tsv), a .txt beside each, or masks, got 1 pictures alone',
    );
    expect(await message('unmatched')).toBe(
      'DATASET_FORMAT: Cannot open dataset: "…/unmatched/labels" must hold PNG masks named as the pictures, got ' +
        '[b.png] for [a.jpg]',
    );
    expect(await message('nothing')).toBe(
      'DATASET_FORMAT: Cannot open dataset: "…/nothing" must hold pictures, got [readme.md]',
    );
    expect(await message('bare', { split: 'val' })).toBe(
      'DATASET_FORMAT: Cannot open dataset: "…/bare" must hold a folder for split "val", got [images]',
    );
    expect(await message('bare', { keys: { image: 'x' } })).toBe(
      'RangeError: Cannot open dataset: keys must be left out for a folder without a table, got {"image":"x"}',
    );
    expect(await message('none', { format: 'folder' })).toBe(
      'DATASET_FORMAT: Cannot open dataset: source must be a folder, got "…/none", which is none',
    );
    expect(
      await message('unmatched', {
        images: at('unmatched/images'),
        masks: at('bare/images'),
        classes: at('none.json'),
      }),
    ).toContain('must hold PNG masks named as the pictures');
    files('matched', ['images/a.jpg', 'labels/a.png']);
    expect(await message('matched', { classes: at('none.json') })).toContain('Cannot read class list: ');
  });
});

describe.skipIf(!hasShared)('the CamVid folders', () => {
  it('have 367, 101 and 233 pictures with masks of 11 classes', async () => {
    for (const [split, count] of [
      ['train', 367],
      ['val', 101],
      ['test', 233],
    ] as const) {
      const { dataset } = await openWarned({ source: join(SHARED, 'data/camvid'), split });
      expect([dataset.description, dataset.classes?.length, dataset.ignoreIndex, dataset.backgroundIndex]).toEqual([
        `${count} samples of camvid ${split}`,
        11,
        255,
        undefined,
      ]);
      const samples = await samplesOf(dataset);
      expect(samples.filter(({ mask }) => mask === undefined)).toEqual([]);
      const { width, height, data } = await readIndexMask(await samples[0]!.mask!);
      expect([width, height, data.every((value) => value <= 10 || value === 255)]).toEqual([480, 360, true]);
    }
  });
});
