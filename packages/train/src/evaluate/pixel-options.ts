/** Options of `evaluate()` on how a picture becomes a label map: what a protocol names, each by itself. */
import type { SegmentOptions } from '@synseg/core';
import { commaSeparated, groupOrFalse, value, withDefault, type Resolved } from '@synseg/core/guards';
import { LABELS_OPTIONS, REFINE_OPTIONS, SEGMENT_OPTIONS, WINDOW_OPTIONS } from '@synseg/core/options';

type Words = Readonly<Record<string, readonly string[]>>;

const isWordList = (given: unknown): boolean =>
  Array.isArray(given) && given.length > 0 && given.every((word) => typeof word === 'string' && word.trim() !== '');

/** `person=person|person in shirt,boat=ship` as lists by class. */
function wordsOf(given: string): unknown {
  const pairs = commaSeparated(given).map((part) => /^([^=]+)=(.*)$/s.exec(part));
  if (pairs.includes(null)) return given;
  return Object.fromEntries(pairs.map((pair) => [pair![1]!.trim(), pair![2]!.split('|').map((word) => word.trim())]));
}

/** Options of how a picture becomes a label map. */
export const PIXEL_OPTIONS = {
  /**
   * Segments windows of the picture instead of the whole; where they overlap, the mean counts.
   * @default the protocol's, else the whole
   */
  windows: groupOrFalse(WINDOW_OPTIONS),
  /**
   * 1: the whole picture (or window); 5: the whole and its four quadrants.
   * @default the protocol's, else 1
   */
  views: withDefault(SEGMENT_OPTIONS.views, 1),
  /**
   * Merging of the five views into one map.
   * @default the protocol's, else 'mean'
   */
  merge: SEGMENT_OPTIONS.merge,
  /**
   * Prompt templates of the names, where the checkpoint has a text encoder.
   * @default the protocol's, else the checkpoint's own
   */
  templates: LABELS_OPTIONS.templates,
  /**
   * Pooling of the embeddings of a name's sentences: their mean, or the mean of their directions.
   * @default the protocol's, else 'mean'
   */
  pooling: LABELS_OPTIONS.pooling,
  /**
   * Words to ask for in place of the names of some classes; each competes, and the class gets the pixels of all.
   * @default the protocol's for the data set, else the names
   */
  words: value<Words>(
    'be lists of words by the names of classes',
    (given) => typeof given === 'object' && given !== null && !Array.isArray(given),
    (given) => Object.values(given).every(isWordList),
    { fromText: wordsOf, placeholder: 'class=word|word,…' },
  ),
  /**
   * Scores of labels: each by itself, or its share in the softmax over all labels.
   * @default the protocol's, else 'sigmoid'
   */
  scores: SEGMENT_OPTIONS.scores,
  /**
   * Factor of the logits in the softmax.
   * @default the protocol's, else 1
   */
  softmaxScale: SEGMENT_OPTIONS.softmaxScale,
  /**
   * What windows are averaged as and resampled to the size of the picture.
   * @default the protocol's, else 'logits'
   */
  average: SEGMENT_OPTIONS.average,
  /**
   * Refines the map of each window by the colors of its pixels (PAMR).
   * @default the protocol's, else not
   */
  refine: groupOrFalse(REFINE_OPTIONS),
  /**
   * Place where a pixel's background is decided: in the finished picture; or in each window, whose votes for background
   * compete with the scores.
   * @default the protocol's, else 'picture'
   */
  backgroundIn: SEGMENT_OPTIONS.backgroundIn,
};

type PixelRequest = Resolved<typeof PIXEL_OPTIONS> & Pick<SegmentOptions, 'threshold' | 'signal'>;

/** Options of `segment()` among those of `evaluate()`. */
export function pixelOptions(request: PixelRequest): SegmentOptions {
  const { windows, views, merge, scores, softmaxScale, average, refine, backgroundIn, threshold, signal } = request;
  return {
    ...(windows === undefined || windows === false ? {} : { windows: { ...windows, size: windows.size! } }),
    ...(refine === undefined || refine === false ? {} : { refine }),
    ...{ views, merge, scores, softmaxScale, average, backgroundIn, threshold, signal },
  };
}
