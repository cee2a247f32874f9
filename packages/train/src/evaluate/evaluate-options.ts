/** Options of `evaluate()`. */
import type { SegmenterOptions, Templates } from '@synseg/core';
import {
  abortSignal,
  callback,
  choice,
  integer,
  list,
  number,
  either,
  readOptions,
  text,
  value,
  withDefault,
  type OptionsOf,
  type Resolved,
} from '@synseg/core/guards';
import { PICTURE_LIMITS, limitsOf } from '../image/picture-bytes.ts';
import type { EvaluatedModel } from './contest.ts';
import { DATASETS } from './datasets.ts';

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** Pictures done, failed ones included. */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

/** Options of loading a checkpoint, which bear on one given by path or hub id only. */
const LOADING = {
  /**
   * Execution provider.
   * @default 'auto'
   */
  device: value<NonNullable<SegmenterOptions['device']>>('be the name of a device', isText, isText, {
    fromText: String,
    placeholder: 'name',
  }),
  /**
   * Precision inside the network.
   * @default 'auto'
   */
  precision: choice(['auto', 'fp32', 'fp16', 'int8']),
  /**
   * Side of the square picture the trunk takes, pixels; a multiple of the patch size.
   * @default the checkpoint's own
   */
  inputSize: integer(),
  /**
   * Processor threads of one operator.
   * @default the processor's, at most 8
   */
  threads: integer(),
  /**
   * Folder of generated graphs and cached embeddings.
   * @default SYNSEG_CACHE, else the platform's cache folder
   */
  cacheFolder: text(),
  ...PICTURE_LIMITS,
};

/** Options of `evaluate()`. */
export const EVALUATE_OPTIONS = {
  ...LOADING,
  /** Layout of the data set. */
  dataset: choice(DATASETS),
  /** Folder of the data set. */
  root: text(),
  /**
   * Part of the data set.
   * @default 'test' for camvid; none for index-png; ccp has none
   */
  split: text(),
  /**
   * Labels that compete for the pixels of a picture: every class of the list, or those that occur in the picture's
   * ground truth, which is easier and comparable only with numbers got in the same way.
   * @default 'all'
   */
  labels: withDefault(choice(['all', 'present']), 'all'),
  /**
   * Pixels of the class list's `background_index`: they do not count, or it is a class like the others.
   * @default 'ignore'
   */
  background: withDefault(choice(['ignore', 'class']), 'ignore'),
  /**
   * Activation the winning label must reach; below it a pixel is background.
   * @default none: argmax
   */
  threshold: number({ least: 0, most: 1 }),
  /**
   * Pictures of the data set's order (sorted by name) to pass over.
   * @default 0
   */
  offset: withDefault(integer({ least: 0 }), 0),
  /**
   * Takes only the first so many pictures (after `offset`): not a random sample.
   * @default all
   */
  limit: integer(),
  /**
   * 1: the whole picture; 5: the whole and its four quadrants.
   * @default 1
   */
  views: withDefault(choice([1, 5]), 1),
  /**
   * How five views become one map.
   * @default 'mean'
   */
  merge: withDefault(choice(['mean', 'max']), 'mean'),
  /**
   * Sentences the names are put into, where the checkpoint has a text encoder.
   * @default the checkpoint's own
   */
  templates: either(
    'be a name or a list of sentences with {}',
    choice<Extract<Templates, string>>(['plain', 'clipseg', 'imagenet80']),
    list(text()),
  ),
  /**
   * Class list to use in place of the data set's own, with other names or prompts; it must list every value of the
   * masks.
   * @default ROOT/classes.json
   */
  classes: text(),
  /**
   * PNG to write: photo, ground truth and prediction of the pictures with the lowest mIoU.
   * @default none
   */
  sheet: text(),
  /**
   * Pictures on the sheet.
   * @default 12
   */
  sheetPictures: withDefault(integer({ most: 100 }), 12),
  /** Receives how far the evaluation is, after each picture. */
  onProgress: callback<(progress: EvaluationProgress) => void>(),
  /** Ends the evaluation; it rejects with the signal's reason. */
  signal: abortSignal(),
};
export type EvaluateOptions = OptionsOf<typeof EVALUATE_OPTIONS, 'dataset' | 'root'>;

/** {@link EvaluateOptions}, checked. */
export type EvaluationRequest = Resolved<typeof EVALUATE_OPTIONS, 'dataset' | 'root'>;

const MODEL = value<string | EvaluatedModel>(
  'be a folder, a hub id or a Segmenter',
  (given) =>
    typeof given === 'string' ||
    (typeof given === 'object' &&
      given !== null &&
      typeof (given as Partial<EvaluatedModel>).segment === 'function' &&
      typeof (given as Partial<EvaluatedModel>).labels === 'function'),
  (given) => given !== '',
);

/** @throws TypeError or RangeError for options that cannot be */
export function readRequest(model: string | EvaluatedModel, options: EvaluateOptions): EvaluationRequest {
  readOptions('evaluate', { model: MODEL }, { model }, ['model']);
  const request = readOptions('evaluate', EVALUATE_OPTIONS, options, ['dataset', 'root']);
  const given = Object.keys(LOADING).find((name) => options[name as keyof typeof LOADING] !== undefined);
  if (typeof model !== 'string' && given !== undefined) {
    throw new RangeError(
      `Cannot evaluate: ${given} must be given when the Segmenter is loaded, got it with a loaded one`,
    );
  }
  return request;
}

/** Options of `Segmenter.load()` among those of `evaluate()`. */
export function loadOptions(request: EvaluationRequest): SegmenterOptions {
  const { device, precision, inputSize, threads, cacheFolder, signal } = request;
  const options = { device, precision, inputSize, threads, cacheFolder, signal, ...limitsOf(request) };
  return Object.fromEntries(Object.entries(options).filter(([, given]) => given !== undefined));
}

function isText(given: unknown): boolean {
  return typeof given === 'string';
}
