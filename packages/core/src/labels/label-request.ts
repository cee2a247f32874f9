/** What a caller says about labels, checked and written out: names, the prompts of each, thresholds, background. */
import { isActivation, type Background } from '../model/postprocess.ts';
import { fillTemplate, resolveTemplates, type Templates } from '../text/templates.ts';
import { MAX_LABELS } from './label-set.ts';

/** A label: its name, or its name with prompts and threshold of its own. */
export type LabelInput =
  | string
  | {
      readonly name: string;
      /** Sentences whose mean embedding stands for the label, used as they are (`{}` stands for the name); @default the templates */
      readonly prompts?: readonly string[];
      /** Activation in [0, 1] a pixel must reach. */
      readonly threshold?: number;
    };

/** Options of `Segmenter.labels()`. */
export interface LabelsOptions {
  /** Sentences the names are put into; a checkpoint with a vocabulary looks names up as they are. @default the checkpoint's, see `Segmenter.templates` */
  readonly templates?: Templates;
  /**
   * How a pixel becomes background: a number in [0, 1] is a constant plane that competes with the labels; `'threshold'`
   * is where no label reaches its threshold (0.5 unless given); `'none'` never.
   * @default 'threshold' when any threshold is given, else 'none'
   */
  readonly background?: Background;
  /** Activation in [0, 1] for labels that name none of their own. */
  readonly threshold?: number;
  readonly signal?: AbortSignal;
}

/** Checked labels. */
export interface LabelRequest {
  readonly names: readonly string[];
  readonly prompts: readonly (readonly string[])[];
  readonly thresholds: readonly (number | undefined)[];
  readonly background: Background;
}

/**
 * Checks labels and writes out their prompts.
 *
 * @param templates - `'vocabulary'`: names and prompts are looked up, not put into sentences
 * @throws TypeError for a label that is neither a string nor has a name
 * @throws RangeError for an empty list, an empty or repeated name, no prompts, or a number outside [0, 1]
 */
export function resolveLabels(labels: readonly LabelInput[], options: LabelsOptions, templates: Templates | 'vocabulary'): LabelRequest {
  if (!Array.isArray(labels)) throw new TypeError(`Cannot embed labels: labels must be a list, got ${typeof labels}`);
  if (labels.length === 0) throw new RangeError('Cannot embed labels: labels must not be empty, got []');
  if (labels.length > MAX_LABELS) throw new RangeError(`Cannot embed labels: labels must be at most ${String(MAX_LABELS)}, got ${String(labels.length)}`);
  const sentences = templates === 'vocabulary' ? ['{}'] : resolveTemplates(templates);
  const names: string[] = [];
  const prompts: (readonly string[])[] = [];
  const thresholds: (number | undefined)[] = [];
  for (const label of labels as readonly LabelInput[]) {
    const { name, prompts: own, threshold } = typeof label === 'string' ? { name: label, prompts: undefined, threshold: undefined } : { prompts: undefined, threshold: undefined, ...label };
    if (typeof name !== 'string') throw new TypeError(`Cannot embed labels: label must be a string or have a name, got ${JSON.stringify(label)}`);
    if (name.trim() === '') throw new RangeError('Cannot embed labels: name must not be empty, got ""');
    if (names.includes(name)) throw new RangeError(`Cannot embed labels: names must be unique, got "${name}" twice`);
    const isList: boolean = Array.isArray(own);
    if (own !== undefined && (!isList || own.length === 0 || own.some((prompt) => typeof prompt !== 'string'))) {
      throw new RangeError(`Cannot embed labels: prompts of "${name}" must be a list of strings, got ${JSON.stringify(own)}`);
    }
    names.push(name);
    prompts.push((own ?? sentences).map((template) => fillTemplate(template, name)));
    thresholds.push(checkActivation('embed labels', `threshold of "${name}"`, threshold ?? options.threshold));
  }
  const background = options.background ?? (thresholds.some((threshold) => threshold !== undefined) ? 'threshold' : 'none');
  return { names, prompts, thresholds, background: checkBackground('embed labels', background) };
}

/** @throws RangeError unless the value is undefined or in [0, 1] */
export function checkActivation(action: string, name: string, value: number | undefined): number | undefined {
  if (value !== undefined && !isActivation(value)) {
    throw new RangeError(`Cannot ${action}: ${name} must be in [0, 1], got ${String(value)}`);
  }
  return value;
}

/** @throws RangeError unless the value is a {@link Background} */
export function checkBackground(action: string, value: Background): Background {
  if (value === 'threshold' || value === 'none') return value;
  if (!isActivation(value)) {
    throw new RangeError(`Cannot ${action}: background must be a number in [0, 1], "threshold" or "none", got ${JSON.stringify(value) ?? 'undefined'}`);
  }
  return value;
}
