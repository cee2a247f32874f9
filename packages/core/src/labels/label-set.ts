/**
 * The classes to look for: names, their text embeddings, and how a pixel is decided between them. Immutable; made by
 * `Segmenter.labels()` or read from a file, so that a fixed set deploys without the text encoder.
 */
import { createHash } from 'node:crypto';
import { SynsegError, messageOf } from '../errors.ts';
import { DEFAULT_THRESHOLD } from '../checkpoint/model-config.ts';
import { readFloats, readSafetensors, writeSafetensors } from '../checkpoint/safetensors.ts';
import { checkKind, describeValue, rangeError } from '../guard/arguments.ts';
import { list, number, readOptions, text, value, type OptionsOf } from '../guard/options.ts';
import { BACKGROUND } from '../model/background.ts';
import { showsItself } from '../guard/show.ts';
import { backgroundRule } from '../mask/check.ts';
import type { DecisionRule } from '../mask/decide.ts';
import { labelColors, type ColorInput, type LabelColor } from '../mask/palette.ts';
import { isActivation, type Background } from '../model/postprocess.ts';
import { WORD_PARTS, wordsOf, type LabelWord, type UnknownWord } from './label-words.ts';

/** Most labels a set can have: a label map is uint8, and its largest value is background. */
export const MAX_LABELS = BACKGROUND;

const FORMAT = 'synseg-labels';
const VERSION = '1';

/** Parts of a {@link LabelSet}. */
const LABEL_SET_PARTS = {
  /** Names in label-map order. */
  names: list(text()),
  /** Embeddings, float32 `[labels, embeddingDim]`. */
  embeddings: value<Float32Array>('be a Float32Array', (given) => given instanceof Float32Array),
  /** Activation in [0, 1] per label, undefined where none was given. */
  thresholds: value<readonly (number | undefined)[]>(
    'be a list of numbers from 0 to 1, or undefined',
    Array.isArray,
    (given) => given.every((threshold) => threshold === undefined || isActivation(threshold)),
  ),
  /** Where a pixel is background. */
  background: backgroundRule(),
  /** Activations in [0, 1] that labels without a threshold have to reach: the checkpoint's. @default 0.5 each */
  defaultThresholds: list(number({ least: 0, most: 1 })),
  /** Colors that were chosen, by place. @default those of `labelColors()`, which follow from the names */
  colors: value<readonly (ColorInput | undefined)[]>('be a list', Array.isArray),
  ...WORD_PARTS,
};
export type LabelSetParts = OptionsOf<typeof LABEL_SET_PARTS, 'names' | 'embeddings' | 'thresholds' | 'background'>;

/**
 * Labels with their embeddings.
 *
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { LabelSet, Segmenter } from '@synseg/core';
 * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car'], { background: 0.4 });
 * await street.save('street.safetensors');
 * const same = await LabelSet.load('street.safetensors');
 * console.assert(same.names.join() === 'road,car');
 * await segmenter.dispose();
 * ```
 */
export class LabelSet {
  /** Names in label-map order. */
  readonly names: readonly string[];
  /** Activation in [0, 1] a pixel must reach, per label; undefined where none was given. */
  readonly thresholds: readonly (number | undefined)[];
  /** Activation in [0, 1] that a label without a threshold has to reach, per label: the checkpoint's, else 0.5. */
  readonly defaultThresholds: readonly number[];
  /** Rule for background pixels: where no label reaches its threshold, a constant plane of that activation, or none. */
  readonly background: Background;
  /** A color per label: the one chosen for it, else one that follows from its name. */
  readonly colors: readonly LabelColor[];
  /** The word that each label answers as, in the order of the names, and why. */
  readonly words: readonly LabelWord[];
  /**
   * Labels that the checkpoint's table of words does not have, with the nearest words of it: what they find is a
   * guess.
   * Empty for a checkpoint without such a table.
   */
  readonly unknown: readonly UnknownWord[];
  /** Length of one embedding. */
  readonly embeddingDim: number;
  /** float32 `[labels, embeddingDim]`, row-major, not normalized. Not to be modified. */
  readonly embeddings: Float32Array;
  /** Hash of the embeddings: sets with the same key are served by the same run. */
  readonly key: string;

  /** From {@link LabelSet.parts}, as in another thread; else use `Segmenter.labels()` or {@link LabelSet.load}. */
  constructor(parts: LabelSetParts) {
    const { names, embeddings, thresholds, background, colors, words, unknown, ...read } = readParts(parts);
    this.names = Object.freeze([...names]);
    this.thresholds = Object.freeze([...thresholds]);
    this.defaultThresholds = Object.freeze([...(read.defaultThresholds ?? names.map(() => DEFAULT_THRESHOLD))]);
    this.background = background;
    this.embeddings = embeddings;
    this.embeddingDim = embeddings.length / names.length;
    this.colors = Object.freeze(labelColors(names, colors));
    this.words = Object.freeze(wordsOf(names, words));
    this.unknown = Object.freeze(unknown.filter(({ asked }) => names.includes(asked)));
    this.key = createHash('sha256')
      .update(new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength))
      .digest('hex');
  }

  /** Plain data that makes an equal set: what a message to another thread can carry. */
  get parts(): Required<LabelSetParts> {
    const { names, embeddings, thresholds, background, defaultThresholds, colors, words, unknown } = this;
    return { names, embeddings, thresholds, background, defaultThresholds, colors, words, unknown };
  }

  /**
   * The rule that decides pixels when a call overrides it: its threshold is every label's, and makes background of what
   * does not reach it, unless the call says what background is.
   *
   * @throws TypeError unless it is given an object
   */
  ruleWith(options: {
    readonly threshold?: number | undefined;
    readonly background?: Background | undefined;
  }): Required<DecisionRule> {
    const fits = typeof options === 'object' && (options as unknown) !== null;
    checkKind('decide labels', 'options', options, fits, 'be an object');
    const { threshold, background } = options;
    const usual = threshold !== undefined && this.background === 'none' ? 'threshold' : this.background;
    return {
      thresholds: this.thresholds.map((own) => threshold ?? own),
      background: background ?? usual,
      defaultThresholds: this.defaultThresholds,
    };
  }

  /** The rule for background pixels, in words: "where no label reaches 0.25". */
  get backgroundRule(): string {
    const { background, names, thresholds, defaultThresholds } = this;
    if (background === 'none') return 'nowhere: each pixel has the likeliest label, however unlikely it is';
    const isPlane = background !== 'threshold';
    const needed = thresholds.map((own, index) => own ?? (isPlane ? undefined : defaultThresholds[index]));
    const usual = isPlane ? background : needed[0];
    if (!isPlane && needed.every((threshold) => threshold === usual)) return `where no label reaches ${usual}`;
    const named = names.map((name, index) => `${name}: ${needed[index]}`);
    const own = named.filter((_, index) => needed[index] !== undefined).join(', ');
    if (!isPlane) return `where no label reaches its threshold (${own})`;
    return `where no label reaches ${usual}${own === '' ? '' : ` (${own})`}`;
  }

  /** The form that `JSON.stringify()` and `console.log()` show: without embeddings. */
  toJSON(): Omit<LabelSetParts, 'embeddings'> & { readonly embeddingDim: number } {
    const { names, thresholds, defaultThresholds, background, colors, words, unknown, embeddingDim } = this;
    return { names, thresholds, defaultThresholds, background, colors, words, unknown, embeddingDim };
  }

  /**
   * Writes names, embeddings, thresholds, colors, words and background to a safetensors file, atomically.
   *
   * @throws SynsegError `FILE_WRITE` when the file cannot be written
   */
  async save(path: string): Promise<void> {
    checkPath('save label set', path);
    const tensors = new Map([['embeddings', { shape: [this.names.length, this.embeddingDim], data: this.embeddings }]]);
    await writeSafetensors(path, tensors, {
      format: FORMAT,
      version: VERSION,
      names: JSON.stringify(this.names),
      thresholds: JSON.stringify(this.thresholds.map((threshold) => threshold ?? null)),
      defaultThresholds: JSON.stringify(this.defaultThresholds),
      colors: JSON.stringify(this.colors),
      words: JSON.stringify(this.words),
      unknown: JSON.stringify(this.unknown),
      background: JSON.stringify(this.background),
    });
  }

  /**
   * Reads what {@link LabelSet.save} wrote.
   *
   * @throws SynsegError `CHECKPOINT_FORMAT` when the file is not a label set, or is damaged
   */
  static async load(path: string): Promise<LabelSet> {
    checkPath('load label set', path);
    const { tensors, metadata } = await readSafetensors(path);
    const entry = tensors.get('embeddings');
    const fail = (rule: string, got: string, cause?: unknown): SynsegError =>
      new SynsegError('CHECKPOINT_FORMAT', `Cannot load label set: ${path} must ${rule}, got ${got}`, { cause });
    if (metadata['format'] !== FORMAT || entry === undefined)
      throw fail(`be a file written by LabelSet.save`, `format ${describeValue(metadata['format'] ?? 'unknown')}`);
    if (metadata['version'] !== VERSION) throw fail(`have version ${VERSION}`, describeValue(metadata['version']));
    const read = (key: string): unknown => {
      try {
        return JSON.parse(metadata[key] ?? 'null') as unknown;
      } catch (cause) {
        throw fail('have JSON metadata', `${key} ${describeValue(metadata[key])}`, cause);
      }
    };
    const [names, thresholds] = [read('names'), read('thresholds')];
    const isNamed = Array.isArray(names) && names.length <= MAX_LABELS && names.length === entry.shape[0];
    if (!isNamed || entry.shape.length !== 2)
      throw fail('name each of its embeddings', `${describeValue(names)} for embeddings [${entry.shape.join(', ')}]`);
    if (!Array.isArray(thresholds)) throw fail('have a list of thresholds', describeValue(thresholds));
    const embeddings = await readFloats(entry);
    // Sets of before there were colors, a checkpoint's threshold and words have none.
    const parts = {
      names,
      embeddings,
      thresholds: thresholds.map((threshold: unknown) => threshold ?? undefined),
      background: read('background'),
      defaultThresholds: read('defaultThresholds') ?? undefined,
      colors: read('colors') ?? undefined,
      words: read('words') ?? undefined,
      unknown: read('unknown') ?? undefined,
    };
    try {
      return new LabelSet(parts as unknown as LabelSetParts);
    } catch (error) {
      throw fail('hold a whole label set', messageOf(error), error);
    }
  }
}

showsItself(LabelSet, 'LabelSet');

const ACTION = 'make label set';
const NEEDED = ['names', 'embeddings', 'thresholds', 'background'] as const;

/** Colors are checked by `labelColors()`, which has to know them. */
function readParts(parts: LabelSetParts) {
  const read = readOptions(ACTION, LABEL_SET_PARTS, parts, NEEDED, 'parts');
  const { names, embeddings, thresholds } = read;
  const count = names.length;
  const refuse = (name: string, rule: string, got: string | number): Error => rangeError(ACTION, name, rule, got);
  if (count > MAX_LABELS) throw refuse('names', `be at most ${MAX_LABELS}`, count);
  if (embeddings.length === 0 || embeddings.length % count !== 0)
    throw refuse('embeddings', `hold as many numbers for each of ${count} labels`, embeddings.length);
  const odd = embeddings.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw refuse('embeddings', 'be finite', `${embeddings[odd]} at ${odd}`);
  for (const [name, list] of Object.entries({ thresholds, defaultThresholds: read.defaultThresholds ?? thresholds }))
    if (list.length !== count) throw refuse(name, `be one per label = ${count}`, list.length);
  return read;
}

function checkPath(action: string, path: string): void {
  checkKind(action, 'path', path, typeof path === 'string' && path !== '', 'be the path of a file');
}
