/**
 * A step with a convolution trunk. Its gradient, trunk frozen or trained, is held against central differences of the
 * total that the same graph reports: see `gradient.test.ts` for the method. Logits are on the finest map's grid, the
 * taps' patches are four times as large; with the paper's losses, whose contrast is too steep for differences through
 * the weights of outlines in float32, there is no finest map. Where the trunk is trained, distillation is left out: its
 * target follows the trunk, which is no reason for the trunk to move. Then that steps learn a word which captions alone
 * name, beside masks of others.
 *
 * Steps of 1e-3, with the trunk of 3e-4, and 5e-3 of the norm: the trunk's clipped ReLUs have a corner at 0 and at 6,
 * and totals in float32 are rounded to 1e-5.
 */
import { join } from 'node:path';
import { Weights, readModelConfig } from '@synseg/core/checkpoint';
import { Graph, decodeLabels, trunkMaps } from '@synseg/core/graph';
import { describe, expect, it } from 'vitest';
import { LOSSES, type FeatureSource, type Loss } from '../../../packages/train/src/objective/losses.ts';
import { flatten, initialValues, unflatten } from '../../../packages/train/src/step-graph/initial-values.ts';
import { DECODER_GROUPS, groupOf, layoutOf, trainedTensors } from '../../../packages/train/src/step-graph/layout.ts';
import { rowFeeds } from '../../../packages/train/src/trainer/feeds.ts';
import { microBatches } from '../../../packages/train/src/trainer/row-batch.ts';
import { gaussians, uniform } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyConvolutionConfig, writeTinyConvolution } from '../../support/tiny-convolution.ts';
import { runOnce } from '../autodiff/numeric.ts';
import { dot, lengthOf, meanOf } from '../objective/numeric.ts';
import { LABEL_TEXTS, TinyGraph, feedsOf, only, picturesOf, prepare, type Prepared } from './tiny-step.ts';
import { NOTHING_LEFT_OUT } from '../data/fixtures.ts';

const TOLERANCE = 5e-3;
const PAPER = ['align', 'contrast', 'background', 'separation'] as const;
const folder = writeTinyConvolution(join(temporaryFolder(), 'convolution'));
const dim = LABEL_TEXTS[0]!.length;

async function prepared(features: FeatureSource, losses: readonly Loss[], trunk: boolean): Promise<Prepared> {
  const text = { vocabulary: 'vocab.json', embeddings: 'vocab.safetensors', dim };
  const trunkConfig = features === 'conditional' ? { finest: null } : {};
  const config = readModelConfig({ ...tinyConvolutionConfig(trunkConfig), text }, undefined, 'tiny');
  const channels =
    features === 'taps' ? config.tapDims.reduce((sum, width) => sum + width, 0) : config.decoder.reduceDim;
  const specs = trainedTensors(config, channels, trunk);
  const weights = await Weights.open(folder);
  const { tensors } = await initialValues(specs, weights, 1, (name) => groupOf(name) === 'vision');
  const layout = layoutOf(specs, trunk ? [...DECODER_GROUPS, 'vision'] : DECODER_GROUPS, true);
  const { spec } = await prepare({ features, lambda: only(losses, (index) => 0.5 + 0.1 * index), input: 'pixels' });
  const parameters = flatten(layout, tensors);
  return { spec: { ...spec, config, layout }, layout, tensors, frozen: new Map(), weights, state: { parameters } };
}

describe.each([
  ['all losses on the taps', 'taps', LOSSES, false],
  ['losses of tags on the taps, with the trunk', 'taps', ['grounding', 'masks', 'maskShare'], true],
  ['losses of the paper on conditional features, with the trunk', 'conditional', [...PAPER, 'masks'], true],
] as const)('a convolution trunk, %s', (_, features, losses, trunk) => {
  it('has the gradient that central differences give, in every tensor', async () => {
    const step = await prepared(features, losses, trunk);
    const moves = trunk ? 3e-4 : 1e-3;
    const { config, lambda } = step.spec;
    const graph = await TinyGraph.load(step, 'partial');
    const parameters = step.state['parameters'] as Float32Array;
    const [height, width] = config.inputSize;
    const next = uniform(5);
    const pixels = Uint8Array.from({ length: 2 * height * width * 3 }, () => Math.floor(256 * next()));
    const feeds = {
      ...feedsOf(step.spec, picturesOf(config, [3, 2]), { rows: 8 }),
      pixels: { data: pixels, shape: [2, height, width, 3] },
    };
    const gradient = (await graph.run(feeds, step.state)).vectors['accumulated'] as Float32Array;
    const norm = lengthOf(gradient);
    const lossAt = async (direction: Float32Array, size: number, projector: boolean): Promise<number> => {
      const moved = parameters.map((value, index) => value + size * (direction[index] as number));
      const { figures } = await graph.run(feeds, { parameters: moved });
      const { distillation, sharing, total } = figures;
      return total - (projector ? lambda.distillation * distillation + lambda.sharing * sharing : 0);
    };
    const errors = [];
    for (const { name, offset, length } of step.layout.entries) {
      const own = gradient.subarray(offset, offset + length);
      const noise = gaussians(length, offset, 0.3 * (lengthOf(own) / Math.sqrt(length)));
      const leaning = own.map((value, index) => value * 2 * next() + (noise[index] as number));
      const direction = new Float32Array(gradient.length);
      direction.set(
        leaning.map((value) => value / Math.max(lengthOf(leaning), 1e-12)),
        offset,
      );
      const projector = groupOf(name) === 'projector';
      const slope =
        ((await lossAt(direction, moves, projector)) - (await lossAt(direction, -moves, projector))) / (2 * moves);
      const expected = dot(gradient, direction);
      if (!(Math.abs(slope - expected) / norm < TOLERANCE)) errors.push({ name, slope, expected, norm });
    }
    await graph.release();
    expect(errors).toEqual([]);
    const still = step.layout.entries.filter(({ offset, length }) =>
      gradient.subarray(offset, offset + length).every((value) => value === 0),
    );
    expect(still.map(({ name }) => name)).toEqual([]);
  });
});

describe('steps on captions and masks', () => {
  const [HEIGHT, WIDTH, IMAGES] = [32, 48, 8];
  const COLORS = { sky: [120, 180, 250], road: [90, 90, 100], car: [220, 40, 40] } as const;
  const WORDS = ['sky', 'road', 'car'];
  const cells = Array.from({ length: HEIGHT * WIDTH }, (_, at) => [Math.floor(at / WIDTH), at % WIDTH] as const);
  /** Sky above a road; on even pictures a car, of which the mask knows nothing. */
  const isCar = (image: number, y: number, x: number): boolean =>
    image % 2 === 0 && Math.floor(y / 16) === Math.floor(image / 2) % 2 && Math.floor(x / 16) === (image / 2) % 3;
  const nameAt = (image: number, y: number, x: number): keyof typeof COLORS =>
    isCar(image, y, x) ? 'car' : y < HEIGHT / 2 ? 'sky' : 'road';
  const images = Array.from({ length: IMAGES }, (_, image) => image);
  const pixels = Uint8Array.from(
    images.flatMap((image) => cells.flatMap(([y, x]) => [...COLORS[nameAt(image, y, x)]])),
  );
  const masks = Uint8Array.from(
    images.flatMap((image) => cells.map(([y, x]) => ({ sky: 0, road: 1, car: 255 })[nameAt(image, y, x)])),
  );
  // The last two pictures have no captions.
  const said = images.map((image) => (image > 5 ? [] : image % 2 === 0 ? ['car', 'road', 'sky'] : ['road', 'sky']));
  const texts = new Map(WORDS.map((word, index) => [word, LABEL_TEXTS[index]!]));
  const classes = ['sky', 'road'].map((name, index) => ({ index, name }));

  /** How much larger the car's logits are where it is, the mean over pictures with one. */
  async function contrastOf({ spec: { config, layout } }: Prepared, parameters: Float32Array): Promise<number> {
    const tensors = unflatten(layout, parameters);
    const graph = new Graph('inference');
    const get = (name: string) => graph.floats(tensors.get(name)!.data, tensors.get(name)!.shape);
    const maps = trunkMaps(config, { graph, get }, graph.input('pixels', 'uint8', [IMAGES, HEIGHT, WIDTH, 3]));
    const text = graph.floats(texts.get('car')!, [1, dim]);
    graph.output('logits', decodeLabels({ graph, get }, maps, text, config).logits());
    const { logits } = await runOnce(graph, { pixels: { data: pixels, shape: [IMAGES, HEIGHT, WIDTH, 3] } });
    const differences = images
      .filter((image) => image % 2 === 0)
      .map((image) => {
        const own = Array.from(logits!.data.slice(image * 96, (image + 1) * 96), Number);
        const meanWhere = (is: boolean): number =>
          meanOf(own.filter((_, at) => isCar(image, 4 * Math.floor(at / 12), 4 * (at % 12)) === is));
        return meanWhere(true) - meanWhere(false);
      });
    return meanOf(differences);
  }

  /** Mean and deviation of each channel of the taps, class tokens left out. */
  async function statisticsOf({ spec: { config, layout } }: Prepared, parameters: Float32Array) {
    const tensors = unflatten(layout, parameters);
    const graph = new Graph('taps');
    const get = (name: string) => graph.floats(tensors.get(name)!.data, tensors.get(name)!.shape);
    const maps = trunkMaps(config, { graph, get }, graph.input('pixels', 'uint8', [IMAGES, HEIGHT, WIDTH, 3]));
    config.tapDims.forEach((_, tap) => graph.output(`tap${tap}`, maps[tap]!));
    const taps = await runOnce(graph, { pixels: { data: pixels, shape: [IMAGES, HEIGHT, WIDTH, 3] } });
    const channels = config.tapDims.flatMap((width, tap) =>
      Array.from({ length: width }, (_, channel) => {
        const own = Array.from(taps[`tap${tap}`]!.data, Number);
        return own.filter((_value, at) => at % width === channel && at % (7 * width) >= width);
      }),
    );
    const deviation = (own: readonly number[]): number =>
      Math.max(1e-3, Math.sqrt(meanOf(own.map((value) => (value - meanOf(own)) ** 2))));
    const shape = [channels.length];
    return {
      tapMean: { data: Float32Array.from(channels, meanOf), shape },
      tapDeviation: { data: Float32Array.from(channels, deviation), shape },
    };
  }

  it('learn the word of the captions where it is, and those of the masks', async () => {
    const step = await prepared('taps', ['grounding', 'distillation', 'masks', 'maskShare'], true);
    const { parameters } = step.state as { parameters: Float32Array };
    const optimizer = { ...step.spec.optimizer, visionRate: 0.1 };
    const spec = { ...step.spec, optimizer, images: IMAGES, batchImages: IMAGES };
    const [part] = microBatches(
      {
        ...{ images: IMAGES, keys: images.map(String), indices: images, categories: said, said, masks },
        leftOut: NOTHING_LEFT_OUT,
        after: { epoch: 0, consumed: IMAGES },
      },
      {
        ...{ microBatchSize: IMAGES, inputSize: [HEIGHT, WIDTH], embeddingDim: dim, maxCategories: 4, seed: 1 },
        ...{ captions: true, unstated: false, textCentre: new Float32Array(dim), classes },
      },
      texts,
      () => ({ pixels }),
    );
    const feeds = { ...rowFeeds(part!, spec), ...(await statisticsOf(step, parameters)) };
    const graph = await TinyGraph.load({ ...step, spec }, 'whole');
    const zeros = new Float32Array(parameters.length);
    let state: Record<string, Float32Array> = { parameters, mean: zeros, variance: zeros };
    const seen: Awaited<ReturnType<TinyGraph['run']>>['figures'][] = [];
    for (let at = 1; at <= 100; at++) {
      const { figures, vectors } = await graph.run(feeds, state, { step: at, learningRate: 0.01 });
      state = vectors;
      seen.push(figures);
    }
    await graph.release();
    for (const name of ['grounding', 'masks', 'maskShare'] as const)
      expect(seen.at(-1)![name], name).toBeLessThan(0.8 * seen[0]![name]);
    const [before, after] = [await contrastOf(step, parameters), await contrastOf(step, state['parameters']!)];
    expect(after).toBeGreaterThan(before + 0.25);
  });
});
