/** Thresholds and background through the public door, and the options it refuses. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabelSet, Segmenter, type LabelsOptions, type SegmentOptions, type SegmenterOptions } from '@synseg/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();
const folder = writeTinyClipseg(join(root, 'tiny'));
const photo = picture(32, 32, 1);
let segmenter: Segmenter;
/** Activations of label 0 and 1 per pixel. */
let values: readonly [Float32Array, Float32Array];

beforeAll(async () => {
  segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder: join(root, 'cache') });
  const { activations } = await segmenter.segment(photo, await segmenter.labels(['road', 'car']), {
    output: ['activations'],
  });
  values = [activations.slice(0, 1024), activations.slice(1024)];
});
afterAll(() => segmenter[Symbol.asyncDispose]());

/** The label map where `win` decides from the two activations; pixels within 1e-5 of a cut are left out. */
async function expectLabels(
  labels: LabelsOptions & { of?: (number | undefined)[] },
  options: SegmentOptions,
  cuts: readonly number[],
  win: (road: number, car: number) => number,
): Promise<void> {
  const { of = [], ...rest } = labels;
  const set = await segmenter.labels(
    ['road', 'car'].map((name, index) => (of[index] === undefined ? name : { name, threshold: of[index] })),
    rest,
  );
  const { labelMap } = await segmenter.segment(photo, set, options);
  const clear = [...labelMap.keys()].filter((pixel) => {
    const [road, car] = values.map((map) => map[pixel] as number) as [number, number];
    return (
      Math.abs(road - car) > 1e-5 && cuts.every((cut) => Math.abs(road - cut) > 1e-5 && Math.abs(car - cut) > 1e-5)
    );
  });
  expect(clear.length).toBeGreaterThan(1000);
  expect(clear.map((pixel) => labelMap[pixel])).toEqual(
    clear.map((pixel) => win(values[0][pixel] as number, values[1][pixel] as number)),
  );
}

const higher = (road: number, car: number): number => (road >= car ? 0 : 1);

describe('background', () => {
  const atLeast =
    (cut: number) =>
    (road: number, car: number): number =>
      Math.max(road, car) >= cut ? higher(road, car) : 255;

  it('is where no label reaches 0.5 by default', async () => {
    await expectLabels({}, {}, [0.5], atLeast(0.5));
    await expectLabels({ background: 'none' }, { background: 'threshold' }, [0.5], atLeast(0.5));
  });

  it("is where no label reaches the checkpoint's threshold, which its config.json states", async () => {
    const stating = writeTinyClipseg(join(root, 'stating'));
    const config = join(stating, 'config.json');
    writeFileSync(config, JSON.stringify({ ...(JSON.parse(readFileSync(config, 'utf8')) as object), threshold: 0.56 }));
    await using other = await Segmenter.load(stating, { device: 'cpu', cacheFolder: join(root, 'cache') });
    const maps = async (set: LabelSet): Promise<string> => String((await other.segment(photo, set)).labelMap);
    const [asIs, same, own] = await Promise.all([
      other.labels(['road', 'car']),
      segmenter.labels(['road', 'car'], { threshold: 0.56 }),
      other.labels(['road', 'car'], { threshold: 0.5 }),
    ]);
    expect([asIs.defaultThresholds, asIs.thresholds]).toEqual([
      [0.56, 0.56],
      [undefined, undefined],
    ]);
    expect(await maps(asIs)).toBe(await maps(same));
    expect(await maps(asIs)).not.toBe(await maps(own));
    const path = join(root, 'stating.safetensors');
    await asIs.save(path);
    expect(String((await segmenter.segment(photo, await LabelSet.load(path))).labelMap)).toBe(await maps(asIs));
    const { masks } = { masks: await other.segment(photo, asIs, { output: ['masks'] }) };
    expect([...masks.mask('road')]).toEqual([...values[0]].map((value) => Number(value >= 0.56)));
  });

  it('is where no label reaches the threshold that config.json states for its name', async () => {
    const stating = writeTinyClipseg(join(root, 'single'));
    const config = join(stating, 'config.json');
    const write = (fields: object): void =>
      writeFileSync(config, JSON.stringify({ ...(JSON.parse(readFileSync(config, 'utf8')) as object), ...fields }));
    write({ threshold: 0.56, thresholds: { car: 0.3 } });
    await using other = await Segmenter.load(stating, { device: 'cpu', cacheFolder: join(root, 'cache') });
    const set = await other.labels(['road', 'car']);
    expect(set.defaultThresholds).toEqual([0.56, 0.3]);
    expect(set.backgroundRule).toBe('where no label reaches its threshold (road: 0.56, car: 0.3)');
    const given = await segmenter.labels([
      { name: 'road', threshold: 0.56 },
      { name: 'car', threshold: 0.3 },
    ]);
    const map = async (labels: LabelSet): Promise<readonly number[]> => [
      ...(await other.segment(photo, labels)).labelMap,
    ];
    const [usual, asked] = [await map(set), await map(given)];
    // What reaches no threshold is the same; of two that reach theirs, each competes less half the logit of its own.
    expect(usual.map((label) => label === 255)).toEqual(asked.map((label) => label === 255));
    const logit = (activation: number): number => Math.log(activation / (1 - activation));
    const lead = values[0].map(
      (road, pixel) => logit(road) - logit(values[1][pixel]!) - (logit(0.56) - logit(0.3)) / 2,
    );
    const both = [...usual.keys()].filter((pixel) => values[0][pixel]! > 0.561 && values[1][pixel]! > 0.301);
    const clear = both.filter((pixel) => Math.abs(lead[pixel]!) > 1e-4);
    expect(clear.length).toBeGreaterThan(100);
    expect(clear.map((pixel) => usual[pixel])).toEqual(clear.map((pixel) => (lead[pixel]! > 0 ? 0 : 1)));
    write({ thresholds: { car: 30 } });
    await expect(Segmenter.load(stating, { device: 'cpu' })).rejects.toThrow(
      'config.json: thresholds: car must be a number in [0, 1], got 30',
    );
  });

  it("'none' is asked for: each pixel has the likeliest label", async () => {
    await expectLabels({ background: 'none' }, {}, [], higher);
    await expectLabels({}, { background: 'none' }, [], higher);
    await expectLabels({ background: 'none' }, { threshold: 0.55 }, [0.55], atLeast(0.55));
  });

  it('is where both are below a constant plane', async () => {
    const win = (road: number, car: number): number => (Math.max(road, car) >= 0.55 ? higher(road, car) : 255);
    await expectLabels({ background: 0.55 }, {}, [0.55], win);
    await expectLabels({}, { background: 0.55 }, [0.55], win);
    await expectLabels({ background: 0.9 }, { background: 0.55 }, [0.55], win);
  });

  it('is where no label reaches the threshold', async () => {
    const win = (road: number, car: number): number => (Math.max(road, car) >= 0.6 ? higher(road, car) : 255);
    await expectLabels({ threshold: 0.6 }, {}, [0.6], win);
    await expectLabels({}, { threshold: 0.6 }, [0.6], win);
    await expectLabels({ of: [0.1, 0.2] }, { threshold: 0.6 }, [0.6], win);
  });

  it("respects each label's own threshold: the higher one may be out", async () => {
    const win = (road: number, car: number): number => {
      const [roadIn, carIn] = [road >= 0.2, car >= 0.7];
      return roadIn && carIn ? higher(road, car) : roadIn ? 0 : carIn ? 1 : 255;
    };
    await expectLabels({ of: [0.2, 0.7] }, {}, [0.2, 0.7], win);
  });

  it("'threshold' cuts at 0.5 where none was given", async () => {
    await expectLabels({ background: 'threshold' }, {}, [0.5], (road, car) =>
      Math.max(road, car) >= 0.5 ? higher(road, car) : 255,
    );
  });

  it("'none' lets thresholds bear on masks only", async () => {
    await expectLabels({ threshold: 0.9, background: 'none' }, {}, [], higher);
    await expectLabels({ threshold: 0.9 }, { background: 'none' }, [], higher);
  });

  it("counts towards no label's area", async () => {
    const {
      areas,
      labelMap,
      background: share,
    } = await segmenter.segment(photo, await segmenter.labels(['road', 'car']), { background: 0.55 });
    const background = labelMap.filter((value) => value === 255).length / 1024;
    expect((areas['road'] as number) + (areas['car'] as number)).toBeCloseTo(1 - background, 10);
    expect(share).toBe(background);
    expect(background).toBeGreaterThan(0);
  });
});

describe('segment() refuses', () => {
  it.each<[string, unknown, string]>([
    ['a third view count', { views: 3 }, 'Cannot segment: views must be 1 or 5, got 3'],
    ['an unknown merge', { merge: 'min' }, 'Cannot segment: merge must be "mean" or "max", got "min"'],
    [
      'an unknown output',
      { output: ['labels', 'logits'] },
      'Cannot segment: output[1] must be one of "labels", "masks", "activations", got "logits"',
    ],
    ['no output', { output: [] }, 'Cannot segment: output must be a list that is not empty, got an empty list'],
    ['a threshold above 1', { threshold: 2 }, 'Cannot segment: threshold must be a number from 0 to 1, got 2'],
    [
      'a background below 0',
      { background: -0.1 },
      'Cannot segment: background must be "threshold", "none" or a number from 0 to 1, got -0.1',
    ],
    [
      'an unknown size',
      { size: 'double' },
      'Cannot segment: size must be "source", "model" or { width, height }, got "double"',
    ],
    [
      'a size of nothing',
      { size: { width: 0, height: 5 } },
      'Cannot segment: size must be "source", "model" or { width, height }, got an object',
    ],
  ])('%s', async (_, options, message) => {
    const set = await segmenter.labels(['road']);
    await expect(segmenter.segment(photo, set, options as SegmentOptions)).rejects.toThrow(new RangeError(message));
  });

  it('a size above maxPixels', async () => {
    const set = await segmenter.labels(['road']);
    const size = { width: 20_000, height: 20_000 };
    await expect(segmenter.segment(photo, set, { size })).rejects.toMatchObject({
      code: 'IMAGE_DECODE',
      message: 'Cannot segment: size must be at most 100000000 pixels (maxPixels), got 20000×20000',
    });
  });

  it('an output of no list or no text, a size of null, templates of neither kind, and a URL that is none', async () => {
    const set = await segmenter.labels(['road']);
    await expect(segmenter.segment(photo, set, { output: 'labels' as never })).rejects.toThrow(
      new TypeError('Cannot segment: output must be a list that is not empty, got "labels"'),
    );
    await expect(segmenter.segment(photo, set, { output: ['labels', Symbol('x')] as never })).rejects.toThrow(
      new TypeError('Cannot segment: output[1] must be one of "labels", "masks", "activations", got a symbol'),
    );
    await expect(segmenter.segment(photo, set, { size: null as never })).rejects.toThrow(
      'Cannot segment: size must be "source", "model" or { width, height }',
    );
    await expect(segmenter.labels(['road'], { templates: 5 as never })).rejects.toThrow(
      new TypeError(
        'Cannot embed labels: templates must be "plain", "clipseg", "imagenet80", "tcl9" or a list of sentences that ' +
          'contain {}, got 5',
      ),
    );
    await expect(segmenter.segment('http://', set)).rejects.toThrow(
      new TypeError('Cannot open image: input must be a valid URL, got "http://"'),
    );
  });

  it('labels that are no label set, or one of another checkpoint', async () => {
    await expect(segmenter.segment(photo, ['road'] as never)).rejects.toThrow(
      new TypeError(
        'Cannot segment: labels must be a LabelSet (from segmenter.labels() or LabelSet.load()), got a list of 1',
      ),
    );
    const foreign = new LabelSet({
      names: ['road'],
      embeddings: new Float32Array(512),
      thresholds: [undefined],
      background: 'none',
    });
    await expect(segmenter.segment(photo, foreign)).rejects.toThrow(
      new RangeError(
        'Cannot segment: labels must have embeddings of 16 dimensions, got 512 (made for another checkpoint)',
      ),
    );
  });
});

describe('Segmenter.load() refuses', () => {
  it.each<[string, SegmenterOptions, string]>([
    [
      'an unknown device',
      { device: 'tpu' as never },
      'device must be one of "auto", "cpu", "cuda", "webgpu", "coreml", "dml", "openvino", "openvino:gpu", ' +
        '"openvino:npu", got "tpu"',
    ],
    [
      'an unknown precision',
      { precision: 'fp8' as never },
      'precision must be one of "auto", "fp32", "fp16", "bf16", "int8", got "fp8"',
    ],
    ['no threads', { threads: 0 }, 'threads must be a positive integer, got 0'],
    ['half a batch', { maxBatch: 0.5 }, 'maxBatch must be a positive integer, got 0.5'],
    ['an endless queue', { maxQueue: Infinity }, 'maxQueue must be a positive integer, got Infinity'],
    ['no pixels', { maxPixels: -1 }, 'maxPixels must be a positive integer, got -1'],
    [
      'an input size of no whole patches',
      { inputSize: 33 },
      `inputSize must be a positive multiple of the patch size 8, got 33 (${folder})`,
    ],
  ])('%s', async (_, options, message) => {
    await expect(Segmenter.load(folder, options)).rejects.toThrow(new RangeError(`Cannot load checkpoint: ${message}`));
  });

  it('a source that is neither folder nor hub id', async () => {
    await expect(Segmenter.load('')).rejects.toThrow(
      new TypeError('Cannot load checkpoint: source must be a folder, a hub id or "embedded", got ""'),
    );
    await expect(Segmenter.load('./no/such/folder')).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message:
        'Cannot load checkpoint: source must be an existing folder, a hub id like owner/name or "embedded", got ' +
        '"./no/such/folder"',
    });
  });

  it('a device the runtime does not have on this system, naming those it has', async () => {
    const device = process.platform === 'win32' ? 'coreml' : 'dml';
    await expect(Segmenter.load(folder, { device, cacheFolder: join(root, 'cache') })).rejects.toMatchObject({
      name: 'SynsegError',
      code: 'DEVICE_UNAVAILABLE',
      message: expect.stringMatching(
        new RegExp(
          `^Cannot use device "${device}": it must be one that onnxruntime has here \\(cpu, .*\\), got none of ` +
            'that name$',
        ),
      ),
    });
  });

  it('CUDA where it does not start; it never falls back by itself', async () => {
    const load = Segmenter.load(folder, { device: 'cuda', cacheFolder: join(root, 'cache') });
    const outcome = await load.then(
      async (loaded) => {
        await using held = loaded;
        return held.device;
      },
      (error: unknown) => error,
    );
    if (outcome !== 'cuda')
      expect(outcome).toMatchObject({
        code: 'DEVICE_UNAVAILABLE',
        message: expect.stringMatching(/^Cannot use device "cuda": /),
      });
    else expect(outcome).toBe('cuda');
  });
});
