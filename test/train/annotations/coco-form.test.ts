/** COCO as tools export it. */
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AnnotatedSet } from '../../../packages/train/src/annotations/annotated-set.ts';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { photo, writeTree, type TreeFile } from '../benchmarks/miniature.ts';

const folder = temporaryFolder();
const frame = photo([
  [0, 0, 0],
  [0, 0, 0],
]);
let made = 0;

async function opened(files: Readonly<Record<string, TreeFile>>, inside = ''): Promise<AnnotatedSet> {
  const root = await writeTree(join(folder, `${made++}`), files);
  const [set, ...others] = await openAnnotations(join(root, inside));
  expect(others).toEqual([]);
  return set!;
}

const square = [0, 0, 2, 0, 2, 2, 0, 2];
interface Json {
  readonly images: readonly object[];
  readonly categories: readonly object[];
  readonly annotations: readonly object[];
}
function coco({
  images = ['a.jpg'],
  ...more
}: Partial<Omit<Json, 'images'>> & { images?: readonly string[] } = {}): string {
  return JSON.stringify({
    images: images.map((file, id) => ({ id, file_name: file, width: 3, height: 2 })),
    categories: [
      { id: 0, name: 'animals', supercategory: 'none' },
      { id: 1, name: 'cat', supercategory: 'animals' },
      { id: 2, name: 'background' },
      { id: 3, name: 'void' },
    ],
    annotations: [{ id: 1, image_id: 0, category_id: 1, segmentation: [square] }],
    ...more,
  });
}

describe('COCO', () => {
  it('is read from annotations and images/SPLIT, categories by name; what nothing covers is none', async () => {
    const set = await opened({
      'annotations/instances_train.json': coco(),
      'annotations/instances_val.json': coco({ categories: [{ id: 7, name: 'dog' }], annotations: [] }),
      'annotations/captions_train.json': JSON.stringify({
        images: [{ id: 5, file_name: 'a.jpg' }],
        annotations: [{ id: 1, image_id: 5, caption: 'a cat' }],
      }),
      'images/train/a.jpg': frame,
      'images/val/a.jpg': frame,
    });
    expect(set).toMatchObject({ form: 'coco', classes: ['cat', 'dog'], exhaustive: false, notes: [] });
    const [train, val] = set.pictures;
    expect(train).toMatchObject({ key: 'images/train/a.jpg', split: 'train', labeled: true, captions: ['a cat'] });
    expect(val).toMatchObject({ key: 'images/val/a.jpg', split: 'val', labeled: false });
    expect([...(await train!.readMask({})).data]).toEqual([0, 0, 254, 0, 0, 254]);
    expect([...(await val!.readMask({})).data]).toEqual(Array(6).fill(255));
  });

  it('is read beside the pictures of each split, as Roboflow has it, without the sum of its categories', async () => {
    const set = await opened({
      'README.roboflow.txt': 'hi',
      'train/_annotations.coco.json': coco(),
      'train/a.jpg': frame,
      'valid/_annotations.coco.json': coco({ images: ['b.jpg'] }),
      'valid/b.jpg': frame,
    });
    expect(set.classes).toEqual(['cat']);
    expect(set.pictures.map(({ key, split }) => [key, split])).toEqual([
      ['train/a.jpg', 'train'],
      ['valid/b.jpg', 'valid'],
    ]);
  });

  it('is read from one file, in a folder of its own or named, with paths of another machine', async () => {
    const files = { 'export/result.json': coco({ images: ['C:\\data\\images\\a.jpg'] }), 'export/images/a.jpg': frame };
    for (const inside of ['', 'export', 'export/result.json']) {
      const set = await opened(files, inside);
      expect(set.pictures).toMatchObject([
        { key: expect.stringMatching(/images\/a.jpg$/) as string, split: undefined },
      ]);
    }
  });

  it('takes void as unknown and background as none, and tells of boxes and of pictures that are missing', async () => {
    const set = await opened({
      'annotations.json': coco({
        images: ['a.jpg', 'gone.jpg'],
        annotations: [
          { image_id: 0, category_id: 1, segmentation: { size: [2, 3], counts: [0, 6] } },
          { image_id: 0, category_id: 2, segmentation: [[0, 0, 1, 0, 1, 1, 0, 1]], area: 1 },
          { image_id: 0, category_id: 3, segmentation: [[1, 0, 2, 0, 2, 1, 1, 1]], area: 1 },
          { image_id: 0, category_id: 1, bbox: [0, 0, 1, 1] },
        ],
      }),
      'a.jpg': frame,
    });
    expect([...(await set.pictures[0]!.readMask({})).data]).toEqual([254, 255, 0, 0, 0, 0]);
    expect(set.notes).toEqual(['1 boxes, which are no outlines', '1 pictures of the JSON, which are not there']);
  });

  it('tells of polygons outside of the picture, and refuses a picture of another size', async () => {
    const set = await opened({
      'a.json': coco({ annotations: [{ image_id: 0, category_id: 1, segmentation: [[0, 0, 9, 0, 9, 2, 0, 2]] }] }),
      'a.jpg': frame,
    });
    const told: string[] = [];
    await set.pictures[0]!.readMask({}, (fault) => told.push(fault));
    expect(told).toEqual(['a polygon must lie in the picture of 3×2, got the corner 9, 0']);
    const other = await opened({ 'a.json': coco(), 'a.jpg': photo([[0, 0, 0]]) });
    await expect(other.pictures[0]!.readMask({})).rejects.toThrow(
      "Cannot use mask of a.jpg: it must have the picture's size 3×1, got 3×2",
    );
  });

  it('takes masks that are called crowds for instances, unless they are few', async () => {
    const crowd = { image_id: 0, category_id: 1, iscrowd: 1, segmentation: { size: [2, 3], counts: [4, 2] } };
    const few = Array.from({ length: 9 }, () => ({ image_id: 0, category_id: 1, segmentation: [square] }));
    const all = await opened({ 'a.json': coco({ annotations: [crowd] }), 'a.jpg': frame });
    expect([...(await all.pictures[0]!.readMask({})).data]).toEqual([254, 254, 0, 254, 254, 0]);
    const one = await opened({ 'a.json': coco({ annotations: [crowd, ...few] }), 'a.jpg': frame });
    expect([...(await one.pictures[0]!.readMask({})).data]).toEqual([0, 0, 255, 0, 0, 255]);
    expect(one.notes).toEqual(['1 crowds, whose pixels are unknown']);
  });

  it('takes pictures with boxes alone for unlabeled', async () => {
    const box = { image_id: 0, category_id: 1, bbox: [0, 0, 1, 1] };
    const set = await opened({ 'a.json': coco({ annotations: [box] }), 'a.jpg': frame });
    expect(set.pictures).toMatchObject([{ labeled: false }]);
  });

  it('is refused without its pictures', async () => {
    await expect(opened({ 'a.json': coco() })).rejects.toThrow(
      /^Cannot read annotations: the pictures of ".*a.json" must lie below ".*", got a.json$/,
    );
  });

  it.skipIf(!hasShared)('has the 24 photos of the shared data', async () => {
    const [set] = await openAnnotations(join(SHARED, 'data/annotations/coco'));
    expect(set!.classes).toEqual(['elephant', 'rhino', 'flamingo', 'emu']);
    expect(set!.pictures.filter(({ split }) => split === 'val')).toHaveLength(4);
    expect(set!.pictures).toHaveLength(24);
  });

  it.skipIf(!hasShared)('of the shared data has outlines that give back its masks', async () => {
    const root = join(SHARED, 'data/annotations');
    const [set] = await openAnnotations(join(root, 'coco'));
    const [masks] = await openAnnotations(join(root, 'cvat'));
    const wanted = new Map<string, AnnotatedSet['pictures'][number]>();
    for (const picture of masks!.pictures) wanted.set(basename(picture.key), picture);
    const all = { both: 0, either: 0 };
    for (const { key, readMask } of set!.pictures) {
      const [got, want] = await Promise.all([readMask({}), wanted.get(basename(key))!.readMask({})]);
      const is = (value: number | undefined): boolean => value !== 254;
      const both = got.data.filter((value, at) => is(value) && value === want.data[at]).length;
      const either = got.data.filter((value, at) => is(value) || is(want.data[at])).length;
      expect(both / either, key).toBeGreaterThan(0.965);
      all.both += both;
      all.either += either;
    }
    expect(all.both / all.either).toBeGreaterThan(0.985);
  });
});
