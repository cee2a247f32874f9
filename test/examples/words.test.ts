/** The maker of a checkpoint's table of words, on WordNet itself. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WordTable } from '../../packages/core/src/labels/word-table.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What the example has: plain JavaScript. */
interface Maker {
  readonly WordNet: new () => object;
  readonly namesOf: (classesJson: unknown) => string[];
  readonly makeWords: (
    names: readonly string[],
    wordnet: object,
  ) => {
    readonly table: {
      readonly classes: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
      readonly near: Readonly<Record<string, readonly string[]>>;
    };
    readonly texts: readonly { readonly text: string; readonly name: string }[];
    readonly rename: Readonly<Record<string, string>>;
    readonly report: {
      readonly words: number;
      readonly near: number;
      readonly bytes: number;
      readonly texts: number;
      readonly dropped: { readonly tied: readonly string[] };
    };
  };
}
const example = String(new URL('../../examples/embedded/words.mjs', import.meta.url));
const { WordNet, makeWords, namesOf } = (await import(example)) as Maker;

const root = temporaryFolder();
const wordnet = new WordNet();
const NAMES = [
  ...[
    'dog',
    'cat',
    'cow',
    'horse',
    'sheep',
    'bird',
    'elephant',
    'zebra',
    'person',
    'face',
    'body',
    'building',
    'house',
  ],
  ...['car', 'truck', 'bus', 'train', 'motorcycle', 'motorbike', 'bicycle', 'airplane', 'aeroplane', 'boat', 'road'],
  ...['street', 'sofa', 'couch', 'chair', 'swivel chair', 'table', 'dining table', 'bed', 'cup', 'tv', 'television'],
  ...['tv monitor', 'knife', 'book', 'books', 'shelf', 'shelves', 'tree', 'grass', 'flower', 'water', 'sea', 'sky'],
  ...['bear', 'bag', 'box', 'laptop', 'scissors', 'clock', 'tent'],
  ...['mountain', 'food', 'pizza', 'fruit', 'apple', 'clothes', 'tie', 'cell phone', 'potted plant', 'traffic light'],
];
const { table, texts, rename, report } = makeWords(NAMES, wordnet);
mkdirSync(join(root, 'model'));
writeFileSync(join(root, 'model', 'words.json'), JSON.stringify(table));
const words = (await WordTable.load(join(root, 'model'), 512)) as WordTable;

/** Labels by the class that they answer as: plurals, synonyms, kinds. */
const KNOWN: Readonly<Record<string, string>> = {
  'dog': 'dogs, poodle, poodles, puppies, a dachshund, golden retriever, greyhounds, a black Labrador retriever',
  'cat': 'cats, kitten, kittens, Siamese cat, tabby',
  'cow': 'cows, heifer, heifers, calf, calves, bull, ox, oxen, cattle',
  'horse': 'horses, foal, foals, mare, pony, ponies, stallion',
  'sheep': 'lamb, lambs, ram, merino',
  'bird': 'birds, penguin, penguins, goose, geese, ducks, parrot, owl, sparrows, chicken',
  'person': 'people, man, men, women, children, boys, pedestrian, an old woman, workers, face, body',
  'car': 'cars, taxi, taxis, automobile, convertible, jeep, a red car, limousine',
  'truck': 'trucks, lorry, lorries, fire engine, dump truck, pickup',
  'bus': 'buses, minibus, school bus',
  'motorcycle': 'motorbike, motorbikes, moped, mopeds, trail bike',
  'bicycle': 'bike, bicycles, mountain bike, tandem bicycle',
  'airplane': 'aeroplane, aeroplanes, plane, airliner, biplanes',
  'boat': 'sailboat, sailboats, canoe, ferry',
  'sofa': 'couch, couches, loveseat, settee, a leather sofa',
  'chair': 'chairs, armchair, rocking chair, stool, stools, swivel chairs, wheelchair',
  'table': 'tables, desk, coffee table, wooden table',
  'cup': 'cups, mug, mugs, teacup',
  'tv': 'television, televisions, tv monitor, telly, TVs',
  'shelf': 'shelves, bookshelf, mantelpiece',
  'knife': 'knives, pocketknife, steak knife',
  'tree': 'trees, oak, palms, willow, weeping willow, Christmas tree',
  'grass': 'lawn, lawns',
  'sea': 'ocean, oceans',
  'road': 'street, streets, motorway, boulevard',
  'building': 'buildings, skyscraper, church, hospital, barn',
  'house': 'houses, cottage, villa',
  'flower': 'flowers, sunflower, rose',
  'food': 'bread, cheese, soup, noodles',
  'fruit': 'lemon, strawberries, peach',
  'clothes': 'shirt, shirts, trousers, jacket, hat',
  'tie': 'necktie, bow tie',
  'cell phone': 'phone, smartphones, mobile phone',
};
const EXAMPLES = Object.entries(KNOWN).flatMap(([name, labels]) =>
  labels.split(', ').map((label) => [label, name] as const),
);

const UNKNOWN = [
  ...['guitar', 'violin', 'piano', 'forklift', 'tractor', 'excavator', 'helicopter', 'rocket', 'submarine', 'hammer'],
  ...[
    'screwdriver',
    'pencil',
    'eraser',
    'envelope',
    'coin',
    'watch',
    'necklace',
    'camera',
    'computer',
    'printer',
    'radio',
  ],
  ...[
    'headphones',
    'fireplace',
    'chimney',
    'kettle',
    'basket',
    'bucket',
    'broom',
    'soap',
    'sponge',
    'razor',
    'toothpaste',
  ],
  ...[
    'bandage',
    'syringe',
    'microscope',
    'telescope',
    'trophy',
    'balloon',
    'doll',
    'puzzle',
    'sword',
    'shield',
    'rope',
  ],
  ...[
    'lion',
    'tiger',
    'fox',
    'wolf',
    'monkey',
    'fish',
    'snake',
    'frog',
    'camel',
    'butterfly',
    'statue',
    'moon',
    'smoke',
  ],
  ...['freedom', 'happiness', 'Monday', 'algebra', 'music', 'idea', 'xyzzy'],
];

describe('the table of words made of WordNet', () => {
  it.each(EXAMPLES)('has "%s" as %s', (label, name) => {
    expect(words.find(label)?.answered).toBe(name);
  });

  it('does not know any of sixty words that mean none of its classes', () => {
    expect(new Set(UNKNOWN).size).toBeGreaterThanOrEqual(60);
    expect(UNKNOWN.filter((label) => words.find(label) !== undefined)).toEqual([]);
  });

  it('takes a word by its first sense only, and people by hand', () => {
    expect(['mug', 'bull', 'lamb', 'tailor', 'lawyer'].map((label) => words.find(label)?.answered)).toEqual([
      'cup',
      'cow',
      'sheep',
      undefined,
      undefined,
    ]);
  });

  it('gives a word to the nearer class, and to neither of two as near', () => {
    expect([words.find('dining tables'), words.find('cottage')]).toEqual([
      { answered: 'dining table', why: 'plural' },
      { answered: 'house', why: 'kind' },
    ]);
    const weapons = makeWords(['nuclear weapon', 'bomb'], wordnet);
    expect(weapons.report.dropped.tied).toContain('atom bomb: bomb, nuclear weapon');
    expect(JSON.stringify(weapons.table)).not.toContain('"atom bomb"');
    expect(JSON.stringify(weapons.table)).toContain('"cluster bomb"');
  });

  it('leaves out species in Latin', () => {
    const all = JSON.stringify(table);
    for (const latin of ['Canis familiaris', 'Quercus alba', 'Emu novaehollandiae']) expect(all).not.toContain(latin);
  });

  it('has names that mean another class as words of it', () => {
    expect(Object.keys(table.classes)).toEqual([...new Set(NAMES.map((name) => rename[name] ?? name))].sort());
    expect(rename).toMatchObject({ aeroplane: 'airplane', face: 'person', couch: 'sofa', books: 'book' });
    expect(rename).not.toHaveProperty('blinds');
    expect(table.classes['person']).toMatchObject({
      plural: ['people'],
      synonym: expect.arrayContaining(['face', 'body']),
    });
  });

  it('is small', () => {
    expect(report.words).toBeGreaterThan(5000);
    expect(report.words).toBeLessThan(12_000);
    expect(report.bytes).toBeLessThan(250_000);
  });
});

/** Things that are none of the classes, by the classes that they are nearest to. */
const NEAR: Readonly<Record<string, string>> = {
  'forklift': 'truck, car',
  'red tractors': 'truck, car',
  'tank': 'car, motorcycle, truck',
  'helicopter': 'airplane',
  'rocket': 'airplane',
  'submarine': 'boat',
  'wheelbarrow': 'bicycle',
  'boxcar': 'train',
  'lion': 'cat',
  'tiger': 'cat',
  'wolves': 'dog',
  'kangaroo': 'bear, elephant, cat',
  'deer': 'sheep, cow',
  'donkey': 'horse, zebra',
  'screwdriver': 'knife, scissors',
  'spanner': 'knife, scissors',
  'basket': 'bag, box, cup',
  'computer': 'laptop',
  'watch': 'clock',
  'igloo': 'tent',
};

describe('the classes that unknown things are nearest to', () => {
  it.each(Object.entries(NEAR))('of "%s" are %s', (label, names) => {
    expect(words.find(label)).toBeUndefined();
    expect(words.alike(label).join(', ')).toBe(names);
  });

  it('are none where all classes are of another kind, and for names, Latin, people and what is no thing', () => {
    const others = ['violin', 'crocodile', 'microscope', 'freedom', 'music', 'lawyer', 'hominid', 'Paris', 'Bovidae'];
    expect(others.filter((label) => words.alike(label).length > 0)).toEqual([]);
  });

  it('are of some thousand words, and of classes of the table only', () => {
    const near = Object.values(table.near).flat();
    expect(near).toHaveLength(report.near);
    expect(report.near).toBeGreaterThan(1000);
    expect(report.near).toBeLessThan(5000);
    expect(makeWords(['dog', 'cat'], wordnet).table.near).not.toHaveProperty('truck|car');
  });
});

describe('the texts for a text encoder', () => {
  it('mean one class each, also where a description makes another word of one ("yellow light")', () => {
    expect(new Set(texts.map(({ text }) => text.toLowerCase())).size).toBe(texts.length);
    const withLamps = makeWords([...NAMES, 'lamp', 'light'], wordnet);
    expect(new Set(withLamps.texts.map(({ text }) => text.toLowerCase())).size).toBe(withLamps.texts.length);
    expect(withLamps.texts).not.toContainEqual({ text: 'yellow light', name: 'light' });
  });

  it('have every word with its class, plurals, and descriptions in front', () => {
    const of = new Map(texts.map(({ text, name }) => [text, name]));
    const expected = { dogs: 'dog', poodle: 'dog', lorries: 'truck', knives: 'knife', geese: 'bird', couches: 'sofa' };
    expect(Object.keys(expected).map((text) => of.get(text))).toEqual(Object.values(expected));
    expect(texts.some(({ text, name }) => name === 'dog' && /^(?:red|black|white|gray|green) dog$/.test(text))).toBe(
      true,
    );
    expect(texts.length).toBeGreaterThan(report.words);
    expect(of.has('clothes')).toBe(true);
    expect(of.has('clotheses')).toBe(false);
  });

  it('mean what the table says: it answers each of them as its class', () => {
    const others = texts.filter(({ text, name }) => words.find(text)?.answered !== name);
    expect(others.length / texts.length).toBeLessThan(0.005);
  });
});

describe('node examples/embedded/words.mjs', () => {
  it('writes the table, the texts, the names and the notice', () => {
    const classes = { one: { classes: ['dog', 'couch'] }, two: { classes: ['sofa', 'dog'] } };
    writeFileSync(join(root, 'classes.json'), JSON.stringify(classes));
    expect(namesOf(classes)).toEqual(['dog', 'couch', 'sofa']);
    const argv = ['examples/embedded/words.mjs', '--photos', root, '--out', join(root, 'out')];
    const printed = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as typeof report;
    expect(readdirSync(join(root, 'out')).sort()).toEqual([
      'NOTICE.wordnet.txt',
      'rename.json',
      'texts.jsonl',
      'words.json',
    ]);
    const written = (name: string): string => readFileSync(join(root, 'out', name), 'utf8');
    expect(Buffer.byteLength(written('words.json'))).toBe(printed.bytes);
    expect(written('texts.jsonl').trimEnd().split('\n')).toHaveLength(printed.texts);
    expect(JSON.parse(written('rename.json'))).toEqual({ couch: 'sofa' });
    expect(written('NOTICE.wordnet.txt')).toMatch(
      /^This software and database is being provided[^]*Princeton University/,
    );
  });

  it('refuses a class that neither WordNet nor the list by hand has', () => {
    expect(() => makeWords(['dog', 'gizmotron'], wordnet)).toThrow(
      new RangeError('Cannot make words: senses must be in WordNet or its class in words-by-hand, got gizmotron#1'),
    );
  });
});
