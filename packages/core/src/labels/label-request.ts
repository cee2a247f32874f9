/** A caller's labels, checked and completed: names, prompts of each, thresholds, colors, background. */
import { checkKind, describeValue, rangeError } from '../guard/arguments.ts';
import { SIGNAL_OPTION, isString, list, number, readOptions, text, value, withDefault } from '../guard/options.ts';
import type { OptionsOf } from '../guard/options.ts';
import { backgroundRule } from '../mask/check.ts';
import { colorOption, parseColor, type LabelColor } from '../mask/palette.ts';
import type { Background } from '../model/postprocess.ts';
import { poolingOption, type Pooling } from '../text/pooling.ts';
import { fillTemplate, resolveTemplates, templatesOption, type Templates } from '../text/templates.ts';
import { MAX_LABELS } from './label-set.ts';
import type { LabelWord } from './label-words.ts';
import type { WordTable } from './word-table.ts';

/** A label with more than its name. */
const LABEL = {
  /** The name, as results have it. */
  name: value<string>('be a string that is not blank', isString, (given) => given.trim() !== ''),
  /** Sentences whose pooled embedding stands for the label; `{}` is the name. @default the templates */
  prompts: list(text()),
  /** Activation in [0, 1] that a pixel must reach. */
  threshold: number({ least: 0, most: 1 }),
  /** Color in overlays and legends: `'#rrggbb'` or three integers of 0..255. @default one that follows from the name */
  color: colorOption(),
};
type LabelDescription = OptionsOf<typeof LABEL, 'name'>;

/** A label: its name, or its name with prompts, threshold and color of its own. */
export type LabelInput = string | LabelDescription;

/** Options of `Segmenter.labels()`. */
export const LABELS_OPTIONS = {
  /**
   * Sentences that the names are put into. A checkpoint with a vocabulary looks the names up as they are.
   * @default the checkpoint's, see `Segmenter.templates`
   */
  templates: templatesOption(),
  /** Pooling of the embeddings of a label's sentences. @default 'mean' */
  pooling: withDefault(poolingOption(), 'mean'),
  /**
   * Where a pixel is background: `'threshold'` is where no label reaches its threshold; a number in [0, 1] is a
   * constant plane that competes with the labels; `'none'` is nowhere: every pixel gets the likeliest label, however
   * unlikely it is.
   * @default 'threshold'
   */
  background: withDefault(backgroundRule(), 'threshold'),
  /** Activation in [0, 1] for labels that name none of their own. @default that in config.json, else 0.5 */
  threshold: number({ least: 0, most: 1 }),
  ...SIGNAL_OPTION,
};
export type LabelsOptions = OptionsOf<typeof LABELS_OPTIONS>;

/** Checked labels. */
export interface LabelRequest {
  readonly names: readonly string[];
  readonly prompts: readonly (readonly string[])[];
  readonly pooling: Pooling;
  readonly thresholds: readonly (number | undefined)[];
  readonly colors: readonly (LabelColor | undefined)[];
  readonly background: Background;
  /** The word that each label answers as. */
  readonly words: readonly LabelWord[];
}

const ACTION = 'embed labels';

/**
 * Checks labels and writes out their prompts.
 *
 * @param templates - what the options are to be without templates; `'vocabulary'`: names and prompts are looked up, not
 *   put into sentences
 * @param table - words that answer as the names of classes; labels with prompts of their own are not looked up
 * @throws TypeError for labels that are no list, a label that is neither a string nor has a name, or an unknown option
 * @throws RangeError for an empty list, an empty or repeated name, no prompts, or a number outside [0, 1]
 */
export function resolveLabels(
  labels: readonly LabelInput[],
  options: LabelsOptions,
  templates: Templates | 'vocabulary',
  table?: WordTable,
): LabelRequest {
  const { templates: chosen, threshold: usual, background, pooling } = readOptions(ACTION, LABELS_OPTIONS, options);
  checkKind(ACTION, 'labels', labels, Array.isArray(labels), 'be a list');
  if (labels.length === 0) throw rangeError(ACTION, 'labels', 'not be empty', '[]');
  if (labels.length > MAX_LABELS) throw rangeError(ACTION, 'labels', `be at most ${MAX_LABELS}`, labels.length);
  const sentences = templates === 'vocabulary' ? ['{}'] : resolveTemplates(chosen ?? templates);
  const request = {
    names: new Set<string>(),
    prompts: [] as (readonly string[])[],
    thresholds: [] as (number | undefined)[],
    colors: [] as (LabelColor | undefined)[],
    words: [] as LabelWord[],
  };
  for (const [index, label] of labels.entries()) {
    const { name, prompts, threshold = usual, color } = readLabel(label, `labels[${index}]`);
    if (request.names.has(name)) throw rangeError(ACTION, 'names', 'be unique', `${describeValue(name)} twice`);
    request.names.add(name);
    const word = wordOf(name, prompts === undefined ? table : undefined);
    request.prompts.push((prompts ?? sentences).map((template) => fillTemplate(template, word.answered)));
    request.words.push(word);
    request.thresholds.push(threshold);
    request.colors.push(color === undefined ? undefined : parseColor(ACTION, 'color', color));
  }
  return { ...request, names: [...request.names], background, pooling };
}

function wordOf(name: string, table: WordTable | undefined): LabelWord {
  if (table === undefined) return { asked: name, answered: name, why: 'text' };
  return { asked: name, ...(table.find(name) ?? { answered: name, why: 'unknown' }) };
}

function readLabel(label: unknown, what: string): LabelDescription {
  const fits = typeof label === 'string' || (typeof label === 'object' && label !== null && 'name' in label);
  checkKind(ACTION, what, label, fits, 'be a string or have a name');
  return readOptions(ACTION, LABEL, typeof label === 'string' ? { name: label } : label, ['name'], what);
}
