import { expect, it } from 'vitest';
import { describeProtocol, formatScore } from '../../../packages/train/src/evaluate/format-score.ts';
import { pixelDefaults } from './pixel-protocol-default.ts';
import type { EvaluationProtocol, Score } from '../../../packages/train/src/evaluate/score.ts';

const protocol: EvaluationProtocol = {
  dataset: 'camvid',
  split: 'test',
  offset: 0,
  limit: null,
  labels: 'all',
  background: null,
  decision: 'argmax',
  views: 1,
  merge: 'mean',
  templates: 'vocabulary',
  classList: null,
  inputSize: [352, 352],
  precision: 'fp32',
  device: 'cpu',
  metric: 'mIoU as in mmseg',
  ...pixelDefaults,
};

const score: Score = {
  mIoU: 0.4,
  interval: { low: 0.35, high: 0.4512, level: 0.95, draws: 1000, seed: 42 },
  fwIoU: 0.5,
  meanAccuracy: 0.45,
  boundaryIoU: 0.3,
  pixelAccuracy: 0.625,
  chanceMIoU: 0.12345,
  labelsPerImage: 3,
  perClass: { 'sky': 0.8, 'traffic sign': 0, 'car': null },
  perClassAccuracy: { 'sky': 0.8, 'traffic sign': 0, 'car': null },
  perClassBoundaryIoU: { 'sky': 0.4, 'traffic sign': 0.2, 'car': null },
  classes: ['sky', 'traffic sign', 'car'],
  confusion: [
    [80, 12, 0],
    [5, 0, 0],
    [0, 0, 0],
  ],
  missed: [8, 95, 0],
  images: 233,
  leftOut: { classes: [], pixels: 0 },
  imagesWithoutClasses: 0,
  failures: [],
  protocol,
  timeSeconds: 20.26,
};

it('prints the number with its protocol beside it, and a table of the classes', () => {
  expect(formatScore(score).split('\n')).toEqual([
    'camvid test: mIoU 40.00 % (95 % interval 35.00–45.12 %), pixel accuracy 62.50 %, 233 pictures in 20.3 s',
    'frequency-weighted IoU 50.00 %, mean accuracy 45.00 %, boundary IoU 30.00 %',
    'chance: mIoU 12.35 % for one of the 3.0 competing labels (on average) at random',
    'protocol: all classes compete in every picture; argmax; whole pictures; 1 view; network input 352×352; names ' +
      'looked up in the vocabulary; pixels normalized by the trunk; sentences pooled by their mean; sigmoid; logits ' +
      'averaged and resampled; not refined; mask values that do not count: 255; fp32 on cpu; mIoU as in mmseg',
    '',
    'class         IoU %  boundary IoU %  accuracy %  precision %  pixels %  most often taken for',
    'sky           80.00           40.00       80.00        94.12     50.00  traffic sign (12.00 %)',
    'traffic sign   0.00           20.00        0.00         0.00     50.00  nothing (95.00 %)',
    'car               –               –           –            –      0.00',
  ]);
});

it('says all that makes a number different from another', () => {
  const changed: EvaluationProtocol = {
    ...protocol,
    split: null,
    offset: 700,
    limit: 100,
    labels: 'present',
    background: 'ignore',
    views: 5,
    merge: 'max',
    templates: ['a {}', 'the {}'],
    classList: 'my.json',
  };
  expect(formatScore({ ...score, protocol: changed }).split('\n')[3]).toBe(
    "protocol: the classes of a picture's own ground truth compete in it; background pixels do not count; argmax; " +
      'whole pictures; 5 views, merged by max; network input 352×352; templates "a {}", "the {}"; pixels normalized ' +
      'by the trunk; sentences pooled by their mean; sigmoid; logits averaged and resampled; not refined; mask ' +
      'values that do not count: 255; classes from my.json; first 700 of the list passed over; at most 100 pictures; ' +
      'fp32 on cpu; mIoU as in mmseg',
  );
  expect(formatScore({ ...score, protocol: { ...protocol, background: 'class', templates: 'clipseg' } })).toContain(
    '; background is a class; argmax; whole pictures; 1 view; network input 352×352; templates "clipseg"; ',
  );
});

it('prints a named protocol whole, and where the run departs from it', () => {
  const named: EvaluationProtocol = {
    ...protocol,
    name: 'tcl',
    changed: ['inputSize', 'refine'],
    windows: { size: 448, stride: 224, shortSide: 448, longSide: 2048 },
    statistics: { mean: [0.5, 0.25, 0.125], std: [1, 2, 3] },
    pooling: 'directions',
    words: { person: ['person', 'person in shirt'], boat: ['ship'] },
    scores: 'softmax',
    softmaxScale: 40,
    average: 'scores',
    refine: { iterations: 10, dilations: [1, 2], divisor: 4 },
    backgroundIn: 'windows',
    ignored: [],
  };
  expect(describeProtocol(named)).toBe(
    'tcl, but for inputSize, refine; all classes compete in every picture; argmax; windows of 448 pixels every 224 ' +
      'of pictures resampled to a short side of 448 and a long side of at most 2048 pixels; 1 view; network input ' +
      '352×352; names looked up in the vocabulary; pixels normalized by means 0.5, 0.25, 0.125 and deviations 1, 2, ' +
      '3; sentences pooled by the mean of their directions; asked for: person as person | person in shirt, boat as ' +
      'ship; softmax of 40 × logits; scores averaged and resampled; refined by color (PAMR, 10 iterations, ' +
      'dilations 1, 2, at 1/4 of the window); background by votes of the windows; every mask value counts; fp32 on ' +
      'cpu; mIoU as in mmseg',
  );
  expect(describeProtocol({ ...named, windows: { size: 8, stride: 4, shortSide: null, longSide: null } })).toContain(
    '; windows of 8 pixels every 4; ',
  );
});

it('names what was left out and what failed', () => {
  const failures = Array.from({ length: 7 }, (_, index) => ({ key: `p${String(index)}`, reason: 'broken' }));
  const lines = formatScore({
    ...score,
    images: 1,
    leftOut: { classes: ['hair', 'skin'], pixels: 12345 },
    imagesWithoutClasses: 2,
    failures,
  }).split('\n');
  expect(lines[0]).toContain('1 picture in');
  expect(lines.slice(9)).toEqual([
    '',
    'left out, as the checkpoint has no embedding of them (12,345 pixels do not count): hair, skin',
    '',
    '2 pictures without a pixel that counts',
    '',
    '7 pictures could not be evaluated:',
    ...[0, 1, 2, 3, 4].map((index) => `  p${String(index)}: broken`),
    '  and 2 more',
  ]);
});

it('refuses what is no score, and no protocol', () => {
  for (const wrong of [null, {}, { protocol: {} }]) {
    const got = wrong === null ? 'null' : 'an object';
    expect(() => formatScore(wrong as never)).toThrow(
      new TypeError(`Cannot format score: score must be what evaluate() resolves to, got ${got}`),
    );
    expect(() => describeProtocol(wrong as never)).toThrow(
      new TypeError(`Cannot describe protocol: protocol must be the protocol of a score, got ${got}`),
    );
  }
});
