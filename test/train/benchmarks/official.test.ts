/** Every published layout, read through the command line: the score says how many pixels of each class there were. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { commandLine } from './command-line.ts';
import { grayMask, matFile, paletteMask, photo, writeTree, type Rows, type TreeFile } from './miniature.ts';

const folder = temporaryFolder();
const { evaluated, refusal } = commandLine(folder);

describe('PASCAL VOC 2012', async () => {
  const masks = {
    '2007_000033': [
      [0, 0, 1, 255],
      [0, 20, 20, 255],
    ],
    '2007_000042': [[15, 15, 0]],
  };
  const photos = Object.entries(masks).map(([id, rows]) => [`JPEGImages/${id}.jpg`, photo(rows)] as const);
  const truths = Object.entries(masks).map(([id, rows]) => [`SegmentationClass/${id}.png`, paletteMask(rows)] as const);
  const root = await writeTree(join(folder, 'voc'), {
    ...prefixed('VOCdevkit/VOC2012', [...photos, ...truths]),
    'VOCdevkit/VOC2012/JPEGImages/2007_000027.jpg': photo([[0]]),
    'VOCdevkit/VOC2012/SegmentationClass/2007_000032.png': paletteMask([[3]]),
    'VOCdevkit/VOC2012/SegmentationObject/2007_000033.png': paletteMask([[1]]),
    'VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt': '2007_000032\n',
    'VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt': '2007_000033\n2007_000042\n',
  });

  it('voc21 has the background as a class, and what is void does not count', async () => {
    expect(await evaluated('voc21', root)).toEqual({
      classes: 21,
      pixels: { background: 4, aeroplane: 1, person: 2, tvmonitor: 2 },
      images: 2,
      failures: [],
      split: 'val',
      background: 'class',
    });
  });

  it('voc20 does not count the background, also from within the archive', async () => {
    const scores = await Promise.all(
      ['', 'VOCdevkit', 'VOCdevkit/VOC2012'].map((inner) => evaluated('voc20', join(root, inner))),
    );
    for (const score of scores)
      expect(score).toMatchObject({ classes: 20, pixels: { aeroplane: 1, person: 2, tvmonitor: 2 }, background: null });
  });

  it('says what is missing and what is there', async () => {
    const base = join(root, 'VOCdevkit/VOC2012');
    const needs = (split: string): string =>
      `synseg: Cannot read dataset voc21: "${root}" must hold JPEGImages, SegmentationClass, ` +
      `ImageSets/Segmentation/${split}.txt (itself or in VOC2012 or VOCdevkit/VOC2012), got no `;
    expect(await refusal('voc21', root, '--split', 'vals')).toBe(
      `${needs('vals')}ImageSets/Segmentation/vals.txt: "${base}/ImageSets/Segmentation" holds ` +
        '[train.txt, val.txt] (DATASET_FORMAT)\n',
    );
    expect(await refusal('voc21', root, '--split', 'train')).toBe(
      `synseg: Cannot read dataset voc21: "${base}/JPEGImages" must hold ….jpg of every picture of ` +
        `"${base}/ImageSets/Segmentation/train.txt", got 0 of 1, and no 2007_000032.jpg (DATASET_FORMAT)\n`,
    );
    rmSync(join(base, 'SegmentationClass/2007_000042.png'));
    expect(await refusal('voc21', root)).toBe(
      `synseg: Cannot read dataset voc21: "${base}/SegmentationClass" must hold ….png of every picture of ` +
        `"${base}/ImageSets/Segmentation/val.txt", got 1 of 2, and no 2007_000042.png (DATASET_FORMAT)\n`,
    );
    rmSync(join(base, 'SegmentationClass'), { recursive: true });
    expect(await refusal('voc21', root)).toBe(
      `${needs('val')}SegmentationClass: "${base}" holds [ImageSets, JPEGImages, SegmentationObject] ` +
        '(DATASET_FORMAT)\n',
    );
    const none = join(folder, 'none');
    expect(await refusal('voc20', none)).toContain(`got no JPEGImages: "${none}" is no folder`);
  });
});

describe('Pascal Context', async () => {
  // Ids of the 459, as labels.txt numbers them: 2 aeroplane, 9 bag, 360 sky, 458 wood; 1 and 459 are not among the 59.
  const ids: Rows = [
    [2, 9, 9, 1],
    [360, 360, 458, 459],
    [0, 360, 458, 2],
  ];
  const lists = { 'ImageSets/Main/val.txt': '2008_000002\n', 'ImageSets/Main/train.txt': '2008_000003\n' };
  const jpeg = { 'JPEGImages/2008_000002.jpg': photo(ids) };
  const mats = await writeTree(join(folder, 'context-mat/VOC2010'), {
    ...jpeg,
    ...lists,
    'labels.txt': '1: accordion\n2: aeroplane\n',
    'trainval/2008_000002.mat': matFile('LabelMap', ids),
  });
  // The same picture as the converter writes it: places among the sorted ids of the 59, from 1.
  const places: Rows = [
    [1, 2, 2, 0],
    [47, 47, 59, 0],
    [0, 47, 59, 1],
  ];
  const pngs = await writeTree(join(folder, 'context-png'), {
    ...prefixed('VOCdevkit/VOC2010', Object.entries(jpeg)),
    'VOCdevkit/VOC2010/ImageSets/SegmentationContext/val.txt': '2008_000002\n',
    'VOCdevkit/VOC2010/SegmentationClassContext/2008_000002.png': grayMask(places),
  });
  const pixels = { aeroplane: 2, bag: 2, sky: 3, wood: 2 };

  it.each([
    ['the original label maps', mats],
    ['index PNGs', pngs],
  ])('of %s counts the same pixels of 60 and of 59 classes', async (_, root) => {
    expect(await evaluated('context60', root)).toEqual({
      classes: 60,
      pixels: { background: 3, ...pixels },
      images: 1,
      failures: [],
      split: 'val',
      background: 'class',
    });
    expect(await evaluated('context59', root)).toMatchObject({ classes: 59, pixels, background: null });
  });

  it('names a label map that is none', async () => {
    const broken = { 'trainval/2008_000002.mat': 'MATLAB 7.3 MAT-file, Platform: GLNXA64'.padEnd(512) };
    const root = await writeTree(join(folder, 'context-broken'), { ...jpeg, ...lists, ...broken });
    expect(await refusal('context60', root)).toContain(
      `2008_000002: Cannot read mask ${root}/trainval/2008_000002.mat: it must be a MAT-file of level 5, got ` +
        'MATLAB 7.3 MAT-file',
    );
    expect(await refusal('context60', folder)).toContain(
      `"${folder}" must hold JPEGImages, SegmentationClassContext or trainval, ` +
        'ImageSets/SegmentationContext/val.txt or ImageSets/Main/val.txt (itself or in VOC2010 or VOCdevkit/VOC2010)',
    );
  });
});

describe('COCO', async () => {
  // Ids less one: 0 person, 12 stop sign (id 13), 89 toothbrush (id 90), 91 banner (id 92), 181 wood (id 182).
  const raw: Rows = [
    [0, 12, 12, 89],
    [91, 181, 181, 255],
  ];
  const stuff = { 'person': 1, 'stop sign': 2, 'toothbrush': 1, 'banner': 1, 'wood': 2 };
  const things = { 'background': 4, 'person': 1, 'stop sign': 2, 'toothbrush': 1 };
  const original = await writeTree(join(folder, 'coco-original'), {
    'val2017/000000000139.jpg': photo(raw),
    'stuffthingmaps/val2017/000000000139.png': grayMask(raw),
  });
  const converted = await writeTree(join(folder, 'coco-converted'), {
    'coco_stuff164k/images/val2017/000000000139.jpg': photo(raw),
    'coco_stuff164k/annotations/val2017/000000000139_labelTrainIds.png': grayMask([
      [0, 11, 11, 79],
      [80, 170, 170, 255],
    ]),
    'coco_stuff164k/annotations/val2017/000000000139_instanceTrainIds.png': grayMask([
      [1, 12, 12, 80],
      [0, 0, 0, 0],
    ]),
  });

  it.each([
    ['the original masks', original],
    ['masks that were made from them', converted],
  ])('of %s counts the same things and stuff', async (_, root) => {
    expect(await evaluated('coco-stuff', root)).toEqual({
      classes: 171,
      pixels: stuff,
      images: 1,
      failures: [],
      split: 'val2017',
      background: null,
    });
    expect(await evaluated('coco-object', root)).toMatchObject({ classes: 81, pixels: things, background: 'class' });
  });

  it('refuses ids that were given up, and half of the pictures', async () => {
    const files = { 'images/val2017/1.jpg': photo([[0]]), 'annotations/val2017/1.png': grayMask([[11]]) };
    const root = await writeTree(join(folder, 'coco-odd'), files);
    expect(await refusal('coco-stuff', root)).toContain(
      `1: Cannot read mask ${root}/annotations/val2017/1.png: it must hold values of its data set, got 11`,
    );
    await writeTree(root, { 'annotations/val2017/2.png': grayMask([[0]]) });
    expect(await refusal('coco-object', root)).toContain(
      `"${root}/images/val2017" must hold ….jpg of every picture, got 1 of 2, and no 2.jpg`,
    );
  });
});

describe('Cityscapes', async () => {
  const ids: Rows = [
    [7, 7, 11, 33],
    [0, 3, 29, 26],
  ];
  const train: Rows = [
    [0, 0, 2, 18],
    [255, 255, 255, 13],
  ];
  const pixels = { road: 2, building: 1, bicycle: 1, car: 1 };
  const name = 'frankfurt/frankfurt_000000_000294';
  const left = { [`leftImg8bit/val/${name}_leftImg8bit.png`]: photo(ids, 'png') };

  it.each([
    ['label ids', { [`gtFine/val/${name}_gtFine_labelIds.png`]: grayMask(ids) }],
    ['train ids', { [`gtFine/val/${name}_gtFine_labelTrainIds.png`]: grayMask(train) }],
  ])('is scored on its 19 classes by %s', async (kind, masks) => {
    const root = await writeTree(join(folder, `cityscapes ${kind}`), {
      ...left,
      ...masks,
      [`gtFine/val/${name}_gtFine_color.png`]: photo(ids, 'png'),
      [`gtFine/val/${name}_gtFine_polygons.json`]: '{}',
    });
    expect(await evaluated('cityscapes', root)).toEqual({
      classes: 19,
      pixels,
      images: 1,
      failures: [],
      split: 'val',
      background: null,
    });
  });

  it('says that gtFine is not there', async () => {
    const root = await writeTree(join(folder, 'cityscapes half'), { ...left, README: '' });
    expect(await refusal('cityscapes', root)).toBe(
      `synseg: Cannot read dataset cityscapes: "${root}" must hold leftImg8bit/val, gtFine/val (itself or in ` +
        `cityscapes), got no gtFine/val: "${root}" holds [README, leftImg8bit] (DATASET_FORMAT)\n`,
    );
  });
});

describe('ADE20K', async () => {
  const rows: Rows = [[0, 1, 1, 8, 150]];
  const root = await writeTree(join(folder, 'ade'), {
    'ADEChallengeData2016/images/validation/ADE_val_00000001.jpg': photo(rows),
    'ADEChallengeData2016/annotations/validation/ADE_val_00000001.png': grayMask(rows),
    'ADEChallengeData2016/images/training/ADE_train_00000001.jpg': photo([[3]]),
    'ADEChallengeData2016/annotations/training/ADE_train_00000001.png': grayMask([[3]]),
    'ADEChallengeData2016/objectInfo150.txt': '',
  });

  it('counts none of its zeros, and all else one lower', async () => {
    expect(await evaluated('ade20k', root)).toEqual({
      classes: 150,
      pixels: { wall: 2, bed: 1, flag: 1 },
      images: 1,
      failures: [],
      split: 'validation',
      background: null,
    });
    expect(await evaluated('ade20k', root, '--split', 'training')).toMatchObject({ pixels: { sky: 1 } });
  });

  it('takes other names for the same indices', async () => {
    const classes = Array.from({ length: 150 }, (_, index) => ({ index, name: `class ${index}` }));
    await writeTree(folder, { 'classes.json': JSON.stringify({ classes }) });
    expect(await evaluated('ade20k', root, '--classes', join(folder, 'classes.json'))).toMatchObject({
      pixels: { 'class 0': 2, 'class 7': 1, 'class 149': 1 },
    });
  });
});

function prefixed(prefix: string, files: readonly (readonly [string, TreeFile])[]): Record<string, TreeFile> {
  return Object.fromEntries(files.map(([path, bytes]) => [`${prefix}/${path}`, bytes]));
}
