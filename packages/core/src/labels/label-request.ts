/**
 * What a caller says about labels, checked and written out: names, the prompts of each, thresholds, colors, background.
 */
import { checkKind, checkOptions, checkSignal, describeValue, optionNames } from '../guard/arguments.ts';
import { checkActivation, checkBackground } from '../mask/check.ts';
import { parseColor, type ColorInput, type LabelColor } from '../mask/palette.ts';
import type { Background } from '../model/postprocess.ts';
import { fillTemplate, resolveTemplates, type Templates } from '../text/templates.ts';
import { MAX_LABELS } from './label-set.ts';

/** A label with more than its name. */
export interface LabelDescription {
  readonly name: string;
  /**
   * Sentences whose mean embedding stands for the label, used as they are (`{}` stands for the name); @default the
   * templates
   */
  readonly prompts?: readonly string[];
  /** Activation in [0, 1] a pixel must reach. */
  readonly threshold?: number;
  /** Color in overlays and legends: `'#rrggbb'` or three integers of 0..255. @default one that follows from the name */
  readonly color?: ColorInput;
}

/** A label: its name, or its name with prompts, threshold and color of its own. */
export type LabelInput = string | LabelDescription;

/** A label with nothing left out. */
type Described = { readonly [Field in keyof Required<LabelDescription>]: LabelDescription[Field] | undefined } & {
  readonly name: string;
};

/** Options of `Segmenter.labels()`. */
export interface LabelsOptions {
  /**
   * Sentences the names are put into; a checkpoint with a vocabulary looks names up as they are. @default the
   * checkpoint's, see `Segmenter.templates`
   */
  readonly templates?: Templates;
  /**
   * How a pixel becomes background: `'threshold'` is where no label reaches its threshold; a number in [0, 1] is a
   * constant
   * plane that competes with the labels; `'none'` never: every pixel gets the likeliest label, however unlikely it is.
   * @default 'threshold'
   */
  readonly background?: Background;
  /**
   * Activation in [0, 1] for labels that name none of their own. @default the checkpoint's (`threshold` in its
   * config.json), else 0.5
   */
  readonly threshold?: number;
  readonly signal?: AbortSignal;
}

/** Checked labels. */
export interface LabelRequest {
  readonly names: readonly string[];
  readonly prompts: readonly (readonly string[])[];
  readonly thresholds: readonly (number | undefined)[];
  readonly colors: readonly (LabelColor | undefined)[];
  readonly background: Background;
}

const ACTION = 'embed labels';
const DESCRIPTION_NAMES = optionNames<LabelDescription>({ name: true, prompts: true, threshold: true, color: true });
const OPTION_NAMES = optionNames<LabelsOptions>({ templates: true, background: true, threshold: true, signal: true });

/**
 * Checks labels and writes out their prompts.
 *
 * @param templates - what the options are to be without templates; `'vocabulary'`: names and prompts are looked up, not
 *   put into sentences
 * @throws TypeError for labels that are no list, a label that is neither a string nor has a name, or an unknown option
 * @throws RangeError for an empty list, an empty or repeated name, no prompts, or a number outside [0, 1]
 */
export function resolveLabels(
  labels: readonly LabelInput[],
  options: LabelsOptions,
  templates: Templates | 'vocabulary',
): LabelRequest {
  checkOptions(ACTION, options, OPTION_NAMES);
  checkSignal(ACTION, options.signal);
  checkKind(ACTION, 'labels', labels, Array.isArray(labels), 'be a list');
  if (labels.length === 0) throw new RangeError(`Cannot ${ACTION}: labels must not be empty, got []`);
  if (labels.length > MAX_LABELS)
    throw new RangeError(
      `Cannot ${ACTION}: labels must be at most ${String(MAX_LABELS)}, got ${String(labels.length)}`,
    );
  const sentences = templates === 'vocabulary' ? ['{}'] : resolveTemplates(options.templates ?? templates);
  const request = {
    names: new Set<string>(),
    prompts: [] as (readonly string[])[],
    thresholds: [] as (number | undefined)[],
    colors: [] as (LabelColor | undefined)[],
  };
  for (const label of labels as readonly unknown[]) {
    const { name, prompts, threshold, color } = describe(label);
    if (name.trim() === '')
      throw new RangeError(`Cannot ${ACTION}: name must not be empty, got ${describeValue(name)}`);
    if (request.names.has(name))
      throw new RangeError(`Cannot ${ACTION}: names must be unique, got ${describeValue(name)} twice`);
    request.names.add(name);
    request.prompts.push(
      (prompts === undefined ? sentences : checkPrompts(name, prompts)).map((template) => fillTemplate(template, name)),
    );
    request.thresholds.push(
      checkActivation(ACTION, `threshold of ${describeValue(name)}`, threshold ?? options.threshold),
    );
    request.colors.push(color === undefined ? undefined : parseColor(ACTION, `color of ${describeValue(name)}`, color));
  }
  return {
    ...request,
    names: [...request.names],
    background: checkBackground(ACTION, options.background ?? 'threshold'),
  };
}

function describe(label: unknown): Described {
  if (typeof label === 'string') return { name: label, prompts: undefined, threshold: undefined, color: undefined };
  // Read once: a getter may answer differently the second time.
  const { name, prompts, threshold, color } = (label ?? {}) as Partial<LabelDescription>;
  checkKind(ACTION, 'label', label, typeof name === 'string' && !Array.isArray(label), 'be a string or have a name');
  checkOptions(ACTION, label, DESCRIPTION_NAMES, 'label');
  return { name: name as string, prompts, threshold, color };
}

function checkPrompts(name: string, prompts: unknown): readonly string[] {
  if (Array.isArray(prompts) && prompts.length > 0 && prompts.every((prompt) => typeof prompt === 'string'))
    return prompts;
  throw new RangeError(
    `Cannot ${ACTION}: prompts of ${describeValue(name)} must be a list of strings, got ${describeValue(prompts)}`,
  );
}
