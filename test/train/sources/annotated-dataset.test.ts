/** Exports of annotation tools as training data. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { grayMask, paletteMask, photo, writeTree, type Rows } from '../benchmarks/miniature.ts';
import { draw, openWarned } from '../data/fixtures.ts';

const folder = temporaryFolder();
const rows: Rows = [
  [0, 1],
  [1, 255],
];

const voc = await writeTree(join(folder, 'voc'), {
  'JPEGImages/a.jpg': photo(rows),
  'JPEGImages/b.jpg': photo(rows),
  'SegmentationClass/a.png': paletteMask(rows),
  'SegmentationClass/b.png': paletteMask(rows),
  'ImageSets/Segmentation/train.txt': 'a\n',
  'ImageSets/Segmentation/val.txt': 'b\n',
});

describe('a folder that an annotation tool exported', () => {
  it('is found to be one, and its masks are made when they are drawn', async () => {
    const { dataset, warnings } = await openWarned(voc);
    expect(warnings).toEqual([]);
    expect(dataset.description).toBe("1 sample of Pascal VOC (JPEGImages, SegmentationClass, VOC's 20 classes), train");
    expect(dataset).toMatchObject({ ignoreIndex: 255, backgroundIndex: 254 });
    expect(dataset.classes?.[0]).toEqual({ index: 0, name: 'aeroplane' });
    const [drawn] = await draw(dataset, 1);
    expect(drawn!.sample.key).toBe('JPEGImages/a.jpg');
    const mask = await readIndexMask((await drawn!.sample.mask) as Uint8Array);
    expect([...mask.data]).toEqual([254, 0, 0, 255]);
  });

  it('has the split that is asked for, or says which there are', async () => {
    const { dataset } = await openWarned({ source: voc, split: 'val' });
    expect((await draw(dataset, 1))[0]!.sample.key).toBe('JPEGImages/b.jpg');
    await expect(openWarned({ source: voc, split: 'test' })).rejects.toThrow(
      'Cannot read annotations: "voc" must have pictures of split "test", got [train, val]',
    );
  });

  it('is read as a folder of pictures where it was one before', async () => {
    const pairs = { 'images/a.jpg': photo(rows), 'labels/a.png': grayMask(rows) };
    const classes = ['road', 'car'].map((name, index) => ({ index, name }));
    const ours = { classes, ignore_index: 255 };
    const before = await writeTree(join(folder, 'ours'), { ...pairs, 'classes.json': JSON.stringify(ours) });
    expect((await openWarned(before)).dataset.description).toBe('1 sample of ours');
    const plain = await writeTree(join(folder, 'plain'), { ...pairs, 'classes.json': '["road", "car"]' });
    const { dataset } = await openWarned(plain);
    expect(dataset.description).toBe('1 sample of masks (1 pictures, 1 masks, classes.json)');
    expect(dataset.classes).toEqual([
      { index: 0, name: 'road' },
      { index: 1, name: 'car' },
    ]);
  });

  it('refuses options that an export says by itself', async () => {
    await expect(openWarned({ source: voc, format: 'annotations', images: 'x' })).rejects.toThrow(
      'Cannot open dataset: images must be left out for format annotations, got "x"',
    );
  });
});
