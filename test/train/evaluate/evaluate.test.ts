import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SynsegError } from '@synseg/core';
import { expect, it } from 'vitest';
import { DATASETS } from '../../../packages/train/src/benchmarks/datasets.ts';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import type { EvaluateOptions } from '../../../packages/train/src/evaluate/evaluate-options.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { pixelDefaults } from './pixel-protocol-default.ts';
import { FakeModel, labelMap, writeClasses, writePicture, type Find, type Rows } from './fake-model.ts';

const folder = temporaryFolder();
let folders = 0;

/** Masks by key. */
type Masks = Readonly<Record<string, Rows>>;

/** Writes a data set in a folder of its own. */
async function dataset(
  masks: Masks,
  classes: readonly string[] = ['sky', 'road', 'car'],
  more: object = { ignore_index: 255 },
): Promise<EvaluateOptions> {
  const root = join(folder, String(folders++));
  for (const [key, rows] of Object.entries(masks)) await writePicture(root, key, rows);
  writeClasses(root, classes, more);
  return { dataset: 'index-png', root };
}

/** Finds label maps by key, as written. */
function finding(maps: Masks): Find {
  return (image) => labelMap(maps[basename(image, '.jpg')]!);
}

it('scores a hand-made data set: all labels compete, ignored pixels do not count', async () => {
  const options = await dataset({
    a: [
      [0, 0, 1],
      [1, 255, 1],
    ],
    b: [[2, 2, 0]],
  });
  const model = new FakeModel(
    finding({
      a: [
        [0, 1, 1],
        [1, 2, 1],
      ],
      b: [[2, 1, 0]],
    }),
  );
  const score = await evaluate(model, options);
  // sky: 2 of 3 found, no other taken for it; road: 3 found of 3, 2 others taken for it; car: 1 of 2.
  expect(score.confusion).toEqual([
    [2, 1, 0],
    [0, 3, 0],
    [0, 1, 1],
  ]);
  expect(score.perClass).toEqual({ sky: 2 / 3, road: 0.6, car: 0.5 });
  expect(score.mIoU).toBeCloseTo((2 / 3 + 3 / 5 + 1 / 2) / 3, 10);
  expect(score.pixelAccuracy).toBe(0.75);
  expect(score).toMatchObject({
    classes: ['sky', 'road', 'car'],
    images: 2,
    missed: [0, 0, 0],
    failures: [],
    imagesWithoutClasses: 0,
    leftOut: { classes: [], pixels: 0 },
    labelsPerImage: 3,
  });
  expect(model.asked).toEqual([
    ['sky', 'road', 'car'],
    ['sky', 'road', 'car'],
  ]);
  expect(score.protocol).toEqual({
    ...pixelDefaults,
    dataset: 'index-png',
    split: null,
    offset: 0,
    limit: null,
    labels: 'all',
    background: null,
    decision: 'argmax',
    views: 1,
    merge: 'mean',
    templates: 'clipseg',
    classList: null,
    inputSize: [32, 48],
    precision: 'fp32',
    device: 'cpu',
    metric: expect.stringContaining('intersection / union') as string,
  });
  expect(JSON.parse(JSON.stringify(score))).toEqual(score);
});

it("lets only the labels of a picture's own mask compete when they are to be present", async () => {
  const options = await dataset({ a: [[2, 0, 255]], b: [[1, 1, 1]] });
  // Indices into the labels asked for: picture a has sky and car, b has road only.
  const model = new FakeModel(finding({ a: [[1, 1, 0]], b: [[0, 0, 0]] }));
  const score = await evaluate(model, { ...options, labels: 'present' });
  expect(model.asked.toSorted()).toEqual([['road'], ['sky', 'car']]);
  expect(score.confusion).toEqual([
    [0, 0, 1],
    [0, 3, 0],
    [0, 0, 1],
  ]);
  expect(score.labelsPerImage).toBe(1.5);
});

it('states what picking a competing label at random would give', async () => {
  const options = await dataset({ a: [[0, 0, 0, 1]] });
  const random = await evaluate(new FakeModel(finding({ a: [[0, 0, 0, 0]] })), { ...options, labels: 'present' });
  // On average 1.5 sky and 0.5 road pixels are right: 1.5 / (3 + 2 − 1.5) and 0.5 / (1 + 2 − 0.5).
  expect(random.chanceMIoU).toBeCloseTo((1.5 / 3.5 + 0.5 / 2.5) / 2, 10);
  const all = await evaluate(new FakeModel(finding({ a: [[0, 0, 0, 0]] })), options);
  // A third each; car is predicted on 4/3 pixels and never right.
  expect(all.chanceMIoU).toBeCloseTo((1 / (3 + 4 / 3 - 1) + 1 / 3 / (1 + 4 / 3 - 1 / 3) + 0) / 3, 10);
});

it('leaves out classes the checkpoint has no embedding for, counts their pixels and does not judge them', async () => {
  const options = await dataset({ a: [[0, 1, 2, 2]], b: [[1, 1, 1, 255]] });
  const model = new FakeModel(finding({ a: [[0, 0, 1, 0]] }), ['sky', 'car']);
  const score = await evaluate(model, options);
  expect(model.asked).toEqual([['sky', 'car']]);
  expect(score).toMatchObject({
    classes: ['sky', 'car'],
    confusion: [
      [1, 0],
      [1, 1],
    ],
    leftOut: { classes: ['road'], pixels: 4 },
    images: 1,
    imagesWithoutClasses: 1,
  });
  expect(score.protocol.templates).toBe('vocabulary');
});

it('takes names and prompts from another class list', async () => {
  const options = await dataset({ a: [[0, 1]] });
  const classes = writeClasses(join(folder, 'other'), ['heaven', 'road']);
  const model = new FakeModel(finding({ a: [[0, 1]] }));
  const score = await evaluate(model, { ...options, classes });
  expect(score.perClass).toEqual({ heaven: 1, road: 1 });
  expect(score.protocol.classList).toBe(classes);
});

it('hands threshold, views and merge rule on, and counts what no label won as missed', async () => {
  const options = await dataset({ a: [[0, 0, 1, 1]] });
  const seen: unknown[] = [];
  const model = new FakeModel((_, __, { views, merge, threshold }) => {
    seen.push({ views, merge, threshold });
    return labelMap([[0, 255, 1, 255]]);
  });
  const score = await evaluate(model, { ...options, threshold: 0.3, views: 5, merge: 'max' });
  expect(seen).toEqual([{ views: 5, merge: 'max', threshold: 0.3 }]);
  expect(score).toMatchObject({
    missed: [1, 1, 0],
    perClass: { sky: 0.5, road: 0.5, car: null },
    mIoU: 0.5,
    pixelAccuracy: 0.5,
  });
  expect(score.protocol).toMatchObject({
    decision: 'argmax of the labels with an activation of at least 0.3',
    views: 5,
    merge: 'max',
  });
});

it('ignores the background of the class list, or counts it as what no label won, or as a word', async () => {
  const masks = { a: [[0, 0, 1, 2]], b: [[0, 0, 0, 0]] };
  const options = await dataset(masks, ['background', 'shirt', 'hat'], { background_index: 0 });
  const ignoring = new FakeModel(finding({ a: [[1, 0, 0, 0]] }));
  expect(await evaluate(ignoring, options)).toMatchObject({
    classes: ['shirt', 'hat'],
    confusion: [
      [1, 0],
      [1, 0],
    ],
    images: 1,
    imagesWithoutClasses: 1,
    protocol: { background: 'ignore' },
  });
  expect(ignoring.asked).toEqual([['shirt', 'hat']]);

  const below = new FakeModel(finding({ a: [[255, 0, 0, 255]], b: [[255, 255, 1, 255]] }));
  expect(await evaluate(below, { ...options, background: 'class', threshold: 0.5 })).toMatchObject({
    classes: ['background', 'shirt', 'hat'],
    confusion: [
      [4, 1, 1],
      [0, 1, 0],
      [1, 0, 0],
    ],
    missed: [0, 0, 0],
    images: 2,
    protocol: { background: 'class' },
  });
  expect(below.asked[0]).toEqual(['shirt', 'hat']);

  // With present labels none competes in picture b: all of it is background, without asking the model.
  const present = new FakeModel(finding({ a: [[255, 0, 0, 255]] }));
  expect(await evaluate(present, { ...options, background: 'class', threshold: 0.5, labels: 'present' })).toMatchObject(
    {
      confusion: [
        [5, 1, 0],
        [0, 1, 0],
        [1, 0, 0],
      ],
      images: 2,
    },
  );

  const word = new FakeModel(finding({ a: [[0, 0, 1, 2]], b: [[0, 0, 0, 0]] }));
  expect(await evaluate(word, { ...options, background: 'class' })).toMatchObject({ mIoU: 1, images: 2 });
  expect(word.asked[0]).toEqual(['background', 'shirt', 'hat']);
});

it('takes a part of the list: from offset on, at most limit', async () => {
  const options = await dataset({ a: [[0]], b: [[0]], c: [[0]], d: [[0]] });
  const seen: string[] = [];
  const model = new FakeModel((image) => {
    seen.push(basename(image));
    return labelMap([[0]]);
  });
  expect(await evaluate(model, { ...options, offset: 1, limit: 2 })).toMatchObject({
    images: 2,
    protocol: { offset: 1, limit: 2 },
  });
  expect(seen.sort()).toEqual(['b.jpg', 'c.jpg']);
  expect(await evaluate(model, { ...options, limit: 100 })).toMatchObject({ images: 4 });
  await expect(evaluate(model, { ...options, offset: 4 })).rejects.toThrow(
    new RangeError('Cannot evaluate index-png: offset must be below its 4 pictures, got 4'),
  );
});

it('names pictures that cannot be judged, in order, and judges the others', async () => {
  const options = await dataset({ a: [[7, 0]], b: [[0, 0]], c: [[0, 0]], d: [[1, 0]] });
  const model = new FakeModel(async (image) => {
    const key = basename(image, '.jpg');
    if (key === 'b') {
      await setTimeout(20);
      throw new SynsegError('IMAGE_DECODE', 'Cannot decode image b');
    }
    return labelMap(key === 'c' ? [[0, 0, 0]] : [[1, 0]]);
  });
  const score = await evaluate(model, options);
  const mask = (key: string): string => join(options.root, 'masks', `${key}.png`);
  expect(score.failures).toEqual([
    {
      key: 'a',
      reason:
        'Cannot evaluate picture: mask must hold indices of the class list or ignored values, got 7 in ' +
        `${mask('a')}`,
    },
    { key: 'b', reason: 'Cannot decode image b' },
    {
      key: 'c',
      reason: `Cannot evaluate picture: mask must be as large as the upright picture, 3×1, got 2×1 in ${mask('c')}`,
    },
  ]);
  expect(score).toMatchObject({ images: 1, mIoU: 1 });
});

it('fails when no picture can be judged, saying why', async () => {
  const options = await dataset({ a: [[7]], b: [[8]] });
  const model = new FakeModel(() => expect.unreachable());
  await expect(evaluate(model, options)).rejects.toMatchObject({
    code: 'DATASET_FORMAT',
    message:
      'Cannot evaluate index-png: at least one picture must be readable and have a pixel that counts, got 2 ' +
      'failures of 2, the first a: Cannot evaluate picture: mask must hold indices of the class list or ignored ' +
      `values, got 7 in ${join(options.root, 'masks/a.png')}`,
  });
  const ignored = await dataset({ a: [[255]] });
  await expect(evaluate(model, ignored)).rejects.toMatchObject({
    code: 'DATASET_FORMAT',
    message:
      'Cannot evaluate index-png: at least one picture must be readable and have a pixel that counts, got only ' +
      'pixels of classes that do not count',
  });
  await expect(evaluate(new FakeModel(() => expect.unreachable(), ['moon']), ignored)).rejects.toMatchObject({
    code: 'LABEL_UNKNOWN',
    message: 'Cannot evaluate: the checkpoint must have an embedding of at least one class, got none of sky, road, car',
  });
});

it('has several pictures in progress, not all, and reports each that is done', async () => {
  const masks = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [String(index + 10), index === 3 ? [[9]] : [[0]]]),
  );
  const options = await dataset(masks);
  const model = new FakeModel(async () => {
    await setTimeout(5);
    return labelMap([[0]]);
  });
  const reports: unknown[] = [];
  await evaluate(model, { ...options, onProgress: (progress) => reports.push(progress) });
  expect(model.mostInProgress).toBeGreaterThan(1);
  expect(model.mostInProgress).toBeLessThanOrEqual(8);
  expect(reports).toHaveLength(20);
  expect(reports.at(-1)).toEqual({ done: 20, total: 20, failed: 1 });
});

it('ends at the first error that is not about one picture, leaving nothing in progress', async () => {
  const options = await dataset(
    Object.fromEntries(Array.from({ length: 30 }, (_, index) => [String(index + 10), [[0]]])),
  );
  let calls = 0;
  const model = new FakeModel(async () => {
    if (++calls === 3) throw new SynsegError('INFERENCE', 'Cannot run');
    await setTimeout(5);
    return labelMap([[0]]);
  });
  await expect(evaluate(model, options)).rejects.toMatchObject({ code: 'INFERENCE', message: 'Cannot run' });
  expect(model.inProgress).toBe(0);
  expect(calls).toBeLessThan(17);
});

it('ends with the reason of the signal, before and while it works', async () => {
  const options = await dataset(
    Object.fromEntries(Array.from({ length: 30 }, (_, index) => [String(index + 10), [[0]]])),
  );
  const controller = new AbortController();
  const model = new FakeModel(async () => {
    await setTimeout(2);
    return labelMap([[0]]);
  });
  const reason = new Error('enough');
  await expect(
    evaluate(model, { ...options, signal: controller.signal, onProgress: () => controller.abort(reason) }),
  ).rejects.toBe(reason);
  expect(model.inProgress).toBe(0);
  expect(model.asked.length).toBeLessThan(30);
  await expect(evaluate(model, { ...options, signal: controller.signal })).rejects.toBe(reason);
});

it('refuses options that cannot be', async () => {
  const options = await dataset({ a: [[0]] });
  const model = new FakeModel(() => expect.unreachable());
  const refuse = async (more: object, error: Error): Promise<void> =>
    expect(evaluate(model, { ...options, ...more })).rejects.toThrow(error);
  await refuse({ labels: 'some' }, new RangeError('Cannot evaluate: labels must be "all" or "present", got "some"'));
  await refuse(
    { background: 'none' },
    new RangeError('Cannot evaluate: background must be "ignore" or "class", got "none"'),
  );
  await refuse(
    { background: 'class' },
    new RangeError(
      'Cannot evaluate: background must be "ignore" for a class list without background_index, got "class"',
    ),
  );
  await refuse({ threshold: 1.5 }, new RangeError('Cannot evaluate: threshold must be a number from 0 to 1, got 1.5'));
  await refuse({ offset: -1 }, new RangeError('Cannot evaluate: offset must be an integer of at least 0, got -1'));
  await refuse({ limit: 0 }, new RangeError('Cannot evaluate: limit must be a positive integer, got 0'));
  await refuse({ views: 2 }, new RangeError('Cannot evaluate: views must be 1 or 5, got 2'));
  await refuse({ merge: 'sum' }, new RangeError('Cannot evaluate: merge must be "mean" or "max", got "sum"'));
  await refuse({ sheet: '' }, new RangeError('Cannot evaluate: sheet must be a string that is not empty, got ""'));
  await refuse({ maxPixels: -1 }, new RangeError('Cannot evaluate: maxPixels must be a positive integer, got -1'));
  await refuse(
    { lables: 'all' },
    new TypeError('Cannot evaluate: options must have known names, got "lables" (did you mean "labels"?)'),
  );
  await refuse({ onProgress: 'log' }, new TypeError('Cannot evaluate: onProgress must be a function, got "log"'));
  await refuse({ signal: {} }, new TypeError('Cannot evaluate: signal must be an AbortSignal, got an object'));
  const names = DATASETS.map((name) => `"${name}"`).join(', ');
  await refuse({ dataset: 'voc' }, new RangeError(`Cannot evaluate: dataset must be one of ${names}, got "voc"`));
  await refuse({ root: '' }, new RangeError('Cannot evaluate: root must be a string that is not empty, got ""'));
  await refuse(
    { sheetPictures: 101 },
    new RangeError('Cannot evaluate: sheetPictures must be an integer from 1 to 100, got 101'),
  );
  await refuse(
    { device: 'cpu' },
    new RangeError('Cannot evaluate: device must be given when the Segmenter is loaded, got it with a loaded one'),
  );
  await expect(evaluate(undefined as never, options)).rejects.toThrow(
    new TypeError('Cannot evaluate: model must be a folder, a hub id or a Segmenter, got undefined'),
  );
  await expect(evaluate(Promise.resolve(model) as never, options)).rejects.toThrow(
    new TypeError(
      'Cannot evaluate: model must be a folder, a hub id or a Segmenter, got a Promise (did you forget await?)',
    ),
  );
  await expect(evaluate(model, undefined as never)).rejects.toThrow(
    new TypeError('Cannot evaluate: options must be an object, got undefined'),
  );
  await expect(evaluate(model, null as never)).rejects.toThrow(
    new TypeError('Cannot evaluate: options must be an object, got null'),
  );
});

it('refuses a sheet that would take the place of what is read', async () => {
  const options = await dataset({ a: [[0]] });
  const model = new FakeModel(() => expect.unreachable());
  const sheets = [
    join(options.root, 'classes.json'),
    join(options.root, 'images', 'a.jpg'),
    join(options.root, 'masks', 'sheet.png'),
  ];
  for (const sheet of sheets)
    await expect(evaluate(model, { ...options, sheet })).rejects.toThrow(
      /^Cannot evaluate: sheet must not be (?:what is read|in a folder that is read) \(/,
    );
});

it('needs a threshold for a background class the checkpoint has no word for', async () => {
  const options = await dataset({ a: [[0, 1]] }, ['background', 'shirt'], { background_index: 0 });
  const model = new FakeModel(() => expect.unreachable(), ['shirt']);
  await expect(evaluate(model, { ...options, background: 'class' })).rejects.toThrow(
    new RangeError(
      'Cannot evaluate: threshold must be given for background "class", as the checkpoint has no embedding of ' +
        '"background", got none',
    ),
  );
});
