/** Calls of @synseg/core. */
import * as core from '@synseg/core';
import { cacheUsage, clearCache, defaultCacheFolder, hubDefaults } from '@synseg/core/checkpoint';
import { messageOf } from '@synseg/core/guards';
import * as masks from '@synseg/core/masks';
import { deserializeError, serializeError } from '@synseg/core/runtime';
import { method, plain, type Calls } from '../call.ts';
import type { Held } from './held.ts';

const NAMES = ['road', 'car'];
const COLORS = [
  [255, 0, 0],
  [0, 128, 255],
];
const [WIDTH, HEIGHT] = [6, 4];
const map = (): Uint8Array => Uint8Array.from({ length: WIDTH * HEIGHT }, (_, index) => [0, 1, 255][index % 3]!);
const mask = (): Uint8Array => map().map((label) => (label === 0 ? 1 : 0));
const pixels = (): Uint8Array => new Uint8Array(WIDTH * HEIGHT * 3).fill(99);
const picture = (): object => ({ data: pixels(), width: WIDTH, height: HEIGHT, channels: 3 });
const parts = (): object => ({
  names: [...NAMES],
  embeddings: new Float32Array(32).fill(0.5),
  thresholds: [0.5, undefined],
  background: 0.4,
  defaultThresholds: [0.5, 0.4],
  colors: ['#ff0000', undefined],
});
const rle = (): object => masks.encodeRLE(mask(), WIDTH, HEIGHT);
const error = (): Error => new core.SynsegError('INFERENCE', 'Cannot x: y must z, got w', { cause: new Error('why') });

/** What is called: the main entry, that of masks, and what commands and neighbours use of the others. */
export const CORE = {
  ...core,
  ...masks,
  ...{ cacheUsage, clearCache, defaultCacheFolder, hubDefaults, messageOf, deserializeError, serializeError },
};

export function coreCalls({ segmenter, labels, segmentation, checkpoint }: Held): Calls {
  const signal = (): AbortSignal => new AbortController().signal;
  const encode = (): Promise<core.EncodedImage> => segmenter.encode(picture() as core.ImageInput);
  const bounds = { maxPixels: 1e6, maxImageBytes: 1e6, allowSVG: false };
  return {
    'cacheUsage': plain(cacheUsage, () => ['cache']),
    'clearCache': plain(clearCache, () => ['cache', ['graphs', 'embeddings']]),
    'defaultCacheFolder': plain(defaultCacheFolder, () => []),
    'downloadCheckpoint': plain(
      core.downloadCheckpoint,
      () => [
        'owner/name',
        {
          revision: 'main',
          offline: true,
          hubUrl: 'http://127.0.0.1:1',
          cacheDir: 'hub',
          accessToken: 'hf_x',
          signal: signal(),
          onProgress: () => undefined,
        },
      ],
      8,
    ),
    'hubDefaults': plain(hubDefaults, () => []),
    // It takes what Error takes.
    'SynsegError': null,
    'deserializeError': plain(deserializeError, () => [serializeError(error())]),
    'isSynsegError': plain(core.isSynsegError, () => [error()]),
    'messageOf': plain(messageOf, () => [error()]),
    'serializeError': plain(serializeError, () => [error()]),
    'encodeJPEG': plain(masks.encodeJPEG, () => [pixels(), WIDTH, HEIGHT, { quality: 80, maxWidth: 4 }]),
    'LabelSet': plain(
      (given: core.LabelSetParts) => new core.LabelSet(given),
      () => [parts()],
    ),
    'LabelSet.load': plain(
      (path: string) => core.LabelSet.load(path),
      () => ['labels.safetensors'],
    ),
    'LabelSet#ruleWith': method(
      () => labels,
      'ruleWith',
      () => [{ threshold: 0.4, background: 'none' }],
    ),
    'LabelSet#toJSON': method(
      () => labels,
      'toJSON',
      () => [],
    ),
    'LabelSet#save': method(
      () => labels,
      'save',
      () => ['saved.safetensors'],
    ),
    'decideLabels': plain(masks.decideLabels, () => [
      new Float32Array(2 * WIDTH * HEIGHT).fill(0.6),
      WIDTH,
      HEIGHT,
      { thresholds: [0.5, undefined], background: 'threshold', defaultThresholds: [0.5, 0.4] },
    ]),
    'legendSVG': plain(masks.legendSVG, () => [
      [...NAMES],
      structuredClone(COLORS),
      { road: 0.5, car: 0.1 },
      { fontSize: 12, background: 0.4, more: 2 },
    ]),
    'blendBitmap': plain(masks.blendBitmap, () => [
      pixels(),
      WIDTH,
      HEIGHT,
      { data: new Uint8Array(2 * 2 * 4), width: 2, height: 2 },
      1,
      1,
    ]),
    'drawLegend': plain(masks.drawLegend, () => [
      [...NAMES],
      structuredClone(COLORS),
      64,
      48,
      { areas: { road: 0.5, car: 0.1 }, background: true },
    ]),
    'blendOverlay': plain(masks.blendOverlay, () => [
      pixels(),
      WIDTH,
      HEIGHT,
      map(),
      WIDTH,
      HEIGHT,
      structuredClone(COLORS),
      { alpha: 0.5, contour: true, borders: 'smooth' },
    ]),
    'resizeLabelMap': plain(masks.resizeLabelMap, () => [
      map(),
      WIDTH,
      HEIGHT,
      9,
      7,
      { borders: 'smooth', maxPixels: 1e6 },
    ]),
    'labelColors': plain(masks.labelColors, () => [[...NAMES], ['#ff0000', [1, 2, 3]]]),
    'encodeIndexedPNG': plain(masks.encodeIndexedPNG, () => [
      map(),
      WIDTH,
      HEIGHT,
      structuredClone(COLORS),
      { transparentBackground: true },
    ]),
    'tracePolygons': plain(masks.tracePolygons, () => [mask(), WIDTH, HEIGHT, { tolerance: 0.5, minArea: 1 }]),
    'decodeRLE': plain(masks.decodeRLE, () => [rle(), { maxPixels: 1e6 }]),
    'encodeLabelMapRLE': plain(masks.encodeLabelMapRLE, () => [map(), WIDTH, HEIGHT, 2]),
    'encodeLabelRLE': plain(masks.encodeLabelRLE, () => [map(), WIDTH, HEIGHT, 1]),
    'encodeRLE': plain(masks.encodeRLE, () => [mask(), WIDTH, HEIGHT]),
    'measureRLE': plain(masks.measureRLE, () => [rle()]),
    // Made by Segmenter.encode() and Segmenter.segment().
    'EncodedImage': null,
    'Segmentation': null,
    'EncodedImage#dispose': method(encode, 'dispose', () => [], 4),
    'EncodedImage#toJSON': method(encode, 'toJSON', () => [], 4),
    'Segmentation#activation': method(
      () => segmentation,
      'activation',
      () => ['road'],
    ),
    'Segmentation#mask': method(
      () => segmentation,
      'mask',
      () => ['road'],
    ),
    'Segmentation#toRLE': method(
      () => segmentation,
      'toRLE',
      () => [],
    ),
    'Segmentation#toPolygons': method(
      () => segmentation,
      'toPolygons',
      () => [{ tolerance: 1, minArea: 2 }],
    ),
    'Segmentation#toPNG': method(
      () => segmentation,
      'toPNG',
      () => [{ transparentBackground: false }],
    ),
    'Segmentation#overlay': method(
      () => segmentation,
      'overlay',
      () => [
        picture(),
        { legend: true, format: 'jpeg', alpha: 0.5, contour: false, borders: 'nearest', ...bounds, signal: signal() },
      ],
      2,
    ),
    'Segmentation#toJSON': method(
      () => segmentation,
      'toJSON',
      () => [],
    ),
    'Segmenter': null,
    'Segmenter.load': plain(
      async (...args: Parameters<typeof core.Segmenter.load>) => (await core.Segmenter.load(...args)).dispose(),
      () => [
        checkpoint,
        {
          device: 'cpu',
          precision: 'auto',
          inputSize: 32,
          threads: 1,
          maxBatch: 2,
          maxQueue: 4,
          cacheFolder: 'cache',
          revision: 'main',
          offline: true,
          hubUrl: 'http://127.0.0.1:1',
          hubCacheFolder: 'hub',
          accessToken: 'hf_x',
          signal: signal(),
          onProgress: () => undefined,
          ...bounds,
          maxLabelPixels: 1e6,
        },
      ],
      6,
    ),
    'Segmenter.attach': plain(
      async (shared: core.SharedSegmenter) => core.Segmenter.attach(shared).dispose(),
      () => {
        const shared = segmenter.share();
        return [{ ...shared, info: structuredClone(shared.info) }];
      },
      2,
    ),
    'Segmenter#share': { args: () => [], call: () => segmenter.share().port.close() },
    'Segmenter#labels': method(
      () => segmenter,
      'labels',
      () => [
        ['road', { name: 'car', prompts: ['a {} there'], threshold: 0.3, color: '#00ff00' }],
        { templates: ['{}', 'a {}'], background: 'threshold', threshold: 0.4, signal: signal() },
      ],
      2,
    ),
    'Segmenter#encode': plain(
      async (...args: Parameters<core.Segmenter['encode']>) => (await segmenter.encode(...args)).dispose(),
      () => [picture(), { views: 5, signal: signal() }],
    ),
    'Segmenter#segment': method(
      () => segmenter,
      'segment',
      () => [
        picture(),
        labels,
        {
          views: 1,
          merge: 'mean',
          threshold: 0.5,
          background: 0.3,
          output: ['labels', 'masks'],
          size: [5, 7],
          transfer: false,
          signal: signal(),
        },
      ],
    ),
    'Segmenter#segmentBatch': method(
      () => segmenter,
      'segmentBatch',
      () => [[picture(), picture()], labels, { size: 'model' }],
    ),
    'Segmenter#dispose': plain(
      () => core.Segmenter.attach(segmenter.share()).dispose(),
      () => [],
    ),
    'Segmenter#toJSON': method(
      () => segmenter,
      'toJSON',
      () => [],
    ),
  };
}
