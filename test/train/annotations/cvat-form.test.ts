/** CVAT for images 1.1. */
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { SHARED, hasShared, namesIn } from '../../support/shared.ts';
import { frame, opener, rowsOf, toldOf } from './opened.ts';

const opened = opener();
const LABELS = '<labels><label><name>cat</name></label><label><name>dog &amp; co</name></label></labels>';
const task = (images: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta><task>${LABELS}</task></meta>\n` +
  `${images}\n</annotations>\n`;
const image = (shapes: string, more = ''): string =>
  `<image id="0" name="a.jpg" width="4" height="3"${more}>${shapes}</image>`;
const one = (shapes: string): Record<string, string | typeof frame> => ({
  'annotations.xml': task(image(shapes)),
  'images/a.jpg': frame,
});

describe('CVAT for images', () => {
  it('paints polygons, masks and ellipses by z_order, then as they stand', async () => {
    const set = await opened(
      one(
        '<polygon label="cat" points="0,0;4,0;4,2;0,2" z_order="1"></polygon>' +
          '<mask label="dog &amp; co" rle="0, 4, 1, 3" left="0" top="1" width="4" height="2" z_order="0"/>' +
          '<ellipse label="dog &amp; co" cx="1" cy="0.5" rx="0.9" ry="0.6" z_order="2"/>',
      ),
    );
    expect(set).toMatchObject({ form: 'cvat', classes: ['cat', 'dog & co'], exhaustive: false, notes: [] });
    expect(set.description).toBe('CVAT for images 1.1 (annotations.xml)');
    expect(set.pictures).toMatchObject([{ key: 'images/a.jpg', split: undefined, labeled: true }]);
    expect(await rowsOf(set.pictures[0])).toEqual(['1100', '0000', '.111']);
  });

  it('tells and passes over what is no area; a picture with nothing else is not labeled', async () => {
    const set = await opened(
      one(
        '<box label="cat" xtl="0" ytl="0" xbr="2" ybr="2"/><box label="cat" xtl="0" ytl="0" xbr="2" ybr="2"/>' +
          '<polyline label="cat" points="0,0;1,1"/><points label="cat" points="0,0"/><tag label="cat"/><cuboid/>',
      ),
    );
    expect(set.notes).toEqual([
      '2 boxes, which are no outlines',
      '1 lines, which are no areas',
      '1 points, which are no areas',
      '1 tags of whole pictures',
      '1 cuboids, which are no outlines',
    ]);
    expect(set.pictures).toMatchObject([{ labeled: false }]);
    expect(await rowsOf(set.pictures[0])).toEqual(['????', '????', '????']);
  });

  it('has its splits from subsets, else from the names of several files', async () => {
    const subsets = await opened({
      'annotations.xml': task(
        '<image id="0" name="train/a.jpg" subset="train" width="4" height="3"/>' +
          '<image id="1" name="val/a.jpg" subset="val" width="4" height="3">' +
          '<polygon label="cat" points="0,0;4,0;4,3"/></image>',
      ),
      'images/train/a.jpg': frame,
      'images/val/a.jpg': frame,
    });
    expect(subsets.pictures.map(({ key, split }) => [key, split])).toEqual([
      ['images/train/a.jpg', 'train'],
      ['images/val/a.jpg', 'val'],
    ]);
    const files = await opened({
      'train.xml': task(image('')),
      'val.xml': task(image('').replace('a.jpg', 'b.jpg')),
      'images/a.jpg': frame,
      'images/b.jpg': frame,
    });
    expect(files.pictures.map(({ split }) => split)).toEqual(['train', 'val']);
  });

  it('finds the shapes of a picture behind names of several bytes', async () => {
    const images = ['фото 1', '写真', 'ü'].map(
      (name, at) =>
        `<image id="${at}" name="${name}.jpg" width="4" height="3">\r\n` +
        `<polygon label="cat" points="${at},0;${at + 1},0;${at + 1},3;${at},3"/></image>`,
    );
    const set = await opened({
      'annotations.xml': task(images.join('\r\n')),
      ...Object.fromEntries(['фото 1', '写真', 'ü'].map((name) => [`${name}.jpg`, frame])),
    });
    const rows = new Map<string, string>();
    for (const picture of set.pictures) rows.set(picture.key, (await rowsOf(picture))[0]!);
    expect(Object.fromEntries(rows)).toEqual({ 'ü.jpg': '..0.', 'фото 1.jpg': '0...', '写真.jpg': '.0..' });
  });

  it('cuts off and tells what reaches outside of the picture', async () => {
    const set = await opened(
      one(
        '<polygon label="cat" points="-9,0;2,0;2,9;-9,9"/><polygon label="cat" points="-9,0;2,0;2,9;-9,9"/>' +
          '<mask label="cat" rle="0,9" left="3" top="-1" width="3" height="3"/><polygon label="cat" points="1,1;2,2"/>',
      ),
    );
    expect(await rowsOf(set.pictures[0])).toEqual(['00.0', '00.0', '00..']);
    expect(await toldOf(set.pictures[0])).toEqual([
      'a polygon of "cat" that reaches outside of the picture (2 times)',
      'a mask of "cat" that reaches outside of the picture',
      'a polygon of "cat" of fewer than 3 corners, passed over',
    ]);
  });

  it.each([
    ['<mask label="cat" rle="0,99" left="0" top="0" width="2" height="2"/>', 'runs of a mask of "cat" must add up to'],
    ['<mask label="cat" rle="0,x" left="0" top="0" width="2" height="2"/>', 'runs must be integers from 0, got "x"'],
    ['<mask label="cat" rle="0,1" left="0.5" top="0" width="2" height="2"/>', 'box of a mask of "cat" must be of int'],
    ['<polygon label="cat" points="0,0;1"/>', 'corners of a polygon of "cat" must be pairs x,y, got "1"'],
    ['<polygon label="cat" points="0,0;1,NaN;2,2"/>', 'must be finite numbers, got "NaN"'],
    ['<ellipse label="cat" cx="1" cy="1" rx="1"/>', 'an ellipse of "cat" must be finite numbers, got "nothing"'],
    ['<polygon points="0,0;1,0;1,1"/>', 'label of a polygon of "" must be one of the set\'s'],
  ])('refuses %s', async (shape, message) => {
    const set = await opened(one(shape));
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow(message);
    await expect(set.pictures[0]!.readMask({})).rejects.toMatchObject({ code: 'DATASET_FORMAT' });
  });

  it('refuses a picture of another size, and tells how many are missing', async () => {
    const set = await opened({
      'annotations.xml': task(
        image('<polygon label="cat" points="0,0;1,0;1,1"/>').replace('"4"', '"5"') +
          image('').replace('a.jpg', 'b.jpg'),
      ),
      'a.jpg': frame,
    });
    expect(set.notes).toEqual(['1 annotated pictures, which are not there']);
    await expect(set.pictures[0]!.readMask({})).rejects.toThrow(
      "Cannot use mask of a.jpg: it must have the picture's size 4×3, got 5×3",
    );
  });

  it.each([
    ['<annotations><image name="a.jpg">', 'must be well-formed XML, got unclosed tag: image'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', 'must be well-formed XML, got a document type'],
    ['<annotations>&constructor;</annotations>', 'must be well-formed XML, got undefined entity'],
    [`<annotations>${'<a>'.repeat(200)}`, 'must be well-formed XML, got more than 100 elements within each other'],
    ['<annotations><track label="a"/></annotations>', 'must be CVAT for images, got tracks of CVAT for video'],
    ['<annotations><image width="3"/></annotations>', 'must give each image a name'],
    [Buffer.from('<annotations>\xff</annotations>', 'latin1'), 'got bytes that are no text in UTF-8'],
    ['<annotations><image name="b.jpg"/></annotations>', 'the pictures of'],
  ])('refuses the file %s', async (xml, message) => {
    await expect(opened({ 'annotations.xml': xml, 'a.jpg': frame })).rejects.toThrow(message);
  });

  it.skipIf(!hasShared)('of the shared data is equal to its masks', async () => {
    const root = join(SHARED, 'data/annotations');
    const [set] = await openAnnotations(join(root, 'cvat'));
    const colors = new Map([[0, 254], [0x800000, 0], [0x008000, 1], [0x808000, 2], [0x000080, 3]]); // prettier-ignore
    expect(set!.classes).toEqual(['elephant', 'rhino', 'flamingo', 'emu']);
    expect(set!.pictures.map(({ key }) => key)).toEqual(
      namesIn(join(root, 'voc/JPEGImages')).map((name) => `images/${name}`),
    );
    for (const { key, readMask } of set!.pictures) {
      const png = join(root, 'voc/SegmentationClass', key.replace(/^images\/(.*)\.jpg$/, '$1.png'));
      const rgb = await sharp(png).removeAlpha().raw().toBuffer();
      const wanted = Buffer.from(
        Array.from({ length: rgb.length / 3 }, (_, at) => colors.get(rgb.readUIntBE(3 * at, 3))!),
      );
      expect(wanted.equals((await readMask({})).data), key).toBe(true);
    }
  });
});
