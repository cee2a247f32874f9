import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandSource } from '../../../packages/train/src/data/source.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, openWarned, write } from './fixtures.ts';

const folder = temporaryFolder();
const path = write(join(folder, 'list.jsonl'), '{"image":"a.jpg","tags":["a"]}\n');
write(join(folder, 'a.jpg'), 'a picture');
const message = async (options: object): Promise<string> => failureOf(openWarned({ source: path, ...options }));

describe('openDataset()', () => {
  it('refuses options of the wrong kind', async () => {
    expect(await failureOf(openWarned(undefined as unknown as string))).toBe(
      'TypeError: Cannot open dataset: data must be a path or an object with a source, got undefined',
    );
    expect(await failureOf(openWarned(Promise.resolve(path) as unknown as string))).toBe(
      'TypeError: Cannot open dataset: data must be a path or an object with a source, got a Promise (did you ' +
        'forget await?)',
    );
    expect(await failureOf(openWarned([path] as unknown as string))).toBe(
      'TypeError: Cannot open dataset: data must be a path or an object with a source, got a list of 1',
    );
    expect(await message({ source: '' })).toBe(
      'RangeError: Cannot open dataset: data.source must be a path or a list of paths, got ""',
    );
    expect(await message({ source: [] })).toBe(
      'RangeError: Cannot open dataset: data.source must be a path or a list of paths, got an empty list',
    );
    expect(await message({ imags: 'x' })).toBe(
      'TypeError: Cannot open dataset: data must have known names, got "imags" (did you mean "images"?)',
    );
    expect(await message({ split: 1 })).toBe(
      'TypeError: Cannot open dataset: data.split must be a string that is not empty, got 1',
    );
    expect(await message({ format: 'parquet' })).toBe(
      'RangeError: Cannot open dataset: data.format must be one of "webdataset", "jsonl", "csv", "tsv", "coco", ' +
        '"folder", "index-jsonl", "annotations", got "parquet"',
    );
    expect(await message({ keys: 'x' })).toBe('TypeError: Cannot open dataset: data.keys must be an object, got "x"');
    expect(await message({ keys: { imag: 'x' } })).toBe(
      'TypeError: Cannot open dataset: data.keys must have known names, got "imag" (did you mean "image"?)',
    );
    expect(await message({ keys: { image: [] } })).toBe(
      'RangeError: Cannot open dataset: data.keys.image must be a field name, a column index or a list of them, ' +
        'got an empty list',
    );
    expect(await message({ header: 'yes' })).toBe(
      'TypeError: Cannot open dataset: data.header must be true or false, got "yes"',
    );
    expect(await message({ shuffleBuffer: 0 })).toBe(
      'RangeError: Cannot open dataset: data.shuffleBuffer must be a positive integer, got 0',
    );
  });

  it('refuses options that the format would ignore', async () => {
    expect(await message({ shuffleBuffer: 5 })).toBe(
      'RangeError: Cannot open dataset: shuffleBuffer must be left out for format jsonl, got 5',
    );
    expect(await message({ source: 'x.tar', split: 'train' })).toBe(
      'RangeError: Cannot open dataset: split must be left out for format webdataset, got "train"',
    );
    expect(await message({ source: [path, path] })).toBe(
      'RangeError: Cannot open dataset: source must be one path for format jsonl, got ' +
        `${JSON.stringify([path, path]).slice(0, 57)}…`,
    );
  });

  it('tells formats by name, and says when it cannot', async () => {
    const known =
      'source must be a folder or end in .tar, .jsonl, .ndjson, .csv, .tsv, .tab, .json (or name its format)';
    expect(await message({ source: join(folder, 'a.jpg') })).toBe(
      `DATASET_FORMAT: Cannot open dataset: ${known}, got "${join(folder, 'a.jpg')}"`,
    );
    expect(await message({ source: join(folder, 'none') })).toBe(
      `DATASET_FORMAT: Cannot open dataset: ${known}, got "${join(folder, 'none')}", which does not exist`,
    );
    expect(await message({ source: join(folder, 'a.parquet') })).toBe(
      'DATASET_FORMAT: Cannot open dataset: source must not be Parquet (convert it, e.g. with pandas.read_parquet' +
        `(file).to_json('captions.jsonl', orient='records', lines=True)), got "${join(folder, 'a.parquet')}"`,
    );
    write(join(folder, 'list'), '{"image":"a.jpg","tags":["a"]}\n');
    expect((await openWarned({ source: join(folder, 'list'), format: 'jsonl' })).dataset.size).toBe(1);
  });
});

describe('expandSource()', () => {
  it('expands ranges and lists in braces', () => {
    expect(expandSource('d/cc-{000008..000011}.tar')).toEqual([
      'd/cc-000008.tar',
      'd/cc-000009.tar',
      'd/cc-000010.tar',
      'd/cc-000011.tar',
    ]);
    expect(expandSource(['{a,b}-{0..1}.tar', 'c.tar'])).toEqual(['a-0.tar', 'a-1.tar', 'b-0.tar', 'b-1.tar', 'c.tar']);
    expect(expandSource('cc-{000000..001242}.tar').length).toBe(1243);
  });
});
