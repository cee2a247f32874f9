/** Captions and tags without masks. */
import { describe, expect, it } from 'vitest';
import { frame, opener, rowsOf } from './opened.ts';

const opened = opener();
const row = (fields: object): string => `${JSON.stringify(fields)}\n`;
const pictures = { 'photos/a.png': frame, 'photos/b.png': frame, 'photos/c.png': frame };

describe('captions', () => {
  it('are read from a table, several rows of a picture together; masks are unknown', async () => {
    const rows = ['photos/a.png,a red car', 'photos/a.png,"a car, parked"', 'b.png,two cars', 'gone.png,x'];
    const set = await opened({ ...pictures, 'captions.csv': ['file_name,caption', ...rows, ''].join('\n') });
    expect(set).toMatchObject({
      ...{ form: 'captions', description: 'captions (captions.csv)', exhaustive: false },
      notes: ['1 annotated pictures, which are not there'],
    });
    expect(set.pictures.map(({ key, labeled, captions }) => [key, labeled, captions])).toEqual([
      ['photos/a.png', false, ['a red car', 'a car, parked']],
      ['photos/b.png', false, ['two cars']],
    ]);
    expect(await rowsOf(set.pictures[0])).toEqual(['????', '????', '????']);
  });

  it('have splits by their rows, or by the names of tables and folders', async () => {
    const others = [
      { image: 'b.png', tags: ['dog', 'lawn'], split: 'val' },
      { image: 'c.png', tags: 'dog' },
    ];
    const set = await opened({
      ...pictures,
      'train.jsonl': row({ image: 'a.png', text: 'a dog' }),
      'others.jsonl': others.map(row).join(''),
    });
    expect(set.pictures.map(({ split, captions }) => [split, captions])).toEqual([
      ['train', ['a dog']],
      ['val', ['dog', 'lawn']],
      [undefined, ['dog']],
    ]);
  });

  it('are read from text files beside the pictures; numbers are no captions', async () => {
    const set = await opened({
      ...pictures,
      'photos/a.txt': 'a dog on a sofa\n',
      'photos/b.txt': '0 0.5 0.5 0.2 0.2\n',
    });
    expect(set.pictures.map(({ key, captions }) => [key, captions])).toEqual([['photos/a.png', ['a dog on a sofa']]]);
  });

  it('have the words that are said of enough pictures as classes, the most frequent first', async () => {
    const said = ['a dog on a sofa', 'a dog, and a lamp', 'dog'];
    const set = await opened({
      ...pictures,
      'metadata.jsonl': ['a', 'b', 'c'].map((name, at) => row({ image: `${name}.png`, caption: said[at] })).join(''),
    });
    expect(set.classes).toEqual(['dog']);
  });

  it('of COCO without outlines are read alike', async () => {
    const set = await opened({
      ...pictures,
      'annotations/captions_train.json': JSON.stringify({
        images: ['a', 'b'].map((name, id) => ({ id, file_name: `${name}.png` })),
        annotations: [0, 1].map((id) => ({ id, image_id: id, caption: 'a dog' })),
        categories: [],
      }),
    });
    const captions = set.pictures.map((picture) => picture.captions);
    expect([set.form, set.classes, captions]).toEqual(['coco', ['dog'], [['a dog'], ['a dog']]]);
  });

  it.each([
    ['rows with masks', { 'metadata.jsonl': row({ image: 'a.png', caption: 'a dog', mask: 'a-mask.png' }) }],
    ['a table of something else', { 'sales.csv': 'month,amount\nMay,3\n' }],
    ['pictures alone', {}],
  ])('are not taken from %s', async (_, files) => {
    await expect(opened({ ...pictures, ...files })).rejects.toMatchObject({ code: 'DATASET_FORMAT' });
  });
});
