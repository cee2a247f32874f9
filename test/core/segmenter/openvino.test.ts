/** Segmenting on OpenVINO, where its library is: onnxruntime's labels, in each precision, with each kind of trunk. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Segmenter, type Segmentation, type SegmenterOptions, type SegmentOptions } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { drawScene } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { hasOpenVino, whyNoOpenVino } from '../../support/openvino.ts';
import { picture } from '../../support/random.ts';
import { STREET, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { worstExcess } from '../../support/tensors.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { writeTinyConvolution, NAMES } from '../../support/tiny-convolution.ts';

const root = temporaryFolder();
const cacheFolder = join(root, 'cache');
const photo = picture(60, 40, 1);
const scene = await drawScene(sceneOf(54), { size: 352 });
const street = { data: scene.pixels, width: scene.width, height: scene.height };

/** Checkpoints, labels and a picture of each kind of trunk. */
const MODELS = {
  clip: { folder: writeTinyClipseg(join(root, 'clip')), names: ['road', 'car', 'the tree'], image: photo },
  convolution: { folder: writeTinyConvolution(join(root, 'convolution')), names: NAMES, image: photo },
  onnx: { folder: STREET, names: ['road', 'sky', 'car', 'building', 'tree'], image: street },
  embedded: { folder: 'embedded', names: ['person', 'car', 'road', 'sky', 'tree'], image: street },
} as const;

async function segment(
  model: keyof typeof MODELS,
  options: SegmenterOptions = {},
  request: SegmentOptions = {},
): Promise<Segmentation> {
  const { folder, names, image } = MODELS[model];
  await using segmenter = await Segmenter.load(folder, { device: 'openvino', cacheFolder, threads: 2, ...options });
  expect(segmenter.device).toBe(options.device ?? 'openvino');
  const labels = await segmenter.labels([...names]);
  return await segmenter.segment(image, labels, { output: ['labels', 'activations'], ...request });
}

/** Share of pixels with the same label, and the largest difference of an activation. */
function compared(a: Segmentation, b: Segmentation): { agreement: number; error: number } {
  const changed = a.labelMap.filter((label, pixel) => label !== b.labelMap[pixel]).length;
  return { agreement: 1 - changed / a.labelMap.length, error: worstExcess(a.activations, b.activations, 0, 0).error };
}

/** The only ready-made trunk is one of the shared data. */
const models = (Object.keys(MODELS) as (keyof typeof MODELS)[]).filter((model) => model !== 'onnx' || hasShared);

describe.skipIf(!hasOpenVino)(`a segmenter on OpenVINO${whyNoOpenVino}`, () => {
  it.each(models)("gives onnxruntime's label map in fp32 with a trunk of kind %s", async (model) => {
    const { agreement, error } = compared(await segment(model, { device: 'cpu' }), await segment(model));
    expect(agreement).toBe(1);
    // Sums of some thousand products in another order; activations are in 0 … 1.
    expect(error).toBeLessThan(1e-4);
  });

  it.each<[string, SegmentOptions]>([
    ['five views', { views: 5 }],
    ['another size', { size: { width: 97, height: 31 } }],
    ['scores by softmax', { scores: 'softmax', softmaxScale: 3 }],
    ['windows, refined', { windows: { size: 32, stride: 16 }, average: 'scores', refine: {} }],
    ['votes for background', { windows: { size: 32 }, average: 'scores', backgroundIn: 'windows', threshold: 0.5 }],
  ])("gives onnxruntime's label map with %s", async (_, request) => {
    const [theirs, ours] = [await segment('clip', { device: 'cpu' }, request), await segment('clip', {}, request)];
    expect(compared(theirs, ours).agreement).toBe(1);
    expect(new Set(ours.labelMap).size).toBeGreaterThan(1);
  });

  // Random networks amplify rounding, and many of their pixels are nearly tied: bf16 keeps two to three digits, fp16
  // three, int8 rounds to 1/127 of a row or map. The last three are trained, and nearly tied at edges only.
  const rough: [keyof typeof MODELS, 'bf16' | 'int8' | 'fp16', { agreement: number; error: number }][] = [
    ['clip', 'bf16', { agreement: 0.9, error: 0.15 }],
    ['clip', 'int8', { agreement: 0.9, error: 0.15 }],
    ['clip', 'fp16', { agreement: 0.97, error: 0.04 }],
    ['convolution', 'bf16', { agreement: 0.93, error: 0.15 }],
    ['convolution', 'int8', { agreement: 0.85, error: 0.2 }],
    ['onnx', 'bf16', { agreement: 0.98, error: 0.5 }],
    ['embedded', 'bf16', { agreement: 0.99, error: 0.15 }],
    ['embedded', 'int8', { agreement: 0.97, error: 0.25 }],
  ];
  it.each(rough.filter(([model]) => models.includes(model)))(
    'keeps nearly every label with a trunk of kind %s in %s',
    async (model, precision, least) => {
      const exact = await segment(model);
      const less = await segment(model, { precision }).catch((error: unknown) => error as Error);
      if (less instanceof Error) {
        // Not every processor computes in every precision, and none says that it does where it does not.
        expect(less).toMatchObject({ code: 'DEVICE_UNAVAILABLE' });
        expect(less.message).toContain(`Cannot use precision "${precision}": it must be one that device "openvino"`);
        return;
      }
      const { agreement, error } = compared(exact, less);
      expect(error).toBeGreaterThan(1e-4);
      expect(error).toBeLessThan(least.error);
      expect(agreement).toBeGreaterThan(least.agreement);
    },
  );

  it('gives new results when weights change in their place', async () => {
    const folder = writeTinyClipseg(join(root, 'changing'), { seed: 3 });
    const activations = async (): Promise<Segmentation> => {
      await using segmenter = await Segmenter.load(folder, { device: 'openvino', cacheFolder });
      const labels = await segmenter.labels(['road', 'car']);
      return await segmenter.segment(photo, labels, { output: ['labels', 'activations'] });
    };
    const before = await activations();
    expect(compared(before, await activations()).error).toBe(0);
    writeTinyClipseg(folder, { seed: 4 });
    expect(compared(before, await activations()).error).toBeGreaterThan(0.05);
  });

  it('writes nothing beside the weights', async () => {
    const { folder } = MODELS.clip;
    const before = readdirSync(folder);
    await using segmenter = await Segmenter.load(folder, { device: 'openvino', cacheFolder: join(root, 'other') });
    await segmenter.segment(photo, await segmenter.labels(['road']));
    expect(readdirSync(folder)).toEqual(before);
  });

  it('is used by other threads through share() and attach()', async () => {
    await using owner = await Segmenter.load(MODELS.clip.folder, { device: 'openvino', cacheFolder });
    const labels = await owner.labels(['road', 'car']);
    const script = `
      const { parentPort, workerData } = require('node:worker_threads');
      import('@synseg/core').then(async ({ LabelSet, Segmenter }) => {
        const segmenter = Segmenter.attach(workerData.shared);
        const again = () => segmenter.segment(workerData.photo, new LabelSet(workerData.labels));
        const results = await Promise.all([again(), again(), again()]);
        parentPort.postMessage([segmenter.device, ...results.map(({ labelMap }) => labelMap)]);
        await segmenter[Symbol.asyncDispose]();
      });`;
    const shared = owner.share();
    const workerData = { shared, labels: labels.parts, photo };
    const worker = new Worker(script, { eval: true, workerData, transferList: [shared.port] });
    const [[device, ...maps]] = (await once(worker, 'message')) as [[string, ...Uint8Array[]]];
    await once(worker, 'exit');
    const { labelMap } = await owner.segment(photo, labels);
    expect(device).toBe('openvino');
    expect(maps.map((map) => map.join())).toEqual(Array.from({ length: 3 }, () => labelMap.join()));
  });

  it('loads the same graphs in two segmenters at once', async () => {
    const own = join(root, 'at once');
    const load = async (): Promise<string> => {
      await using segmenter = await Segmenter.load(MODELS.clip.folder, { device: 'openvino', cacheFolder: own });
      return (await segmenter.segment(photo, await segmenter.labels(['road', 'car']))).labelMap.join();
    };
    expect(new Set(await Promise.all([load(), load(), load()])).size).toBe(1);
  });

  it('says which logits are no numbers, as with onnxruntime', async () => {
    const folder = writeTinyClipseg(join(root, 'no numbers'), {
      tensors: { 'decoder.film_add.bias': { shape: [16], data: new Float32Array(16).fill(NaN) } },
    });
    await using segmenter = await Segmenter.load(folder, { device: 'openvino', cacheFolder });
    await expect(segmenter.segment(photo, await segmenter.labels(['road']))).rejects.toMatchObject({
      code: 'INFERENCE',
      message: expect.stringContaining('logits must be finite numbers'),
    });
  });
});

describe('precision', () => {
  it.each(['cpu', 'auto', 'webgpu'] as const)('"bf16" is refused on device "%s"', async (device) => {
    await expect(Segmenter.load('embedded', { device, precision: 'bf16' })).rejects.toThrow(
      new RangeError(
        `Cannot load checkpoint: precision must be another than "bf16" on device "${device}", which only OpenVINO ` +
          'computes in, got "bf16"',
      ),
    );
  });

  it.skipIf(!hasOpenVino || !hasShared)('"int8" is refused for a ready-made ONNX trunk', async () => {
    await expect(segment('onnx', { precision: 'int8' })).rejects.toThrow(
      'Cannot load checkpoint: precision must be another than "int8" for a ready-made ONNX trunk, got "int8"',
    );
  });
});
