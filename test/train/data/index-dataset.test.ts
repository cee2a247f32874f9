import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { START, type PhotosSay } from '../../../packages/train/src/data/dataset.ts';
import { photoWeights } from '../../../packages/train/src/data/index-dataset.ts';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import type { SetClasses } from '../../../packages/train/src/data/set-classes.ts';
import { SHARED } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { draw, failureOf, load, openWarned, phrases, samplesOf, write } from './fixtures.ts';
import { PHOTOS, SETS, writePhotos } from './photo-folder.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const root = await writePhotos(at('photos'));
const PEOPLE = { body: 'person', face: 'person' };

describe('openDataset() on a folder with an index of photos', () => {
  it('recognizes it, and reads the split train of every set', async () => {
    const { dataset, warnings } = await openWarned(root);
    expect([dataset.description, dataset.size, warnings]).toEqual(['4 samples of photos train', 4, []]);
    expect(dataset.classes).toEqual([
      { index: 0, name: 'wall', set: 0 },
      { index: 1, name: 'person', set: 0 },
      { index: 2, name: 'sofa', set: 0 },
      { index: 0, name: 'cat', set: 1 },
      { index: 1, name: 'body', set: 1 },
      { index: 2, name: 'face', set: 1 },
      { index: 3, name: 'tv', set: 1 },
    ]);
    const samples = await samplesOf(dataset.each!);
    expect(samples.map(({ key, set, categories }) => [key, set, categories])).toEqual([
      ['rooms/0.png', 0, ['wall', 'sofa']],
      ['rooms/1.png', 0, ['wall']],
      ['things/2.png', 1, ['body', 'face']],
      ['things/3.png', 1, []],
    ]);
    expect([samples[0]!.image, samples[0]!.mask]).toEqual([join(root, 'rooms/0.png'), join(root, 'rooms/0.mask.png')]);
  });

  it('reads one split, and some sets', async () => {
    const val = await openWarned({ source: root, split: 'val' });
    expect((await samplesOf(val.dataset.each!)).map(({ key }) => key)).toEqual(['rooms/4.png', 'things/5.png']);
    const things = await openWarned({ source: root, format: 'index-jsonl', sets: ['things'] });
    expect([things.dataset.size, things.dataset.classes?.[0]]).toEqual([2, { index: 0, name: 'cat', set: 0 }]);
  });

  it('takes the captions where captions alone count, and phrases found before in place of labels', async () => {
    const dataset = await openDataset(root, { phrases, captionsOnly: true, onWarning: () => undefined });
    expect((await samplesOf(dataset.each!)).map(({ categories }) => categories)).toEqual([[], [], ['a man'], []]);
    const nouns = write(at('nouns.jsonl'), '{"image":"rooms/0.png","nouns":["couch"]}\n');
    const known = await openWarned({ source: root, phrases: nouns });
    expect((await samplesOf(known.dataset.each!)).map(({ categories }) => categories)).toEqual([
      ['couch'],
      ['wall'],
      ['body', 'face'],
      [],
    ]);
  });

  it('takes captions before labels, or alone, as asked, and draws a photo of which only captions tell', async () => {
    const categoriesOf = async (photosSay: PhotosSay): Promise<(readonly string[])[]> => {
      const dataset = await openDataset(root, { phrases, photosSay, onWarning: () => undefined });
      return (await samplesOf(dataset.each!)).map(({ categories }) => categories);
    };
    expect(await categoriesOf('captions or labels')).toEqual([['wall', 'sofa'], ['wall'], ['a man'], []]);
    expect(await categoriesOf('captions')).toEqual([[], [], ['a man'], []]);
    const told = await writePhotos(
      at('told'),
      PHOTOS.map((photo) => (photo.labels.length === 0 ? { ...photo, captions: ['a lawn'] } : photo)),
    );
    const drawn = async (photosSay: PhotosSay): Promise<boolean> => {
      const dataset = await openDataset(told, { phrases, photosSay, onWarning: () => undefined });
      return (await draw(dataset, 100)).some(({ sample }) => sample.key === 'things/3.png');
    };
    expect([await drawn('labels'), await drawn('captions')]).toEqual([false, true]);
  });

  it('reads all rows where none is of split train', async () => {
    const plain = await writePhotos(
      at('unsplit'),
      PHOTOS.map(({ split: _, ...photo }) => photo),
    );
    expect((await openWarned(plain)).dataset.size).toBe(PHOTOS.length);
    expect(await failureOf(openWarned({ source: plain, split: 'val' }))).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${join(plain, 'index.jsonl')}" must have rows of split "val", got rows ` +
        'without split',
    );
  });

  it('takes classes that share a label as one, and 255 as unlabeled', async () => {
    for (const rename of [
      PEOPLE,
      { 'things/body': 'person', 'face': 'person' },
      write(at('names.json'), JSON.stringify(PEOPLE)),
    ]) {
      const { dataset } = await openWarned({ source: root, rename });
      expect(dataset.classes?.filter(({ set }) => set === 1)).toEqual([
        { index: 0, name: 'cat', set: 1 },
        { index: 1, name: 'person', set: 1 },
        { index: 3, name: 'tv', set: 1 },
      ]);
      expect((await samplesOf(dataset.each!))[2]!.categories).toEqual(['person']);
      const { batches } = await load(dataset.each!, 1, { batchSize: 4, masks: true, inputSize: [2, 2] });
      const [batch] = batches as [(typeof batches)[0]];
      const maskOf = (index: number): number[] => {
        const place = batch.indices.indexOf(index);
        return [...batch.masks!.subarray(4 * place, 4 * place + 4)];
      };
      expect([0, 1, 2, 3].map(maskOf)).toEqual([
        [0, 0, 2, 255],
        [0, 0, 0, 0],
        [1, 1, 254, 254],
        [254, 254, 254, 254],
      ]);
      expect(batch.sets).toEqual(batch.indices.map((index) => (index < 2 ? 0 : 1)));
    }
  });

  it('renames in one set alone where the name says so, before a name that any set has', async () => {
    const { dataset } = await openWarned({ source: root, rename: { 'rooms/person': 'human', 'person': 'nobody' } });
    expect(dataset.classes?.map(({ name }) => name)).toEqual(['wall', 'human', 'sofa', 'cat', 'body', 'face', 'tv']);
  });

  it('leaves a folder with the classes of one set to the reader of tables', async () => {
    await writePhotos(at('table'), PHOTOS, { classes: [{ index: 0, name: 'wall' }] });
    const { dataset } = await openWarned(at('table'));
    expect([dataset.description, dataset.classes]).toEqual(['6 samples of index.jsonl', [{ index: 0, name: 'wall' }]]);
  });
});

describe('the order of photos', () => {
  const set = (name: string): SetClasses => ({ name }) as SetClasses;
  const [big, small] = [set('big'), set('small')];
  const rows = [
    { set: big, labels: ['wall'] },
    { set: big, labels: ['wall'] },
    { set: big, labels: ['wall', 'lamp'] },
    { set: big, labels: [] },
    { set: small, labels: ['cat'] },
  ];

  it('weighs a photo by its set, and in it by how rare its labels are', () => {
    const wall = 1 / Math.sqrt(3);
    const total = 3 * wall + 1;
    const shares = [wall / total, wall / total, (wall + 1) / total, 0];
    const weights = [...photoWeights(rows, [big, small], { big: 1, small: 3 }, true)];
    weights.forEach((weight, at) => expect(weight).toBeCloseTo([...shares, 3][at]!, 12));
  });

  it('weighs sets by their number of photos, and photos of a set alike where labels do not count', () => {
    expect([...photoWeights(rows, [big, small], undefined, false)]).toEqual([1, 1, 1, 1, 1]);
    expect([...photoWeights(rows, [big, small], { big: 1, small: 3 }, false)]).toEqual([0.25, 0.25, 0.25, 0.25, 3]);
  });

  it('draws photos as often as they weigh', async () => {
    const { dataset } = await openWarned({ source: root, sets: { rooms: 3, things: 1 } });
    const drawn = await draw(dataset, 4000);
    const counts = [0, 1, 2, 3].map((index) => drawn.filter((one) => one.index === index).length / 4000);
    // In rooms: wall is in two photos, sofa in one.
    const [both, one] = [1 / Math.sqrt(2) + 1, 1 / Math.sqrt(2)].map((share) => (0.75 * share) / (1 + Math.sqrt(2)));
    [both!, one!, 0.25, 0].forEach((share, index) => expect(Math.abs(counts[index]! - share)).toBeLessThan(0.025));
    const evenly = await openWarned({ source: root, draw: 'evenly' });
    const some = await draw(evenly.dataset, 4000);
    for (const index of [0, 1, 2, 3])
      expect(Math.abs(some.filter((one) => one.index === index).length / 4000 - 0.25)).toBeLessThan(0.025);
  });

  it('follows from seed and position alone, epoch after epoch', async () => {
    const { dataset } = await openWarned(root);
    const all = await draw(dataset, 14, START, 5);
    expect(await draw(dataset, 14, START, 5)).toEqual(all);
    expect((await draw(dataset, 14, START, 6)).map(({ index }) => index)).not.toEqual(all.map(({ index }) => index));
    expect(all[4]!.after).toEqual({ epoch: 1, consumed: 1 });
    for (const [place, { after }] of all.slice(0, -1).entries())
      expect(await draw(dataset, 13 - place, after, 5)).toEqual(all.slice(place + 1));
    expect(await failureOf(draw(dataset, 1, { epoch: 0, consumed: 5 }))).toBe(
      'DATASET_FORMAT: Cannot open dataset: position must lie in the dataset (it may have changed since), got 5 of 4 ' +
        'samples',
    );
  });

  it('makes another view of a photo that is drawn again in an epoch', async () => {
    const photos = [{ set: 'rooms', split: 'train', labels: ['wall'], mask: [Array.from({ length: 64 }, () => 0)] }];
    const copies = Array.from({ length: 40 }, () => photos[0]!);
    const many = await writePhotos(at('copies'), copies);
    const { dataset } = await openWarned(many);
    const one = {
      ...dataset,
      async *draw(...place: Parameters<typeof dataset.draw>) {
        for await (const drawn of dataset.draw(...place)) yield { ...drawn, index: 0 };
      },
    };
    const options = { batchSize: 16, masks: true, inputSize: [1, 16], augmentation: { scale: [0.5, 0.9] } } as const;
    const { batches } = await load(one, 2, options);
    const views = batches.flatMap(({ masks, images }) =>
      Array.from({ length: images }, (_, image) => masks!.subarray(16 * image, 16 * image + 16).join()),
    );
    expect(new Set(views).size).toBeGreaterThan(10);
    expect(batches[0]!.turns).toEqual(Array.from({ length: 16 }, (_, turn) => turn + 1));
    const resumed = await load(one, 1, { ...options, from: batches[0]!.after });
    expect(resumed.batches[0]).toEqual(batches[1]);
  });
});

describe('errors of an index of photos', () => {
  let folders = 0;
  const row = { image: 'rooms/0.png', mask: 'rooms/0.mask.png', labels: ['wall'], set: 'rooms', split: 'train' };

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'line must be JSON, got .*'],
    ['no object', '[1]', 'row must be an object, got [1]'],
    ['an unknown set', { set: 'room' }, 'set must be among [rooms, things], got "room"'],
    ['no set', { set: undefined }, 'set must be among [rooms, things], got undefined'],
    ['a set that every object has', { set: 'toString' }, 'set must be among [rooms, things], got "toString"'],
    ['a split that is no text', { split: 3 }, 'split must be a text, got 3'],
    ['labels that are no list', { labels: 'wall' }, 'labels must be a list of texts, got "wall"'],
    ['no labels', { labels: undefined }, 'labels must be a list of texts, got undefined'],
    ['a label of another set', { labels: ['wall', 'cat'] }, 'labels must be classes of set "rooms", got "cat"'],
    ['captions that are no list', { captions: 'a' }, 'captions must be a list of texts, got "a"'],
    ['no image', { image: '' }, 'image must be a path in the folder, got ""'],
    ['a path that leaves the folder', { image: '../0.png' }, 'image must be a path in the folder, got "../0.png"'],
    [
      'a path that leaves it within',
      { mask: 'a/../../b.png' },
      'mask must be a path in the folder, got "a/../../b.png"',
    ],
    ['an absolute path', { mask: '/etc/passwd' }, 'mask must be a path in the folder, got "/etc/passwd"'],
    ['a mask that is no path', { mask: 5 }, 'mask must be a path in the folder, got 5'],
  ])('names file, line, rule and value for %s', async (_, change, message) => {
    const own = await writePhotos(at('broken', String(folders++)), PHOTOS.slice(0, 1));
    const broken = typeof change === 'string' ? change : JSON.stringify({ ...row, ...(change as object) });
    const index = write(join(own, 'index.jsonl'), `${JSON.stringify(row)}\n\n${broken}\n`);
    const got = await failureOf(openWarned({ source: own, format: 'index-jsonl' }));
    const start = `DATASET_FORMAT: Cannot open dataset: "${index}" line 3: `;
    if (message.endsWith('.*')) expect(got.startsWith(start + message.slice(0, -2))).toBe(true);
    else expect(got).toBe(start + message);
  });

  it('names a file that is missing, unless its split is not read', async () => {
    const own = await writePhotos(at('missing'), PHOTOS.slice(0, 1));
    const index = write(
      join(own, 'index.jsonl'),
      [row, { ...row, mask: 'rooms/9.png', split: 'val' }].map((entry) => JSON.stringify(entry)).join('\n'),
    );
    expect((await openWarned({ source: own, format: 'index-jsonl' })).dataset.size).toBe(1);
    expect(await failureOf(openWarned({ source: own, split: 'val' }))).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${index}" line 2: mask must name a file that exists, got ` +
        `"${join(own, 'rooms/9.png')}"`,
    );
  });

  it.each<[string, unknown, string]>([
    ['no sets', {}, ' must hold an object of sets by name, got {}'],
    ['a list', [], ' must hold an object of sets by name, got []'],
    ['a set without classes', { a: {} }, ' set "a" must have a list "classes" of 1 to 255 names, got undefined'],
    ['a set that is no object', { a: 3 }, ' set "a" must be an object with "classes", got 3'],
    [
      'a name that is no text',
      { a: { classes: [1] } },
      ' set "a" must have a list "classes" of 1 to 255 names, got [1]',
    ],
    ['a class twice', { a: { classes: ['x', 'x'] } }, ' set "a" must name each class once, got "x" twice'],
    [
      'a background that is a class',
      { a: { classes: ['x', 'y'], background: 1 } },
      ' set "a" must have a mask value that is no class, 2 to 254, as background, got 1',
    ],
    [
      'a background of 255',
      { a: { classes: ['x'], background: 255 } },
      ' set "a" must have a mask value that is no class, 1 to 254, as background, got 255',
    ],
    [
      'exhaustive as text',
      { a: { classes: ['x'], exhaustive: 'no' } },
      ' set "a" must have true or false as exhaustive, got "no"',
    ],
  ])('names what is wrong with %s in classes.json', async (_, sets, message) => {
    const own = await writePhotos(at('classes', String(folders++)), PHOTOS.slice(0, 1), sets as object);
    expect(await failureOf(openWarned({ source: own, format: 'index-jsonl' }))).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${join(own, 'classes.json')}"${message}`,
    );
  });

  it('names what is wrong with the files themselves', async () => {
    const own = await writePhotos(at('files'), PHOTOS.slice(0, 1));
    const open = (options: object = {}): Promise<string> =>
      failureOf(openWarned({ source: own, format: 'index-jsonl', ...options }));
    const [classes, index] = [join(own, 'classes.json'), join(own, 'index.jsonl')];
    write(classes, '{');
    expect(await open()).toContain(`DATASET_FORMAT: Cannot open dataset: "${classes}" must be JSON, got `);
    expect(await open({ classes: at('none.json') })).toContain(
      `DATASET_FORMAT: Cannot open dataset: "${at('none.json')}" must be a readable file, got `,
    );
    write(classes, JSON.stringify(SETS));
    expect(await open({ sets: ['rooms', 'thing'] })).toBe(
      'DATASET_FORMAT: Cannot open dataset: sets must be among [rooms, things], got "thing"',
    );
    expect(await open({ sets: { things: 2 } })).toBe(
      'DATASET_FORMAT: Cannot open dataset: sets must have rows of split "train", got "things"',
    );
    expect(await open({ split: 'test' })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${index}" must have rows of split "test", got [train]`,
    );
    expect(await open({ rename: { human: 'person' } })).toBe(
      `DATASET_FORMAT: Cannot open dataset: rename must name classes of "${classes}" (class or set/class), got "human"`,
    );
    expect(await open({ rename: write(at('numbers.json'), '{"wall":1}') })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${at('numbers.json')}" must hold labels by class names, got {"wall":1}`,
    );
    write(index, '\n');
    expect(await open()).toBe(`DATASET_FORMAT: Cannot open dataset: "${index}" must have a row, got an empty file`);
  });

  it.each<[object, string]>([
    [
      { format: 'folder', draw: 'evenly' },
      'RangeError: Cannot open dataset: draw must be left out for format folder, got "evenly"',
    ],
    [
      { format: 'jsonl', sets: ['a'] },
      'RangeError: Cannot open dataset: sets must be left out for format jsonl, got ["a"]',
    ],
    [{ images: 'x' }, 'RangeError: Cannot open dataset: images must be left out for format index-jsonl, got "x"'],
    [
      { sets: { a: 0 } },
      'RangeError: Cannot open dataset: data.sets must be a list of names of sets, or of weights above 0 by name, ' +
        'got an object',
    ],
    [
      { sets: [] },
      'RangeError: Cannot open dataset: data.sets must be a list of names of sets, or of weights above 0 by name, ' +
        'got an empty list',
    ],
    [
      { rename: { a: '' } },
      'RangeError: Cannot open dataset: data.rename must be labels by the names of classes, or a path of a JSON file ' +
        'of them, got an object',
    ],
    [{ draw: 'often' }, 'RangeError: Cannot open dataset: data.draw must be "by-labels" or "evenly", got "often"'],
  ])('refuses %j', async (options, message) => {
    expect(await failureOf(openWarned({ source: root, ...options }))).toBe(message);
  });

  it('leaves out masks with a value that is no class, or of another size, and says so', async () => {
    const own = await writePhotos(at('masks'), [
      ...PHOTOS.slice(0, 2),
      {
        set: 'rooms',
        split: 'train',
        labels: ['wall'],
        mask: [
          [0, 3],
          [0, 0],
        ],
      },
      {
        set: 'rooms',
        split: 'train',
        labels: ['wall'],
        mask: [
          [254, 0],
          [0, 0],
        ],
      },
    ]);
    const { dataset } = await openWarned(own);
    const { warnings, counts } = await load(dataset.each!, 2, { masks: true });
    expect(counts.corrupt).toBe(2);
    expect(warnings.map(({ message }) => message).toSorted()).toEqual(
      [3, 254].map(
        (value, place) =>
          `Sample left out: rooms/${place + 2}.png: Cannot use mask ${join(own, `rooms/${place + 2}.mask.png`)}: its ` +
          `values must be classes of its set, its background or 255, got ${value}`,
      ),
    );
  });
});

// Skipped without the photographs, which are not part of the repository.
const photographs = join(SHARED, 'data/photos');
it.skipIf(!existsSync(photographs))('reads the photographs, every mask of the split val included', async () => {
  const rename = { 'msrc/body': 'person', 'msrc/face': 'person' };
  const { dataset } = await openWarned({ source: photographs, split: 'val', rename });
  expect(dataset.size).toBe(470);
  const { counts, batches } = await load(dataset.each!, 47, { batchSize: 10, masks: true, workers: 2 });
  expect([counts.corrupt, counts.samples]).toEqual([0, 470]);
  expect(new Set(batches.flatMap(({ indices }) => indices)).size).toBe(470);
  const train = await openWarned(photographs);
  expect(train.dataset.size).toBe(5401);
});
