/** Options of `evaluate()`. */
import type { SegmenterOptions } from '@synseg/core';
import { LOAD_OPTIONS } from '@synseg/core/options';
import {
  abortSignal,
  callback,
  choice,
  commaSeparated,
  integer,
  list,
  number,
  readOptions,
  text,
  value,
  withDefault,
  type Option,
  type OptionsOf,
  type Resolved,
} from '@synseg/core/guards';
import { DATASETS, type DatasetName } from '../benchmarks/datasets.ts';
import { RENAME, SET_NAME } from '../data/data-options.ts';
import { PICTURE_LIMITS } from '../image/picture.ts';
import type { ContestOptions, EvaluatedModel } from './contest.ts';
import { PIXEL_OPTIONS } from './pixel-options.ts';
import { PROTOCOL_NAMES, withProtocol } from './protocols.ts';

/** Progress of an evaluation. */
export interface EvaluationProgress {
  /** Pictures done, failed ones included. */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

/** `0.1,0.3` or `0.1:0.6:0.1`: from, to, step; as decimals, so that a step of 0.1 has no 0.30000000000000004. */
function thresholdsFromText(given: string): number[] {
  if (!given.includes(':')) return commaSeparated(given).map(Number);
  const [from = NaN, to = NaN, step = NaN] = given.split(':').map(Number);
  const length = Math.floor((to - from) / step + 1e-9) + 1;
  if (!(length > 0 && length <= MOST_THRESHOLDS)) return [];
  return Array.from({ length }, (_, at) => Number((from + at * step).toFixed(6)));
}

/** Thresholds on a command line or in a list. */
const MOST_THRESHOLDS = 101;
const THRESHOLDS = value<readonly number[]>(
  `be 1 to ${MOST_THRESHOLDS} rising numbers from 0 to 1`,
  (given) => Array.isArray(given) && given.every((item) => typeof item === 'number'),
  (given) =>
    given.length > 0 &&
    given.length <= MOST_THRESHOLDS &&
    given.every((item, at) => item >= 0 && item <= 1 && (at === 0 || item > given[at - 1]!)),
  { fromText: thresholdsFromText, placeholder: 'from:to:step' },
);

/** Options of loading a checkpoint, for one given by path or hub id only. */
const LOADING = {
  /**
   * Execution provider.
   * @default 'auto'
   */
  device: LOAD_OPTIONS.device,
  /**
   * Precision inside the network.
   * @default 'auto'
   */
  precision: LOAD_OPTIONS.precision,
  /**
   * Side of the square picture the trunk takes, pixels; a multiple of the patch size.
   * @default the protocol's, where the trunk takes it, else the checkpoint's own
   */
  inputSize: LOAD_OPTIONS.inputSize,
  /**
   * Statistics that pixels are normalized with.
   * @default the protocol's, where the trunk is not ready-made, else the checkpoint's own
   */
  statistics: LOAD_OPTIONS.statistics,
  /**
   * Processor threads of one operator.
   * @default the processor's, at most 8
   */
  threads: LOAD_OPTIONS.threads,
  /**
   * Folder of generated graphs and cached embeddings.
   * @default SYNSEG_CACHE, else the platform's cache folder
   */
  cacheFolder: LOAD_OPTIONS.cacheFolder,
  ...PICTURE_LIMITS,
};

/** Too many for a line of help. */
const DATASET: Option<DatasetName> = { ...choice(DATASETS), placeholder: 'layout' };

/** Options of `evaluate()`. */
export const EVALUATE_OPTIONS = {
  ...LOADING,
  /**
   * Layout of the data set; `annotations` is whatever an annotation tool exports, which is found out.
   * @default 'annotations'
   */
  dataset: withDefault(DATASET, 'annotations'),
  /** Folder of the data set; of coco-json also the file, of annotations also a zip or the file. */
  root: text(),
  /**
   * Part of the data set.
   * @default 'test' for camvid; none for index-png; ccp has none; 'val' for index-jsonl and annotations, where they
   * have one; what others call their validation set
   */
  split: text(),
  /**
   * Sets of index-jsonl to evaluate.
   * @default all
   */
  sets: list(SET_NAME),
  /**
   * Labels to ask for in place of the names of index-jsonl's classes, by class or set/class, or the path of a JSON file
   * of them. Classes of a set that share a label are one.
   * @default the names of the classes
   */
  rename: RENAME,
  /**
   * Labels that compete for the pixels of a picture: every class of the list, or those that occur in the picture's
   * ground truth, which is easier and comparable only with scores of the same kind.
   * @default 'all'
   */
  labels: withDefault(choice(['all', 'present']), 'all'),
  /**
   * Treatment of pixels of the background (`background_index` of a class list): they do not count, or are a class like
   * the others.
   * @default 'ignore'; 'class' of index-jsonl and of benchmarks that have one: what no label reaches its threshold for
   */
  background: choice(['ignore', 'class']),
  /**
   * Activation the winning label must reach; below it a pixel is background.
   * @default none: argmax; where background is a class by default, the protocol's, else the checkpoint's
   */
  threshold: number({ least: 0, most: 1 }),
  /**
   * Thresholds to score at besides, in the same pass: the label with the highest activation must reach each of them.
   * @default none
   */
  thresholds: THRESHOLDS,
  /**
   * Named protocol of a published evaluation: values of the options below, and where the data set has a background its
   * threshold. An option that is given takes the place of the protocol's.
   * @default none
   */
  protocol: choice(PROTOCOL_NAMES),
  /**
   * Pictures to skip, in the data set's order (by name; of index-jsonl by line, in each set).
   * @default 0
   */
  offset: withDefault(integer({ least: 0 }), 0),
  /**
   * Pictures at most, the first ones (after `offset`): not a random sample. Of index-jsonl, in each set.
   * @default all
   */
  limit: integer(),
  ...PIXEL_OPTIONS,
  /**
   * Class list to use in place of the data set's own, with other names or prompts; it must list every value of the
   * masks; of a benchmark, its classes in its order from 0.
   * @default ROOT/classes.json; the benchmark's own
   */
  classes: text(),
  /**
   * File of the results of each picture, written as they come: a run that was ended goes on from it.
   * @default none
   */
  results: text(),
  /**
   * Files of results of other runs, such as those of other parts of the list (`offset`, `limit`), whose pictures are
   * taken from them: the score is exactly that of one run.
   * @default none
   */
  join: list(text()),
  /**
   * HTML file to write, which opens offline: all figures with their protocol, the classes, the confusion matrix, the
   * curve of the thresholds, the pictures with the lowest mIoU.
   * @default none
   */
  report: text(),
  /**
   * PNG to write: the confusion matrix, each row as shares of its class.
   * @default none
   */
  matrix: text(),
  /**
   * PNG to write, with `thresholds`: of the first pictures the activation map of their largest class, and its mask at
   * each threshold.
   * @default none
   */
  maps: text(),
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
  /** Seed of the interval's draws of pictures. */
  seed: withDefault(integer({ least: 0 }), 42),
  /** Receives what `annotations` were found to be, for people. */
  onFound: callback<(description: string) => void>(),
  /** Receives the progress after each picture. */
  onProgress: callback<(progress: EvaluationProgress) => void>(),
  /** Ends the evaluation; it rejects with the signal's reason. */
  signal: abortSignal(),
};
export type EvaluateOptions = OptionsOf<typeof EVALUATE_OPTIONS, 'root'>;

/** {@link EvaluateOptions}, checked. */
export type EvaluationRequest = Resolved<typeof EVALUATE_OPTIONS, 'root'>;

/** A request for one set of pictures. */
export type SetRequest = EvaluationRequest & Pick<ContestOptions, 'background' | 'decision' | 'words'>;

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

/** Checks the arguments of `evaluate()`. @throws TypeError or RangeError for invalid options */
export function readRequest(model: string | EvaluatedModel, options: EvaluateOptions): EvaluationRequest {
  readOptions('evaluate', { model: MODEL }, { model }, ['model']);
  const request = readOptions('evaluate', EVALUATE_OPTIONS, withProtocol(options), ['root']);
  // With a protocol, a part of it may be given alone.
  const { windows } = request;
  if (typeof windows === 'object' && windows.size === undefined)
    throw new TypeError('Cannot evaluate: windows.size must be given with the other options of windows, got none');
  const given = Object.keys(LOADING).find((name) => options[name as keyof typeof LOADING] !== undefined);
  if (typeof model !== 'string' && given !== undefined) {
    throw new RangeError(
      `Cannot evaluate: ${given} must be given when the Segmenter is loaded, got it with a loaded one`,
    );
  }
  const ofSets = request.sets !== undefined ? 'sets' : request.rename !== undefined ? 'rename' : undefined;
  if (request.maps !== undefined && request.thresholds === undefined)
    throw new RangeError('Cannot evaluate: maps must be left out without thresholds, got it');
  if (ofSets !== undefined && !['index-jsonl', 'annotations'].includes(request.dataset))
    throw new RangeError(`Cannot evaluate: ${ofSets} must be left out for dataset ${request.dataset}, got it`);
  return request;
}

/** Options of `Segmenter.load()` among those of `evaluate()`. */
export function loadOptions(request: EvaluationRequest): SegmenterOptions {
  const { device, precision, inputSize, statistics, threads, cacheFolder, maxPixels, maxImageBytes, signal } = request;
  return { device, precision, inputSize, statistics, threads, cacheFolder, maxPixels, maxImageBytes, signal };
}
