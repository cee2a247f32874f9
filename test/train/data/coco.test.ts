import { join } from 'node:path';
import { encodeRLE } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { paintInstances } from '../../../packages/train/src/data/coco-mask.ts';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, openWarned, samplesOf, write } from './fixtures.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const json = (name: string, value: unknown): string => write(at(name), JSON.stringify(value));
for (const name of ['a', 'b', 'c']) write(at('photos', `${name}.jpg`), 'a picture');

const images = [
  { id: 1, file_name: 'a.jpg', width: 4, height: 3 },
  { id: 2, file_name: 'b.jpg', width: 2, height: 2 },
  { id: 3, file_name: 'c.jpg', width: 2, height: 2 },
];
const captions = json('captions.json', { images, annotations: [{ image_id: 1, caption: 'A dog,grass' }, { image_id: 2, caption: 'cat' }, { image_id: 1, caption: 'grass,sky' }] });
const categories = [{ id: 90, name: 'Toothbrush' }, { id: 1, name: 'person' }];
const square = [0, 0, 2, 0, 2, 2, 0, 2];
const instances = json('instances.json', {
  images,
  categories,
  annotations: [
    { image_id: 1, category_id: 90, segmentation: [[1, 0, 2, 0, 2, 1, 1, 1]], area: 1, iscrowd: 0 },
    { image_id: 1, category_id: 1, segmentation: [square], area: 4, iscrowd: 0 },
    { image_id: 1, category_id: 1, segmentation: { size: [3, 4], counts: [3, 9] }, area: 9, iscrowd: 1 },
    { image_id: 3, category_id: 90, segmentation: { size: [2, 2], counts: encodeRLE(Uint8Array.of(0, 1, 1, 0), 2, 2).counts }, area: 2, iscrowd: 0 },
  ],
});

describe('openDataset() on COCO JSON', () => {
  it('joins the phrases of all captions of a picture; pictures without any are left out', async () => {
    const { dataset, warnings } = await openWarned({ source: captions, images: at('photos') });
    expect([dataset.description, dataset.classes, warnings]).toEqual(['2 samples of captions.json', undefined, []]);
    expect(await samplesOf(dataset)).toEqual([
      { key: 'a.jpg', image: at('photos', 'a.jpg'), categories: ['a dog', 'grass', 'sky'] },
      { key: 'b.jpg', image: at('photos', 'b.jpg'), categories: ['cat'] },
    ]);
  });

  it('paints instances into an index mask: small over large, crowds alone not labelled', async () => {
    const { dataset } = await openWarned({ source: instances, images: at('photos') });
    expect([dataset.classes, dataset.ignoreIndex, dataset.backgroundIndex]).toEqual([[{ index: 1, name: 'person' }, { index: 90, name: 'Toothbrush' }], 255, 0]);
    const [first, second] = await samplesOf(dataset);
    expect([first!.categories, second!.categories]).toEqual([['toothbrush', 'person'], ['toothbrush']]);
    const mask = await readIndexMask(first!.mask as Uint8Array);
    expect([mask.width, mask.height]).toEqual([4, 3]);
    expect(Array.from({ length: 3 }, (_, y) => [...mask.data.subarray(4 * y, 4 * y + 4)])).toEqual([
      [1, 90, 255, 255],
      [1, 1, 255, 255],
      [0, 255, 255, 255],
    ]);
    expect([...(await readIndexMask(second!.mask as Uint8Array)).data]).toEqual([0, 90, 90, 0]);
  });

  it('joins captions and instances of the same pictures', async () => {
    const { dataset } = await openWarned({ source: [captions, instances], images: at('photos') });
    const samples = await samplesOf(dataset);
    expect(samples.map((sample) => [sample.key, sample.categories])).toEqual([
      ['a.jpg', ['a dog', 'grass', 'sky']],
      ['b.jpg', ['cat']],
      ['c.jpg', ['toothbrush']],
    ]);
    expect([...(await readIndexMask(samples[1]!.mask as Uint8Array)).data]).toEqual([0, 0, 0, 0]);
  });

  it('numbers categories by rank where their ids are no mask values', async () => {
    const path = json('ranks.json', {
      images,
      categories: [{ id: 1000, name: 'b' }, { id: 0, name: 'a' }],
      annotations: [{ image_id: 2, category_id: 1000, segmentation: [square], area: 4 }],
    });
    const { dataset } = await openWarned({ source: path, images: at('photos') });
    expect(dataset.classes).toEqual([{ index: 1, name: 'a' }, { index: 2, name: 'b' }]);
    expect([...(await readIndexMask((await samplesOf(dataset))[0]!.mask as Uint8Array)).data]).toEqual([2, 2, 2, 2]);
  });

  it('leaves out annotations that make no sense, and says which', async () => {
    const good = { image_id: 1, category_id: 1, segmentation: [square], area: 4 };
    const path = json('odd.json', { images, categories, annotations: [{ ...good, image_id: 9 }, { ...good, category_id: 5 }, { ...good, segmentation: 'x' }, good] });
    const { dataset, warnings } = await openWarned({ source: path, images: at('photos') });
    expect([dataset.size, warnings.map(({ message }) => message)]).toEqual([
      1,
      [
        `Annotation left out: ${path} image_id must be the id of an image, got 9`,
        `Annotation left out: ${path} category_id must be the id of a category, got 5`,
        `Annotation left out: ${path} segmentation must be polygons or run lengths, got "x"`,
      ],
    ]);
  });

  it('refuses JSON that is not COCO, saying what it has', async () => {
    const message = async (value: unknown): Promise<string> => failureOf(openWarned({ source: json('bad.json', value), images: at('photos') }));
    const path = at('bad.json');
    expect(await message({ pictures: [] })).toBe(`DATASET_FORMAT: Cannot open dataset: "${path}" must have the lists images and annotations, as COCO JSON has, got the fields pictures`);
    expect(await message({ images: [{ id: 1 }], annotations: [] })).toBe(`DATASET_FORMAT: Cannot open dataset: "${path}" must give each image an id and a local file_name, got images[0] = {"id":1}`);
    expect(await message({ images, annotations: [], categories: [{}] })).toBe(`DATASET_FORMAT: Cannot open dataset: "${path}" must give each category an id and a name, got categories[0] = {}`);
    expect(await message({ images, annotations: [] })).toBe(`DATASET_FORMAT: Cannot open dataset: "${path}" must hold images with captions or instances, got 3 images without`);
    const many = Array.from({ length: 255 }, (_, id) => ({ id, name: String(id) }));
    expect(await message({ images, annotations: [], categories: many })).toBe('DATASET_FORMAT: Cannot open dataset: categories must be at most 254, one mask value each, got 255');
    expect(await failureOf(openWarned(write(at('no.json'), '{')))).toContain(`DATASET_FORMAT: Cannot open dataset: source must be a readable COCO JSON file, got "${at('no.json')}" (`);
    expect(await failureOf(openWarned(captions))).toContain('images must be the folder that the pictures\' paths start from');
  });
});

describe('paintInstances()', () => {
  const paint = (segmentation: Parameters<typeof paintInstances>[0][number]['segmentation'], width: number, height: number): number[] =>
    [...paintInstances([{ index: 1, segmentation, crowd: false, area: 1 }], width, height).data];

  it('fills the pixels whose centres are inside: concave shapes, several parts, what lies outside cut off', () => {
    expect(paint([[0, 0, 4, 0, 4, 1, 1, 1, 1, 3, 0, 3]], 4, 3)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0]);
    expect(paint([[0, 0, 1, 0, 1, 1, 0, 1], [2, 0, 3, 0, 3, 1, 2, 1]], 4, 1)).toEqual([1, 0, 1, 0]);
    expect(paint([[-5, -5, 2, -5, 2, 9, -5, 9]], 3, 2)).toEqual([1, 1, 0, 1, 1, 0]);
    expect(paint([[0, 0, 3, 3, 0, 3]], 3, 3)).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0]);
    expect(paint([[]], 1, 1)).toEqual([0]);
  });

  it('refuses run lengths of another size', () => {
    expect(() => paint({ size: [2, 2], counts: [4] }, 3, 2)).toThrow(new RangeError("Cannot paint instance: RLE size must be the picture's 2×3, got 2×2"));
    expect(() => paint({ size: [2, 2], counts: [3] }, 2, 2)).toThrow(new RangeError('Cannot paint instance: RLE counts must add up to 4, got 3'));
  });
});
