/**
 * Protocols of published evaluations, each as values of the options of `evaluate()`. An option that is given beside a
 * protocol takes the place of the protocol's.
 *
 * They follow the code that was published with each method (kakaobrain/tcl, NVlabs/GroupViT, wangf3014/SCLIP with the
 * thresholds of mc-lan/ProxyCLIP, arXiv 2508.06115), so far as it is about evaluation and not about the method's own
 * network. Where a network has to be translated to this one:
 *
 * - A label's logit of the decoder takes the place of a cosine times a scale; the scale of the softmax is then 1.
 * - Embeddings keep the length that the decoder was trained with, where a cosine would not see it.
 * - The trunk takes windows of its own size: `inputSize` of a protocol holds where the trunk can have it; where not,
 *   windows are resampled to the trunk's. A window beyond the picture's edge is padded to the whole window, not to the
 *   next multiple of 16 pixels.
 * - Pictures are resampled bilinearly by libvips, which averages over what a pixel covers where a picture shrinks;
 *   OpenCV, which the published code uses, does not.
 * - Not part of a protocol, as it is a network's own: TCL's mixture with CLIP's own map (weight 0.3), GroupViT's choice
 *   of the five likeliest classes of a picture, SCLIP's scales and least area by data set.
 */
import type { OptionsOf } from '@synseg/core/guards';
import type { PIXEL_OPTIONS } from './pixel-options.ts';

type PixelOptions = OptionsOf<typeof PIXEL_OPTIONS>;
type Words = Readonly<Record<string, readonly string[]>>;

/** A named set of options, and the threshold where the data set has a background. */
interface ProtocolRules {
  /** Options of loading, where the trunk can have them. */
  readonly trunk: { readonly inputSize: number; readonly statistics?: 'imagenet' | 'clip' };
  /** What is left to the data set or to the model is not among them. */
  readonly options: PixelOptions;
  /** Score that a pixel must reach, else it is background. */
  readonly threshold: number;
  /** The same without refinement. @default threshold */
  readonly thresholdUnrefined?: number;
  /** The same for single data sets. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** Words in place of names, for single data sets. */
  readonly words?: Readonly<Record<string, Words>>;
}

/** Names of the protocols. */
export const PROTOCOL_NAMES = ['tcl', 'groupvit', 'sclip', 'synseg-5view'] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** Short side 448, unless the long one would exceed 2048. */
const MMSEG_448 = { size: 448, stride: 224, shortSide: 448, longSide: 2048 };

const STUFF = [
  ...['sky', 'wall', 'tree', 'wood', 'grass', 'road', 'sea', 'river', 'mountain', 'sands', 'desk', 'bed', 'building'],
  ...['cloud', 'lamp', 'door', 'window', 'wardrobe', 'ceiling', 'shelf', 'curtain', 'stair', 'floor', 'hill', 'rail'],
  'fence',
];
const PERSON = [
  'person',
  ...['shirt', 'jeans', 'dress', 'sweater', 'skirt', 'jacket'].map((worn) => `person in ${worn}`),
];
const VOC_WORDS = {
  boat: ['ship'],
  diningtable: ['table'],
  person: PERSON,
  tvmonitor: ['television monitor', 'tv monitor', 'monitor', 'television', 'screen'],
};

/** The protocols by name. */
export const PROTOCOLS: Readonly<Record<ProtocolName, ProtocolRules>> = {
  /** TCL, and CoDe: its nine templates, activations averaged, refined by color, a constant background plane. */
  'tcl': {
    trunk: { inputSize: 448, statistics: 'imagenet' },
    options: {
      windows: MMSEG_448,
      templates: 'tcl9',
      pooling: 'mean',
      scores: 'sigmoid',
      average: 'scores',
      refine: { iterations: 10, dilations: [1, 2, 4, 8, 12, 24], divisor: 4 },
      backgroundIn: 'picture',
    },
    threshold: 0.4,
    thresholdUnrefined: 0.5,
  },
  /** GroupViT: one template, a softmax over the classes, background by votes of the windows. */
  'groupvit': {
    trunk: { inputSize: 448, statistics: 'imagenet' },
    options: {
      windows: MMSEG_448,
      templates: 'clipseg',
      pooling: 'mean',
      scores: 'softmax',
      average: 'scores',
      refine: false,
      backgroundIn: 'windows',
    },
    threshold: 0.95,
    thresholds: { context60: 0.35 },
  },
  /** SCLIP and its kind: 80 templates, logits averaged, a softmax at the end, words for what is background. */
  'sclip': {
    trunk: { inputSize: 224, statistics: 'clip' },
    options: {
      windows: { size: 224, stride: 112, shortSide: 336, longSide: 2048 },
      templates: 'imagenet80',
      pooling: 'directions',
      scores: 'softmax',
      average: 'logits',
      refine: false,
      backgroundIn: 'picture',
    },
    threshold: 0.2,
    thresholds: { 'context60': 0.15, 'coco-object': 0.25 },
    words: {
      'voc21': { background: STUFF, ...VOC_WORDS },
      'voc20': VOC_WORDS,
      'context60': { background: ['background'] },
      'coco-object': { background: STUFF.filter((word) => word !== 'bed'), person: [...PERSON, 'body'] },
      'cityscapes': { 'traffic light': ['trafficlight'], 'traffic sign': ['trafficsign'] },
    },
  },
  /** The paper's five views; it names no templates, statistics or threshold: the checkpoint's, and 0.5. */
  'synseg-5view': {
    trunk: { inputSize: 224 },
    options: {
      windows: false,
      views: 5,
      merge: 'mean',
      scores: 'sigmoid',
      average: 'logits',
      refine: false,
      backgroundIn: 'picture',
    },
    threshold: 0.5,
  },
};

/** Fills in the options of the named protocol; those of windows and refinement one by one. */
export function withProtocol<Given extends PixelOptions & { readonly protocol?: ProtocolName | undefined }>(
  given: Given,
): Given {
  // What is no object, and an unknown name, are refused with the other options.
  const name = (given as Given | undefined)?.protocol;
  if (name === undefined || !PROTOCOL_NAMES.includes(name)) return given;
  const { options } = PROTOCOLS[name];
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const groups = (['windows', 'refine'] as const).flatMap((group) => {
    const [whole, part] = [options[group], given[group]];
    return typeof whole === 'object' && typeof part === 'object' ? [[group, { ...whole, ...part }]] : [];
  });
  return { ...options, ...(own as Given), ...(Object.fromEntries(groups) as PixelOptions) };
}

/** The threshold of a protocol for a data set with a background. */
export function thresholdOf(
  protocol: ProtocolName,
  { dataset, refine }: { readonly dataset: string; readonly refine: unknown },
): number {
  const { threshold, thresholdUnrefined = threshold, thresholds = {} } = PROTOCOLS[protocol];
  return thresholds[dataset] ?? (refine === false || refine === undefined ? thresholdUnrefined : threshold);
}

/** Words of a protocol in place of a data set's names. */
export function wordsOf(protocol: ProtocolName | undefined, dataset: string): Words | undefined {
  return protocol && PROTOCOLS[protocol].words?.[dataset];
}
