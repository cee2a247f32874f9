/** Named protocols: what they hand to the model, what replaces a part of them, and what the score says of it. */
import { basename, join } from 'node:path';
import type { LabelInput, LabelsOptions, SegmentOptions } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import type { EvaluateOptions, EvaluationRequest } from '../../../packages/train/src/evaluate/evaluate-options.ts';
import { trunkOf } from '../../../packages/train/src/evaluate/pixel-protocol.ts';
import { PROTOCOL_NAMES, thresholdOf, wordsOf } from '../../../packages/train/src/evaluate/protocols.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { FakeModel, labelMap, writeClasses, writePicture, type Rows } from './fake-model.ts';

const folder = temporaryFolder();
let folders = 0;

async function dataset(
  masks: Readonly<Record<string, Rows>>,
  classes: readonly string[],
  more: object = {},
): Promise<EvaluateOptions> {
  const root = join(folder, String(folders++));
  for (const [key, rows] of Object.entries(masks)) await writePicture(root, key, rows);
  writeClasses(root, classes, { ignore_index: 255, ...more });
  return { dataset: 'index-png', root };
}

/** A model that takes notes of how it is asked. */
class NotingModel extends FakeModel {
  readonly options: SegmentOptions[] = [];
  readonly labelOptions: LabelsOptions[] = [];

  constructor(maps: Readonly<Record<string, Rows>>, vocabulary?: readonly string[]) {
    super((image, _, options) => {
      this.options.push(options);
      return labelMap(maps[basename(image, '.jpg')]!);
    }, vocabulary);
  }

  override async labels(labels: readonly LabelInput[], options: LabelsOptions = {}) {
    this.labelOptions.push(options);
    return super.labels(labels);
  }
}

const MASKS = { a: [[0, 1, 2, 255]] };
const VOC_LIKE = ['background', 'cat', 'dog'];
const BACKGROUND = { background_index: 0 };

async function asked(options: Partial<EvaluateOptions>, more: object = BACKGROUND) {
  const model = new NotingModel({ a: [[255, 0, 1, 0]] });
  const score = await evaluate(model, { ...(await dataset(MASKS, VOC_LIKE, more)), ...options });
  const { signal: _, ...segment } = model.options[0]!;
  const { templates, pooling, background } = model.labelOptions[0]!;
  return { segment, labels: { templates, pooling, background }, score, names: model.asked[0] };
}

const WINDOWS = { size: 448, stride: 224, shortSide: 448, longSide: 2048 };
const PAMR = { iterations: 10, dilations: [1, 2, 4, 8, 12, 24], divisor: 4 };

describe('a named protocol', () => {
  it('tcl: windows, nine templates, activations averaged and refined, background below 0.4', async () => {
    const { segment, labels, score, names } = await asked({ protocol: 'tcl' });
    expect(segment).toEqual({
      ...{ windows: WINDOWS, refine: PAMR, views: 1, merge: 'mean', scores: 'sigmoid', softmaxScale: 1 },
      ...{ average: 'scores', backgroundIn: 'picture', threshold: 0.4 },
    });
    expect(labels).toEqual({ templates: 'tcl9', pooling: 'mean', background: 'threshold' });
    expect(names).toEqual(['cat', 'dog']);
    expect(score).toMatchObject({
      mIoU: 1,
      classes: VOC_LIKE,
      protocol: {
        name: 'tcl',
        // The model without a network has an input of its own, and says nothing of statistics.
        changed: ['inputSize', 'statistics'],
        ...{ windows: WINDOWS, refine: PAMR, average: 'scores', threshold: 0.4, background: 'class', ignored: [255] },
        ...{ templates: 'tcl9', pooling: 'mean', scores: 'sigmoid', statistics: null, words: null },
        decision: 'argmax of the labels with an activation of at least 0.4',
      },
    });
  });

  it('groupvit: shares of a softmax, background by votes of the windows below 0.95', async () => {
    const { segment, labels, score } = await asked({ protocol: 'groupvit' });
    expect(segment).toEqual({
      ...{ windows: WINDOWS, views: 1, merge: 'mean', scores: 'softmax', softmaxScale: 1 },
      ...{ average: 'scores', backgroundIn: 'windows', threshold: 0.95 },
    });
    expect(labels.templates).toBe('clipseg');
    expect(score.protocol.decision).toBe('argmax of the labels with a share of at least 0.95');
  });

  it('sclip: logits averaged, 80 templates pooled by direction, background below 0.2', async () => {
    const { segment, labels } = await asked({ protocol: 'sclip' });
    expect(segment).toEqual({
      windows: { size: 224, stride: 112, shortSide: 336, longSide: 2048 },
      ...{ views: 1, merge: 'mean', scores: 'softmax', softmaxScale: 1 },
      ...{ average: 'logits', backgroundIn: 'picture', threshold: 0.2 },
    });
    expect(labels).toMatchObject({ templates: 'imagenet80', pooling: 'directions' });
  });

  it("synseg-5view: the whole and its quadrants, with the checkpoint's templates", async () => {
    const { segment, labels } = await asked({ protocol: 'synseg-5view' });
    expect(segment).toEqual({
      ...{ views: 5, merge: 'mean', scores: 'sigmoid', softmaxScale: 1 },
      ...{ average: 'logits', backgroundIn: 'picture', threshold: 0.5 },
    });
    expect(labels.templates).toBeUndefined();
  });

  it.each(PROTOCOL_NAMES)('%s without a background: the likeliest class, no threshold', async (protocol) => {
    const { segment, labels, score } = await asked({ protocol }, {});
    expect([segment.threshold, segment.backgroundIn]).toEqual([undefined, 'picture']);
    expect(labels.background).toBe('none');
    expect(score.protocol).toMatchObject({ name: protocol, decision: 'argmax', background: null, threshold: null });
    expect(score.protocol.changed).not.toContain('backgroundIn');
  });

  it('has thresholds of single data sets, and one without refinement', () => {
    const of = (protocol: Parameters<typeof thresholdOf>[0], dataset: string, refine: unknown = false): number =>
      thresholdOf(protocol, { dataset, refine });
    expect([of('tcl', 'voc21', PAMR), of('tcl', 'voc21'), of('groupvit', 'voc21')]).toEqual([0.4, 0.5, 0.95]);
    expect([of('groupvit', 'context60'), of('sclip', 'context60'), of('sclip', 'coco-object')]).toEqual([
      0.35, 0.15, 0.25,
    ]);
    expect(wordsOf('sclip', 'voc21')).toMatchObject({ boat: ['ship'], diningtable: ['table'] });
    expect(wordsOf('tcl', 'voc21')).toBeUndefined();
  });

  it('gives way to options that are given, one by one', async () => {
    const { segment, labels, score } = await asked({
      ...{ protocol: 'tcl', windows: { stride: 112 }, refine: false, templates: 'plain', views: 5 },
      threshold: 0.3,
    });
    expect(segment).toMatchObject({
      windows: { ...WINDOWS, stride: 112 },
      views: 5,
      threshold: 0.3,
      average: 'scores',
    });
    expect(segment.refine).toBeUndefined();
    expect(labels.templates).toBe('plain');
    expect(score.protocol.changed.toSorted()).toEqual([
      'inputSize',
      'refine',
      'statistics',
      'templates',
      'threshold',
      'windows',
    ]);
    const unrefined = await asked({ protocol: 'tcl', refine: false });
    expect(unrefined.segment.threshold).toBe(0.5);
    expect(unrefined.score.protocol.changed).not.toContain('threshold');
    expect((await asked({ protocol: 'tcl', windows: false })).segment.windows).toBeUndefined();
    expect((await asked({ protocol: 'tcl', refine: { iterations: 3 } })).segment.refine).toEqual({
      ...PAMR,
      iterations: 3,
    });
  });

  it('is one of those there are; windows need a size', async () => {
    const given = await dataset(MASKS, VOC_LIKE);
    const refused = (options: object) => evaluate(new NotingModel({}), { ...given, ...options });
    await expect(refused({ protocol: 'tlc' })).rejects.toThrow(
      new RangeError('Cannot evaluate: protocol must be one of "tcl", "groupvit", "sclip", "synseg-5view", got "tlc"'),
    );
    await expect(refused({ windows: { stride: 4 } })).rejects.toThrow(
      new TypeError('Cannot evaluate: windows.size must be given with the other options of windows, got none'),
    );
  });
});

describe('words', () => {
  it('compete in place of a name, and the class gets the pixels of all', async () => {
    const words = { background: ['sky', 'wall'], dog: ['puppy', 'dog'] };
    // Labels are sky, wall, cat, puppy, dog; the fourth pixel is nothing that was asked for.
    const model = new NotingModel({ a: [[1, 2, 3, 4, 255]] });
    const options = await dataset({ a: [[0, 1, 2, 2, 0]] }, VOC_LIKE, BACKGROUND);
    const score = await evaluate(model, { ...options, words, background: 'class', threshold: 0.5 });
    expect(model.asked).toEqual([['sky', 'wall', 'cat', 'puppy', 'dog']]);
    expect(score).toMatchObject({ mIoU: 1, classes: VOC_LIKE, labelsPerImage: 3, protocol: { words } });
    const present = new NotingModel({ a: [[0, 1]] });
    const two = await evaluate(present, {
      ...(await dataset({ a: [[2, 2]] }, VOC_LIKE)),
      words: { dog: words.dog },
      labels: 'present',
    });
    expect(present.asked).toEqual([words.dog]);
    expect(two.mIoU).toBe(1);
  });

  it('are left out without an embedding; so is a class without any of its words', async () => {
    const model = new NotingModel({ a: [[0, 0, 255]] }, ['cat']);
    const options = await dataset({ a: [[1, 1, 2]] }, VOC_LIKE);
    const score = await evaluate(model, { ...options, words: { cat: ['kitten', 'cat'], dog: ['puppy'] } });
    expect(model.asked).toEqual([['cat']]);
    expect(score).toMatchObject({ classes: ['cat'], leftOut: { classes: ['background', 'dog'], pixels: 1 } });
  });

  it('name classes of the data set', async () => {
    const options = await dataset(MASKS, VOC_LIKE);
    await expect(evaluate(new NotingModel({}), { ...options, words: { horse: ['pony'] } })).rejects.toThrow(
      new RangeError('Cannot evaluate: words must name classes of the data set, got "horse"'),
    );
    await expect(evaluate(new NotingModel({}), { ...options, words: { cat: [] } })).rejects.toThrow(
      'Cannot evaluate: words must be lists of words by the names of classes, got',
    );
  });
});

describe('a checkpoint under a protocol', () => {
  const request = (options: Partial<EvaluationRequest>) => options as EvaluationRequest;
  const tiny = (name: string, patch: number): string =>
    writeTinyClipseg(join(folder, name), { patch, size: 2 * patch, hidden: 16 });

  it('has the input and the statistics of the protocol, where its trunk takes them and none are given', async () => {
    const fitting = tiny('fitting', 32);
    expect(await trunkOf(fitting, request({ protocol: 'tcl' }))).toEqual({ inputSize: 448, statistics: 'imagenet' });
    expect(await trunkOf(fitting, request({ protocol: 'sclip', inputSize: 64, statistics: 'imagenet' }))).toEqual({
      ...{ inputSize: 64, statistics: 'imagenet' },
    });
    expect(await trunkOf(tiny('odd', 30), request({ protocol: 'tcl' }))).toEqual({
      ...{ inputSize: undefined, statistics: 'imagenet' },
    });
    expect(await trunkOf(fitting, request({ inputSize: 96 }))).toEqual({ inputSize: 96, statistics: undefined });
  });

  it('is scored as the protocol says', async () => {
    const mask = Array.from({ length: 20 }, () => [...new Array<number>(30).fill(0), ...new Array<number>(20).fill(1)]);
    const options = await dataset({ a: mask }, ['road', 'car']);
    const cacheFolder = join(folder, 'cache');
    const score = await evaluate(tiny('whole', 32), { ...options, protocol: 'tcl', device: 'cpu', cacheFolder });
    expect(score.images).toBe(1);
    expect(score.protocol).toMatchObject({
      ...{ name: 'tcl', changed: [], inputSize: [448, 448], templates: 'tcl9', decision: 'argmax' },
      statistics: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    });
  });
});
