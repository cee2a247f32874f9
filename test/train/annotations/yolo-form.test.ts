/** YOLO segmentation. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../../packages/train/src/annotations/mask-fault.ts';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { countsOf, frame, opener, rowsOf, toldOf } from './opened.ts';

const opened = opener();
const LEFT = '0 0 0 0.5 0 0.5 1 0 1\n';
const RIGHT = '1 .5 0 1 0 1 1 .5 1\r\n';
const yaml = (more = ''): string => `names: [cat, dog]\n${more}`;

describe('YOLO segmentation', () => {
  it('paints polygons in the order of lines; an empty file says nothing is there, none says nothing', async () => {
    const set = await opened({
      'data.yaml': yaml(),
      'images/a.jpg': frame,
      'images/b.jpg': frame,
      'images/c.jpg': frame,
      'labels/a.txt': `${LEFT}\n${RIGHT}1 0 0 1 0 1 .34 0 .34`,
      'labels/b.txt': '',
    });
    expect(set).toMatchObject({ form: 'yolo', classes: ['cat', 'dog'], notes: [] });
    expect(set.description).toBe('YOLO segmentation (data.yaml)');
    expect(set.pictures.map(({ labeled }) => labeled)).toEqual([true, true, false]);
    expect(await rowsOf(set.pictures[0])).toEqual(['1111', '0011', '0011']);
    expect(await rowsOf(set.pictures[1])).toEqual(['....', '....', '....']);
    expect(await rowsOf(set.pictures[2])).toEqual(['????', '????', '????']);
  });

  it('has polygons of one object that are joined by a line there and back', async () => {
    const joined = '0 0 0 .25 0 .25 1 0 1 0 0 .75 0 1 0 1 1 .75 1 .75 0 0 0';
    const set = await opened({ 'data.yaml': yaml(), 'images/a.jpg': frame, 'labels/a.txt': joined });
    expect(await rowsOf(set.pictures[0])).toEqual(['0..0', '0..0', '0..0']);
  });

  it('tells boxes and passes them over; a picture with nothing else is not labeled', async () => {
    const set = await opened({
      'data.yaml': yaml(),
      'images/a.jpg': frame,
      'images/b.jpg': frame,
      'labels/a.txt': `0 .5 .5 1 1\n${LEFT}`,
      'labels/b.txt': '0 .5 .5 1 1\n1 .5 .5 1 1',
    });
    expect(set.notes).toEqual(['3 boxes, which are no outlines']);
    expect(set.pictures.map(({ labeled }) => labeled)).toEqual([true, false]);
    expect(await rowsOf(set.pictures[0])).toEqual(['00..', '00..', '00..']);
  });

  const split = { 'train/images/a.jpg': frame, 'train/labels/a.txt': LEFT, 'valid/images/b.jpg': frame };
  it.each([
    ['of Roboflow', yaml('train: ../train/images\nval: ../valid/images\n')],
    ['of another machine', yaml('path: C:\\Users\\me\\set\ntrain: train/images\nval: [/content/set/valid/images]\n')],
    ['by number', 'nc: 2\nnames:\n  0: cat\n  1: dog\ntrain: train\nval: valid/images\n'],
    ['in other files', yaml('path: .\ntrain: train.txt\nval: lists/val.txt\n')],
  ])('finds the splits of a data.yaml %s', async (_, text) => {
    const lists = { 'train.txt': './train/images/a.jpg\n', 'lists/val.txt': '/data/set/valid/images/b.jpg\n/x/no.jpg' };
    const set = await opened({ 'data.yaml': text, ...split, ...lists });
    expect(set.classes).toEqual(['cat', 'dog']);
    expect(set.pictures.map(({ key, split: of, labeled }) => [key, of, labeled])).toEqual([
      ['train/images/a.jpg', 'train', true],
      ['valid/images/b.jpg', 'val', false],
    ]);
  });

  it('reads nothing outside of the folder, and says which splits are not there', async () => {
    const set = await opened(
      {
        'set/data.yaml': yaml('train: ../../secret\nval: images/val\n'),
        'secret/x.jpg': frame,
        'set/images/val/a.jpg': frame,
      },
      'set',
    );
    expect(set.pictures.map(({ key }) => key)).toEqual(['images/val/a.jpg']);
    expect(set.notes).toEqual(['the split train ("../../secret"), which is not there']);
  });

  it('counts a picture of two splits in the first', async () => {
    const set = await opened({ 'data.yaml': yaml('train: images\nval: images\n'), 'images/a.jpg': frame });
    expect(set.pictures).toMatchObject([{ split: 'train' }]);
    expect(set.notes).toEqual(['1 pictures in train and val, of which the first counts']);
  });

  it('is known by classes.txt too; background is none of the classes', async () => {
    const set = await opened({
      'classes.txt': 'background\ncat\n',
      'images/a.jpg': frame,
      'labels/a.txt': RIGHT + LEFT,
    });
    expect(set.classes).toEqual(['cat']);
    expect(await rowsOf(set.pictures[0])).toEqual(['..00', '..00', '..00']);
  });

  it('cuts off and tells what reaches outside of the picture', async () => {
    const set = await opened({ 'data.yaml': yaml(), 'images/a.jpg': frame, 'labels/a.txt': '0 -9 0 .5 0 .5 9 -9 9' });
    expect(await toldOf(set.pictures[0])).toEqual(['a polygon of "cat" that reaches outside of the picture']);
  });

  it.each([
    ['7 0 0 1 0 1 1', 'line 1 must begin with a class from 0 to 1, got 7'],
    ['\n0 0 0 1 0 1 1 0', 'line 2 must be a class and pairs of numbers, got 7 numbers'],
    ['0 0 0 1 0 1 x', 'line 1 must be finite numbers, got "x"'],
    ['0.5 0 0 1 0 1 1', 'line 1 must begin with a class from 0 to 1, got 0.5'],
  ])('refuses the line %j', async (line, message) => {
    const set = await opened({ 'data.yaml': yaml(), 'images/a.jpg': frame, 'labels/a.txt': line });
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow(message);
    const error: unknown = await set.pictures[0]!.readMask({}).catch((cause: unknown) => cause);
    expect(faultOf(error)).toBe(message.includes('begin with a class') ? 'mask-value' : 'mask-unreadable');
  });

  it.each([
    ['names: [a\n', 'must be YAML, got'],
    [`names: ${'? '.repeat(100_000)}`, 'must have at most 64 lists and maps within each other, got more'],
    [`names: ${'['.repeat(100_000)}`, 'must have at most 64 lists and maps within each other, got more'],
    ['names: {cat: 0}\n', 'must give names as a list or by number, at most 10000, got {"cat":0}'],
    ['names: [a]\ntrain: {x: 1}\n', 'must give train as a folder, a list of folders or a text file, got {"x":1}'],
    [
      `a: &a [1]\nb: &b [${'*a,'.repeat(99)}]\nnames: [${'*b,'.repeat(99)}]\n`,
      'must be YAML, got Excessive alias count',
    ],
    ['names: [a]\n', 'the pictures of'],
  ])('refuses the data.yaml %.40j', async (text, message) => {
    await expect(opened({ 'data.yaml': text, 'labels/a.txt': LEFT })).rejects.toThrow(message);
  });

  it.skipIf(!hasShared)('of the shared data is equal to its masks, though it holds polygons', async () => {
    const root = join(SHARED, 'data/annotations');
    const [[set], [masks]] = await Promise.all([
      openAnnotations(join(root, 'yolo')),
      openAnnotations(join(root, 'cvat')),
    ]);
    expect(await countsOf(set!)).toEqual(await countsOf(masks!));
  });
});
