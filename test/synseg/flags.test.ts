/** Options as flags of the command line: names, help, values. */
import { DATASETS } from '@synseg/train';
import { choice, flag, group, integer, list, number, text, withDefault, type Options } from '@synseg/core/guards';
import { describe, expect, it } from 'vitest';
import { CREATE_FLAGS } from '../../packages/synseg/src/commands/create.ts';
import { EVALUATE_FLAGS } from '../../packages/synseg/src/commands/evaluate.ts';
import { PHRASES_FLAGS } from '../../packages/synseg/src/commands/phrases.ts';
import { SEGMENT_FLAGS } from '../../packages/synseg/src/commands/segment.ts';
import { SERVE_FLAGS } from '../../packages/synseg/src/commands/serve.ts';
import { VIDEO_COMMAND_FLAGS } from '../../packages/synseg/src/commands/video.ts';
import { flagsOf, kebabCase } from '../../packages/synseg/src/flags.ts';
import { TRAIN_ENCODERS_FLAGS, TRAIN_FLAGS } from '../../packages/synseg/src/train-flags.ts';

function read(described: Options, option: string, given: string): unknown {
  return flagsOf('NONE', described)
    .find((found) => found.option === option && found.read !== undefined)
    ?.read?.(given);
}

describe('flagsOf()', () => {
  it('names flags for options, with what they take', () => {
    const described = {
      maxPixels: integer(),
      allowSVG: withDefault(flag(), false),
      legend: withDefault(flag(), true),
      header: flag(),
      size: choice(['model', 'source']),
      labels: list(text()),
      smooth: group({ weight: number(), steps: integer() }),
      pan: group({ width: number() }, ['width']),
    };
    expect(flagsOf('NONE', described, ['labels']).map(({ syntax, needed }) => [syntax, needed])).toEqual([
      ['--max-pixels <n>', false],
      ['--allow-svg', false],
      ['--no-legend', false],
      ['--header', false],
      ['--no-header', false],
      ['--size <model|source>', false],
      ['--labels <text,…>', true],
      ['--smooth [weight,…]', false],
      ['--pan <width,…>', false],
    ]);
  });

  it('says the docblock of the option, its names and its default', () => {
    const help = (name: string, described: Options, option: string): string | undefined =>
      flagsOf(name, described).find((found) => found.option === option)?.help;
    expect(help('SEGMENT_FLAGS', SEGMENT_FLAGS, 'maxPixels')).toBe(
      'Most pixels that one picture, mask or video frame may have: width × height (default: 100 million)',
    );
    expect(help('TRAIN_FLAGS', TRAIN_FLAGS, 'decoder')).toMatch(
      / \(takes reduce-dim, heads, intermediate-size, head\)$/,
    );
    expect(help('VIDEO_COMMAND_FLAGS', VIDEO_COMMAND_FLAGS, 'reconnect')).toMatch(
      / \(takes max-attempts, min-delay-seconds, max-delay-seconds; false is --no-reconnect\)$/,
    );
    expect(help('TRAIN_FLAGS', TRAIN_FLAGS, 'saveEvery')).toBe('Steps between two saves of last/ (default: 500)');
  });

  it.each(
    Object.entries({
      SEGMENT_FLAGS,
      VIDEO_COMMAND_FLAGS,
      SERVE_FLAGS,
      PHRASES_FLAGS,
      EVALUATE_FLAGS,
      CREATE_FLAGS,
      TRAIN_FLAGS,
      TRAIN_ENCODERS_FLAGS,
    }),
  )('every flag of %s has a help', (name, described) => {
    const silent = flagsOf(name, described).filter(({ help }) => help === '' || help.startsWith(' ('));
    expect(silent.map(({ syntax }) => syntax)).toEqual([]);
  });

  it('writes names in small letters', () => {
    expect(['maxPixels', 'allowSVG', 'pngFolder', 'fps'].map(kebabCase)).toEqual([
      'max-pixels',
      'allow-svg',
      'png-folder',
      'fps',
    ]);
  });
});

describe('values of flags', () => {
  it.each<[Options, string, string, unknown]>([
    [TRAIN_FLAGS, 'learningRate', '1e-5', 1e-5],
    [TRAIN_FLAGS, 'contrastGate', ' -0.3', -0.3],
    [TRAIN_FLAGS, 'trainable', 'film, layers,', ['film', 'layers']],
    [TRAIN_FLAGS, 'lambda', 'grounding=2,align=0', { grounding: 2, align: 0 }],
    [TRAIN_FLAGS, 'augmentation', 'flip', { flip: true }],
    [TRAIN_FLAGS, 'augmentation', 'crop=0.25:0.75,flip', { flip: true, crop: [0.25, 0.75] }],
    [TRAIN_FLAGS, 'augmentation', 'scale=0.5:2,hue=0.1', { scale: [0.5, 2], hue: 0.1 }],
    [TRAIN_FLAGS, 'sets', 'nyu=1,voc=0.5', { nyu: 1, voc: 0.5 }],
    [TRAIN_FLAGS, 'sets', 'nyu,voc', ['nyu', 'voc']],
    [
      TRAIN_FLAGS,
      'rename',
      'tv monitor=television,msrc/face=person',
      { 'tv monitor': 'television', 'msrc/face': 'person' },
    ],
    [TRAIN_FLAGS, 'rename', 'names.json', 'names.json'],
    [
      TRAIN_FLAGS,
      'evaluation',
      'dataset=index-jsonl,root=photos,sets=nyu:voc,rename=names.json',
      { dataset: 'index-jsonl', root: 'photos', sets: ['nyu', 'voc'], rename: 'names.json' },
    ],
    [
      TRAIN_FLAGS,
      'decoder',
      'reduce-dim=64,heads=4,intermediateSize=256,head=simple',
      { reduceDim: 64, heads: 4, intermediateSize: 256, head: 'simple' },
    ],
    [TRAIN_FLAGS, 'evaluation', 'dataset=ccp,root=data/ccp', { dataset: 'ccp', root: 'data/ccp' }],
    [
      TRAIN_FLAGS,
      'evaluation',
      'dataset=index-png,root=C:\\data\\mine,split=train',
      { dataset: 'index-png', root: 'C:\\data\\mine', split: 'train' },
    ],
    [TRAIN_ENCODERS_FLAGS, 'evaluation', 'held-out.jsonl', { data: 'held-out.jsonl' }],
    [PHRASES_FLAGS, 'keys', 'image=file name,caption=1', { image: 'file name', caption: 1 }],
    [CREATE_FLAGS, 'taps', '1,3', [1, 3]],
    [VIDEO_COMMAND_FLAGS, 'smooth', '0.5', { weight: 0.5 }],
    [VIDEO_COMMAND_FLAGS, 'smooth', 'weight=0.5,motion-threshold=0.1', { weight: 0.5, motionThreshold: 0.1 }],
    [VIDEO_COMMAND_FLAGS, 'reconnect', 'max-attempts=3', { maxAttempts: 3 }],
    [SEGMENT_FLAGS, 'background', '0.25', 0.25],
    [SEGMENT_FLAGS, 'background', 'none', 'none'],
  ])('%# %s reads %j', (described, option, given, value) => {
    expect(read(described, option, given)).toEqual(value);
  });

  it.each<[Options, string, string, string]>([
    [TRAIN_FLAGS, 'learningRate', '', 'It must be a number of at least 0.'],
    [TRAIN_FLAGS, 'learningRate', 'Infinity', 'It must be a number of at least 0.'],
    [TRAIN_FLAGS, 'trainable', ' , ', 'It must be a list that is not empty.'],
    [TRAIN_FLAGS, 'lambda', 'align=x', 'Its align must be a number of at least 0.'],
    [TRAIN_FLAGS, 'lambda', 'align=1,align=2', 'It must name each option once, got "align" twice.'],
    [TRAIN_FLAGS, 'sets', 'nyu=0', 'It must be a list of names of sets, or of weights above 0 by name.'],
    [TRAIN_FLAGS, 'rename', 'face=', 'It must be labels by the names of classes, or a path of a JSON file of them.'],
    [TRAIN_FLAGS, 'augmentation', 'blur', 'Its flip must be true or false.'],
    [TRAIN_FLAGS, 'augmentation', 'crop=0.5', 'Its crop must be two shares of the area, 0 < least ≤ most ≤ 1.'],
    [TRAIN_FLAGS, 'augmentation', 'crop=0.9:0.5', 'Its crop must be two shares of the area, 0 < least ≤ most ≤ 1.'],
    [TRAIN_FLAGS, 'decoder', 'reduce-dim=0', 'Its reduce-dim must be a positive integer.'],
    [TRAIN_FLAGS, 'decoder', 'head=round', 'Its head must be "simple" or "refined".'],
    [
      TRAIN_FLAGS,
      'decoder',
      'width=3',
      'It must be name=value, where name is one of reduce-dim, heads, intermediate-size, head, got "width".',
    ],
    [TRAIN_FLAGS, 'evaluation', 'dataset=camvid', 'Its root must be a string that is not empty.'],
    [
      TRAIN_FLAGS,
      'evaluation',
      'dataset=voc,root=data',
      `Its dataset must be one of ${DATASETS.map((name) => `"${name}"`).join(', ')}.`,
    ],
    [SEGMENT_FLAGS, 'views', '4', 'It must be 1 or 5.'],
  ])('%# %s refuses %j', (described, option, given, message) => {
    expect(() => read(described, option, given)).toThrow(new RangeError(message));
  });
});
