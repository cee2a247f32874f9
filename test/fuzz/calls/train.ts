/** Calls of @synseg/train. */
import * as train from '@synseg/train';
import { firstOf, method, plain, type Calls } from '../call.ts';
import type { Held } from './held.ts';

const PROTOCOL = {
  dataset: 'camvid',
  split: 'val',
  offset: 0,
  limit: null,
  labels: 'all',
  background: null,
  decision: 'where no label reaches 0.5',
  views: 1,
  merge: 'mean',
  templates: ['{}'],
  classList: null,
  inputSize: [32, 32],
  precision: 'fp32',
  device: 'cpu',
  metric: 'mIoU',
};
const SCORE = {
  mIoU: 0.4,
  chanceMIoU: 0.2,
  labelsPerImage: 2,
  interval: { low: 0.35, high: 0.4512, level: 0.95, draws: 1000, seed: 42 },
  fwIoU: 0.5,
  meanAccuracy: 0.45,
  boundaryIoU: 0.3,
  pixelAccuracy: 0.6,
  perClass: { road: 0.5, car: null },
  perClassAccuracy: { road: 0.5, car: null },
  perClassBoundaryIoU: { road: 0.5, car: null },
  classes: ['road', 'car'],
  confusion: [
    [5, 1],
    [0, 0],
  ],
  missed: [2, 0],
  images: 3,
  leftOut: { classes: ['sky'], pixels: 7 },
  imagesWithoutClasses: 1,
  failures: [{ key: 'a', reason: 'x' }],
  protocol: PROTOCOL,
  timeSeconds: 2,
};
const SUMMARY = {
  captions: 'a.tsv',
  out: 'b.jsonl',
  format: 'tsv',
  lines: 3,
  kept: 2,
  withoutPhrases: 1,
  broken: 0,
  phrases: 4,
  distinct: 3,
  exact: false,
  frequent: [{ phrase: 'red car', count: 2 }],
  countError: 1,
  excluded: { phrases: 1, byEntry: [{ entry: 'background', count: 1 }] },
  seconds: 2,
};

export function trainCalls({ checkpoint, segmenter }: Held): Calls {
  const signal = (): AbortSignal => new AbortController().signal;
  // Pictures that are not there: what is wrong with the options is told before, and nothing is trained.
  const options = (): object => ({
    ...{
      data: { source: 'missing.jsonl', keys: { image: ['image'] }, images: 'pictures', split: 'train' },
      init: checkpoint,
      out: 'run',
      steps: 2,
      batchSize: 2,
      microBatchSize: 1,
      recipe: 'paper',
      learningRate: 1e-4,
    },
    advanced: {
      lambda: { align: 0.1 },
      schedule: 'cosine',
      finalLearningRate: 0,
      warmupSteps: 1,
      weightDecay: 0.01,
      decayVectors: true,
      beta1: 0.9,
      beta2: 0.99,
      adamEpsilon: 1e-8,
      clipNorm: 1,
      trainable: ['film'],
      ema: 0.9,
      precision: 'fp32',
      workers: 1,
      keepEvery: 1,
      maxPixels: 1e6,
      maxImageBytes: 1e6,
    },
    ...{ seed: 1, maxCategories: 8, cacheFeatures: false, device: 'cpu', threads: 1, saveEvery: 1 },
    ...{
      evaluation: { dataset: 'camvid', root: 'missing', every: 1, limit: 2 },
      templates: ['{}'],
      resume: false,
      cacheFolder: 'cache',
      onWarning: () => undefined,
      onProgress: () => undefined,
      signal: signal(),
    },
  });
  const encoders = (): object => ({
    ...{ data: { source: 'missing.jsonl', images: 'pictures' }, init: checkpoint, out: 'run', steps: 2, batchSize: 2 },
    advanced: { schedule: 'cosine', finalLearningRate: 0, warmupSteps: 1, weightDecay: 0.01, clipNorm: 1 },
    ...{ seed: 1, device: 'cpu', threads: 1, saveEvery: 1, resume: false, cacheFolder: 'cache' },
    ...{ onWarning: () => undefined, onProgress: () => undefined, signal: signal() },
  });
  const texts = (): object => ({
    ...{ data: 'missing.jsonl', vectors: 'missing', init: checkpoint, out: 'run', steps: 2, batchSize: 2 },
    advanced: { schedule: 'cosine', finalLearningRate: 0, warmupSteps: 1, weightDecay: 0.01, clipNorm: 1 },
    ...{ evaluation: { data: 'missing.jsonl', every: 1 }, learningRate: 1e-3, seed: 1, device: 'cpu', threads: 1 },
    ...{ saveEvery: 1, resume: false, cacheFolder: 'cache', onWarning: () => undefined, signal: signal() },
  });
  const evaluation = (): object => ({
    dataset: 'camvid',
    root: 'missing',
    split: 'val',
    labels: 'all',
    background: 'ignore',
    threshold: 0.5,
    offset: 0,
    limit: 2,
    views: 1,
    merge: 'mean',
    templates: ['{}'],
    sheet: 'sheet.png',
    sheetPictures: 2,
    onProgress: () => undefined,
    signal: signal(),
    maxPixels: 1e6,
    maxImageBytes: 1e6,
  });
  const calibration = (): object => ({
    ...{ dataset: 'camvid', root: 'missing', split: 'val', offset: 0, limit: 2, templates: ['{}'] },
    ...{ onProgress: () => undefined, signal: signal(), maxPixels: 1e6, maxImageBytes: 1e6 },
  });
  const looking = (): object => ({
    ...{ onProgress: () => undefined, signal: signal(), maxPixels: 1e6, maxImageBytes: 1e6 },
  });
  const shape = (): object => ({
    vocabulary: 520,
    seed: 1,
    signal: signal(),
    vision: { side: 16, patch: 8, width: 16, layers: 2, heads: 2 },
    text: { width: 16, layers: 1, heads: 2, tokens: 12 },
    projectionDim: 8,
    taps: [0, 1],
    decoder: { reduceDim: 8, heads: 2, intermediateSize: 16, head: 'simple' },
  });
  const extractor = new train.PhraseExtractor();
  return {
    'evaluate': plain(train.evaluate, () => [segmenter, evaluation()], 2),
    'calibrate': plain(train.calibrate, () => [segmenter, calibration()], 2),
    'inspectData': plain(train.inspectData, () => ['missing', { sets: ['a'], sheet: 'sheet.png', ...looking() }]),
    'convertData': plain(train.convertData, () => [
      ...['missing', 'converted'],
      { sets: ['a'], heldOut: 0.1, seed: 1, links: true, ...looking() },
    ]),
    'fineTune': plain(train.fineTune, () => [
      'missing',
      {
        ...{ out: 'tuned', init: 'embedded', time: 60, steps: 2 },
        ...{ split: 'train', limit: 2, only: true, seed: 1, page: false, signal: signal() },
      },
    ]),
    'describeProtocol': plain(train.describeProtocol, () => [structuredClone(PROTOCOL)]),
    'formatScore': plain(train.formatScore, () => [structuredClone(SCORE)]),
    'parseExclusions': plain(train.parseExclusions, () => ['= top, * view\n# x\nbackground']),
    'readExclusions': plain(train.readExclusions, () => ['captions.tsv']),
    'extractPhrases': plain(
      train.extractPhrases,
      () => [
        'captions.tsv',
        {
          out: 'phrases.jsonl',
          format: 'tsv',
          keys: { image: 'image', caption: 1 },
          header: true,
          exclude: ['background'],
          keep: 'both',
          person: 'person',
          frequent: 5,
          distinctLimit: 100,
          table: 'table.tsv',
          onProgress: () => undefined,
          signal: signal(),
        },
      ],
      8,
    ),
    'PhraseExtractor': plain(
      (...args: ConstructorParameters<typeof train.PhraseExtractor>) => new train.PhraseExtractor(...args),
      () => [{ exclude: ['= top'], keep: 'nouns', person: 'person' }],
    ),
    'PhraseExtractor#extract': method(
      () => extractor,
      'extract',
      () => ['a red car on the road', () => undefined],
    ),
    'PhraseExtractor#select': method(
      () => extractor,
      'select',
      () => [['a red car', 'background'], () => undefined],
    ),
    'formatSummary': plain(train.formatSummary, () => [structuredClone(SUMMARY), 5]),
    'createCheckpoint': plain(train.createCheckpoint, () => ['fresh', ['a red car', 'the road'], shape()], 6),
    'exportCheckpoint': plain(
      train.exportCheckpoint,
      () => [checkpoint, `exported`, { precision: 'fp16', threshold: 0.4, overwrite: true, signal: signal() }],
      4,
    ),
    'openTrainingPage': plain(
      async (...args: Parameters<typeof train.openTrainingPage>) => (await train.openTrainingPage(...args)).close(),
      () => [{ host: '127.0.0.1', port: 0, token: 'a-long-token', title: 'x', signal: signal() }],
    ),
    'train': plain(
      async (...args: Parameters<typeof train.train>) => firstOf(train.train(...args)),
      () => [options()],
      2,
    ),
    'planTraining': plain(train.planTraining, () => [options()]),
    'trainEncoders': plain(
      async (...args: Parameters<typeof train.trainEncoders>) => firstOf(train.trainEncoders(...args)),
      () => [encoders()],
      2,
    ),
    'trainTextEncoder': plain(
      async (...args: Parameters<typeof train.trainTextEncoder>) => firstOf(train.trainTextEncoder(...args)),
      () => [texts()],
      2,
    ),
    'planTextEncoder': plain(train.planTextEncoder, () => [texts()]),
    'planEncoders': plain(train.planEncoders, () => [encoders()]),
    'readCaptions': plain(
      async (...args: Parameters<typeof train.readCaptions>) => firstOf(train.readCaptions(...args)),
      () => ['captions.tsv', { format: 'tsv', keys: { image: 'image', caption: 1 }, signal: signal() }],
      2,
    ),
  };
}
