/** The rules by which a label is found in a checkpoint's table of words, and the table's file. */
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WordTable } from '../../../packages/core/src/labels/word-table.ts';
import { SMALL_WORDS, writeWords } from '../../support/small-words.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Numbers of an embedding. */
const DIM = 4;

const root = temporaryFolder();
const load = (content?: unknown): Promise<WordTable | undefined> =>
  WordTable.load(writeWords(mkdtempSync(join(root, 'model-')), content), DIM);
const table = (await load()) as WordTable;

/** Labels by the class that they answer as, and why. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  class: {
    ...{ 'dog': 'dog', ' Dog ': 'dog', 'DOG': 'dog', 'a dog': 'dog', 'the dog.': 'dog', 'some orange': 'orange' },
    ...{
      'a photo of a dog': 'dog',
      'A picture of the  bus.': 'bus',
      'traffic_light': 'traffic light',
      'glass': 'glass',
    },
    ...{ 'Traffic-Light': 'traffic light', 'scissors': 'scissors', 'my sofa': 'sofa', 'this leaf': 'leaf' },
  },
  plural: {
    ...{ dogs: 'dog', cows: 'cow', birds: 'bird', mice: 'mouse', people: 'person', persons: 'person', cars: 'car' },
    ...{ trucks: 'truck', buses: 'bus', sofas: 'sofa', shelves: 'shelf', knives: 'knife', glasses: 'glass' },
    ...{ 'traffic lights': 'traffic light', 'TVs': 'tv', 'oranges': 'orange', 'tables': 'table', 'ties': 'tie' },
    ...{ 'leaves': 'leaf', 'the tables': 'table', 'a photo of dogs': 'dog', 'those birds': 'bird' },
  },
  synonym: {
    ...{
      'hound': 'dog',
      'hounds': 'dog',
      'cattle': 'cow',
      'computer mouse': 'mouse',
      'automobiles': 'car',
      'lorry': 'truck',
    },
    ...{
      'lorries': 'truck',
      'couch': 'sofa',
      'couches': 'sofa',
      'drinking glass': 'glass',
      'stoplights': 'traffic light',
    },
    ...{ 'television': 'tv', 'tv-monitors': 'tv', 'a pair of scissors': 'scissors', 'telly': 'tv', 'pooches': 'dog' },
  },
  kind: {
    ...{
      'poodle': 'dog',
      'poodles': 'dog',
      'puppies': 'dog',
      'huskies': 'dog',
      'saint bernard': 'dog',
      'calves': 'cow',
    },
    ...{
      'golden retrievers': 'dog',
      'oxen': 'cow',
      'geese': 'bird',
      'finches': 'bird',
      'lambs': 'sheep',
      'man': 'person',
    },
    ...{
      'men': 'person',
      'women': 'person',
      'children': 'person',
      'policemen': 'person',
      'taxis': 'car',
      'black cab': 'car',
    },
    ...{ 'fire engines': 'truck', 'minibuses': 'bus', 'coaches': 'bus', 'pocket knives': 'knife', 'loveseats': 'sofa' },
    ...{ 'wine glasses': 'glass', 'a red poodle': 'dog', 'bow ties': 'tie', 'an old man': 'person' },
  },
  adjective: {
    ...{ 'red car': 'car', 'a big red car': 'car', 'Dark-green sofas': 'sofa', 'wooden table': 'table' },
    ...{ 'leather couch': 'sofa', 'an old dog': 'dog', 'small white birds': 'bird', 'orange orange': 'orange' },
    ...{ 'a photo of a black mouse': 'mouse', 'metal shelf': 'shelf', 'glass tables': 'table', 'new lorries': 'truck' },
  },
};
const EXAMPLES = Object.entries(KNOWN).flatMap(([why, labels]) =>
  Object.entries(labels).map(([asked, answered]) => ({ asked, answered, why })),
);

/** Words that the table does not have, some of them like words that it has. */
const UNKNOWN = [
  ...[
    'forklift',
    'zebra',
    'giraffe',
    'guitar',
    'violin',
    'dogma',
    'carpet',
    'cargo',
    'cart',
    'busy',
    'business',
    'orang',
  ],
  ...['tablet', 'stable', 'leaflet', 'tiger', 'trucker', 'sheet', 'sleep', 'shell', 'mouth', 'moose', 'house', 'birch'],
  ...['grass', 'class', 'gas', 'tied', 'red', 'big', 'the', 'a', 'wooden', 'a photo of a', 'red red', 'prairie dog'],
  ...['rocking horse', 'toy car', 'dog house', 'car door', 'table leg', 'bird cage', 'bus stop', 'hot dog', 'sea cow'],
  ...['日本', 'perro', '犬', 'voiture', '🐕', '123', 'constructor', '__proto__', 'toString', 'hasOwnProperty', '.'],
];

describe('a table of words', () => {
  it.each(EXAMPLES)('answers "$asked" as $answered ($why)', ({ asked, answered, why }) => {
    expect(table.find(asked)).toEqual({ answered, why });
  });

  it('is tried with sixty plurals, synonyms and kinds at least', () => {
    expect(EXAMPLES.filter(({ why }) => ['plural', 'synonym', 'kind'].includes(why)).length).toBeGreaterThan(60);
  });

  it.each(UNKNOWN)('does not know "%s"', (asked) => {
    expect(table.find(asked)).toBeUndefined();
  });

  it('is tried with fifty unknown words at least', () => {
    expect(new Set(UNKNOWN).size).toBeGreaterThanOrEqual(50);
  });

  it.each([
    ['pooodle', ['poodle']],
    ['sofaa', ['sofa']],
    ['log', []],
    ['tow truck', ['truck']],
    ['fork lift trucks', ['truck']],
    ['police van', []],
    ['xylophone', []],
    ['firetruck', ['truck']],
    ['big lifttruck', ['truck']],
    ['buttable', ['table']],
    ['stable', []],
    ['trash-sofabed', []],
    ['glove', []],
    ['brid', []],
    ['polize car', ['car', 'police car']],
    ['x'.repeat(10_000), []],
    ['forklift', ['truck', 'car']],
    ['a red Forklift', ['truck', 'car']],
    ['road rollers', ['truck', 'car']],
    ['wolves', ['dog', 'cow', 'sheep']],
    ['toy wolf', []],
    ['tablet', ['table', 'tie']],
  ])('names the words nearest to "%s"', (asked, words) => {
    expect(table.alike(asked)).toEqual(words);
  });

  it('of a label of any length takes no time', () => {
    expect(table.find('red '.repeat(100_000))).toBeUndefined();
    expect(table.find(`${'the '.repeat(30)}dog`)).toEqual({ answered: 'dog', why: 'class' });
  });

  it('is absent where the file is', async () => {
    expect(await WordTable.load(mkdtempSync(join(root, 'none-')), DIM)).toBeUndefined();
  });

  it('keeps the names of its classes as they are written', async () => {
    const cased = (await load({ format: 1, classes: { 'T-Shirt': { synonym: ['tee', 't shirt'] } } })) as WordTable;
    expect(cased.classes).toEqual(['T-Shirt']);
    expect(['t-shirts', 'TEE'].map((label) => cased.find(label))).toEqual([
      { answered: 'T-Shirt', why: 'plural' },
      { answered: 'T-Shirt', why: 'synonym' },
    ]);
  });

  it('of twelve thousand words has less than 250 kB', async () => {
    const kinds = Array.from({ length: 12_000 }, (_, index) => `kind of ${String(index)} dog`);
    const folder = writeWords(mkdtempSync(join(root, 'big-')), { format: 1, classes: { dog: { kind: kinds } } });
    expect(statSync(join(folder, 'words.json')).size).toBeLessThan(250_000);
    expect((await WordTable.load(folder, DIM))?.find('kind of 11999 dogs')?.answered).toBe('dog');
  });

  it('has the embedding of a class that got one of its own', async () => {
    // float16: 0, 1, −2, 0.5
    const own = (await load({ ...SMALL_WORDS, vectors: { cow: 'AAAAPADAADg=' } })) as WordTable;
    expect(own.vectorOf('cow')).toEqual(Float32Array.of(0, 1, -2, 0.5));
    expect(own.vectorOf('dog')).toBeUndefined();
  });

  const long = 'x'.repeat(81);
  const vectors = (of: unknown): unknown => ({ ...SMALL_WORDS, vectors: of });
  const near = (words: unknown): unknown => ({ ...SMALL_WORDS, near: words });
  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'words.json must be JSON, got '],
    ['a vector of no class', vectors({ wolf: 'AAAAPADAADg=' }), 'vectors: wolf must be of a class, got "wolf"'],
    [
      'a vector that is too short',
      vectors({ cow: 'AAAA' }),
      'vectors: cow must be 4 finite numbers as float16 in base64, got "AAAA"',
    ],
    ['a vector that is no text', vectors({ cow: [1, 2, 3, 4] }), 'vectors: cow must be 4 finite numbers'],
    ['an infinite vector', vectors({ cow: 'AAAAPADAAHw=' }), 'vectors: cow must be 4 finite numbers'],
    ['a list', [], 'words.json must be a JSON object, got []'],
    ['another format', { ...SMALL_WORDS, format: 2 }, 'words.json: format must be 1, got 2'],
    ['no classes', { format: 1 }, 'words.json: classes must be at least one class, got nothing'],
    [
      'classes that are a list',
      { format: 1, classes: ['dog'] },
      'words.json: classes must be a JSON object, got ["dog"]',
    ],
    [
      'an unknown group',
      { format: 1, classes: { dog: { kinds: ['poodle'] } } },
      'words.json: classes: dog: kinds must be one of plural, synonym, kind, got "kinds"',
    ],
    [
      'a group that is no list',
      { format: 1, classes: { dog: { kind: 'poodle' } } },
      'words.json: classes: dog: kind must be a list of words, got "poodle"',
    ],
    [
      'a word that is none',
      { format: 1, classes: { dog: { kind: ['poodle', 5] } } },
      'words.json: classes: dog: kind must be a word of at most 80 letters, got 5',
    ],
    [
      'an empty word',
      { format: 1, classes: { dog: { synonym: [' -. '] } } },
      'words.json: classes: dog: synonym must be a word of at most 80 letters, got " -. "',
    ],
    [
      'a long word',
      { format: 1, classes: { dog: { kind: [long] } } },
      `words.json: classes: dog: kind must be a word of at most 80 letters, got "${long}"`,
    ],
    [
      'a word of two classes',
      { format: 1, classes: { dog: { kind: ['wolf'] }, cat: { kind: ['Wolf'] } } },
      'words.json: classes: cat: kind must be a word of one class, not of dog too, got "Wolf"',
    ],
    [
      'a word that is another class',
      { format: 1, classes: { dog: { kind: ['cat'] }, cat: {} } },
      'words.json: classes: dog: kind must be a word of one class, not of cat too, got "cat"',
    ],
    [
      'too many words',
      { format: 1, classes: { dog: { kind: Array.from({ length: 50_000 }, (_, index) => `d${String(index)}`) } } },
      'words.json: classes must be at most 50000 words, got "more"',
    ],
    ['near words that are a list', near(['fox']), 'words.json: near must be a JSON object, got ["fox"]'],
    ['near words of no list', near({ dog: 'fox' }), 'words.json: near: dog must be a list of words, got "fox"'],
    [
      'near words of an unknown class',
      near({ 'dog|constructor': ['fox'] }),
      'words.json: near: dog|constructor must be of names of classes, got "constructor"',
    ],
    [
      'near words of four classes',
      near({ 'dog|cow|sheep|bird': ['fox'] }),
      'words.json: near: dog|cow|sheep|bird must be of at most 3 classes, got 4',
    ],
    [
      'a near word that is none',
      near({ dog: ['fox', long] }),
      `words.json: near: dog must be a word of at most 80 letters, got "${long}"`,
    ],
    [
      'a near word that is one of a class',
      near({ cow: ['Poodle'] }),
      'words.json: near: cow must be words of no class, not of dog, got "Poodle"',
    ],
    [
      'a near word twice',
      near({ dog: ['fox'], cow: ['fox'] }),
      'words.json: near: cow must be words that stand there once, got "fox"',
    ],
    [
      'too many near words',
      near({ dog: Array.from({ length: 50_001 }, (_, index) => `d${String(index)}`) }),
      'words.json: near must be at most 50000 words, got "more"',
    ],
    [
      'too many bytes',
      ' '.repeat(2 ** 20 + 1),
      'words.json must be readable, got more than 1048576 bytes (maxTextBytes)',
    ],
  ])('cannot be %s', async (_, content, message) => {
    await expect(load(content)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining(message),
    });
  });
});
