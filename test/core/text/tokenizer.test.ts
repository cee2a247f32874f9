import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { promptBatch } from '../../../packages/core/src/text/prompt-batch.ts';
import { ClipTokenizer } from '../../../packages/core/src/text/tokenizer.ts';
import { GOLDEN, namesIn } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyVocabulary } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const { vocab, merges } = tinyVocabulary();
const [START, END] = [vocab['<|startoftext|>'] as number, vocab['<|endoftext|>'] as number];

function folder(name: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(join(root, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
  return join(root, name);
}

const tiny = folder('tiny', { 'vocab.json': JSON.stringify(vocab), 'merges.txt': merges });
const ids = (...tokens: string[]): number[] => [START, ...tokens.map((token) => vocab[token] as number), END];

/** A pipeline as `tokenizer.json` files of CLIP state it, over the same vocabulary. */
function tokenizerJson(): string {
  const special = (content: string): object => ({
    id: vocab[content],
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special('<|startoftext|>'), special('<|endoftext|>')],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['<|endoftext|>', END],
      cls: ['<|startoftext|>', START],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<|endoftext|>',
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab,
      merges: merges.trim().split('\n').slice(1),
    },
  });
}

const samples = [
  'road',
  'the CAR',
  '  a\troad \n car',
  "it's 42 cars!?",
  'straße, naïve 日本',
  'e\u0301',
  '👩‍👩‍👧',
  '',
  '<|endoftext|> car',
];

describe('ClipTokenizer', () => {
  it('joins letters by the merges, in their order, and marks ends of words', async () => {
    const tokenizer = await ClipTokenizer.load(tiny, 77);
    expect(tokenizer.encode('road')).toEqual(ids('road</w>'));
    expect(tokenizer.encode('The Cars')).toEqual(ids('the</w>', 'ca', 'r', 's</w>'));
    expect(tokenizer.encode('')).toEqual(ids());
    expect(tokenizer.encode('a1')).toEqual(ids('a</w>', '1</w>'));
  });

  it('knows every byte: no text is out of vocabulary', async () => {
    const tokenizer = await ClipTokenizer.load(tiny, 77);
    // U+00E9 is the bytes C3 A9, spelled Ã and ©; NFC makes e + accent the same.
    expect(tokenizer.encode('é')).toEqual(ids('Ã', '©</w>'));
    expect(tokenizer.encode('e\u0301')).toEqual(tokenizer.encode('é'));
  });

  it('keeps start and end of a prompt that is too long', async () => {
    const tokenizer = await ClipTokenizer.load(tiny, 77);
    const long = tokenizer.encode('road '.repeat(100));
    expect(long).toEqual([START, ...Array.from({ length: 75 }, () => vocab['road</w>'] as number), END]);
    expect(tokenizer.encode('road '.repeat(75)), '75 words just fit').toEqual(long);
  });

  it('gives the same ids from tokenizer.json as from vocab.json and merges.txt', async () => {
    const [byFiles, byJson] = [
      await ClipTokenizer.load(tiny, 77),
      await ClipTokenizer.load(folder('json', { 'tokenizer.json': tokenizerJson() }), 77),
    ];
    for (const text of samples) expect(byJson.encode(text), text).toEqual(byFiles.encode(text));
  });

  it('takes tokenizer.json where both are there', async () => {
    const other = tokenizerJson().replace('"merges":["t h"', '"merges":["x y"');
    const tokenizer = await ClipTokenizer.load(
      folder('both', { 'tokenizer.json': other, 'vocab.json': '{}', 'merges.txt': '' }),
      77,
    );
    expect(tokenizer.encode('the')).toEqual(ids('t', 'h', 'e</w>'));
  });

  it("cleans prompts as CLIP's own tokenizer does", async () => {
    const tokenizer = await ClipTokenizer.load(tiny, 77);
    expect(tokenizer.encode('the&nbsp;CAR &amp;amp; road ')).toEqual(tokenizer.encode('the car & road'));
    expect(tokenizer.encode('42% &amp; more')).toEqual(tokenizer.encode('42% & more'));
  });

  it("gives the ids CLIP's own tokenizer gives", async ({ skip }) => {
    const [first] = namesIn(join(GOLDEN, 'clipseg'));
    if (first === undefined) skip(`no cases under ${GOLDEN}`);
    const tokenizer = await ClipTokenizer.load(join(GOLDEN, 'clipseg', first as string), 77);
    // From CLIP's repository and its users: bpe_simple_vocab_16e6.
    expect(tokenizer.encode('a photo of a cat')).toEqual([49406, 320, 1125, 539, 320, 2368, 49407]);
    expect(tokenizer.encode('Hello World!')).toEqual([49406, 3306, 1002, 256, 49407]);
    expect(tokenizer.encode('a diagram')).toEqual([49406, 320, 22697, 49407]);
    expect(tokenizer.encode('salt &amp; pepper')).toEqual(tokenizer.encode('salt & pepper'));
  });

  it.each([
    ['no files', {}, 'Cannot load tokenizer: folder must hold tokenizer.json, or vocab.json and merges.txt, got '],
    [
      'no merges',
      { 'vocab.json': '{}' },
      'Cannot load tokenizer: folder must hold tokenizer.json, or vocab.json and merges.txt, got ',
    ],
    [
      'no special tokens',
      { 'vocab.json': '{"a":0}', 'merges.txt': '' },
      'Cannot load tokenizer: vocab.json must contain "<|startoftext|>", got none (',
    ],
    ['broken JSON', { 'tokenizer.json': '{' }, 'tokenizer.json must be JSON, got '],
    ['JSON that is no object', { 'tokenizer.json': '[1]' }, 'tokenizer.json must be a JSON object, got a list of 1'],
    [
      'a vocabulary that is null',
      { 'vocab.json': 'null', 'merges.txt': '' },
      'vocab.json must be a JSON object, got null',
    ],
    [
      'a part that the library stumbles over',
      { 'tokenizer.json': tokenizerJson().replace('"t h"', '3') },
      'must hold a valid CLIP tokenizer, got parts that do not fit together',
    ],
    [
      'JSON that is no tokenizer',
      { 'tokenizer.json': '{"model":{"type":"Nonsense"}}' },
      'must hold a valid CLIP tokenizer, got ',
    ],
  ])('refuses a folder with %s', async (name, files, message) => {
    const load = ClipTokenizer.load(folder(name, files), 77);
    await expect(load).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT', message: expect.stringContaining(message) });
  });

  it.each([
    ['fractions', 518.5, '518.5'],
    ['lists', [518], 'a list of 1'],
    ['numbers below 0', -1, '-1'],
  ])('refuses to tokenize with %s for ids', async (name, id, got) => {
    const files = { 'vocab.json': JSON.stringify({ ...vocab, '<|endoftext|>': id }), 'merges.txt': merges };
    const tokenizer = await ClipTokenizer.load(folder(name, files), 77);
    expect(() => tokenizer.encode('car')).toThrow(
      `Cannot tokenize: the checkpoint's tokenizer must give whole numbers as token ids, got ${got}`,
    );
  });
});

describe('promptBatch()', () => {
  it('pads to the longest with the end token and points at each end', () => {
    const {
      ids: padded,
      positions,
      ends,
    } = promptBatch([
      [8, 1, 9],
      [8, 9],
      [8, 1, 2, 3, 9],
    ]);
    expect([padded.shape, [...padded.data].map(Number)]).toEqual([
      [3, 5],
      [8, 1, 9, 9, 9, 8, 9, 9, 9, 9, 8, 1, 2, 3, 9],
    ]);
    expect([...positions.data].map(Number)).toEqual([0, 1, 2, 3, 4]);
    expect([...ends.data].map(Number)).toEqual([2, 6, 14]);
  });
});
