/** Options of `PreviewServer.start()`, and the data that a preview shows: pictures with their numbers, and labels. */
import { callback, group, integer, list, number, readOptions, text, value, withDefault } from '@synseg/core/guards';
import type { Option, OptionsOf } from '@synseg/core/guards';

const isString = (given: unknown): given is string => typeof given === 'string';
const isNumber = (given: unknown): given is number => typeof given === 'number';
const anyText = value<string>('be a string', isString);
const anyTexts = list(anyText, { least: 0 });
const numberOrNull = value<number | null>('be a number or null', (given) => isNumber(given) || given === null);

const tokenText: Option<string> = {
  ...value<string>('be a string of at least 8 characters', isString, ({ length }) => length >= 8, {
    fromText: String,
    placeholder: 'text',
  }),
  secret: true,
};

const isColor = (given: unknown): boolean => Array.isArray(given) && given.length === 3 && given.every(isNumber);
const color = value<readonly [red: number, green: number, blue: number]>('be three numbers', isColor);

/** The current labels, in label-map order. */
const PREVIEW_LABELS = {
  names: anyTexts,
  /** sRGB, each part an integer from 0 to 255. */
  colors: list(color, { least: 0 }),
  /** Activation in [0, 1] that a pixel must reach; null where the label has no threshold of its own. */
  thresholds: list(numberOrNull, { least: 0 }),
  /** Activations for labels without a threshold of their own. @default they need none */
  defaultThresholds: list(number({ least: 0, most: 1 })),
  /** The rule by which a pixel is background, in words: `LabelSet.backgroundRule`. @default not shown */
  backgroundRule: anyText,
};
const LISTS = ['names', 'colors', 'thresholds'] as const;
/** The current labels, in label-map order. */
export type PreviewLabels = OptionsOf<typeof PREVIEW_LABELS, (typeof LISTS)[number]>;

const isLabelName = (name: string): boolean => name.trim() !== '' && name.length <= 200;

/** A label as a person asked for it on the page. */
export const PREVIEW_LABEL = {
  name: value<string>('be a string of 1 to 200 characters', isString, isLabelName),
  /** Activation in [0, 1]; absent where no threshold was set. */
  threshold: number({ least: 0, most: 1 }),
};
export type PreviewLabel = OptionsOf<typeof PREVIEW_LABEL, 'name'>;

const isOfNumbers = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && Object.values(given).every(isNumber);

/** A picture to show, with the numbers that belong to it. */
const PREVIEW_PICTURE = {
  /** 0-based place of the source in the list of sources. */
  source: integer({ least: 0 }),
  /** 0-based number of the frame in its source. */
  index: integer({ least: 0 }),
  /** Presentation time in seconds, on the source's own clock. */
  timeSeconds: number(),
  /** A JPEG file. It is kept until the next one comes: do not write into it. */
  jpeg: value<Uint8Array>('be a JPEG file as Uint8Array', (given) => given instanceof Uint8Array),
  /** Share of the picture per label, 0 to 1. */
  areas: value<Readonly<Record<string, number>>>('be an object of numbers', isOfNumbers),
  /** Seconds from the frame's arrival to its result. */
  latencySeconds: number(),
  /** Frames of this source that were dropped so far. */
  dropped: number(),
  /** Recent results of this source per second. */
  framesPerSecond: number(),
  /** Width of the picture's pixels by their height. @default 1 */
  pixelAspect: withDefault(number({ above: 0 }), 1),
};
const NUMBERS = ['index', 'timeSeconds', 'areas', 'latencySeconds', 'dropped', 'framesPerSecond'] as const;
const NEEDED_OF_PICTURE = ['source', 'jpeg', ...NUMBERS] as const;
/** A picture to show, with the numbers that belong to it. */
export type PreviewPicture = OptionsOf<typeof PREVIEW_PICTURE, (typeof NEEDED_OF_PICTURE)[number]>;

/** Options of `PreviewServer.start()`. */
export const PREVIEW_OPTIONS = {
  /** Names of the sources, for people to read. */
  sources: list(anyText),
  labels: group(PREVIEW_LABELS, LISTS),
  /**
   * Called when a person changed labels or thresholds, one change at a time; resolves with the labels that are then
   * current. The message of a rejection is shown to the person.
   */
  onLabels: callback<(labels: readonly PreviewLabel[]) => Promise<PreviewLabels>>(),
  /** Address to listen on. Any but this machine's own makes a token necessary. @default '127.0.0.1' */
  host: withDefault(text(), '127.0.0.1'),
  /** Port to listen on; 0 is any free one. @default 0 */
  port: withDefault(integer({ least: 0, most: 65_535 }), 0),
  /**
   * Secret that a viewer must know, at least 8 characters.
   * @default none on this machine's own address, else 24 random characters
   */
  token: tokenText,
  /** Heading of the page. @default 'synseg' */
  title: withDefault(anyText, 'synseg'),
  /** Known words, offered while a label is typed. @default none */
  vocabulary: withDefault(anyTexts, []),
};
const NEEDED_TO_START = ['sources', 'labels', 'onLabels'] as const;
export type PreviewOptions = OptionsOf<typeof PREVIEW_OPTIONS, (typeof NEEDED_TO_START)[number]>;

const STATE = { state: anyText, reason: anyText };

/** Checks the options of a preview and fills in the defaults. */
export function readPreviewOptions(given: unknown) {
  const options = readOptions('start preview', PREVIEW_OPTIONS, given, NEEDED_TO_START);
  readLabels('start preview', options.labels);
  return options;
}

/** Checks labels to show: lists of one length. */
export function readLabels(action: string, given: unknown): PreviewLabels {
  const labels = readOptions(action, PREVIEW_LABELS, given, LISTS, 'labels') as PreviewLabels;
  const { defaultThresholds } = labels;
  const lengths = [
    ...LISTS.map((name) => labels[name].length),
    ...(defaultThresholds ? [defaultThresholds.length] : []),
  ];
  if (new Set(lengths).size === 1) return labels;
  const rule = 'labels must hold names, colors, thresholds and defaultThresholds of one length';
  throw new RangeError(`Cannot ${action}: ${rule}, got ${lengths.join(', ')}`);
}

/** Checks a picture to show. */
export function readPicture(given: unknown) {
  return readOptions('show picture', PREVIEW_PICTURE, given, NEEDED_OF_PICTURE, 'picture');
}

/** Checks the state of a source. */
export function checkState(state: unknown, reason: unknown): void {
  readOptions('show state', STATE, { state, reason }, ['state']);
}
