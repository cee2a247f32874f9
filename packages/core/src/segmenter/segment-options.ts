/** Options of `Segmenter.encode()` and `segment()`. */
import { checkKind, describeValue, rangeError } from '../guard/arguments.ts';
import { DEFAULT_LIMITS, limitError } from '../guard/limits.ts';
import { SIGNAL_OPTION, choice, either, flag, group, integer, list, number, withDefault } from '../guard/options.ts';
import type { OptionsOf, Resolved } from '../guard/options.ts';
import { backgroundRule, checkPixels } from '../mask/check.ts';
import { disposedError } from '../errors.ts';
import { LabelSet } from '../labels/label-set.ts';
import { decisionOf, type PostprocessOutputs } from '../model/postprocess.ts';
import type { ViewCount } from '../model/views.ts';
import type { ScoreRule, SegmentRequest } from '../session/protocol.ts';
import type { EncodedImage } from './encoded-image.ts';

/** Kind of result that a segmentation contains. */
export type Output = 'labels' | 'masks' | 'activations';

/** Options of `Segmenter.encode()`. */
export const ENCODE_OPTIONS = {
  /**
   * 1: the whole picture; 5: the whole and its four quadrants, finer and five times the work.
   * @default 1, or those that the picture was encoded in
   */
  views: choice([1, 5]),
  ...SIGNAL_OPTION,
};
export type EncodeOptions = OptionsOf<typeof ENCODE_OPTIONS>;

const SIDES = group({ width: integer(), height: integer() }, ['width', 'height']);

/** Windows that slide over the picture. */
export const WINDOW_OPTIONS = {
  /** Side of the square windows, pixels of the resampled picture. */
  size: integer(),
  /** Distance of windows, pixels; the last of a row or column ends with the picture. @default half the size */
  stride: integer(),
  /** Shorter side that the picture is resampled to, unless the longer would exceed longSide. @default its own */
  shortSide: integer(),
  /** Most that the longer side of the resampled picture may be. @default no bound */
  longSide: integer(),
};

/** Refinement of scores by the colors of the picture (PAMR). */
export const REFINE_OPTIONS = {
  /** Times that every pixel takes the mean of its neighbors, weighted by likeness. @default 10 */
  iterations: withDefault(integer({ most: 100 }), 10),
  /** Distances of the neighbors, pixels of the map that is refined. @default [1, 2, 4, 8, 12, 24] */
  dilations: withDefault(list(integer({ most: 1024 })), [1, 2, 4, 8, 12, 24]),
  /** Pixels of a window's side for each of the map that is refined. @default 4 */
  divisor: withDefault(number({ least: 1, most: 64 }), 4),
};

/** Options of `Segmenter.segment()`. */
export const SEGMENT_OPTIONS = {
  ...ENCODE_OPTIONS,
  /** Segments windows of the picture instead of the whole; where they overlap, the mean counts. @default the whole */
  windows: group(WINDOW_OPTIONS, ['size']),
  /** Scores of labels: each by itself, or its share in the softmax over all labels. @default 'sigmoid' */
  scores: withDefault(choice(['sigmoid', 'softmax']), 'sigmoid'),
  /** Factor of the logits in the softmax. @default 1 */
  softmaxScale: withDefault(number({ above: 0, most: 1000 }), 1),
  /** What windows are averaged as; scores are then resampled too, not logits. @default 'logits' */
  average: withDefault(choice(['logits', 'scores']), 'logits'),
  /** Refines each window's map by the colors of its pixels. @default not */
  refine: group(REFINE_OPTIONS),
  /**
   * Place where a pixel's background is decided: in the finished picture; or in each window, where scores below the
   * threshold (at most the window's highest score) are a vote for background that competes with the scores.
   * @default 'picture'
   */
  backgroundIn: withDefault(choice(['picture', 'windows']), 'picture'),
  /** Rule that merges the whole view and the quadrants into one map, in logit space. @default 'mean' */
  merge: withDefault(choice(['mean', 'max']), 'mean'),
  /** Activation that a pixel must reach, for every label; overrides the label set's. */
  threshold: number({ least: 0, most: 1 }),
  /** Overrides the label set's background. */
  background: backgroundRule(),
  /** Results to compute. @default ['labels'] */
  output: withDefault(list(choice(['labels', 'masks', 'activations'])), ['labels']),
  /** Resolution of the results: the picture's, the network's own, or any. @default 'source' */
  size: withDefault(either('be "source", "model" or { width, height }', choice(['source', 'model']), SIDES), 'source'),
  /**
   * Moves the memory of raw RGB pixels that already have the trunk's size instead of copying it: `data` is empty
   * afterwards. For streams of frames.
   * @default false
   */
  transfer: withDefault(flag(), false),
};
export type SegmentOptions = OptionsOf<typeof SEGMENT_OPTIONS>;

/** @throws TypeError unless `labels` is a {@link LabelSet} of this embedding length */
export function checkLabels(labels: LabelSet, embeddingDim: number): LabelSet {
  const rule = 'be a LabelSet (from segmenter.labels() or LabelSet.load())';
  checkKind('segment', 'labels', labels, labels instanceof LabelSet, rule);
  const { embeddingDim: found } = labels;
  if (found === embeddingDim) return labels;
  const dimensions = `have embeddings of ${embeddingDim} dimensions`;
  throw rangeError('segment', 'labels', dimensions, `${found} (made for another checkpoint)`);
}

/** @throws SynsegError `DISPOSED`, or RangeError for a picture that was encoded elsewhere or otherwise than asked */
export function checkEncoded(
  image: EncodedImage,
  views: ViewCount,
  owner: object,
  { windows, refine }: Resolved<typeof SEGMENT_OPTIONS>,
): void {
  if (image.disposed) throw disposedError('encoded picture');
  if (image.owner !== owner)
    throw rangeError('segment', 'encoded picture', 'be encoded by this segmenter', 'one of another');
  if (image.views !== views)
    throw rangeError('segment', 'views', `be the encoded picture's ${image.views}`, describeValue(views));
  for (const [name, given] of Object.entries({ windows, refine }))
    if (given !== undefined)
      throw rangeError('segment', name, 'be left out for an encoded picture', describeValue(given));
}

/** A call's request to the inference thread, without the picture. Thresholds are the options', else the label set's. */
export function segmentRequest(
  asked: Resolved<typeof SEGMENT_OPTIONS>,
  labels: LabelSet,
  views: ViewCount,
  inputSize: readonly [height: number, width: number],
): Omit<SegmentRequest, 'type' | 'picture' | 'size'> {
  const { merge, output, threshold, background, scores, average } = asked;
  const rule = labels.ruleWith({ threshold, background });
  const has = (kind: Output): boolean => output.includes(kind);
  const kind = average === 'scores' ? 'given' : scores;
  return {
    views,
    merge,
    outputs: { labels: has('labels'), masks: has('masks'), activations: has('activations') },
    rule: scoreRule(asked, inputSize),
    decision: decisionOf(rule.thresholds, rule.background, rule.defaultThresholds, kind),
    labels: { key: labels.key, count: labels.names.length, embeddings: labels.embeddings },
  };
}

function scoreRule(
  { windows, scores, softmaxScale, average, refine, backgroundIn, threshold }: Resolved<typeof SEGMENT_OPTIONS>,
  [inputHeight, inputWidth]: readonly [height: number, width: number],
): ScoreRule {
  const [height, width] = windows === undefined ? [inputHeight, inputWidth] : [windows.size, windows.size];
  const votes = backgroundIn === 'windows';
  if (votes && (average !== 'scores' || threshold === undefined))
    throw rangeError('segment', 'backgroundIn', 'be "picture" without average "scores" and a threshold', '"windows"');
  return {
    ...{ scores, softmaxScale, average },
    refine: refine && {
      iterations: refine.iterations,
      dilations: refine.dilations,
      size: [Math.max(1, Math.round(height / refine.divisor)), Math.max(1, Math.round(width / refine.divisor))],
    },
    vote: votes ? threshold : undefined,
  };
}

/** Height and width of the results. */
export function resolveSize(
  size: Resolved<typeof SEGMENT_OPTIONS>['size'],
  source: readonly [number, number],
  model: readonly [number, number],
  maxPixels: number,
): readonly [height: number, width: number] {
  if (size === 'source') return source;
  if (size === 'model') return model;
  checkPixels('segment', 'size', size.width, size.height, maxPixels);
  return [size.height, size.width];
}

/** @throws SynsegError `INFERENCE` when masks or activation maps would have more values than `maxLabelPixels` */
export function checkResults(
  { masks, activations }: PostprocessOutputs,
  labels: number,
  [height, width]: readonly [number, number],
  maxLabelPixels = DEFAULT_LIMITS.maxLabelPixels,
): void {
  const values = labels * height * width;
  if (!(masks || activations) || values <= maxLabelPixels) return;
  const what = `labels × width × height of ${masks ? 'masks' : 'activations'}`;
  const got = `${labels} × ${width} × ${height}`;
  throw limitError('INFERENCE', 'segment', what, 'maxLabelPixels', maxLabelPixels, 'values', got);
}
