/** Caption files of every format, in pieces of every size. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  BROKEN,
  captionFormat,
  captionRecords,
  type CaptionRecord,
  type CaptionSource,
} from '../../../packages/train/src/phrases/caption-records.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const broken = 'broken';

function write(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function records(
  name: string,
  text: string | Uint8Array,
  options: Partial<CaptionSource> = {},
): Promise<(CaptionRecord | 'broken')[]> {
  const path = write(name, text);
  const all: (CaptionRecord | 'broken')[] = [];
  const source = { path, format: captionFormat(path), keys: {}, header: undefined, ...options };
  for await (const record of captionRecords(source)) all.push(record === BROKEN ? broken : record);
  return all;
}

const row = (image: string, caption: string): CaptionRecord => ({ fields: { image }, caption });

describe('captionFormat()', () => {
  it('tells the format by the name, packed or not', () => {
    expect(
      ['a.tsv', 'a.csv.gz', 'a.JSONL', 'a.ndjson', 'captions_val2017.json', 'a.b.txt.gz'].map(captionFormat),
    ).toEqual(['tsv', 'csv', 'jsonl', 'jsonl', 'coco', 'text']);
  });

  it('asks for a format where the name does not tell', () => {
    const error = {
      code: 'DATASET_FORMAT',
      message:
        'Cannot extract phrases: captions must end in .tsv, .tab, .csv, .jsonl, .ndjson, .json, .txt or have a ' +
        'format, got "captions.xlsx"',
    };
    expect(() => captionFormat('captions.xlsx')).toThrow(expect.objectContaining(error));
    expect(() => captionFormat('captions.parquet')).toThrow(
      'Cannot extract phrases: captions must not be Parquet (convert it, e.g. with pandas.read_parquet(file)' +
        ".to_json('captions.jsonl', orient='records', lines=True)), got \"captions.parquet\"",
    );
  });
});

describe('TSV', () => {
  it('reads url and caption without a header, quotes as letters, blank lines as none', async () => {
    expect(
      await records('a.tsv', 'http://a/1\ta "red car\r\n\nhttp://a/2\t dogs \nhttp://a/3\n\tcat\nhttp://a/4\t\n'),
    ).toEqual([row('http://a/1', 'a "red car'), row('http://a/2', 'dogs'), broken, broken, broken]);
  });

  it('finds the address when the caption comes first (Conceptual 3M)', async () => {
    expect(await records('b.tsv', 'a red car\thttp://a/1.jpg\na dog\thttp://a/2.jpg')).toEqual([
      row('http://a/1.jpg', 'a red car'),
      row('http://a/2.jpg', 'a dog'),
    ]);
  });

  it('reads columns by header, by name and by number', async () => {
    expect(await records('c.tsv', 'id\ttext\turl\n1\ta dog\thttp://a/1\n')).toEqual([row('http://a/1', 'a dog')]);
    expect(
      await records('d.tsv', 'what\tWhere\na dog\tx.jpg\n', {
        keys: { caption: 'what', image: 'where' },
        header: true,
      }),
    ).toEqual([row('x.jpg', 'a dog')]);
    expect(await records('e.tsv', '1\ta dog\tx.jpg\n', { keys: { caption: 1, image: '2' } })).toEqual([
      row('x.jpg', 'a dog'),
    ]);
    expect(await records('f.tsv', 'caption\tx.jpg\n', { keys: { caption: 0, image: 1 }, header: false })).toEqual([
      row('x.jpg', 'caption'),
    ]);
  });

  it('names a column that is not there', async () => {
    const message = (name: string, asked: string): string =>
      `Cannot extract phrases: the first row of "${join(folder, name)}" must name ${asked}, got "url", "text"`;
    await expect(records('g.tsv', 'url\ttext\n', { keys: { caption: 'alt' } })).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: message('g.tsv', '"alt"'),
    });
    await expect(records('h.tsv', 'url\ttext\n', { keys: { image: 'picture' } })).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: message('h.tsv', '"picture"'),
    });
    await expect(records('i.tsv', 'a\tb\n', { header: true })).rejects.toMatchObject({
      message: `Cannot extract phrases: the first row of "${join(folder, 'i.tsv')}" must name a caption, got "a", "b"`,
    });
  });
});

describe('CSV', () => {
  it('reads quotes, commas, line ends and doubled quotes inside cells', async () => {
    const text =
      'image,caption\r\na.jpg,"a dog, a ""cat""\nand a cow"\nb.jpg,plain 12" pizza\nc.jpg,"whole" ' +
      'cell\nd.jpg,a,b\n"e.jpg","last"';
    expect(await records('a.csv', text)).toEqual([
      row('a.jpg', 'a dog, a "cat"\nand a cow'),
      row('b.jpg', 'plain 12" pizza'),
      row('c.jpg', '"whole" cell'),
      broken,
      row('e.jpg', 'last'),
    ]);
  });

  it('reads a single column as captions without pictures', async () => {
    expect(await records('b.csv', 'a dog\na cat\n')).toEqual([
      { fields: {}, caption: 'a dog' },
      { fields: {}, caption: 'a cat' },
    ]);
  });

  it('counts a quote that is never closed as one broken row and goes on', async () => {
    const name = 'b'.repeat(37);
    const rows = await records('c.csv', `a,"${'x'.repeat(100)}\n${`${name},c\n`.repeat(150_000)}`);
    expect(rows[0]).toBe(broken);
    expect(rows.filter((entry) => entry === broken)).toHaveLength(1);
    expect(rows.at(-1)).toEqual(row(name, 'c'));
    expect(rows).toHaveLength(150_001);
    expect(await records('d.csv', 'image,caption\na,"b\nc,d')).toEqual([broken, row('c', 'd')]);
  });
});

describe('JSONL', () => {
  it('reads image or key, the caption under its usual names, mask and split', async () => {
    const rows = [
      { image: 'a.jpg', caption: 'a dog', mask: 'a.png', split: 'train', other: 1 },
      { file_name: 'b.jpg', text: 'a cat' },
      { id: 7, caption: ['a cow', 'grass'] },
      { caption: ' a pig ' },
      { image: 'c.jpg' },
      { image: 'd.jpg', caption: 5 },
    ];
    const text = `\uFEFF${rows.map((value) => JSON.stringify(value)).join('\n')}\nnot json\n[1]\n\n{"caption": "end"}`;
    expect(await records('a.jsonl', text)).toEqual([
      { fields: { image: 'a.jpg', mask: 'a.png', split: 'train' }, caption: 'a dog' },
      row('b.jpg', 'a cat'),
      { fields: { key: '7' }, caption: 'a cow. grass' },
      { fields: {}, caption: 'a pig' },
      broken,
      broken,
      broken,
      broken,
      { fields: {}, caption: 'end' },
    ]);
  });

  it('reads fields by the names asked for', async () => {
    expect(
      await records('b.jsonl', '{"alt":"a dog","src":"x.jpg","caption":"no"}\n', {
        keys: { caption: 'alt', image: 'src' },
      }),
    ).toEqual([row('x.jpg', 'a dog')]);
  });

  it('reads spaCy rows with their chunks, with or without a caption', async () => {
    const text =
      '{"image":"a.jpg","noun_chunks":["a dog"]}\n{"key":"k","caption":"c","nouns":[]}\n{"caption":"no chunks"}\n';
    expect(await records('c.jsonl', text, { format: 'spacy' })).toEqual([
      { fields: { image: 'a.jpg' }, caption: '', chunks: ['a dog'] },
      { fields: { key: 'k' }, caption: 'c', chunks: [] },
      broken,
    ]);
  });
});

describe('COCO', () => {
  const coco = {
    info: { description: 'images [ { " } ] annotations', nested: { images: [{ id: 1, file_name: 'wrong.jpg' }] } },
    type: 'annotations',
    annotations: [
      { id: 1, image_id: 2, caption: 'a "dog" {in} [a] box\\' },
      { id: 2, image_id: 1, caption: 'two\ncats', extra: [{ a: [1] }] },
      { id: 3, image_id: 9, caption: 'no picture' },
      { id: 4, image_id: 1 },
    ],
    images: [
      { id: 1, file_name: 'a.jpg' },
      { id: 2, file_name: 'b.jpg', licences: [1, 2] },
    ],
  };

  it('joins captions with names of pictures, wherever in the file they stand', async () => {
    const expected = [row('b.jpg', 'a "dog" {in} [a] box\\'), row('a.jpg', 'two\ncats'), broken, broken];
    expect(await records('captions.json', JSON.stringify(coco))).toEqual(expected);
    expect(await records('captions-2.json', JSON.stringify(coco, undefined, 2))).toEqual(expected);
  });

  it('says when the file is something else', async () => {
    const message =
      `Cannot extract phrases: "${join(folder, 'other.json')}" must have "annotations" with captions ` +
      'as COCO does, got none';
    await expect(records('other.json', '[{"caption":"a dog"}]')).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message,
    });
  });

  it('counts a broken end as one broken record', async () => {
    expect(
      await records(
        'cut.json',
        JSON.stringify({
          images: [{ id: 1, file_name: 'a.jpg' }],
          annotations: [{ image_id: 1, caption: 'a dog' }, { image_id: 1 }],
        }).slice(0, -6),
      ),
    ).toEqual([row('a.jpg', 'a dog'), broken]);
  });
});

describe('plain text', () => {
  it('numbers its lines', async () => {
    expect(await records('a.txt', 'a dog\r\n\n a cat')).toEqual([
      { fields: { key: '1' }, caption: 'a dog' },
      { fields: { key: '3' }, caption: 'a cat' },
    ]);
  });
});

describe('any format', () => {
  it('unpacks gzip, also of several members and under any name, and keeps letters whole over pieces', async () => {
    const text = 'äöü 😀 line\n'.repeat(20_000);
    const packed = Buffer.concat([gzipSync(text), gzipSync('end')]);
    for (const name of ['a.txt.gz', 'b.txt']) {
      const captions = (await records(name, packed)).map((record) => (record === broken ? record : record.caption));
      expect(captions).toHaveLength(20_001);
      expect(new Set(captions)).toEqual(new Set(['äöü 😀 line', 'end']));
    }
    const coco = { images: [{ id: 1, file_name: 'a.jpg' }], annotations: [{ image_id: 1, caption: 'a dog' }] };
    expect(await records('c.json.gz', gzipSync(JSON.stringify(coco)))).toEqual([row('a.jpg', 'a dog')]);
    expect(await records('d.csv.gz', gzipSync('a.jpg,a dog\n'))).toEqual([row('a.jpg', 'a dog')]);
  });

  it('counts the bytes that were read', async () => {
    let bytes = 0;
    await records('e.txt', 'ä\n'.repeat(100_000), { onBytes: (read) => (bytes += read) });
    expect(bytes).toBe(300_000);
  });

  it('names a file that is missing, gzip that is cut or none, and UTF-16', async () => {
    const code = 'DATASET_FORMAT';
    const none = captionRecords({ path: join(folder, 'none.txt'), format: 'text', keys: {}, header: undefined });
    await expect(none.next()).rejects.toMatchObject({
      code,
      message: `Cannot extract phrases: captions must be a readable file, got "${join(folder, 'none.txt')}" (ENOENT)`,
    });
    await expect(records('plain.txt.gz', 'not packed')).rejects.toMatchObject({
      code,
      message:
        `Cannot extract phrases: captions must be whole gzip, got "${join(folder, 'plain.txt.gz')}" ` +
        '(Z_DATA_ERROR)',
    });
    const cut = gzipSync('line\n'.repeat(1000)).subarray(0, 30);
    await expect(records('cut.txt.gz', cut)).rejects.toMatchObject({
      message: `Cannot extract phrases: captions must be whole gzip, got "${join(folder, 'cut.txt.gz')}" (Z_BUF_ERROR)`,
    });
    await expect(records('wide.txt', Buffer.from('\uFEFFa dog\n', 'utf16le'))).rejects.toMatchObject({
      message: `Cannot extract phrases: captions must be UTF-8, got "${join(folder, 'wide.txt')}" (UTF-16)`,
    });
  });

  it('counts an endless line as one broken line, at the end of a file too', async () => {
    const long = 'x'.repeat(4_070_000);
    const captions = async (name: string, text: string): Promise<string[]> =>
      (await records(name, text)).map((record) => (record === broken ? record : record.caption));
    expect(await captions('f.txt', `a\n${long}\nb\n`)).toEqual(['a', broken, 'b']);
    expect(await captions('g.txt', `a\n${long}`)).toEqual(['a', broken]);
  });
});
