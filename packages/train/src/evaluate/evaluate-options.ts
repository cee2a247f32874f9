/** Options of `evaluate()`, checked and filled in once, at the door. */
import type { SegmenterOptions, Templates } from '@synseg/core';
import {
  checkCallback,
  checkKind,
  checkLimits,
  checkOptions,
  checkSignal,
  describeValue,
  optionNames,
} from '@synseg/core/guards';
import { limitsOf, type PictureLimits } from '../image/picture-bytes.ts';
import type { BackgroundRule, EvaluatedModel } from './contest.ts';
import type { DatasetName } from './datasets.ts';

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** Pictures done, failed ones included. */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

/** Options of `evaluate()`. Those of loading bear on a checkpoint given by path or hub id only. */
export interface EvaluateOptions
  extends Pick<SegmenterOptions, 'device' | 'precision' | 'inputSize' | 'threads' | 'cacheFolder'>, PictureLimits {
  /** Layout of the data set. */
  readonly dataset: DatasetName;
  /** Folder of the data set. */
  readonly root: string;
  /** Part of the data set. @default 'test' for camvid; none for index-png; ccp has none */
  readonly split?: string;
  /**
   * Labels that compete for the pixels of a picture: every class of the list, or those that occur in the picture's
   * ground truth, which is easier and comparable only with numbers got in the same way. @default 'all'
   */
  readonly labels?: 'all' | 'present';
  /**
   * Pixels of the class list's `background_index`: they do not count, or it is a class like the others. @default
   * 'ignore'
   */
  readonly background?: BackgroundRule;
  /** Activation in [0, 1] the winning label must reach; below it a pixel is background. @default none: argmax */
  readonly threshold?: number;
  /** Pictures of the data set's order (sorted by name) to pass over. @default 0 */
  readonly offset?: number;
  /** Takes only the first so many pictures (after `offset`): not a random sample. @default all */
  readonly limit?: number;
  /** 1: the whole picture; 5: the whole and its four quadrants. @default 1 */
  readonly views?: 1 | 5;
  /** How five views become one map. @default 'mean' */
  readonly merge?: 'mean' | 'max';
  /** Sentences the names are put into, where the checkpoint has a text encoder. @default the checkpoint's own */
  readonly templates?: Templates;
  /**
   * Class list to use in place of the data set's own, with other names or prompts; it must list every value of the
   * masks. @default ROOT/classes.json
   */
  readonly classes?: string;
  /** Path of a PNG to write: photo, ground truth and prediction of the pictures with the lowest mIoU. @default none */
  readonly sheet?: string;
  /** Pictures on the sheet, 1 … 100. @default 12 */
  readonly sheetPictures?: number;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  readonly signal?: AbortSignal;
}

/** Checked options. */
export interface EvaluationRequest {
  readonly labels: 'all' | 'present';
  readonly background: BackgroundRule;
  readonly threshold: number | undefined;
  readonly offset: number;
  readonly limit: number | undefined;
  readonly views: 1 | 5;
  readonly merge: 'mean' | 'max';
  readonly templates: Templates | undefined;
  readonly limits: PictureLimits;
  readonly sheetPictures: number;
  readonly load: SegmenterOptions;
}

const LOAD_OPTIONS = [
  'device',
  'precision',
  'inputSize',
  'threads',
  'cacheFolder',
  'maxPixels',
  'maxImageBytes',
] as const;
const MOST_SHEET_PICTURES = 100;
const NAMES = optionNames<EvaluateOptions>({
  ...{
    device: true,
    precision: true,
    inputSize: true,
    threads: true,
    cacheFolder: true,
    maxPixels: true,
    maxImageBytes: true,
    dataset: true,
    root: true,
    split: true,
    labels: true,
    background: true,
  },
  ...{
    threshold: true,
    offset: true,
    limit: true,
    views: true,
    merge: true,
    templates: true,
    classes: true,
    sheet: true,
    sheetPictures: true,
    onProgress: true,
    signal: true,
  },
});

/** @throws TypeError or RangeError for options that cannot be; what loading and templates allow is checked there */
export function resolveEvaluation(model: string | EvaluatedModel, options: EvaluateOptions): EvaluationRequest {
  const fits =
    typeof model === 'string'
      ? model !== ''
      : typeof model === 'object' &&
        (model as unknown) !== null &&
        typeof model.segment === 'function' &&
        typeof model.labels === 'function';
  checkKind('evaluate', 'model', model, fits, 'be a folder, a hub id or a Segmenter');
  checkKind('evaluate', 'options', options, (options as unknown) !== undefined, 'be an object');
  checkOptions('evaluate', options, NAMES);
  checkSignal('evaluate', options.signal);
  checkCallback('evaluate', 'onProgress', options.onProgress);
  checkLimits('evaluate', options);
  for (const name of ['split', 'classes', 'sheet'] as const)
    checkKind(
      'evaluate',
      name,
      options[name],
      options[name] === undefined || (typeof options[name] === 'string' && options[name] !== ''),
      'be a text',
    );
  const load = Object.fromEntries(
    LOAD_OPTIONS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  ) as SegmenterOptions;
  const [given] = Object.keys(load);
  if (typeof model !== 'string' && given !== undefined) {
    throw new RangeError(
      `Cannot evaluate: ${given} must be given when the Segmenter is loaded, got it with a loaded one`,
    );
  }
  const { threshold, templates } = options;
  if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 1)) {
    throw new RangeError(`Cannot evaluate: threshold must be in [0, 1], got ${describeValue(threshold)}`);
  }
  return {
    labels: oneOf('labels', options.labels ?? 'all', ['all', 'present']),
    background: oneOf('background', options.background ?? 'ignore', ['ignore', 'class']),
    threshold,
    offset: integer('offset', options.offset ?? 0, 0, Infinity),
    limit: options.limit === undefined ? undefined : integer('limit', options.limit, 1, Infinity),
    views: oneOf('views', options.views ?? 1, [1, 5]),
    merge: oneOf('merge', options.merge ?? 'mean', ['mean', 'max']),
    templates,
    limits: limitsOf(options),
    sheetPictures: integer('sheetPictures', options.sheetPictures ?? 12, 1, MOST_SHEET_PICTURES),
    load,
  };
}

function integer(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const rule =
    most === Infinity
      ? `an integer of at least ${String(least)}`
      : `an integer from ${String(least)} to ${String(most)}`;
  throw new RangeError(`Cannot evaluate: ${name} must be ${rule}, got ${describeValue(value)}`);
}

function oneOf<Choice extends string | number>(name: string, value: Choice, choices: readonly Choice[]): Choice {
  if (choices.includes(value)) return value;
  throw new RangeError(`Cannot evaluate: ${name} must be one of ${choices.join(', ')}, got ${describeValue(value)}`);
}
