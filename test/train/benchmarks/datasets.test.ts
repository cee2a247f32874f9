import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { readDataset } from '../../../packages/train/src/benchmarks/datasets.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeClasses, writePicture } from '../evaluate/fake-model.ts';

const folder = temporaryFolder();
const DEFAULTS = { split: undefined, classes: undefined };

it('lists masks with their pictures, sorted by name', async () => {
  const root = join(folder, 'plain');
  for (const key of ['b', 'a10', 'a9']) await writePicture(root, key, [[0]]);
  renameSync(join(root, 'images/b.jpg'), join(root, 'images/b.JPEG'));
  writeFileSync(join(root, 'images/no-mask.jpg'), '');
  writeFileSync(join(root, 'masks/.DS_Store'), '');
  writeClasses(root, ['x'], { ignore_index: 255 });
  const { samples, split, classes, ignored } = await readDataset('index-png', root, DEFAULTS);
  expect(samples).toMatchObject([
    { key: 'a10', image: join(root, 'images/a10.jpg'), mask: join(root, 'masks/a10.png') },
    { key: 'a9', image: join(root, 'images/a9.jpg'), mask: join(root, 'masks/a9.png') },
    { key: 'b', image: join(root, 'images/b.JPEG'), mask: join(root, 'masks/b.png') },
  ]);
  expect({ split, classes, ignored }).toEqual({ split: undefined, classes: [{ index: 0, name: 'x' }], ignored: [255] });
});

it('finds a split above the folders and below them, masks or labels', async () => {
  const root = join(folder, 'splits');
  writeClasses(root, ['x']);
  await writePicture(join(root, 'val'), 'above', [[0]], { masks: 'labels' });
  await writePicture(root, 'train/below', [[0]]);
  const above = await readDataset('index-png', root, { ...DEFAULTS, split: 'val' });
  expect(above.samples).toMatchObject([
    { key: 'above', image: join(root, 'val/images/above.jpg'), mask: join(root, 'val/labels/above.png') },
  ]);
  const below = await readDataset('index-png', root, { ...DEFAULTS, split: 'train' });
  expect(below.samples).toMatchObject([
    { key: 'below', image: join(root, 'images/train/below.jpg'), mask: join(root, 'masks/train/below.png') },
  ]);
});

it('takes the test split of camvid unless told otherwise, and a class list from elsewhere', async () => {
  const root = join(folder, 'roads');
  const classes = writeClasses(join(folder, 'elsewhere'), ['street']);
  for (const split of ['train', 'test']) await writePicture(join(root, split), split, [[0]], { masks: 'labels' });
  expect(await readDataset('camvid', root, { ...DEFAULTS, classes })).toMatchObject({
    split: 'test',
    samples: [{ key: 'test' }],
    classes: [{ index: 0, name: 'street' }],
  });
  expect(await readDataset('camvid', root, { split: 'train', classes })).toMatchObject({
    split: 'train',
    samples: [{ key: 'train' }],
  });
});

it.skipIf(!hasShared)('reads the shared data sets', async () => {
  const sizes = await Promise.all(
    ['train', 'val', 'test'].map(
      async (split) =>
        (await readDataset('camvid', join(SHARED, 'data/camvid'), { ...DEFAULTS, split })).samples.length,
    ),
  );
  expect(sizes).toEqual([367, 101, 233]);
  const ccp = await readDataset('ccp', join(SHARED, 'data/ccp'), DEFAULTS);
  expect(ccp.samples).toHaveLength(1004);
  expect([ccp.samples[0]!, ccp.samples.at(-1)!].map(({ image, mask }) => [basename(image), basename(mask)])).toEqual([
    ['0001.jpg', '0001.png'],
    ['1004.jpg', '1004.png'],
  ]);
});

it('refuses splits that cannot be', async () => {
  await expect(readDataset('ccp', folder, { ...DEFAULTS, split: 'val' })).rejects.toThrow(
    new RangeError('Cannot evaluate ccp: split must not be given, as ccp has none, got "val"'),
  );
  for (const split of ['..', 'a/b', '']) {
    await expect(readDataset('camvid', folder, { ...DEFAULTS, split })).rejects.toThrow(
      new RangeError(`Cannot evaluate camvid: split must be the name of a folder, got "${split}"`),
    );
  }
});

it('says what is missing in a folder, and what is there', async () => {
  const root = join(folder, 'incomplete');
  const code = 'DATASET_FORMAT';
  await expect(readDataset('camvid', root, DEFAULTS)).rejects.toMatchObject({
    code,
    message:
      `Cannot read dataset camvid: "${root}" must hold test/images and test/labels (or masks), or ` +
      'images/test and labels/test, got no folder',
  });
  mkdirSync(join(root, 'images'), { recursive: true });
  mkdirSync(join(root, 'val'));
  await expect(readDataset('index-png', root, DEFAULTS)).rejects.toMatchObject({
    code,
    message: `Cannot read dataset index-png: "${root}" must hold images and labels (or masks), got [images, val]`,
  });
  mkdirSync(join(root, 'labels'));
  writeFileSync(join(root, 'labels/a.txt'), '');
  await expect(readDataset('index-png', root, DEFAULTS)).rejects.toMatchObject({
    code,
    message:
      `Cannot read dataset index-png: "${join(root, 'labels')}" must hold index PNGs, got no .png among its ` +
      '1 entries',
  });
  await writePicture(root, 'a', [[0]], { masks: 'labels' });
  await expect(readDataset('index-png', root, DEFAULTS)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(/^Cannot read class list: .*classes\.json must be a readable file/) as string,
  });
});
