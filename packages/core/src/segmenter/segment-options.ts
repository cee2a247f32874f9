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
import type { SegmentRequest } from '../session/protocol.ts';
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

/** Options of `Segmenter.segment()`. */
export const SEGMENT_OPTIONS = {
  ...ENCODE_OPTIONS,
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

/** @throws SynsegError `DISPOSED`, or RangeError when the picture was encoded elsewhere or in other views */
export function checkEncoded(image: EncodedImage, views: ViewCount, owner: object): void {
  if (image.disposed) throw disposedError('encoded picture');
  if (image.owner !== owner)
    throw rangeError('segment', 'encoded picture', 'be encoded by this segmenter', 'one of another');
  if (image.views !== views)
    throw rangeError('segment', 'views', `be the encoded picture's ${image.views}`, describeValue(views));
}

/** A call's request to the inference thread, without the picture. Thresholds are the options', else the label set's. */
export function segmentRequest(
  { merge, output, threshold, background }: Resolved<typeof SEGMENT_OPTIONS>,
  labels: LabelSet,
  views: ViewCount,
): Omit<SegmentRequest, 'type' | 'picture' | 'size'> {
  const rule = labels.ruleWith({ threshold, background });
  const has = (kind: Output): boolean => output.includes(kind);
  return {
    views,
    merge,
    outputs: { labels: has('labels'), masks: has('masks'), activations: has('activations') },
    decision: decisionOf(rule.thresholds, rule.background, rule.defaultThresholds),
    labels: { key: labels.key, count: labels.names.length, embeddings: labels.embeddings },
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
