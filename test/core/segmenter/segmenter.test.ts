/** The public door on a tiny checkpoint: what results mean, and that every way to the same result gives the same. */
import { join } from 'node:path';
import { inspect } from 'node:util';
import { LabelSet, Segmenter, type Segmentation, type SegmentOptions } from '@synseg/core';
import { encodeRLE } from '@synseg/core/masks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePixels } from '../../support/pixels.ts';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { worstExcess } from '../../support/tensors.ts';

const root = temporaryFolder();
const folder = writeTinyClipseg(join(root, 'tiny'));
const cacheFolder = join(root, 'cache');
const photo = picture(60, 40, 1);
let segmenter: Segmenter;
let labels: LabelSet;

beforeAll(async () => {
  segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
  labels = await segmenter.labels(['road', 'car', 'the tree'], { background: 'none' });
});
afterAll(() => segmenter[Symbol.asyncDispose]());

/** Winner per pixel, worked out from activation maps: the first of the highest. */
function winners({ activations, width, height, labels: names }: Segmentation): number[] {
  const pixels = width * height;
  return Array.from({ length: pixels }, (_, pixel) => {
    let best = 0;
    for (let label = 1; label < names.length; label++)
      if ((activations[label * pixels + pixel] as number) > (activations[best * pixels + pixel] as number))
        best = label;
    return best;
  });
}

/**
 * Both go through the same kernels; batches of another size may add up in another order, a few units in the last place.
 */
function expectSameActivations(actual: Segmentation, expected: Segmentation): void {
  expect(worstExcess(actual.activations, expected.activations, 1e-5, 0).excess).toBeLessThanOrEqual(0);
}

const both: SegmentOptions = { output: ['labels', 'activations'] };

describe('a loaded segmenter', () => {
  it('says what it runs on and what it takes', () => {
    expect([segmenter.device, segmenter.precision, segmenter.inputSize, segmenter.vocabulary]).toEqual([
      'cpu',
      'fp32',
      [32, 32],
      undefined,
    ]);
  });
});

describe('segment()', () => {
  it("gives the label of every pixel at the picture's size", async () => {
    const result = await segmenter.segment(photo, labels, both);
    expect([result.width, result.height, result.labels]).toEqual([60, 40, ['road', 'car', 'the tree']]);
    expect([...result.labelMap]).toEqual(winners(result));
    expect(new Set(result.labelMap).size, 'the tiny network tells labels apart').toBeGreaterThan(1);
    const counted = Object.values(result.areas).map((area) => Math.round(area * 2400));
    expect(counted).toEqual([0, 1, 2].map((label) => result.labelMap.filter((value) => value === label).length));
  });

  it('gives the same bytes again', async () => {
    const [first, second] = [
      await segmenter.segment(photo, labels, both),
      await segmenter.segment(photo, labels, both),
    ];
    expect(Buffer.from(first.labelMap).equals(second.labelMap)).toBe(true);
    expect([...first.activations]).toEqual([...second.activations]);
  });

  it("leaves the caller's pixels and labels alone", async () => {
    const copy = Uint8Array.from(photo.data);
    const embeddings = Float32Array.from(labels.embeddings);
    await segmenter.segment(photo, labels);
    expect([...photo.data]).toEqual([...copy]);
    expect([...labels.embeddings]).toEqual([...embeddings]);
  });

  it('gives masks that are activations cut at the threshold', async () => {
    const result = await segmenter.segment(photo, labels, { output: ['masks', 'activations'], threshold: 0.6 });
    for (const label of labels.names) {
      const activation = result.activation(label);
      // Cut as logits: at the threshold itself float32 may fall to either side.
      const clear = [...activation.keys()].filter((pixel) => Math.abs((activation[pixel] as number) - 0.6) > 1e-5);
      const mask = result.mask(label);
      expect(clear.map((pixel) => mask[pixel])).toEqual(
        clear.map((pixel) => ((activation[pixel] as number) >= 0.6 ? 1 : 0)),
      );
    }
  });

  it('gives the pixels a label won when masks were not asked for', async () => {
    const result = await segmenter.segment(photo, labels);
    expect([...result.mask('car')]).toEqual([...result.labelMap].map((value) => (value === 1 ? 1 : 0)));
  });

  it('gives only what was asked for', async () => {
    const result = await segmenter.segment(photo, labels, { output: ['masks'] });
    expect(() => result.labelMap).toThrow(
      new RangeError('Cannot read labelMap: output must include "labels", got [masks]'),
    );
    expect(() => result.activations).toThrow(
      new RangeError('Cannot read activations: output must include "activations", got [masks]'),
    );
    expect(() => result.mask('sky')).toThrow(
      new RangeError('Cannot read mask: label must be one of road, car, the tree, got "sky"'),
    );
  });

  it.each<[SegmentOptions['size'], number, number]>([
    ['source', 60, 40],
    ['model', 32, 32],
    [{ width: 17, height: 50 }, 17, 50],
    [undefined, 60, 40],
  ])('with size %j gives maps of %i × %i', async (size, width, height) => {
    const result = await segmenter.segment(photo, labels, { ...both, ...(size === undefined ? {} : { size }) });
    expect([result.width, result.height, result.labelMap.length, result.activations.length]).toEqual([
      width,
      height,
      width * height,
      3 * width * height,
    ]);
    expect([...result.labelMap]).toEqual(winners(result));
  });

  it('treats 40 labels as it treats each of them alone', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `thing ${String(index)}`);
    const many = await segmenter.segment(photo, await segmenter.labels(names), {
      output: ['activations'],
      size: 'model',
    });
    for (const name of ['thing 0', 'thing 31', 'thing 32', 'thing 39']) {
      const alone = await segmenter.segment(photo, await segmenter.labels([name]), {
        output: ['activations'],
        size: 'model',
      });
      expect(worstExcess(many.activation(name), alone.activations, 1e-5, 0).excess, name).toBeLessThanOrEqual(0);
    }
  });

  it('cuts a very long picture into tiles and gives it back in one piece', async () => {
    const long = picture(200, 20, 2);
    const result = await segmenter.segment(long, labels, { ...both, size: 'model' });
    expect([result.width, result.height]).toEqual([320, 32]);
    const third = {
      data: Uint8Array.from(
        { length: 20 * 20 * 3 },
        (_, i) => long.data[Math.floor(i / 60) * 600 + 120 + (i % 60)] as number,
      ),
      width: 20,
      height: 20,
    };
    const alone = await segmenter.segment(third, labels, { output: ['activations'], size: 'model' });
    const tile = Float32Array.from(
      { length: 1024 },
      (_, i) => result.activations[Math.floor(i / 32) * 320 + 64 + (i % 32)] as number,
    );
    expect(worstExcess(tile, alone.activations.slice(0, 1024), 1e-5, 0).excess).toBeLessThanOrEqual(0);
    expect((await segmenter.segment(long, labels)).labelMap).toHaveLength(4000);
  });
});

describe('encode once, prompt many', () => {
  it.each([1, 5] as const)('segment(encoded) in %i views is segment(picture)', async (views) => {
    using encoded = await segmenter.encode(photo, { views });
    expect([encoded.width, encoded.height, encoded.views, encoded.disposed]).toEqual([60, 40, views, false]);
    expectSameActivations(
      await segmenter.segment(encoded, labels, both),
      await segmenter.segment(photo, labels, { ...both, views }),
    );
  });

  it('serves many label sets and sizes from one picture', async () => {
    using encoded = await segmenter.encode(photo);
    for (const name of ['road', 'car']) {
      const one = await segmenter.labels([name]);
      expectSameActivations(
        await segmenter.segment(encoded, one, { ...both, size: 'model' }),
        await segmenter.segment(photo, one, { ...both, size: 'model' }),
      );
    }
  });

  it('refuses an encoded picture that was disposed, also twice, or asked for other views', async () => {
    const encoded = await segmenter.encode(photo);
    await expect(segmenter.segment(encoded, labels, { views: 5 })).rejects.toThrow(
      new RangeError("Cannot segment: views must be the encoded picture's 1, got 5"),
    );
    encoded[Symbol.dispose]();
    encoded[Symbol.dispose]();
    expect(encoded.disposed).toBe(true);
    await expect(segmenter.segment(encoded, labels)).rejects.toMatchObject({
      code: 'DISPOSED',
      message: 'Cannot segment: encoded picture must not be disposed, got a call after disposal',
    });
  });

  it('refuses an encoded picture of another segmenter', async () => {
    await using other = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
    const encoded = await other.encode(photo);
    await expect(segmenter.segment(encoded, labels)).rejects.toThrow(
      new RangeError('Cannot segment: encoded picture must be encoded by this segmenter, got one of another'),
    );
  });
});

describe('five views', () => {
  it("are finer: maps of twice the network's resolution", async () => {
    const five = await segmenter.segment(photo, labels, { ...both, views: 5, size: 'model' });
    expect([five.width, five.height]).toEqual([64, 64]);
    const one = await segmenter.segment(photo, labels, { ...both, size: { width: 64, height: 64 } });
    expect(worstExcess(five.activations, one.activations, 0.01, 0).excess).toBeGreaterThan(0);
  });

  it('merged by maximum are nowhere below the mean', async () => {
    const [mean, max] = await Promise.all(
      (['mean', 'max'] as const).map((merge) =>
        segmenter.segment(photo, labels, { ...both, views: 5, merge, size: 'model' }),
      ),
    );
    const below = [...(max as Segmentation).activations].filter(
      (value, index) => value < ((mean as Segmentation).activations[index] as number) - 1e-6,
    );
    expect(below).toEqual([]);
  });
});

describe('what console.log() and JSON.stringify() show', () => {
  it('is what things are, without pixels, threads and secrets', async () => {
    const result = await segmenter.segment(
      photo,
      await segmenter.labels(['road', '__proto__', '1'], { background: 'none' }),
    );
    expect(inspect(result)).toMatch(
      /^Segmentation \{\s+width: 60,\s+height: 40,\s+labels: \[ 'road', '__proto__', '1' \]/,
    );
    const shown = JSON.parse(JSON.stringify(result)) as {
      labels: string[];
      areas: Record<string, number>;
      background: number;
    };
    expect([shown.labels, shown.background]).toEqual([['road', '__proto__', '1'], 0]);
    expect(Object.entries(shown.areas)).toEqual(Object.entries(result.areas));
    const maps = await segmenter.segment(photo, labels, { output: ['activations'] });
    expect(JSON.stringify(maps)).toBe('{"width":60,"height":40,"labels":["road","car","the tree"]}');
    using encoded = await segmenter.encode(photo);
    expect(inspect(encoded)).toBe('EncodedImage { width: 60, height: 40, views: 1, disposed: false }');
    expect(inspect(segmenter)).toBe("Segmenter { device: 'cpu', precision: 'fp32', inputSize: [ 32, 32 ] }");
    expect(JSON.stringify([encoded, segmenter])).toBe(
      '[{"width":60,"height":40,"views":1,"disposed":false},{"device":"cpu","precision":"fp32","inputSize":[32,32]}]',
    );
    expect(inspect({ deep: { deeper: { result } } }, { depth: 2 })).toContain('Segmentation');
  });
});

describe('overlay()', () => {
  it.each([
    [640, 360, true],
    [200, 300, true],
    [60, 40, false],
    [90, 2000, false],
  ])('has a legend of an eighth of a picture of %i × %i at most, if any', async (width, height, drawn) => {
    const large = picture(width, height, 2);
    const result = await segmenter.segment(large, labels);
    const [plain, named] = await Promise.all(
      [false, true].map(async (legend) => decodePixels(await result.overlay(large, { legend }))),
    );
    const changed = [...plain!.data.keys()]
      .filter((index) => plain!.data[index] !== named!.data[index])
      .map((index) => Math.floor(index / 3));
    expect(changed.length > 0).toBe(drawn);
    const extent = (positions: readonly number[]): number =>
      positions.reduce((most, at) => Math.max(most, at), 0) -
      positions.reduce((least, at) => Math.min(least, at), Infinity) +
      1;
    if (drawn)
      expect(
        extent(changed.map((at) => at % width)) * extent(changed.map((at) => Math.floor(at / width))),
      ).toBeLessThanOrEqual((width * height) / 8);
  });

  it('refuses options it does not know', async () => {
    const result = await segmenter.segment(photo, labels);
    await expect(result.overlay(photo, { legends: false } as never)).rejects.toThrow(
      new TypeError('Cannot draw overlay: options must have known names, got "legends" (did you mean "legend"?)'),
    );
  });
});

describe('labels named like anything that objects have', () => {
  const names = ['3', '__proto__', '1', 'constructor', 'toString', '(background)'];

  it('have areas, masks, run lengths and outlines of their own, in their order', async () => {
    const result = await segmenter.segment(photo, await segmenter.labels(names), {
      background: 'none',
      output: ['labels', 'masks'],
      threshold: 0,
    });
    expect(result.labels).toEqual(names);
    expect(new Set(Object.getOwnPropertyNames(result.areas))).toEqual(new Set(names));
    expect(
      names.reduce((sum, name) => sum + (Object.getOwnPropertyDescriptor(result.areas, name)?.value as number), 0),
    ).toBeCloseTo(1, 9);
    const [rle, polygons] = [result.toRLE(), result.toPolygons()];
    for (const name of names) {
      expect(result.mask(name), name).toEqual(new Uint8Array(60 * 40).fill(1));
      expect(Object.getOwnPropertyDescriptor(rle, name)?.value, name).toEqual({
        size: [40, 60],
        counts: encodeRLE(result.mask(name), 60, 40).counts,
      });
      expect(Object.getOwnPropertyDescriptor(polygons, name)?.value, name).toHaveLength(1);
    }
    await expect(result.overlay(photo)).resolves.toBeInstanceOf(Uint8Array);
    expect(() => result.mask('valueOf')).toThrow(
      new RangeError(`Cannot read mask: label must be one of ${names.join(', ')}, got "valueOf"`),
    );
  });
});

describe('labels can change between two frames', () => {
  it('each frame gets the labels it came with', async () => {
    const [one, two] = [await segmenter.labels(['road', 'car']), await segmenter.labels(['car', 'road'])];
    const [first, second] = await Promise.all([
      segmenter.segment(photo, one, both),
      segmenter.segment(photo, two, both),
    ]);
    expect(worstExcess(first.activation('car'), second.activation('car'), 1e-5, 0).excess).toBeLessThanOrEqual(0);
    expect(second.labels).toEqual(['car', 'road']);
  });

  it('a label set from a file needs no text encoder', async () => {
    const path = join(root, 'labels.safetensors');
    await labels.save(path);
    expectSameActivations(
      await segmenter.segment(photo, await LabelSet.load(path), both),
      await segmenter.segment(photo, labels, both),
    );
  });
});

describe('segmentBatch()', () => {
  it('gives results in the order of the pictures, each as if alone', async () => {
    const pictures = [1, 2, 3, 4, 5, 6, 7].map((seed) => picture(20 + 10 * seed, 40, seed));
    const results = await segmenter.segmentBatch(pictures, labels, both);
    for (const [index, one] of pictures.entries())
      expectSameActivations(results[index] as Segmentation, await segmenter.segment(one, labels, both));
  });

  it('rejects when one picture is broken; the segmenter goes on', async () => {
    await expect(segmenter.segmentBatch([photo, Buffer.from('no picture')], labels)).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
    });
    expect((await segmenter.segment(photo, labels)).width).toBe(60);
  });
});
