/** From a file of captions to a file of phrases: what is written, what is counted, and what is left after a failure. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  extractPhrases,
  type ExtractPhrasesOptions,
  type PhraseProgress,
} from '../../../packages/train/src/phrases/extract-phrases.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
let folders = 0;

/** A folder of its own with one file of captions. */
function setUp(name: string, text: string | Uint8Array): { folder: string; captions: string; out: string } {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  writeFileSync(join(folder, name), text);
  return { folder, captions: join(folder, name), out: join(folder, 'phrases.jsonl') };
}

function rows(path: string): unknown[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}

const TSV = [
  'http://a.org/1.jpg\tA red car parked on the street',
  'http://a.org/2.jpg\tWhite background',
  'http://a.org/3.jpg',
  'http://a.org/4.jpg\tThe red car, side view',
  'http://a.org/5.jpg\t"It is nice."',
  '',
].join('\n');

describe('extractPhrases()', () => {
  it('writes a row for each caption, without nouns where it has none, and counts broken lines', async () => {
    const { folder, captions, out } = setUp('cc.tsv', TSV);
    const summary = await extractPhrases(captions, { out, table: join(folder, 'table.tsv') });
    expect(rows(out)).toEqual([
      { image: 'http://a.org/1.jpg', caption: 'A red car parked on the street', nouns: ['red car', 'street'] },
      { image: 'http://a.org/2.jpg', caption: 'White background', nouns: [] },
      { image: 'http://a.org/4.jpg', caption: 'The red car, side view', nouns: ['red car'] },
      { image: 'http://a.org/5.jpg', caption: '"It is nice."', nouns: [] },
    ]);
    expect(summary).toEqual({
      captions,
      out,
      format: 'tsv',
      lines: 5,
      kept: 2,
      withoutPhrases: 2,
      broken: 1,
      phrases: 3,
      distinct: 2,
      exact: true,
      countError: 0,
      seconds: expect.any(Number),
      frequent: [
        { phrase: 'red car', count: 2 },
        { phrase: 'street', count: 1 },
      ],
      excluded: {
        phrases: 2,
        byEntry: [
          { entry: 'background', count: 1 },
          { entry: '* view', count: 1 },
        ],
      },
    });
    expect(readFileSync(join(folder, 'table.tsv'), 'utf8')).toBe('2\tred car\n1\tstreet\n');
    expect(readdirSync(folder).sort()).toEqual(['cc.tsv', 'phrases.jsonl', 'table.tsv']);
  });

  it('makes the folder of the output and replaces a file that is there', async () => {
    const { folder, captions } = setUp('cc.tsv', TSV);
    const out = join(folder, 'new', 'phrases.jsonl');
    await extractPhrases(captions, { out });
    const first = readFileSync(out, 'utf8');
    await extractPhrases(captions, { out });
    expect(readFileSync(out, 'utf8')).toBe(first);
  });

  it('reads gzip, an exclusion list from a file, and names the phrase for <PERSON>', async () => {
    const { folder, captions, out } = setUp(
      'cc.txt.gz',
      gzipSync('<PERSON> beside a red car\na dog on a white background\n'),
    );
    writeFileSync(join(folder, 'list.txt'), '# mine\ncar\n');
    const summary = await extractPhrases(captions, {
      out,
      exclude: join(folder, 'list.txt'),
      person: 'person',
      keep: 'nouns',
    });
    expect(rows(out)).toEqual([
      { key: '1', caption: '<PERSON> beside a red car', nouns: ['person'] },
      { key: '2', caption: 'a dog on a white background', nouns: ['dog', 'background'] },
    ]);
    expect(summary.excluded.byEntry).toEqual([{ entry: 'car', count: 1 }]);
  });

  it('puts the chunks of spaCy through the same filter', async () => {
    const lines = [
      { image: 'a.jpg', caption: 'A red car, side view', noun_chunks: ['A red car', 'side view', 'red cars'] },
      { key: 'b', nouns: ['it'] },
      { key: 'c', nouns: [7] },
    ];
    const { captions, out } = setUp('spacy.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
    const summary = await extractPhrases(captions, { out, format: 'spacy' });
    expect(rows(out)).toEqual([
      { image: 'a.jpg', caption: 'A red car, side view', nouns: ['red car'] },
      { key: 'b', nouns: [] },
    ]);
    expect(summary).toMatchObject({ lines: 3, kept: 1, withoutPhrases: 1, broken: 1, excluded: { phrases: 1 } });
  });

  it("drops nothing afterwards with exclude 'none'", async () => {
    const { captions, out } = setUp('cc.tsv', TSV);
    const summary = await extractPhrases(captions, { out, exclude: 'none' });
    expect(rows(out)).toMatchObject([
      { nouns: ['red car', 'street'] },
      { nouns: ['white background'] },
      { nouns: ['red car', 'side view'] },
      { nouns: [] },
    ]);
    expect(summary.excluded).toEqual({ phrases: 0, byEntry: [] });
  });

  it('counts chunks without tags as broken where Algorithm 1 needs them', async () => {
    const tokens = [
      ['the', 'DET'],
      ['front', 'NOUN'],
      ['Door', 'NOUN'],
    ];
    const lines = [
      { key: 'a', noun_chunks: [{ text: 'the front Door', tokens }] },
      { key: 'b', noun_chunks: ['a car'] },
    ];
    const { captions, out } = setUp('spacy.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
    const summary = await extractPhrases(captions, { out, format: 'spacy', keep: 'paper' });
    expect(rows(out)).toEqual([{ key: 'a', nouns: ['front door'] }]);
    expect(summary).toMatchObject({ kept: 1, broken: 1 });
  });

  it('reads COCO captions', async () => {
    const coco = {
      images: [{ id: 5, file_name: '5.jpg' }],
      annotations: [
        { image_id: 5, caption: 'Two dogs.' },
        { image_id: 5, caption: 'A frisbee.' },
      ],
    };
    const { captions, out } = setUp('captions.json', JSON.stringify(coco));
    let last: PhraseProgress | undefined;
    await extractPhrases(captions, { out, onProgress: (progress) => (last = progress) });
    expect(last).toMatchObject({ lines: 2, bytes: last?.totalBytes, totalBytes: 2 * JSON.stringify(coco).length });
    expect(rows(out)).toEqual([
      { image: '5.jpg', caption: 'Two dogs.', nouns: ['dogs'] },
      { image: '5.jpg', caption: 'A frisbee.', nouns: ['frisbee'] },
    ]);
  });

  it('counts approximately beyond its limit and says so', async () => {
    const { captions, out } = setUp('cc.txt', 'a dog\na cat\na cow\na dog\na dog\n');
    const summary = await extractPhrases(captions, { out, distinctLimit: 2, frequent: 1 });
    expect(summary).toMatchObject({
      exact: false,
      countError: 1,
      distinct: 3,
      phrases: 5,
      frequent: [{ phrase: 'dog' }],
    });
  });

  it('reports how far it is, at the end too', async () => {
    const { captions, out } = setUp('cc.tsv', TSV);
    const reports: PhraseProgress[] = [];
    await extractPhrases(captions, { out, onProgress: (progress) => reports.push(progress) });
    const totalBytes = Buffer.byteLength(TSV);
    expect(reports.at(-1)).toEqual({ lines: 5, kept: 2, phrases: 3, bytes: totalBytes, totalBytes });
  });

  it('leaves neither output nor temporary file after an abort, and rejects with the reason', async () => {
    const { folder, captions, out } = setUp('cc.txt', 'a red car on the street\n'.repeat(50_000));
    writeFileSync(out, 'before');
    const abort = new AbortController();
    const reason = new Error('enough');
    let sawTemporary = false;
    const timer = setInterval(() => {
      if (readdirSync(folder).every((name) => !name.endsWith('.tmp'))) return;
      sawTemporary = true;
      abort.abort(reason);
    }, 5);
    await expect(extractPhrases(captions, { out, signal: abort.signal })).rejects.toBe(reason);
    clearInterval(timer);
    expect(sawTemporary).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['cc.txt', 'phrases.jsonl']);
    expect(readFileSync(out, 'utf8')).toBe('before');
    await expect(extractPhrases(captions, { out, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('fails when no line can be read, and leaves nothing behind', async () => {
    const { folder, captions, out } = setUp('cc.jsonl', 'not json\nnor this\n');
    await expect(extractPhrases(captions, { out })).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: `Cannot extract phrases: "${captions}" must hold captions as jsonl, got 2 broken lines`,
    });
    const empty = setUp('cc.tsv', '\n');
    await expect(extractPhrases(empty.captions, { out: empty.out })).rejects.toMatchObject({
      message: `Cannot extract phrases: "${empty.captions}" must hold captions as tsv, got no line`,
    });
    await expect(extractPhrases(join(folder, 'none.tsv'), { out })).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: `Cannot extract phrases: captions must be a readable file, got "${join(folder, 'none.tsv')}" (ENOENT)`,
    });
    expect(readdirSync(folder)).toEqual(['cc.jsonl']);
  });

  it.each<[Partial<ExtractPhrasesOptions>, Error]>([
    [{ out: '' }, new RangeError('Cannot extract phrases: out must be a string that is not empty, got ""')],
    [
      { table: 5 as unknown as string },
      new TypeError('Cannot extract phrases: table must be a string that is not empty, got 5'),
    ],
    [
      { format: 'parquet' as 'csv' },
      new RangeError(
        'Cannot extract phrases: format must be one of "tsv", "csv", "jsonl", "coco", "text", "spacy", got "parquet"',
      ),
    ],
    [{ frequent: -1 }, new RangeError('Cannot extract phrases: frequent must be an integer of at least 0, got -1')],
    [
      { distinctLimit: 0.5 },
      new RangeError('Cannot extract phrases: distinctLimit must be a positive integer, got 0.5'),
    ],
    [
      { out: './cc.tsv' },
      new RangeError('Cannot extract phrases: out must not be what is read ("cc.tsv"), got "./cc.tsv"'),
    ],
    [
      { table: 'phrases.jsonl' },
      new RangeError('Cannot extract phrases: table must be another file than out, got "phrases.jsonl"'),
    ],
    [
      { exclude: 'drop.txt', out: 'drop.txt' },
      new RangeError('Cannot extract phrases: out must not be what is read ("drop.txt"), got "drop.txt"'),
    ],
    [
      { formt: 'csv' } as object,
      new TypeError('Cannot extract phrases: options must have known names, got "formt" (did you mean "format"?)'),
    ],
    [
      { keys: { captoin: 'x' } } as object,
      new TypeError('Cannot extract phrases: keys must have known names, got "captoin" (did you mean "caption"?)'),
    ],
    [
      { keys: { caption: -1 } },
      new RangeError('Cannot extract phrases: keys.caption must be the name of a field or a column from 0, got -1'),
    ],
    [
      { exclude: 5 as never },
      new TypeError('Cannot extract phrases: exclude must be a list of strings, the path of one, or "none", got 5'),
    ],
  ])('rejects %j', async (options, error) => {
    await expect(extractPhrases('cc.tsv', { out: 'phrases.jsonl', ...options })).rejects.toThrow(error);
  });

  it('rejects a missing path', async () => {
    await expect(extractPhrases('', { out: 'a' })).rejects.toThrow(
      new RangeError('Cannot extract phrases: captions must be a string that is not empty, got ""'),
    );
    await expect(extractPhrases('a.tsv', undefined as unknown as ExtractPhrasesOptions)).rejects.toThrow(
      new TypeError('Cannot extract phrases: options must be an object, got undefined'),
    );
    await expect(extractPhrases(Promise.resolve('a') as never, { out: 'b' })).rejects.toThrow(
      new TypeError(
        'Cannot extract phrases: captions must be a string that is not empty, got a Promise (did you forget await?)',
      ),
    );
  });
});

const deno = 'node_modules/.bin/deno';

describe.skipIf(!existsSync(deno) || !existsSync('packages/core/dist/index.js'))('under Deno', () => {
  it('writes the same bytes as under Node', async () => {
    const { folder, captions, out } = setUp('cc.tsv.gz', gzipSync(TSV.repeat(200)));
    await extractPhrases(captions, { out });
    const other = join(folder, 'deno.jsonl');
    const text = execFileSync(
      deno,
      ['run', '-A', '--no-lock', 'test/train/phrases/scripts/extract.ts', captions, other],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(text)).toEqual({ lines: 1000, kept: 400, broken: 200, phrases: 600, distinct: 2, read: true });
    expect(readFileSync(other)).toEqual(readFileSync(out));
  });
});
