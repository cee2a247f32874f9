import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeRLE } from '@synseg/core/masks';
import { describe, expect, it } from 'vitest';
import type { DataWarning } from '../../../packages/train/src/data/data-warning.ts';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import { paintInstances, type PaintOptions } from '../../../packages/train/src/data/coco-mask.ts';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, openWarned, plainPicture, samplesOf, write } from './fixtures.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const json = (name: string, value: unknown): string => write(at(name), JSON.stringify(value));
for (const [name, ...size] of [
  ['a', 4, 3],
  ['b', 2, 2],
  ['c', 2, 2],
] as const)
  write(at('photos', `${name}.jpg`), await plainPicture([9, 9, 9], ...size));

const images = [
  { id: 1, file_name: 'a.jpg', width: 4, height: 3 },
  { id: 2, file_name: 'b.jpg', width: 2, height: 2 },
  { id: 3, file_name: 'c.jpg', width: 2, height: 2 },
];
const captions = json('captions.json', {
  images,
  annotations: [
    { image_id: 1, caption: 'A dog,grass' },
    { image_id: 2, caption: 'cat' },
    { image_id: 1, caption: 'grass,sky' },
  ],
});
const categories = [
  { id: 90, name: 'Toothbrush' },
  { id: 1, name: 'person' },
];
const square = [0, 0, 2, 0, 2, 2, 0, 2];
const instances = json('instances.json', {
  images,
  categories,
  annotations: [
    { image_id: 1, category_id: 90, segmentation: [[1, 0, 2, 0, 2, 1, 1, 1]], area: 1, iscrowd: 0 },
    { image_id: 1, category_id: 1, segmentation: [square], area: 4, iscrowd: 0 },
    { image_id: 1, category_id: 1, segmentation: { size: [3, 4], counts: [3, 9] }, area: 9, iscrowd: 1 },
    {
      image_id: 3,
      category_id: 90,
      segmentation: { size: [2, 2], counts: encodeRLE(Uint8Array.of(0, 1, 1, 0), 2, 2).counts },
      area: 2,
      iscrowd: 0,
    },
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

  it('paints instances into an index mask: small over large, crowds alone not labeled', async () => {
    const { dataset } = await openWarned({ source: instances, images: at('photos') });
    expect([dataset.classes, dataset.ignoreIndex, dataset.backgroundIndex]).toEqual([
      [
        { index: 1, name: 'person' },
        { index: 90, name: 'Toothbrush' },
      ],
      255,
      0,
    ]);
    const [first, second] = await samplesOf(dataset);
    expect([first!.categories, second!.categories]).toEqual([['toothbrush', 'person'], ['toothbrush']]);
    const mask = await readIndexMask(await first!.mask!);
    expect([mask.width, mask.height]).toEqual([4, 3]);
    expect(Array.from({ length: 3 }, (_, y) => [...mask.data.subarray(4 * y, 4 * y + 4)])).toEqual([
      [1, 90, 255, 255],
      [1, 1, 255, 255],
      [0, 255, 255, 255],
    ]);
    expect([...(await readIndexMask(await second!.mask!)).data]).toEqual([0, 90, 90, 0]);
  });

  it('joins captions and instances of the same pictures', async () => {
    const { dataset } = await openWarned({ source: [captions, instances], images: at('photos') });
    const samples = await samplesOf(dataset);
    expect(samples.map((sample) => [sample.key, sample.categories])).toEqual([
      ['a.jpg', ['a dog', 'grass', 'sky']],
      ['b.jpg', ['cat']],
      ['c.jpg', ['toothbrush']],
    ]);
    expect([...(await readIndexMask(await samples[1]!.mask!)).data]).toEqual([0, 0, 0, 0]);
  });

  it('numbers categories by rank where their ids are no mask values', async () => {
    const path = json('ranks.json', {
      images,
      categories: [
        { id: 1000, name: 'b' },
        { id: 0, name: 'a' },
      ],
      annotations: [{ image_id: 2, category_id: 1000, segmentation: [square], area: 4 }],
    });
    const { dataset } = await openWarned({ source: path, images: at('photos') });
    expect(dataset.classes).toEqual([
      { index: 1, name: 'a' },
      { index: 2, name: 'b' },
    ]);
    expect([...(await readIndexMask(await (await samplesOf(dataset))[0]!.mask!)).data]).toEqual([2, 2, 2, 2]);
  });

  it('leaves out annotations that make no sense, and says which', async () => {
    const good = { image_id: 1, category_id: 1, segmentation: [square], area: 4 };
    const path = json('odd.json', {
      images,
      categories,
      annotations: [{ ...good, image_id: 9 }, { ...good, category_id: 5 }, { ...good, segmentation: 'x' }, good],
    });
    const { dataset, warnings } = await openWarned({ source: path, images: at('photos') });
    expect([dataset.size, warnings.map(({ message }) => message)]).toEqual([
      1,
      [
        `Annotation left out: ${path} annotations[0] image_id must be the id of an image, got 9`,
        `Annotation left out: ${path} annotations[1] category_id must be the id of a category, got 5`,
        `Annotation left out: ${path} annotations[2] segmentation must be polygons or run lengths, got "x"`,
      ],
    ]);
  });

  it('says what is wrong with entries that are none', async () => {
    const good = { image_id: 1, category_id: 1, segmentation: [square] };
    const path = json('none.json', { images, categories, annotations: [null, 7, good] });
    const { dataset, warnings } = await openWarned({ source: path, images: at('photos') });
    expect([dataset.size, warnings.map(({ message }) => message)]).toEqual([
      1,
      [
        `Annotation left out: ${path} annotations[0] must be an object, got null`,
        `Annotation left out: ${path} annotations[1] must be an object, got 7`,
      ],
    ]);
  });

  it("takes ids as each file's own: pictures are joined by path, categories by name", async () => {
    const pixels = await plainPicture([1, 2, 3], 2, 2);
    const of = (name: string, file: string, categories: unknown, category: number): string => {
      write(at(name, file), pixels);
      return json(`${name}/inst.json`, {
        images: [{ id: 1, file_name: file, width: 2, height: 2 }],
        categories,
        annotations: [{ image_id: 1, category_id: category, segmentation: [square] }],
      });
    };
    const car = of(
      'one',
      'x.jpg',
      [
        { id: 1, name: 'car' },
        { id: 2, name: 'dog' },
      ],
      1,
    );
    const dog = of(
      'two',
      'y.jpg',
      [
        { id: 1, name: 'dog' },
        { id: 7, name: '__proto__' },
      ],
      1,
    );
    const { dataset, warnings } = await openWarned({ source: [car, dog] });
    expect(warnings).toEqual([]);
    expect(dataset.classes).toEqual([
      { index: 1, name: 'car' },
      { index: 2, name: 'dog' },
      { index: 3, name: '__proto__' },
    ]);
    const samples = await samplesOf(dataset);
    expect(samples.map(({ key, image, categories: names }) => [key, image, names])).toEqual([
      ['x.jpg', at('one', 'x.jpg'), ['car']],
      ['y.jpg', at('two', 'y.jpg'), ['dog']],
    ]);
    expect([...(await readIndexMask(await samples[1]!.mask!)).data]).toEqual([2, 2, 2, 2]);
  });

  it('keeps ids as mask values where all files give each name the same one', async () => {
    const two = (name: string, id: number): string =>
      json(name, {
        images,
        categories: [
          { id: 3, name: 'cat' },
          { id, name: 'person' },
        ],
        annotations: [{ image_id: 1, category_id: 3 }],
      });
    expect(
      (await openWarned({ source: [two('same-a.json', 9), two('same-b.json', 9)], images: at('photos') })).dataset.size,
    ).toBe(1);
    const masked = json('same-c.json', {
      images,
      categories: [{ id: 3, name: 'cat' }],
      annotations: [{ image_id: 2, category_id: 3, segmentation: [square] }],
    });
    const { dataset } = await openWarned({ source: [two('same-a.json', 9), masked], images: at('photos') });
    expect(dataset.classes).toEqual([
      { index: 3, name: 'cat' },
      { index: 9, name: 'person' },
    ]);
  });

  it('reads ids as text or number, and files with a byte order mark', async () => {
    const value = {
      images: [{ id: '1', file_name: 'b.jpg', width: '2', height: 2 }],
      categories: [{ id: '4', name: 'cat' }],
      annotations: [{ image_id: 1, category_id: 4, segmentation: [square] }],
    };
    const utf8 = write(at('bom.json'), `\uFEFF${JSON.stringify(value)}`);
    const utf16 = at('utf16.json');
    writeFileSync(utf16, Buffer.from(`\uFEFF${JSON.stringify(value)}`, 'utf16le'));
    const packed = write(at('packed.json.gz'), gzipSync(JSON.stringify(value)));
    for (const source of [utf8, utf16, packed]) {
      const { dataset, warnings } = await openWarned({ source, images: at('photos') });
      expect([dataset.classes, warnings]).toEqual([[{ index: 4, name: 'cat' }], []]);
      expect([...(await readIndexMask(await (await samplesOf(dataset))[0]!.mask!)).data]).toEqual([4, 4, 4, 4]);
    }
  });

  it('warns of an id that two pictures of a file have, and keeps the first', async () => {
    const path = json('twice.json', {
      images: [images[0], { ...images[1], id: 1 }],
      categories,
      annotations: [{ image_id: 1, category_id: 1, segmentation: [square] }],
    });
    const { dataset, warnings } = await openWarned({ source: path, images: at('photos') });
    expect(warnings.map(({ message }) => message)).toEqual([
      `Image left out: ${path} id must be of one picture, got 1 of "a.jpg" and "b.jpg"`,
    ]);
    expect((await samplesOf(dataset)).map(({ key }) => key)).toEqual(['a.jpg']);
  });

  it('takes the area from the outline where none is given: what is small stays on top', async () => {
    const large = { image_id: 1, category_id: 1, segmentation: [[0, 0, 4, 0, 4, 3, 0, 3]] };
    for (const small of [
      { segmentation: [[0, 0, 1, 0, 1, 1, 0, 1]] },
      { segmentation: { size: [3, 4], counts: [0, 1, 11] } },
      { segmentation: encodeRLE(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 4, 3) },
    ]) {
      const path = json('area.json', {
        images,
        categories,
        annotations: [
          { image_id: 1, category_id: 90, ...small },
          { ...large, area: null },
        ],
      });
      const { dataset } = await openWarned({ source: path, images: at('photos') });
      const mask = await readIndexMask(await (await samplesOf(dataset))[0]!.mask!);
      expect([...mask.data]).toEqual([90, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    }
  });

  it('takes the size of a mask from the picture, not from the file', async () => {
    const of = (size: object): string =>
      json('sizes.json', {
        images: [{ id: 1, file_name: 'b.jpg', ...size }],
        categories,
        annotations: [{ image_id: 1, category_id: 1, segmentation: [square] }],
      });
    const maskOf = async (size: object): Promise<Promise<Uint8Array>> => {
      const { dataset } = await openWarned({ source: of(size), images: at('photos') });
      return (await samplesOf(dataset))[0]!.mask as Promise<Uint8Array>;
    };
    expect([...(await readIndexMask(await maskOf({}))).data]).toEqual([1, 1, 1, 1]);
    expect(await failureOf(maskOf({ width: 60_000, height: 60_000 }))).toBe(
      "RangeError: Cannot use mask of b.jpg: it must have the picture's size 2×2, got 60000×60000",
    );
  });

  it('warns of entries whose fields are of odd kinds, and goes on', async () => {
    const odd = { toString: 1, valueOf: 1 };
    const good = { image_id: 1, category_id: 1, segmentation: null, area: '4', iscrowd: '0' };
    const path = write(
      at('odd.json'),
      `{"images":${JSON.stringify(images)},"categories":${JSON.stringify(categories)},"annotations":[${JSON.stringify([
        { image_id: odd, category_id: 1 },
        { image_id: 1, category_id: odd },
        { image_id: 1, category_id: 1, segmentation: { counts: [4] } },
        { image_id: 1, category_id: 1, segmentation: { size: [3, 4], counts: [-12, 24] } },
        good,
      ]).slice(1, -1)},{"image_id":1,"category_id":1,"segmentation":${'['.repeat(20_000)}${']'.repeat(20_000)}}]}`,
    );
    const warnings: DataWarning[] = [];
    const dataset = await openDataset(
      { source: path, images: at('photos') },
      { phrases: () => [], onWarning: (warning) => warnings.push(warning) },
    );
    expect([dataset.size, warnings.map(({ message }) => message)]).toEqual([
      1,
      [
        `Annotation left out: ${path} annotations[0] image_id must be the id of an image, got an object`,
        `Annotation left out: ${path} annotations[1] category_id must be the id of a category, got an object`,
        `Annotation left out: ${path} annotations[2] segmentation must be polygons or run lengths, got {"counts":[4]}`,
      ],
    ]);
    expect(dataset.classes).toBeUndefined();
  });

  it('refuses JSON that is not COCO, saying what it has', async () => {
    const message = async (value: unknown): Promise<string> =>
      failureOf(openWarned({ source: json('bad.json', value), images: at('photos') }));
    const path = at('bad.json');
    expect(await message({ pictures: [] })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must have the lists images and annotations, as COCO JSON ` +
        'has, got the fields pictures',
    );
    expect(await message({ images: [{ id: 1 }], annotations: [] })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must give each image an id and a local file_name, got ` +
        'images[0] = {"id":1}',
    );
    expect(await message({ images, annotations: [], categories: [{}] })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must give each category an id and a name, got categories[0] = {}`,
    );
    const twice = [
      { id: 1, name: 'car' },
      { id: '1', name: 'bus' },
    ];
    expect(await message({ images, annotations: [], categories: twice })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must give each category an id of its own, got 1 for "car" ` +
        'and "bus"',
    );
    expect(await message({ images, annotations: [] })).toBe(
      `DATASET_FORMAT: Cannot open dataset: "${path}" must hold images with captions or instances, ` +
        'got 3 images without',
    );
    const many = Array.from({ length: 255 }, (_, id) => ({ id, name: String(id) }));
    expect(await message({ images, annotations: [], categories: many })).toBe(
      'DATASET_FORMAT: Cannot open dataset: categories must be at most 254, one mask value each, got 255',
    );
    expect(await failureOf(openWarned(write(at('no.json'), '{')))).toContain(
      `DATASET_FORMAT: Cannot open dataset: source must be a whole JSON file, got "${at('no.json')}" (`,
    );
    expect(await failureOf(openWarned(captions))).toContain(
      "images must be the folder that the pictures' paths start from",
    );
  });
});

describe('paintInstances()', () => {
  const paint = async (
    segmentation: Parameters<typeof paintInstances>[0][number]['segmentation'],
    width: number,
    height: number,
    options?: PaintOptions,
  ): Promise<number[]> => [
    ...(await paintInstances([{ index: 1, segmentation, crowd: false, area: 1 }], width, height, options)).data,
  ];

  it('fills the pixels whose centers are inside: concave shapes, several parts, all cut to the picture', async () => {
    expect(await paint([[0, 0, 4, 0, 4, 1, 1, 1, 1, 3, 0, 3]], 4, 3)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0]);
    expect(
      await paint(
        [
          [0, 0, 1, 0, 1, 1, 0, 1],
          [2, 0, 3, 0, 3, 1, 2, 1],
        ],
        4,
        1,
      ),
    ).toEqual([1, 0, 1, 0]);
    expect(await paint([[-5, -5, 2, -5, 2, 9, -5, 9]], 3, 2)).toEqual([1, 1, 0, 1, 1, 0]);
    expect(await paint([[0, 0, 3, 3, 0, 3]], 3, 3)).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0]);
    expect(await paint([[]], 1, 1)).toEqual([0]);
    const comb = Array.from({ length: 400_000 }, (_, at) => (at % 2 === 0 ? (at / 400_000) * 2 : at % 4 === 1 ? 0 : 2));
    expect(await paint([[...comb, 2, 2, 0, 2]], 2, 2)).toHaveLength(4);
  });

  it('is bounded by what is covered, and left when its signal aborts', async () => {
    const huge = [[0, 0, 1000, 0, 1000, 1000, 0, 1000]];
    await expect(paint(huge, 1000, 1000, { maxPixels: 999_999 })).rejects.toThrow(
      new RangeError('Cannot paint instances: the picture must have at most 999999 pixels (maxPixels), got 1000×1000'),
    );
    await expect(
      paint(
        Array.from({ length: 101 }, () => huge[0]!),
        1000,
        1000,
        { maxPixels: 1_000_000 },
      ),
    ).rejects.toThrow(
      'Cannot paint instances: they must cover at most 100000000 pixels (100 × maxPixels) together, got more',
    );
    const comb = [Array.from({ length: 200_000 }, (_, at) => (at % 4 < 2 ? at / 400 : 1000))];
    await expect(paint(comb, 1000, 1000, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(await paint([[1e300, -1e308, -1e300, 1e308, 0, 0]], 2, 2)).toHaveLength(4);
  });

  it('refuses run lengths of another size', async () => {
    await expect(paint({ size: [2, 2], counts: [4] }, 3, 2)).rejects.toThrow(
      new RangeError("Cannot paint instance: RLE size must be the picture's 2×3, got 2×2"),
    );
    await expect(paint({ size: [2, 2], counts: [3] }, 2, 2)).rejects.toThrow(
      new RangeError('Cannot paint instance: RLE counts must add up to 4, got 3'),
    );
    await expect(paint({ size: [2, 2], counts: [-1e15, 1e15 + 4] }, 2, 2)).rejects.toThrow(
      new RangeError('Cannot paint instance: RLE counts must be integers ≥ 0, got -1000000000000000'),
    );
  });
});
