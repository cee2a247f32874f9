/** Options of `Segmenter.segment()`, checked and filled in once, at the door. */
import { describeValue, optionNames } from '../guard/arguments.ts';
import { DEFAULT_LIMITS, limitError } from '../guard/limits.ts';
import { checkActivation, checkBackground } from '../mask/check.ts';
import { disposedError } from '../errors.ts';
import { LabelSet } from '../labels/label-set.ts';
import { decisionOf, type Background, type Decision, type PostprocessOutputs } from '../model/postprocess.ts';
import type { MergeRule, ViewCount } from '../model/views.ts';
import type { EncodedImage } from './encoded-image.ts';

/** What a segmentation contains. */
export type Output = 'labels' | 'masks' | 'activations';

/** Options of `Segmenter.encode()`. */
export interface EncodeOptions {
  /** 1: the whole picture; 5: the whole and its four quadrants, finer and five times the work. @default 1 */
  readonly views?: ViewCount;
  readonly signal?: AbortSignal;
}

/** Options of `Segmenter.segment()`. */
export interface SegmentOptions extends EncodeOptions {
  /** How the whole view and the quadrants become one map, in logit space. @default 'mean' */
  readonly merge?: MergeRule;
  /** Activation in [0, 1] a pixel must reach, for every label; overrides the label set's. */
  readonly threshold?: number;
  /** Overrides the label set's background. */
  readonly background?: Background;
  /** Results to compute. @default ['labels'] */
  readonly output?: readonly Output[];
  /** Resolution of the results: the picture's, the network's own, or any. @default 'source' */
  readonly size?: 'source' | 'model' | { readonly width: number; readonly height: number };
  /**
   * Gives the memory of raw RGB pixels away instead of copying it, where they have the trunk's size already: `data` is
   * empty afterwards. For streams of frames. @default false
   */
  readonly transfer?: boolean;
}

/** Names of {@link EncodeOptions} and {@link SegmentOptions}. */
export const ENCODE_NAMES = optionNames<EncodeOptions>({ views: true, signal: true });
export const SEGMENT_NAMES = optionNames<SegmentOptions>({
  views: true,
  signal: true,
  merge: true,
  threshold: true,
  background: true,
  output: true,
  size: true,
  transfer: true,
});

const OUTPUTS: readonly string[] = ['labels', 'masks', 'activations'] satisfies Output[];

/** @throws RangeError unless `views` is 1 or 5 */
export function checkViews(views: number): ViewCount {
  if (views !== 1 && views !== 5)
    throw new RangeError(`Cannot segment: views must be 1 or 5, got ${describeValue(views)}`);
  return views;
}

/** @throws TypeError unless `labels` is a {@link LabelSet} of this embedding length */
export function checkLabels(labels: LabelSet, embeddingDim: number): LabelSet {
  if (!(labels instanceof LabelSet))
    throw new TypeError(
      'Cannot segment: labels must be a LabelSet (from segmenter.labels() or LabelSet.load()), got ' +
        `${describeValue(labels)}`,
    );
  if (labels.embeddingDim !== embeddingDim) {
    throw new RangeError(
      `Cannot segment: labels must have embeddings of ${String(embeddingDim)} dimensions, got ` +
        `${String(labels.embeddingDim)} (made for another checkpoint)`,
    );
  }
  return labels;
}

/** @throws SynsegError `DISPOSED`, or RangeError when the picture was encoded elsewhere or in other views */
export function checkEncoded(image: EncodedImage, views: ViewCount, owner: object): void {
  if (image.disposed) throw disposedError('encoded picture');
  if (image.owner !== owner)
    throw new RangeError('Cannot segment: encoded picture must be encoded by this segmenter, got one of another');
  if (image.views !== views)
    throw new RangeError(
      `Cannot segment: views must be the encoded picture's ${String(image.views)}, got ${describeValue(views)}`,
    );
}

/** The outputs asked for. */
export function resolveOutputs(output: readonly Output[] = ['labels']): PostprocessOutputs {
  if (!isList(output)) throw new TypeError(`Cannot segment: output must be a list, got ${describeValue(output)}`);
  const unknown = output.find((name) => !OUTPUTS.includes(name));
  if (unknown !== undefined || output.length === 0)
    throw new RangeError(
      `Cannot segment: output must name some of ${OUTPUTS.join(', ')}, got ` +
        `[${output.map((name) => (typeof name === 'string' ? name : describeValue(name))).join(', ')}]`,
    );
  return {
    labels: output.includes('labels'),
    masks: output.includes('masks'),
    activations: output.includes('activations'),
  };
}

/** Thresholds and background of one call: the options' where given, else the label set's. */
export function resolveDecision(labels: LabelSet, { threshold, background }: SegmentOptions): Decision {
  checkActivation('segment', 'threshold', threshold);
  if (background !== undefined) checkBackground('segment', background);
  const rule = labels.ruleWith({ threshold, background });
  return decisionOf(rule.thresholds, rule.background, rule.defaultThreshold);
}

/** @throws RangeError when `merge` is unknown */
export function checkMerge(merge: MergeRule = 'mean'): MergeRule {
  if (merge !== 'mean' && merge !== 'max')
    throw new RangeError(`Cannot segment: merge must be "mean" or "max", got ${JSON.stringify(merge)}`);
  return merge;
}

/** Height and width of the results. */
export function resolveSize(
  size: SegmentOptions['size'],
  source: readonly [number, number],
  model: readonly [number, number],
  maxPixels: number,
): readonly [height: number, width: number] {
  if (size === undefined || size === 'source') return source;
  if (size === 'model') return model;
  const { width, height } = typeof size === 'object' && (size as unknown) !== null ? size : { width: NaN, height: NaN };
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1 || width * height > maxPixels) {
    throw new RangeError(
      `Cannot segment: size must be "source", "model" or { width, height } of at most ${String(maxPixels)} pixels, ` +
        `got ${JSON.stringify(size)}`,
    );
  }
  return [height, width];
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
  throw limitError(
    'INFERENCE',
    'segment',
    `labels × width × height of ${masks ? 'masks' : 'activations'}`,
    'maxLabelPixels',
    maxLabelPixels,
    'values',
    `${labels} × ${width} × ${height}`,
  );
}

/** `Array.isArray` that leaves the type of a readonly list alone. */
export function isList(value: unknown): boolean {
  return Array.isArray(value);
}
