import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { START } from '../../../packages/train/src/data/dataset.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { draw, failureOf, openWarned, samplesOf, write } from './fixtures.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
for (const name of ['a', 'b', 'c', 'd']) write(at(`${name}.jpg`), 'a picture');
const categories = async (data: Parameters<typeof openWarned>[0]): Promise<(readonly string[])[]> =>
  (await samplesOf((await openWarned(data)).dataset)).map((sample) => sample.categories);

describe('openDataset() on JSONL', () => {
  it('takes nouns, else tags, else the phrases of the caption, lower-case and once each', async () => {
    const path = write(
      at('words.jsonl'),
      [
        '\uFEFF{"image": "a.jpg", "caption": "A Car,a car, street ", "split": "x"}',
        '{"file_name": "b.jpg", "text": "one,two", "tags": ["Red  Dress", "dress"]}\r',
        '',
        '{"image": "c.jpg", "caption": "unused", "tags": ["unused"], "nouns": ["dog"]}',
        '{"key": "d.jpg", "tags": "hat, shoe", "mask": "d.png"}',
      ].join('\n'),
    );
    const { dataset, warnings } = await openWarned(path);
    expect([dataset.size, dataset.description, warnings]).toEqual([4, '4 samples of words.jsonl', []]);
    expect(await samplesOf(dataset)).toEqual([
      { key: 'a.jpg', image: at('a.jpg'), categories: ['a car', 'street'] },
      { key: 'b.jpg', image: at('b.jpg'), categories: ['red dress', 'dress'] },
      { key: 'c.jpg', image: at('c.jpg'), categories: ['dog'] },
      { key: 'd.jpg', image: at('d.jpg'), categories: ['hat', 'shoe'], mask: at('d.png') },
    ]);
  });

  it('reads lines that lie across the chunks of a file', async () => {
    const long = 'x'.repeat(50_000);
    const lines = Array.from({ length: 9 }, (_, index) =>
      JSON.stringify({ image: 'a.jpg', tags: [`${index}${long}`] }),
    );
    const found = await categories(write(at('long.jsonl'), lines.join('\n')));
    expect(found.map(([tag]) => [tag!.length, tag![0]])).toEqual(
      Array.from({ length: 9 }, (_, index) => [50_001, String(index)]),
    );
  });

  it('leaves out lines beyond four million bytes, and finds what follows', async () => {
    const path = write(
      at('endless.jsonl'),
      `{"image":"a.jpg","tags":["${'x'.repeat(4_000_000)}"]}\n{"image":"b.jpg","tags":["b"]}\n` +
        `{"image":"c.jpg","tags":["${'x'.repeat(9_000_000)}`,
    );
    const { dataset, warnings } = await openWarned(path);
    expect([
      (await samplesOf(dataset)).map(({ categories: found }) => found),
      warnings.map(({ message }) => message),
    ]).toEqual([
      [['b']],
      [
        `Row left out: ${path} line 1: line must have at most 4000000 bytes, got 4000029`,
        `Row left out: ${path} line 3: line must have at most 4000000 bytes, got 9000026`,
      ],
    ]);
    const table = write(at('endless.tsv'), `a.jpg\t${'x'.repeat(5_000_000)}\nb.jpg\tb\n${'x\t'.repeat(10_000)}\n`);
    const found = await openWarned(table);
    expect([
      (await samplesOf(found.dataset)).map(({ categories: words }) => words),
      found.warnings.map(({ message }) => message),
    ]).toEqual([
      [['b']],
      [
        `Row left out: ${table} line 1: line must have at most 4000000 bytes, got 5000006`,
        `Row left out: ${table} line 3: row must have at most 10000 columns, got 10001`,
      ],
    ]);
  });

  it('shows no secret of an address, and of what is wrong the beginning only', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const path = write(
      at('secret.jsonl'),
      `{"image":"https://ann:hunter2@x.org/a.jpg?sig=s3cret"}\n{"image":${deep}}\n` +
        '{"image":{"toString":1}}\n{"image":"a.jpg"}\n',
    );
    const { warnings } = await openWarned(path);
    expect(warnings.map(({ message }) => message.slice(0, 200))).toEqual(
      [
        `Row left out: ${path} line 1: picture must be a local file (download it first, e.g. with img2dataset), ` +
          'got "https://x.org/a.jpg"',
        `Row left out: ${path} line 2: image must be a text, got a list of 1`,
        `Row left out: ${path} line 3: image must be a text, got {"toString":1}`,
      ].map((message) => message.slice(0, 200)),
    );
  });

  it.skipIf(process.platform === 'win32')('refuses a device', async () => {
    expect(await failureOf(openWarned({ source: '/dev/zero', format: 'jsonl' }))).toBe(
      'DATASET_FORMAT: Cannot open dataset: source must be a readable file, got "/dev/zero", a device or a pipe',
    );
  });

  it('takes fields by the names given, and paths from the folders given', async () => {
    const path = write(at('lists', 'named.jsonl'), '{"pic": "a.jpg", "de": "Auto", "seg": "m.png"}\n');
    const { dataset } = await openWarned({
      source: path,
      images: folder,
      masks: at('masks'),
      keys: { image: ['none', 'pic'], caption: 'de', mask: 'seg' },
    });
    expect(await samplesOf(dataset)).toEqual([
      { key: 'a.jpg', image: at('a.jpg'), categories: ['auto'], mask: at('masks', 'm.png') },
    ]);
  });

  it('leaves out rows of another split', async () => {
    const path = write(
      at('split.jsonl'),
      '{"image":"a.jpg","tags":["a"],"split":"train"}\n{"image":"b.jpg","tags":["b"],"split":"val"}\n' +
        '{"image":"c.jpg","tags":["c"]}\n',
    );
    expect(await categories({ source: path, split: 'val' })).toEqual([['b']]);
    expect(await categories(path)).toEqual([['a'], ['b'], ['c']]);
    expect(await failureOf(openWarned({ source: path, split: 'test' }))).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must have rows of split "test", got the splits train, val`,
    );
  });

  it('leaves out broken lines and says which, the first three and then every tenfold', async () => {
    const broken = [
      '{"image": "a.jpg", "tags": [1]}',
      'nonsense',
      '[]',
      '{"tags": ["x"]}',
      '{"image": "https://x.org/a.jpg"}',
      ...new Array<string>(6).fill('{"image":'),
    ];
    const path = write(
      at('broken.jsonl'),
      ['{"image":"a.jpg","tags":["a"]}', ...broken, '{"image":"b.jpg","tags":["b"]}', '{"image":"b.j'].join('\n'),
    );
    const { dataset, warnings } = await openWarned(path);
    expect(dataset.size).toBe(2);
    expect(warnings.map(({ kind, count }) => [kind, count])).toEqual(
      [1, 2, 3, 10].map((count) => ['broken-row', count]),
    );
    expect(warnings[0]!.message).toBe(`Row left out: ${path} line 2: tags must be a text or a list of texts, got [1]`);
    expect(warnings[1]!.message).toContain('line 3: line must be JSON, got ');
    expect(warnings[2]!.message).toContain('line 4: row must be an object, got []');
  });

  it.each([
    [
      '{"tags": ["x"]}',
      'line 1: row must have a picture (image, file_name, filename, filepath, path, image_url, url, key; see keys), ' +
        'got the fields tags',
    ],
    [
      '{"image": "https://x.org/a.jpg"}',
      'line 1: picture must be a local file (download it first, e.g. with img2dataset), got "https://x.org/a.jpg"',
    ],
    ['{"image": 7}', 'line 1: image must be a text, got 7'],
    ['', 'an empty file'],
  ])('refuses a file without a usable row: %s', async (text, got) => {
    const path = write(at('useless.jsonl'), text);
    expect(await failureOf(openWarned(path))).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must have a usable row, got ${got}`,
    );
  });

  it('refuses a folder of pictures in which none is found', async () => {
    const path = write(at('elsewhere', 'list.jsonl'), '{"image":"a.jpg","tags":["a"]}\n');
    const message =
      "DATASET_FORMAT: Cannot open dataset: images must be the folder that the pictures' paths start from, got";
    expect(await failureOf(openWarned(path))).toBe(
      `${message} "${at('elsewhere')}", where "${at('elsewhere', 'a.jpg')}" does not exist`,
    );
    expect((await openWarned({ source: path, images: folder })).dataset.size).toBe(1);
  });

  it('says when a file cannot be read, or has changed since it was opened', async () => {
    expect(await failureOf(openWarned(at('none.jsonl')))).toContain(
      `DATASET_FORMAT: Cannot open dataset: source must be a readable file, got "${at('none.jsonl')}" (ENOENT`,
    );
    const path = write(at('changing.jsonl'), '{"image":"a.jpg","tags":["a"]}\n{"image":"b.jpg","tags":["b"]}\n');
    const { dataset } = await openWarned(path);
    writeFileSync(path, '\n'.repeat(80));
    expect(await failureOf(draw(dataset, 1))).toContain(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must not change while it is read, got line must be JSON`,
    );
  });

  it('joins phrases found before, by image or by caption', async () => {
    const source = write(
      at('captions.jsonl'),
      '{"image":"a.jpg","caption":"one,two"}\n{"image":"b.jpg","caption":"three"}\n' +
        '{"image":"c.jpg","caption":"four"}\n',
    );
    const known = write(
      at('phrases.jsonl'),
      '{"key":"a.jpg","caption":"one,two","nouns":["Bird","tree"]}\n' +
        '{"caption":"three","nouns":["lake"]}\n{"caption":"x"}\n',
    );
    // The file has the word: of a caption that is not in it no phrases are taken.
    expect(await categories({ source, phrases: known })).toEqual([['bird', 'tree'], ['lake'], []]);
    const { warnings } = await openWarned({ source, phrases: known });
    expect(warnings).toEqual([
      {
        kind: 'broken-row',
        count: 1,
        message:
          `Row left out: ${known} line 3: row must have nouns and one of key, image, caption, got the ` +
          'fields caption',
      },
    ]);
    expect(await failureOf(openWarned({ source, phrases: source }))).toContain(
      `phrases must be JSONL with nouns, "${source}", got line 3: row must have nouns`,
    );
    expect(await failureOf(openWarned({ source, phrases: at('none') }))).toContain(
      `phrases must be a readable file, got "${at('none')}" (ENOENT`,
    );
  });
});

describe('openDataset() on CSV and TSV', () => {
  it('reads columns by the names in the first row, quotes and line breaks included', async () => {
    const path = write(
      at('quoted.csv'),
      'text,file_name,split\r\n"red, ""big"" car,\nroad",a.jpg,x\r\n\r\nhouse,b.jpg,y\r\n',
    );
    expect(await categories(path)).toEqual([['red', '"big" car', 'road'], ['house']]);
    expect(await categories({ source: path, split: 'y' })).toEqual([['house']]);
  });

  it('reads a TSV without a header as picture and caption, stray quotes included', async () => {
    const path = write(at('cc.tsv'), 'a.jpg\tthe "best, view\nb.jpg\t5" pipe\n');
    expect(await categories(path)).toEqual([['the "best', 'view'], ['5" pipe']]);
  });

  it('takes columns by index, with a header and without', async () => {
    const keys = { image: 2, caption: 0 } as const;
    const [bare, headed] = [
      write(at('bare.tsv'), 'cap\tx\ta.jpg\n'),
      write(at('headed.tsv'), 'caption\tother\timage\ncap\tx\ta.jpg\n'),
    ];
    expect(await categories({ source: bare, keys })).toEqual([['cap']]);
    expect(await categories({ source: headed, keys })).toEqual([['cap']]);
    expect(
      await categories({
        source: write(at('odd.csv'), 'one,two\na.jpg,cap\n'),
        header: true,
        keys: { image: 'one', caption: 'two' },
      }),
    ).toEqual([['cap']]);
    expect(await categories({ source: write(at('image.csv'), 'a.jpg,image\n'), header: false })).toEqual([['image']]);
  });

  it('refuses URLs of pictures, as CC12M has them, and says what to do', async () => {
    const path = write(at('cc12m.tsv'), 'https://x.org/1.jpg\ta view\n');
    expect(await failureOf(openWarned(path))).toContain(
      'got line 1: picture must be a local file (download it first, e.g. with img2dataset), got "https://x.org/1.jpg"',
    );
  });

  it('leaves out rows with too many columns, and names a quote that never ends', async () => {
    const path = write(at('wide.csv'), 'image,caption\na.jpg,one,two\nb.jpg,three\n');
    const { dataset, warnings } = await openWarned(path);
    expect([dataset.size, warnings[0]?.message]).toEqual([
      1,
      `Row left out: ${path} line 2: row must have at most 2 columns, got 3`,
    ]);
    const open = write(at('open.csv'), 'image,caption\na.jpg,"one\nb.jpg,three\n');
    const opened = await openWarned(open);
    expect([opened.dataset.size, opened.warnings[0]?.message]).toEqual([
      1,
      `Row left out: ${open} line 2: row must close its quotes, got one that stays open`,
    ]);
  });
});

describe('openDataset() on gzip', () => {
  it('reads tables as those that are not packed, drawn in any order, by name or by their first bytes', async () => {
    const tables = {
      'list.csv.gz': 'file_name,text\na.jpg,"one,\ntwo"\nb.jpg,three\n',
      'list.tsv.gz': 'a.jpg\tone,two\nb.jpg\tthree\n',
      'named-plain.jsonl': '{"image":"a.jpg","caption":"one,two"}\n{"image":"b.jpg","caption":"three"}\n',
    };
    const known = write(at('known.jsonl.gz'), gzipSync('{"key":"b.jpg","nouns":["lake"]}\n'));
    for (const [name, text] of Object.entries(tables)) {
      const source = write(at(name), gzipSync(text));
      expect(await categories(source)).toEqual([['one', 'two'], ['three']]);
      expect(await categories({ source, phrases: known })).toEqual([[], ['lake']]);
    }
  });

  it('names gzip that is cut', async () => {
    const path = write(at('cut.csv.gz'), gzipSync('a.jpg,one\n'.repeat(1000)).subarray(0, 30));
    expect(await failureOf(openWarned(path))).toBe(
      `DATASET_FORMAT: Cannot open dataset: source must be whole gzip, got "${path}" (Z_BUF_ERROR)`,
    );
  });
});

describe('columns of a table', () => {
  it('are found whatever the case of their names, and by the address where there are none', async () => {
    expect(await categories(write(at('case.csv'), '\uFEFFCaption,File_Name\none,a.jpg\n'))).toEqual([['one']]);
    expect(await categories(write(at('turned.tsv'), 'one\ta.jpg\ntwo\tb.jpg\n'))).toEqual([['one'], ['two']]);
  });

  it('must have the names asked for', async () => {
    const source = write(at('other.csv'), 'caption,image\none,a.jpg\n');
    expect(await failureOf(openWarned({ source, keys: { image: ['photo', 'pic'] } }))).toBe(
      `DATASET_FORMAT: Cannot open dataset: the first row of "${source}" must name "photo" or "pic", got "caption", ` +
        '"image"',
    );
  });

  it('go on after a quote that never ends, and after a line that is too long', async () => {
    const path = write(
      at('torn.csv'),
      `image,caption\na.jpg,"one\nb.jpg,two\nc.jpg,"${'x'.repeat(4_000_001)}\nd.jpg,four\n`,
    );
    const { dataset, warnings } = await openWarned(path);
    expect((await samplesOf(dataset)).map((sample) => sample.categories)).toEqual([['two'], ['four']]);
    expect(warnings.map(({ message }) => message.slice(`Row left out: ${path} `.length))).toEqual([
      'line 2: row must close its quotes, got one that stays open',
      'line 4: line must have at most 4000000 bytes, got 4000008',
    ]);
  });

  it('are read of UTF-8 alone', async () => {
    const path = at('wide.csv16.csv');
    writeFileSync(path, Buffer.from('\uFEFFimage,caption\na.jpg,one\n', 'utf16le'));
    expect(await failureOf(openWarned(path))).toBe(
      `DATASET_FORMAT: Cannot open dataset: source must be UTF-8, got "${path}" (UTF-16)`,
    );
  });
});

describe('draw()', () => {
  const tags = Array.from({ length: 7 }, (_, index) => `{"image":"a.jpg","tags":["${index}"]}`).join('\n');
  const path = write(at('order.jsonl'), tags);
  const order = async (count: number, from = START, seed = 1): Promise<number[]> =>
    (await draw((await openWarned(path)).dataset, count, from, seed)).map(({ index }) => index);

  it('shuffles each epoch anew, every sample once, by the seed alone', async () => {
    const drawn = await order(21);
    for (const epoch of [0, 7, 14]) expect([...drawn.slice(epoch, epoch + 7)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(drawn.slice(0, 7)).not.toEqual(drawn.slice(7, 14));
    expect(await order(21)).toEqual(drawn);
    expect(await order(21, START, 2)).not.toEqual(drawn);
  });

  it('goes on from every position as if it had not stopped', async () => {
    const { dataset } = await openWarned(path);
    const whole = await draw(dataset, 21);
    for (const [count, { after }] of whole.entries()) {
      const position = JSON.parse(JSON.stringify(after)) as typeof after;
      expect((await draw(dataset, 20 - count || 1, position)).map(({ index }) => index).slice(0, 20 - count)).toEqual(
        whole.slice(count + 1).map(({ index }) => index),
      );
    }
    expect(whole[6]!.after).toEqual({ epoch: 0, consumed: 7 });
    expect(whole[7]!.after).toEqual({ epoch: 1, consumed: 1 });
  });

  it('refuses a position beyond the dataset', async () => {
    expect(await failureOf(order(1, { epoch: 0, consumed: 8 }))).toBe(
      'DATASET_FORMAT: Cannot open dataset: position must lie in the dataset (it may have changed since), got 8 of ' +
        '7 samples',
    );
  });

  it('stops with the reason of its signal', async () => {
    const { dataset } = await openWarned(path);
    const controller = new AbortController();
    const drawing = (async () => {
      for await (const { after } of dataset.draw(START, 1, controller.signal))
        if (after.consumed === 3) controller.abort(new Error('enough'));
    })();
    expect(await failureOf(drawing)).toBe('Error: enough');
  });
});

describe.skipIf(!hasShared)('the Clothing Co-Parsing list', () => {
  const path = join(SHARED, 'data/ccp/tags.jsonl');

  it('has 1,094 photos with tags alone and 1,004 with masks', async () => {
    const { dataset: tagged } = await openWarned({ source: path, split: 'tags' });
    const { dataset: masked, warnings } = await openWarned({ source: path, split: 'masks' });
    const { dataset: all } = await openWarned(join(SHARED, 'data/ccp'));
    expect([tagged.description, masked.size, all.size, warnings]).toEqual([
      '1,094 samples of tags.jsonl',
      1004,
      2098,
      [],
    ]);
    expect([tagged.classes, masked.classes?.length, masked.backgroundIndex, masked.ignoreIndex]).toEqual([
      undefined,
      59,
      0,
      undefined,
    ]);
    const [first] = await samplesOf(masked);
    expect(first).toMatchObject({
      key: 'images/0001.jpg',
      mask: join(SHARED, 'data/ccp/masks/0001.png'),
      categories: ['blouse', 'hair', 'shoes', 'skin', 'skirt', 'stockings', 'sunglasses', 'vest'],
    });
    expect(readFileSync(String(first!.image)).length).toBeGreaterThan(1000);
  });
});
