/** Exports of annotation tools as data sets to evaluate on, read through the command line. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { commandLine } from '../benchmarks/command-line.ts';
import { grayMask, paletteMask, photo, writeTree, type Rows } from '../benchmarks/miniature.ts';
import { command } from '../../synseg/command.ts';

const folder = temporaryFolder();
const { evaluated, refusal } = commandLine(folder);
const rows: Rows = [
  [0, 1, 1, 1],
  [1, 1, 2, 255],
];
const frame = photo(rows);
const voc = await writeTree(join(folder, 'voc'), {
  'JPEGImages/a.jpg': frame,
  'JPEGImages/b.jpg': frame,
  'JPEGImages/c.jpg': frame,
  'SegmentationClass/a.png': paletteMask(rows),
  'SegmentationClass/b.png': paletteMask(rows),
  'ImageSets/Segmentation/train.txt': 'a\n',
  'ImageSets/Segmentation/val.txt': 'b\nc\n',
});

describe('an export', () => {
  it('is evaluated on its validation part: unknown does not count, none of the classes is a class', async () => {
    expect(await evaluated('annotations', voc)).toEqual({
      classes: 21,
      pixels: { aeroplane: 5, bicycle: 1, background: 1 },
      ...{ images: 1, failures: [], split: 'val', background: 'class' },
    });
    expect(await evaluated('annotations', voc, '--split', 'train')).toMatchObject({ images: 1, split: 'train' });
    expect(await refusal('annotations', voc, '--split', 'test')).toBe(
      'synseg: Cannot read annotations: "voc" must have pictures of split "test", got [train, val] (DATASET_FORMAT)\n',
    );
  });

  it('has no background where its classes cover the pictures', async () => {
    const root = await writeTree(join(folder, 'whole'), {
      'images/a.jpg': frame,
      'labels/a.png': grayMask(rows),
      'classes.txt': 'sky\nroad\ncar\n',
    });
    expect(await evaluated('annotations', root)).toEqual({
      classes: 3,
      pixels: { sky: 1, road: 5, car: 1 },
      ...{ images: 1, failures: [], split: null, background: null },
    });
  });

  it('is found out where no layout is named, and said', async () => {
    const argv = ['--model', join(folder, 'model'), '--cache-folder', join(folder, 'cache'), '--device', 'cpu'];
    const { exitCode, stderr } = await command(['evaluate', ...argv, '--root', voc]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${voc}: Pascal VOC (JPEGImages, SegmentationClass, VOC's 20 classes)\n`);
  });
});
