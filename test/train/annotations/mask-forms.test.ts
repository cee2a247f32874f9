/** Exports whose annotations are masks. */
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { grayMask, paletteMask, photo, type Rows } from '../benchmarks/miniature.ts';
import { contents, opened } from './contents.ts';

const folder = temporaryFolder();
const rows: Rows = [
  [0, 1, 2],
  [2, 2, 255],
];
const picture = photo(rows);
const [RED, GREEN, BLACK] = [0x800000, 0x008000, 0];

/** A mask as PNG of colors, with alpha where asked for. */
function colorMask(colors: readonly (readonly number[])[], channels: 3 | 4 = 3): Uint8Array {
  const bytes = colors.flat().flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255, 7].slice(0, channels));
  return encode({ width: colors[0]!.length, height: colors.length, data: Uint8Array.from(bytes), channels });
}

const colored = colorMask([
  [BLACK, RED, GREEN],
  [GREEN, GREEN, 0xe0e0c0],
]);
const both = [254, 0, 1, 1, 1, 255];

describe('Pascal VOC', () => {
  it("is read with VOC's own classes, the palette's places being what counts", async () => {
    const set = await opened(folder, {
      'VOCdevkit/VOC2012/JPEGImages/2007_1.jpg': picture,
      'VOCdevkit/VOC2012/JPEGImages/2007_2.jpg': picture,
      'VOCdevkit/VOC2012/JPEGImages/not_listed.jpg': picture,
      'VOCdevkit/VOC2012/SegmentationClass/2007_1.png': paletteMask(rows),
      'VOCdevkit/VOC2012/ImageSets/Segmentation/trainval.txt': '2007_1\n2007_2\n',
      'VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt': '2007_1\n',
      'VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt': '2007_2\n',
    });
    expect(set).toMatchObject({ form: 'voc', exhaustive: false, notes: [] });
    expect([set.classes.length, set.classes[0], set.classes[19]]).toEqual([20, 'aeroplane', 'tvmonitor']);
    expect(await contents(set)).toEqual([
      ['JPEGImages/2007_1.jpg', 'train', both],
      ['JPEGImages/2007_2.jpg', 'val', Array(6).fill(255)],
    ]);
    expect(set.pictures.map(({ labeled }) => labeled)).toEqual([true, false]);
  });

  it('is read with the colors of labelmap.txt, from color PNG and from any palette', async () => {
    const palette = [GREEN, BLACK, RED].map((color) => [color >> 16, (color >> 8) & 255, color & 255] as const);
    const set = await opened(folder, {
      'JPEGImages/a.jpg': picture,
      'JPEGImages/b.jpg': picture,
      'JPEGImages/c.jpg': picture,
      'SegmentationClass/a.png': colored,
      'SegmentationClass/b.png': encode({
        ...{ width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 0, 0, 0, 1) },
        palette: palette.map(([r, g, b]) => [r, g, b]),
      }),
      'SegmentationClass/c.png': colorMask([
        [BLACK, RED, GREEN],
        [GREEN, 0x010203, BLACK],
      ]),
      'ImageSets/Segmentation/default.txt': 'a\nb\nc\n',
      'labelmap.txt': '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:128,0,0::\nroad:0,128,0::\n',
    });
    expect(set.classes).toEqual(['car', 'road']);
    expect(await contents(set)).toEqual([
      ['JPEGImages/a.jpg', undefined, both],
      ['JPEGImages/b.jpg', undefined, [254, 0, 1, 1, 1, 254]],
      [
        'JPEGImages/c.jpg',
        undefined,
        'Cannot use mask of JPEGImages/c.jpg: its colors must be of labelmap.txt, got #010203 at 1, 1',
      ],
    ]);
  });
});

describe("Roboflow's semantic masks", () => {
  it('are read from each folder of a split, by the values of its list', async () => {
    const list = 'Pixel Value, Class\n0, background\n1, car\n2, road\n';
    const set = await opened(folder, {
      'README.dataset.txt': 'hi',
      'train/_classes.csv': list,
      'train/a_jpg.rf.1f.jpg': picture,
      'train/a_jpg.rf.1f_mask.png': grayMask(rows),
      'valid/_classes.csv': list,
      'valid/b_jpg.rf.2f.jpg': picture,
    });
    expect(set).toMatchObject({ form: 'roboflow-masks', classes: ['car', 'road'] });
    expect(await contents(set)).toEqual([
      ['train/a_jpg.rf.1f.jpg', 'train', both],
      ['valid/b_jpg.rf.2f.jpg', 'valid', Array(6).fill(255)],
    ]);
  });
});

describe('Cityscapes', () => {
  const ids: Rows = [
    [0, 7, 26],
    [8, 33, 1],
  ];
  it('is read by its ids, with the 19 classes', async () => {
    const set = await opened(folder, {
      'leftImg8bit/train/bonn/bonn_1_leftImg8bit.png': photo(rows, 'png'),
      'leftImg8bit/test/bonn/bonn_2_leftImg8bit.png': photo(rows, 'png'),
      'gtFine/train/bonn/bonn_1_gtFine_labelIds.png': grayMask(ids),
      'gtFine/train/bonn/bonn_1_gtFine_color.png': colored,
    });
    expect(set).toMatchObject({ form: 'cityscapes', exhaustive: true });
    expect(set.classes).toHaveLength(19);
    expect(await contents(set)).toEqual([
      ['leftImg8bit/test/bonn/bonn_2_leftImg8bit.png', 'test', Array(6).fill(255)],
      ['leftImg8bit/train/bonn/bonn_1_leftImg8bit.png', 'train', [255, 0, 13, 1, 18, 255]],
    ]);
  });

  it('is read by the colors of label_colors.txt, where other tools write it', async () => {
    const set = await opened(folder, {
      'imgsFine/leftImg8bit/default/a_leftImg8bit.png': photo(rows, 'png'),
      'gtFine/default/a_gtFine_color.png': colorMask(
        [
          [BLACK, RED, GREEN],
          [GREEN, GREEN, BLACK],
        ],
        4,
      ),
      'gtFine/default/a_gtFine_labelIds.png': grayMask(ids),
      'label_colors.txt': '0 0 0 background\n128 0 0 car\n0 128 0 road\n',
    });
    expect(set).toMatchObject({ classes: ['car', 'road'], exhaustive: false });
    expect(await contents(set)).toEqual([
      ['imgsFine/leftImg8bit/default/a_leftImg8bit.png', undefined, [254, 0, 1, 1, 1, 254]],
    ]);
  });
});

describe('COCO panoptic', () => {
  it('is read from its PNG: the color is the number of a segment', async () => {
    const json = JSON.stringify({
      images: [{ id: 5, file_name: 'a.jpg', width: 3, height: 2 }],
      categories: [
        { id: 1, name: 'person', isthing: 1 },
        { id: 200, name: 'rug', isthing: 0 },
      ],
      annotations: [
        {
          image_id: 5,
          file_name: 'a.png',
          segments_info: [
            { id: 66051, category_id: 1 },
            { id: 2, category_id: 200 },
          ],
        },
      ],
    });
    const set = await opened(folder, {
      'annotations/panoptic_val2017.json': json,
      'annotations/panoptic_val2017/a.png': colorMask([
        [0x030201, 0x020000, 0],
        [0x030201, 0x030201, 0],
      ]),
      'val2017/a.jpg': picture,
    });
    expect(set).toMatchObject({ form: 'coco-panoptic', classes: ['person', 'rug'], exhaustive: true });
    expect(await contents(set)).toEqual([['val2017/a.jpg', 'val2017', [0, 1, 255, 0, 0, 255]]]);
  });
});

describe('folders of masks', () => {
  const pairs = { 'images/a.jpg': picture, 'masks/a.png': grayMask(rows) };
  const lists: Readonly<Record<string, string>> = {
    'classes.txt': 'background\ncar\nroad\n',
    'labels.txt': '0 background\n1 car\n2 road\n',
    'classes.json': '["background", "car", "road"]',
    'masks/classes.json': '{"background": 0, "car": 1, "road": 2}',
    'labelmap.txt': 'background:0,0,0::\ncar:128,0,0::\nroad:0,128,0::\n',
  };

  it.each(Object.entries(lists))('are read with %s', async (list, text) => {
    const set = await opened(folder, { ...pairs, [list]: text });
    expect(set).toMatchObject({ form: 'masks', classes: ['car', 'road'] });
    expect(await contents(set)).toEqual([['images/a.jpg', undefined, both]]);
  });

  it('are read with our own list of classes, its ignored and its background value', async () => {
    const list = {
      classes: [
        { index: 0, name: 'sky' },
        { index: 1, name: 'car' },
        { index: 2, name: 'rest' },
      ],
      ...{ ignore_index: 255, background_index: 2 },
    };
    const set = await opened(folder, { ...pairs, 'classes.json': JSON.stringify(list) });
    expect(await contents(set)).toEqual([['images/a.jpg', undefined, [0, 1, 254, 254, 254, 255]]]);
  });

  it('count from 1 where the values say so, and take 255 for the only class', async () => {
    const fromOne = await opened(folder, { ...pairs, 'classes.txt': 'car\nroad\n' });
    expect(await contents(fromOne)).toEqual([['images/a.jpg', undefined, both]]);
    const twofold = await opened(folder, {
      'images/a.jpg': picture,
      'masks/a.png': grayMask([
        [0, 255, 255],
        [0, 0, 0],
      ]),
      'classes.txt': 'car\n',
    });
    expect(await contents(twofold)).toEqual([['images/a.jpg', undefined, [254, 0, 0, 254, 254, 254]]]);
  });

  it.each([
    ['images/train/a.jpg', 'labels/train/a.png', 'train'],
    ['train/images/a.jpg', 'train/masks/a.png', 'train'],
    ['val/a.jpg', 'valannot/a.png', 'val'],
    ['train/a.jpg', 'train_labels/a_L.png', 'train'],
    ['test/a.jpg', 'test/a_mask.png', 'test'],
    ['a.png', 'SegmentationMasks/../masks/a.png', undefined],
  ])('pair %s with %s', async (image, mask, split) => {
    const set = await opened(folder, {
      [image]: image.endsWith('png') ? photo(rows, 'png') : picture,
      [mask]: colored,
      'label_colors.txt': '0 0 0\tVoid\n128 0 0 Car\nRoad 0,128,0\n',
    });
    expect(set.classes).toEqual(['Car', 'Road']);
    expect(await contents(set)).toEqual([[image, split, [255, 0, 1, 1, 1, 255]]]);
  });

  it("have VOC's colors where label_colors.txt has names alone", async () => {
    const names = { 'label_colors.txt': ' background\n car 2\n road\n' };
    const set = await opened(folder, { 'train/a.jpg': picture, 'trainannot/a.png': colored, ...names });
    expect(set.classes).toEqual(['car 2', 'road']);
    expect(await contents(set)).toEqual([['train/a.jpg', 'train', [254, 0, 1, 1, 1, 255]]]);
  });

  it('say what is missing: names of the values, or a class of a value', async () => {
    await expect(opened(folder, pairs)).rejects.toThrow(
      /must say what the values of its masks mean, in classes.json, labelmap.txt, .*, got images \(1 .jpg\), masks \(1 .png\)$/,
    );
    await expect(opened(folder, { ...pairs, 'classes.json': '{"classes": [7]}' })).rejects.toThrow(
      /classes.json" must give each class a name, and an index from 0 to 65535, got 7$/,
    );
    const [[, , message]] = (await contents(
      await opened(folder, { ...pairs, 'classes.txt': 'background\ncar\n' }),
    )) as [[string, string, string]];
    expect(message).toBe('Cannot use mask of images/a.jpg: its values must be of classes.txt, got 2 at 2, 0');
  });
});
