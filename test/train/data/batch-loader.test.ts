import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openImage } from '../../../packages/core/src/image/image.ts';
import { BatchLoader, type BatchLoaderOptions } from '../../../packages/train/src/data/batch-loader.ts';
import { START, type Dataset, type DatasetPosition, type Drawn } from '../../../packages/train/src/data/dataset.ts';
import type { Sample } from '../../../packages/train/src/data/sample.ts';
import { encodeIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BATCH_SIZE, draw, failureOf, jpeg, load, openWarned, plainPicture, tar, write } from './fixtures.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const [height, width] = BATCH_SIZE;

/** A dataset in memory that draws its samples in their order. */
function inOrder(samples: readonly Sample[], ignoreIndex?: number): Dataset {
  return {
    description: 'test',
    size: samples.length,
    ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
    async *draw(from): AsyncGenerator<Drawn> {
      for (let { epoch, consumed } = from; ; epoch++, consumed = 0) {
        for (; consumed < samples.length; consumed++)
          yield { sample: samples[consumed]!, index: consumed, after: { epoch, consumed: consumed + 1 } };
      }
    },
  };
}

const pictures = await Promise.all(Array.from({ length: 7 }, (_, index) => jpeg(index, 20 + index, 30 - index)));
const sample = (index: number, more: Partial<Sample> = {}): Sample => ({
  key: `${index}`,
  image: pictures[index]!,
  categories: [`c${index}`],
  ...more,
});
const list = at('list.jsonl');
write(
  list,
  pictures
    .map((_, index) =>
      JSON.stringify({
        image: `${index}.jpg`,
        mask: `${index}.png`,
        tags: Array.from({ length: index + 1 }, (__, tag) => `t${tag}`),
      }),
    )
    .join('\n'),
);
for (const [index, bytes] of pictures.entries()) {
  const mask = {
    width: 20 + index,
    height: 30 - index,
    data: new Uint8Array((20 + index) * (30 - index)).map((_, pixel) => (pixel + index) % 5),
  };
  write(at(`${index}.jpg`), bytes);
  write(at(`${index}.png`), encodeIndexMask(mask));
}
const rich = { masks: true, augmentation: { flip: true, crop: [0.2, 0.9] }, maxCategories: 2 } as const;

describe('BatchLoader', () => {
  it('gives full batches of the pictures as inference sees them, in the order drawn', async () => {
    const { dataset } = await openWarned(list);
    const { batches, counts } = await load(dataset, 5, { batchSize: 3 });
    const drawn = await draw(dataset, 15, START, 3);
    for (const [number, batch] of batches.entries()) {
      const expected = drawn.slice(3 * number, 3 * number + 3);
      expect([batch.images, batch.keys, batch.indices, batch.after]).toEqual([
        3,
        expected.map(({ sample: { key } }) => key),
        expected.map(({ index }) => index),
        expected[2]!.after,
      ]);
      expect(batch.categories).toEqual(expected.map(({ sample: { categories } }) => categories));
      expect(batch.said).toEqual(batch.categories);
      const resized = await Promise.all(
        expected.map(async ({ sample: { image } }) => (await openImage(image)).resized(width, height)),
      );
      expect(Buffer.compare(batch.pixels!, Buffer.concat(resized))).toBe(0);
      expect(batch.masks).toBeUndefined();
    }
    expect(counts).toEqual({ samples: 15, corrupt: 0, unknown: 0, withoutPhrases: 0, withoutMask: 0, truncated: 0 });
  });

  it('gives the same batches with any number of threads and batches ahead', async () => {
    const { dataset } = await openWarned(list);
    const expected = await load(dataset, 6, { ...rich, workers: 1, prefetch: 1 });
    const others = await load(dataset, 6, { ...rich, workers: 3, prefetch: 4 });
    expect(others.batches).toEqual(expected.batches);
    expect(others.counts).toEqual(expected.counts);
    expect((await load(dataset, 6, { ...rich, seed: 4 })).batches).not.toEqual(expected.batches);
  });

  it('resumes after every batch as if it had not stopped: same pictures, views, masks and categories', async () => {
    await tar(
      at('some.tar'),
      Object.fromEntries(
        pictures.flatMap((bytes, index) => [
          [`${index}.jpg`, bytes],
          [`${index}.json`, `{"tags":["a","b","c${index}"]}`],
        ]),
      ) as Record<string, Uint8Array>,
    );
    for (const source of [{ source: list }, { source: at('some.tar'), shuffleBuffer: 3 }]) {
      const { dataset } = await openWarned(source);
      const whole = (await load(dataset, 8, rich)).batches;
      for (const stop of [0, 2, 3, 5]) {
        const from = JSON.parse(JSON.stringify(whole[stop]!.after)) as DatasetPosition;
        expect((await load((await openWarned(source)).dataset, 7 - stop, { ...rich, from })).batches).toEqual(
          whole.slice(stop + 1),
        );
      }
    }
  });

  it('shows other views and categories of a picture in each epoch', async () => {
    const { dataset } = await openWarned(list);
    const { batches, counts } = await load(dataset, 2, { ...rich, batchSize: 7 });
    const [first, second] = batches.map(({ indices, pixels, categories }) => {
      const place = indices.indexOf(6);
      return {
        pixels: pixels!.slice(place * 3 * height * width, (place + 1) * 3 * height * width),
        categories: categories[place]!,
      };
    });
    expect(first!.pixels).not.toEqual(second!.pixels);
    expect([first!.categories.length, second!.categories.length]).toEqual([2, 2]);
    for (const { categories } of [first!, second!]) expect([...categories].sort()).toEqual(categories);
    // What was not chosen is said all the same.
    for (const { indices, said } of batches)
      expect(said).toEqual(indices.map((index) => Array.from({ length: index + 1 }, (_, tag) => `t${tag}`)));
    expect(counts.truncated).toBe(2 * (1 + 2 + 3 + 4 + 5));
  });

  it('leaves out pictures that cannot be read, names them, and goes on with the next', async () => {
    const cut = pictures[1]!.subarray(0, 300);
    const samples = [
      sample(0),
      sample(1, { image: cut }),
      sample(2, { image: at('gone.jpg') }),
      sample(3),
      sample(4, { mask: await plainPicture([1, 2, 3]) }),
      sample(5),
    ];
    const { batches, counts, warnings } = await load(inOrder(samples), 2, { masks: true });
    expect(batches.map(({ keys, after }) => [keys, after.consumed])).toEqual([
      [['0', '3'], 4],
      [['5', '0'], 1],
    ]);
    expect(counts).toMatchObject({ samples: 4, corrupt: 3 });
    expect(warnings.map(({ kind, count }) => [kind, count])).toEqual([
      ['broken-image', 1],
      ['broken-image', 2],
      ['broken-image', 3],
    ]);
    expect(warnings[0]!.message).toContain(
      'Sample left out: 1: Cannot decode image from bytes: file must be a whole, valid picture, got ',
    );
    expect(warnings[1]!.message).toContain(
      `Sample left out: 2: Cannot open image ${at('gone.jpg')}: path must be a readable file, got ENOENT`,
    );
    expect(warnings[2]!.message).toContain('Sample left out: 4: Cannot read mask of 4: it must be an index mask');
  });

  it('leaves out a mask of another size than its picture, and one that cannot be made', async () => {
    const broken: Sample = {
      ...sample(2),
      get mask(): Uint8Array {
        throw new RangeError('no mask');
      },
    };
    const { counts, warnings } = await load(
      inOrder([
        sample(0),
        sample(1, { mask: encodeIndexMask({ width: 2, height: 1, data: Uint8Array.of(1, 2) }) }),
        broken,
        sample(3),
      ]),
      1,
      { masks: true },
    );
    expect(counts.corrupt).toBe(2);
    expect(warnings.map(({ message }) => message)).toEqual([
      "Sample left out: 1: Cannot use mask of 1: it must have the picture's size 21×29, got 2×1",
      'Sample left out: 2: no mask',
    ]);
  });

  it('turns and crops the mask as the picture', async () => {
    const [w, h] = [64, 48];
    // Left-top is marked, so that mirroring shows; the class of a pixel is written in its color.
    const classAt = (x: number, y: number): number => (x < w / 3 ? (y < h / 2 ? 1 : 2) : y < h / 2 ? 3 : 4);
    const labels = Uint8Array.from({ length: w * h }, (_, pixel) => classAt(pixel % w, Math.floor(pixel / w)));
    const rgb = Uint8Array.from({ length: 3 * w * h }, (_, byte) => 50 * labels[Math.floor(byte / 3)]!);
    const image = await sharp(rgb, { raw: { width: w, height: h, channels: 3 } })
      .png()
      .toBuffer();
    const samples = Array.from({ length: 24 }, (_, index) => ({
      ...sample(0),
      key: String(index),
      image,
      mask: encodeIndexMask({ width: w, height: h, data: labels }),
    }));
    const { batches } = await load(inOrder(samples), 1, {
      batchSize: 24,
      masks: true,
      augmentation: { flip: true, crop: [0.5, 1] },
      inputSize: [24, 32],
    });
    const { pixels, masks } = batches[0]!;
    // Bilinear pixels between two classes have a color of neither; all others must agree.
    const clear = [...masks!.keys()].filter((pixel) => pixels![3 * pixel]! % 50 === 0);
    expect(clear.length).toBeGreaterThan(0.85 * masks!.length);
    expect(clear.filter((pixel) => pixels![3 * pixel] !== 50 * masks![pixel]!)).toEqual([]);
    const corners = new Set(Array.from({ length: 24 }, (_, index) => masks![index * 24 * 32]));
    expect(corners.has(1) && corners.has(3)).toBe(true); // some as they are, some mirrored
  });

  it('shrinks picture and mask alike, on gray whose mask is unlabeled, and recolors the picture alone', async () => {
    const [w, h] = [40, 20];
    const image = await plainPicture([200, 100, 50], w, h);
    const mask = encodeIndexMask({ width: w, height: h, data: new Uint8Array(w * h).fill(7) });
    const samples = Array.from({ length: 8 }, (_, index) => ({ ...sample(0), key: String(index), image, mask }));
    const options = { batchSize: 8, masks: true, inputSize: [20, 40] } as const;
    const shrunk = await load(inOrder(samples), 1, { ...options, augmentation: { scale: [0.5, 0.5] } });
    const { pixels, masks } = shrunk.batches[0]!;
    const shown = [...masks!.keys()].filter((pixel) => masks![pixel] === 7);
    expect(shown.length).toBe(8 * 20 * 10);
    expect(masks!.filter((value) => value === 255).length).toBe(8 * (800 - 200));
    expect(shown.every((pixel) => pixels!.subarray(3 * pixel, 3 * pixel + 3).join() === '200,100,50')).toBe(true);
    expect(pixels!.filter((value) => value === 128).length).toBe(3 * 8 * (800 - 200));
    const firsts = Array.from({ length: 8 }, (_, picture) => masks!.subarray(800 * picture).indexOf(7));
    expect(new Set(firsts).size).toBeGreaterThan(4); // in another place each

    const augmentation = { scale: [0.5, 0.5], brightness: 0.5 } as const;
    const [first, again] = [
      await load(inOrder(samples), 1, { ...options, augmentation }),
      await load(inOrder(samples), 1, { ...options, augmentation, workers: 2 }),
    ].map(({ batches }) => batches[0]!);
    expect(first!.masks).toEqual(masks);
    expect(first!.pixels).toEqual(again!.pixels);
    const reds = shown.map((pixel) => first!.pixels![3 * pixel]!);
    expect(new Set(reds).size).toBeGreaterThan(4); // of each picture its own
    expect(reds.every((red) => red >= 100)).toBe(true);
    expect(first!.pixels!.filter((value) => value === 128).length).toBeGreaterThanOrEqual(3 * 8 * (800 - 200));
  });

  it('fills masks that are missing, and values that say nothing, with 255', async () => {
    const mask = encodeIndexMask({
      width: 20,
      height: 30,
      data: new Uint8Array(600).map((_, pixel) => (pixel < 300 ? 9 : 1)),
    });
    const { batches } = await load(inOrder([sample(0, { mask }), sample(1)], 9), 1, { masks: true });
    const half = (height * width) / 2;
    expect([...batches[0]!.masks!]).toEqual([
      ...new Array<number>(half).fill(255),
      ...new Array<number>(half).fill(1),
      ...new Array<number>(2 * half).fill(255),
    ]);
  });

  it('takes samples with a mask and no category, and with `required` none without a mask', async () => {
    const mask = encodeIndexMask({ width: 20, height: 30, data: new Uint8Array(600) });
    const samples = [
      sample(0, { mask, categories: [] }),
      sample(1, { categories: [] }),
      sample(2),
      sample(0, { key: 'b', mask }),
    ];
    const { batches, counts } = await load(inOrder(samples), 1, { masks: true });
    expect([batches[0]!.keys, batches[0]!.categories, counts.withoutPhrases]).toEqual([['0', '2'], [[], ['c2']], 1]);
    const required = await load(inOrder(samples), 1, { masks: 'required' });
    expect([required.batches[0]!.keys, required.counts]).toMatchObject([
      ['0', 'b'],
      { withoutPhrases: 0, withoutMask: 2 },
    ]);
  });

  it('decodes no picture without pixels, and masks all the same', async () => {
    const { dataset } = await openWarned(list);
    rmSync(at('0.jpg'));
    const { batches, counts } = await load(dataset, 1, { batchSize: 7, pixels: false, masks: true });
    expect([batches[0]!.pixels, batches[0]!.masks!.length, counts.corrupt]).toEqual([undefined, 7 * height * width, 0]);
    expect(Math.max(...batches[0]!.masks!)).toBe(4);
    const bare = await load(dataset, 1, { pixels: false });
    expect([bare.batches[0]!.pixels, bare.batches[0]!.masks, bare.batches[0]!.images]).toEqual([
      undefined,
      undefined,
      2,
    ]);
    writeFileSync(at('0.jpg'), pictures[0]!);
  });

  it('leaves out categories that are not known and samples that are left with none, and counts both', async () => {
    const samples = [
      sample(0, { categories: ['a', 'x', 'y'] }),
      sample(1, { categories: ['x'] }),
      sample(2, { categories: [] }),
      sample(3, { categories: ['b'] }),
    ];
    const { batches, counts } = await load(inOrder(samples), 1, { known: (category) => category < 'm' });
    expect(batches[0]!.categories).toEqual([['a'], ['b']]);
    expect(batches[0]!.said).toEqual([['a'], ['b']]);
    expect(counts).toEqual({ samples: 2, corrupt: 0, unknown: 3, withoutPhrases: 2, withoutMask: 0, truncated: 0 });
  });

  it('says why when an epoch has no usable sample', async () => {
    const samples = [
      sample(0, { categories: ['dress'] }),
      sample(1, { image: at('gone.jpg') }),
      sample(2, { categories: [] }),
    ];
    const none = load(inOrder(samples), 1, { known: (category) => category !== 'dress' });
    expect(await failureOf(none)).toContain(
      'DATASET_FORMAT: Cannot read a batch: dataset must have a usable sample, got none in an epoch: 1 that cannot ' +
        `be read (the last: Cannot open image ${at('gone.jpg')}: path must be a readable file, got ENOENT`,
    );
    expect(await failureOf(none)).toContain('), 2 without a known category (such as "dress")');
    expect(await failureOf(load(inOrder([sample(0)]), 1, { masks: 'required' }))).toBe(
      'DATASET_FORMAT: Cannot read a batch: dataset must have a usable sample, got none in an epoch: 1 without a mask',
    );
    const endless: Dataset = { ...inOrder(Array.from({ length: 200_000 }, () => sample(0))), size: undefined };
    expect(await failureOf(load(endless, 1, { known: () => false, pixels: false }))).toBe(
      'DATASET_FORMAT: Cannot read a batch: dataset must have a usable sample, got none in 100000 samples: 100000 ' +
        'without a known category (such as "c0")',
    );
  });

  it('reads no further ahead than asked, whatever the dataset holds', async () => {
    let drawn = 0;
    const source = inOrder([sample(0), sample(1)]);
    const counting: Dataset = {
      ...source,
      async *draw(...position): AsyncGenerator<Drawn> {
        for await (const next of source.draw(...position)) {
          drawn += 1;
          yield next;
        }
      },
    };
    await using loader = BatchLoader.open(counting, {
      inputSize: [height, width],
      batchSize: 2,
      seed: 3,
      workers: 1,
      prefetch: 3,
      onWarning: () => undefined,
    });
    for (let batch = 1; batch <= 4; batch++) {
      await loader.next();
      await new Promise((resolve) => setImmediate(resolve));
      expect(drawn).toBe(2 * batch + 2 * 3);
    }
  });

  it('hands out batches in order to calls that do not wait for each other', async () => {
    const { dataset } = await openWarned(list);
    const expected = (await load(dataset, 3)).batches;
    await using loader = BatchLoader.open(dataset, {
      inputSize: [height, width],
      batchSize: 2,
      seed: 3,
      workers: 2,
      onWarning: () => undefined,
    });
    expect(await Promise.all([loader.next(), loader.next(), loader.next()])).toEqual(expected);
  });

  it('passes on what the dataset throws, and closes it', async () => {
    let closed = 0;
    const failing: Dataset = {
      ...inOrder([]),
      async *draw(): AsyncGenerator<Drawn> {
        try {
          yield { sample: sample(0), index: 0, after: START };
          yield { sample: sample(1), index: 1, after: START };
          throw new Error('disk is gone');
        } finally {
          closed += 1;
        }
      },
    };
    expect(await failureOf(load(failing, 2))).toBe('Error: disk is gone');
    expect(closed).toBe(1);
    expect((await load(failing, 1)).batches.length).toBe(1);
    expect(closed).toBe(2);
  });

  it('refuses options out of range', () => {
    const open = (options: Partial<BatchLoaderOptions>) => () =>
      BatchLoader.open(inOrder([]), {
        inputSize: [height, width],
        batchSize: 2,
        seed: 3,
        onWarning: () => undefined,
        ...options,
      });
    expect(open({ inputSize: [12, 0] })).toThrow(
      new RangeError('Cannot open batches: width must be a positive integer, got 0'),
    );
    expect(open({ batchSize: 1.5 })).toThrow(
      new RangeError('Cannot open batches: batchSize must be a positive integer, got 1.5'),
    );
    expect(open({ workers: 0 })).toThrow(
      new RangeError('Cannot open batches: workers must be a positive integer, got 0'),
    );
    expect(open({ seed: 0.5 })).toThrow(
      new RangeError('Cannot open batches: seed must be an integer of at least -9007199254740991, got 0.5'),
    );
    expect(open({ augmentation: { crop: [0, 1] } })).toThrow(
      new RangeError(
        'Cannot open batches: augmentation.crop must be two shares of the area, 0 < least ≤ most ≤ 1, got a list of 2',
      ),
    );
    expect(open({ augmentation: { crop: [0.5, 1], scale: [1, 2] } })).toThrow(
      new RangeError('Cannot open batches: augmentation.crop must be left out with augmentation.scale, got both'),
    );
    expect(open({ from: { epoch: 0, consumed: -1 } })).toThrow(
      new RangeError('Cannot open batches: from must be a position with epoch and consumed, got an object'),
    );
  });
});
