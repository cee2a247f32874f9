/** What inspectData() counts and complains about. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { convertData } from '../../../packages/train/src/inspect/convert-data.ts';
import { inspectData } from '../../../packages/train/src/inspect/inspect-data.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { grayMask, writeTree, type Rows } from '../benchmarks/miniature.ts';

const folder = temporaryFolder();
const size: Rows = [
  [0, 0, 0],
  [0, 0, 0],
];
/** A picture of 3 × 2 pixels that no other is equal to. */
function picture(shade: number, height = 2): Promise<Uint8Array> {
  return sharp({ create: { width: 3, height, channels: 3, background: { r: shade, g: 0, b: 0 } } })
    .png()
    .toBuffer();
}
const mask = grayMask([
  [0, 1, 255],
  [0, 0, 2],
]);
const classes = JSON.stringify(['road', 'car', 'background']);

/** A set with one of each fault. */
const faulty = await writeTree(join(folder, 'faulty'), {
  'classes.json': classes,
  'train/images/good.png': picture(1),
  'train/labels/good.png': mask,
  'train/images/again.png': picture(1),
  'train/labels/again.png': mask,
  'val/images/leaked.png': picture(1),
  'val/labels/leaked.png': mask,
  'train/images/large.png': picture(2, 3),
  'train/labels/large.png': mask,
  'train/images/odd.png': picture(3),
  'train/labels/odd.png': grayMask([
    [0, 0, 0],
    [0, 9, 0],
  ]),
  'train/images/broken.jpg': 'no picture',
  'train/labels/broken.png': mask,
  'train/images/torn.png': picture(4),
  'train/labels/torn.png': 'no mask',
  'train/images/unlabeled.png': picture(5),
});

describe('inspectData()', () => {
  it('counts pictures, pixels and sizes, and names each fault', async () => {
    const done: number[] = [];
    const { sets } = await inspectData(faulty, { onProgress: (progress) => done.push(progress.done) });
    const [set] = sets;
    expect(sets).toHaveLength(1);
    expect(set).toMatchObject({
      ...{ name: 'faulty', form: 'masks', pictures: 8, splits: { train: 7, val: 1 }, unlabeled: 1 },
      classes: [
        { name: 'road', pixels: 9, pictures: 3 },
        { name: 'car', pixels: 3, pictures: 3 },
      ],
      ...{ nonePixels: 3, unknownPixels: 3, sizes: { least: [3, 2], most: [3, 3] } },
    });
    expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const faults = Object.fromEntries(set!.faults.map(({ fault, key, message }) => [`${fault} ${key}`, message]));
    expect(faults).toEqual({
      'picture-unreadable train/images/broken.jpg': expect.stringContaining('Cannot decode image') as string,
      'picture-doubled train/images/good.png': 'it has the bytes of train/images/again.png',
      'picture-in-two-splits val/images/leaked.png': 'it is in "val" and, as train/images/again.png, in "train"',
      'mask-size train/images/large.png':
        "Cannot use mask of train/images/large.png: it must have the picture's size 3×3, got 3×2",
      'mask-value train/images/odd.png':
        'Cannot use mask of train/images/odd.png: its values must be of classes.json, got 9 at 1, 1',
      'mask-unreadable train/images/torn.png': expect.stringContaining('file must be a PNG') as string,
    });
    expect(Object.values(set!.faultCounts)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('draws a sheet', async () => {
    const sheet = join(folder, 'sheet.png');
    await inspectData(faulty, { sheet });
    const { width = 0, height = 0 } = await sharp(sheet).metadata();
    expect(width).toBeGreaterThan(900);
    expect(height).toBeGreaterThan(250);
  });

  it('refuses sets that there are not, and ends with the reason of its signal', async () => {
    await expect(inspectData(faulty, { sets: ['other'] })).rejects.toThrow(
      'Cannot inspect data: sets must be among faulty, got "other"',
    );
    const reason = new Error('enough');
    await expect(inspectData(faulty, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('convertData()', () => {
  it('writes what inspectData() then finds again, without what is faulty', async () => {
    const out = join(folder, 'converted');
    const report = await convertData(faulty, out, { links: true });
    expect(report.sets[0]!.splits).toEqual({ train: 2, val: 1 });
    const [set] = (await inspectData(out)).sets;
    expect(set).toMatchObject({
      ...{ form: 'index-jsonl', pictures: 3, splits: { train: 2, val: 1 }, nonePixels: 3, unknownPixels: 3 },
      classes: report.sets[0]!.classes,
    });
    const file = (path: string): number => statSync(path).ino;
    expect(file(join(out, 'images/train/images/good.png'))).toBe(file(join(faulty, 'train/images/good.png')));
    expect(JSON.parse(readFileSync(join(out, 'index.jsonl'), 'utf8').split('\n')[0]!)).toEqual({
      image: 'images/train/images/again.png',
      mask: 'masks/train/images/again.png.png',
      set: 'faulty',
      split: 'train',
      labels: ['road', 'car'],
    });
  });

  it('never writes over a folder, and leaves nothing when it fails', async () => {
    await expect(convertData(faulty, faulty)).rejects.toThrow(
      `Cannot convert data: out must be a folder that does not exist, got "${faulty}"`,
    );
    const empty = await writeTree(join(folder, 'empty'), {
      'images/a.png': picture(1),
      'masks/a.png': 'torn',
      'classes.txt': 'road',
    });
    const out = join(folder, 'never/there');
    await expect(convertData(empty, out)).rejects.toThrow(
      `Cannot convert data: "${empty}" must hold a picture that can be read with a mask, got none`,
    );
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(join(folder, 'never'))).toEqual([]);
  });

  it('holds a part out where there is no split', async () => {
    const pictures = Array.from({ length: 20 }, (_, at) => [`images/clip_${at}.png`, picture(at)] as const);
    const masks = Array.from({ length: 20 }, (_, at) => [`masks/clip_${at}.png`, grayMask(size)] as const);
    const root = await writeTree(join(folder, 'clip'), {
      ...Object.fromEntries([...pictures, ...masks]),
      'classes.txt': 'road\nroof',
    });
    const { sets } = await convertData(root, join(folder, 'clip-out'), { heldOut: 0.1 });
    expect(sets[0]!.splits).toEqual({ train: 18, val: 2 });
    const classes = JSON.parse(readFileSync(join(folder, 'clip-out/classes.json'), 'utf8')) as object;
    // Every pixel is road: nothing in these masks is none of the classes.
    expect(Object.values(classes)).toEqual([{ classes: ['road', 'roof'], exhaustive: true }]);
  });

  it('takes a split alone, as data without splits, and the first of its pictures', async () => {
    const { sets } = await convertData(faulty, join(folder, 'part'), { split: 'train', limit: 3, heldOut: 0.5 });
    expect(sets[0]!.splits).toEqual({ train: 1, val: 1 });
    await expect(convertData(faulty, join(folder, 'none'), { split: 'test' })).rejects.toThrow(
      'Cannot convert data: split must be among train, val, got "test"',
    );
  });

  it.skipIf(!hasShared)('has the same masks for the forms of the shared data', async () => {
    const counts = [];
    for (const form of ['voc', 'coco']) {
      const { sets } = await inspectData(join(SHARED, 'data/annotations', form));
      expect(sets[0]).toMatchObject({ pictures: 24, splits: { train: 20, val: 4 }, unlabeled: 0, faults: [] });
      counts.push(sets[0]!.classes.map(({ name, pixels }) => [name, pixels] as const));
    }
    const [voc, coco] = counts;
    expect(voc).toEqual([
      ['elephant', 205223],
      ['rhino', 161144],
      ['flamingo', 91407],
      ['emu', 146471],
    ]);
    for (const [at, [name, pixels]] of coco!.entries()) {
      expect(name).toBe(voc![at]![0]);
      expect(Math.abs(pixels / voc![at]![1] - 1)).toBeLessThan(0.04);
    }
  });
});
