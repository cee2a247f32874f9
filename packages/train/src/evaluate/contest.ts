/**
 * The classes that a checkpoint is evaluated on, the meaning of each mask value, and the labels that compete in a
 * picture.
 *
 * Classes the checkpoint has no embedding for cannot win a pixel. They are left out and their pixels do not count, so
 * that the score measures the checkpoint on labels that it knows; the score names the others. Classes that the
 * checkpoint answers as one word, such as "face" and "body" as "person", are one class.
 */
import {
  SynsegError,
  isSynsegError,
  type LabelInput,
  type LabelSet,
  type LabelsOptions,
  type SegmentOptions,
  type Templates,
} from '@synseg/core';
import type { BackgroundRule } from '../benchmarks/evaluation-set.ts';
import { valuesOf, type ClassList, type EvaluationClass } from '../data/class-list.ts';
import { UNCOUNTED } from './confusion-matrix.ts';

/** Label of every pixel of one picture. */
export interface LabelMap {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Index into the labels asked for: Uint8Array, [height, width], row-major, 255 = background. */
  readonly labelMap: Uint8Array;
}

/** A model to evaluate: a `Segmenter`, or anything that decides pixels in another way. */
export interface EvaluatedModel {
  /** Execution provider, for the protocol. */
  readonly device: string;
  readonly precision: string;
  /** Height and width of the picture it takes, pixels. */
  readonly inputSize: readonly [height: number, width: number];
  /** Names it knows; undefined when it takes any words. */
  readonly vocabulary: readonly string[] | undefined;
  /** Prompt templates that `labels()` uses by default; @default 'clipseg' */
  readonly templates?: Templates;
  /** @throws SynsegError `LABEL_UNKNOWN` for a name it has no embedding for */
  labels(labels: readonly LabelInput[], options?: LabelsOptions): Promise<LabelSet>;
  /** @throws SynsegError `IMAGE_DECODE` for a broken picture */
  segment(image: string, labels: LabelSet, options?: SegmentOptions): Promise<LabelMap>;
}

/** Meaning of a mask value that neither a class nor an ignored value has. */
export const UNKNOWN_VALUE = -2;

/** Rule of a pixel: the label with the highest activation, or that of the labels that reach their thresholds. */
type DecisionRule = 'argmax' | 'threshold';

/** Options of {@link openContest}. */
export interface ContestOptions {
  readonly background: BackgroundRule;
  readonly decision: DecisionRule;
  readonly templates: Templates | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The classes that count, and the labels that compete for the pixels. */
export interface Contest {
  /** Rows and columns of the confusion matrix. */
  readonly classes: readonly EvaluationClass[];
  /** Classes the checkpoint has no embedding for. */
  readonly leftOut: readonly EvaluationClass[];
  /** Class of each of the 256 mask values, {@link UNCOUNTED} or {@link UNKNOWN_VALUE}. */
  readonly truthClass: Int16Array;
  /** Positions in `classes` that are asked for as labels: all but a background that is left below the threshold. */
  readonly competing: readonly number[];
  /** Class of a pixel that no label won. */
  readonly nothing: number;
  /** The competing classes as labels, made once. */
  readonly all: LabelSet;
}

/**
 * Sets up the contest.
 *
 * @throws RangeError when `background` is `'class'` and the data set has no background, or the checkpoint no name for
 * it
 * @throws SynsegError `LABEL_UNKNOWN` when the checkpoint has no embedding for any of the classes
 */
export async function openContest(model: EvaluatedModel, list: ClassList, options: ContestOptions): Promise<Contest> {
  const { background, decision } = options;
  const backgroundClass = list.classes.find(({ index }) => index === list.backgroundIndex);
  if (background === 'class' && backgroundClass === undefined) {
    throw new RangeError(
      'Cannot evaluate: background must be "ignore" for a class list without background_index, got "class"',
    );
  }
  // With a threshold, background is where no label reaches it; without one it is a word like the others.
  const asked = list.classes.filter(
    (entry) => entry !== backgroundClass || (background === 'class' && decision === 'argmax'),
  );
  const embedded = await embeddable(model, asked, options);
  if (
    background === 'class' &&
    decision === 'argmax' &&
    backgroundClass !== undefined &&
    !embedded.includes(backgroundClass)
  ) {
    throw new RangeError(
      'Cannot evaluate: threshold must be given for background "class", as the checkpoint has no embedding of ' +
        `"${backgroundClass.name}", got none`,
    );
  }
  if (embedded.length === 0) {
    throw new SynsegError(
      'LABEL_UNKNOWN',
      'Cannot evaluate: the checkpoint must have an embedding of at least one class, got none of ' +
        `${asked.map(({ name }) => name).join(', ')}`,
    );
  }
  const contestants = oneOfEachWord(embedded, (await embed(model, embedded, options)).words);
  const nothing = background === 'class' && decision === 'threshold' ? backgroundClass : undefined;
  const classes = [...contestants, ...(nothing === undefined ? [] : [nothing])].sort((a, b) => a.index - b.index);
  const truthClass = new Int16Array(256).fill(UNKNOWN_VALUE);
  for (const value of [...list.ignored, ...list.classes.flatMap(valuesOf)]) truthClass[value] = UNCOUNTED;
  for (const [position, entry] of classes.entries()) for (const value of valuesOf(entry)) truthClass[value] = position;
  return {
    classes,
    leftOut: asked.filter((entry) => !embedded.includes(entry)),
    truthClass,
    competing: contestants.map((entry) => classes.indexOf(entry)),
    nothing: nothing === undefined ? UNCOUNTED : classes.indexOf(nothing),
    all: await embed(model, contestants, options),
  };
}

/** Classes that are answered as one word as one class: their activations are the same, and so no contest. */
function oneOfEachWord(classes: readonly EvaluationClass[], words: LabelSet['words']): EvaluationClass[] {
  const found = new Map<string, EvaluationClass>();
  for (const [at, entry] of classes.entries()) {
    const { asked, answered } = words[at]!;
    const key = entry.prompts === undefined ? answered : `prompts of ${asked}`;
    const before = found.get(key);
    const joined = before && { ...before, name: answered, values: [...valuesOf(before), ...valuesOf(entry)] };
    found.set(key, joined ?? entry);
  }
  return [...found.values()];
}

/** The label set of some classes: a closed contest, unless thresholds decide what is background. */
export function embed(
  model: EvaluatedModel,
  classes: readonly EvaluationClass[],
  { templates, decision, signal }: Pick<ContestOptions, 'templates' | 'decision' | 'signal'>,
): Promise<LabelSet> {
  const labels = classes.map(({ name, prompts }) => (prompts === undefined ? name : { name, prompts }));
  return model.labels(labels, { background: decision === 'argmax' ? 'none' : 'threshold', templates, signal });
}

async function embeddable(
  model: EvaluatedModel,
  classes: readonly EvaluationClass[],
  options: ContestOptions,
): Promise<EvaluationClass[]> {
  const known = async (some: readonly EvaluationClass[]): Promise<boolean> => {
    if (some.length === 0) return true;
    try {
      await embed(model, some, options);
      return true;
    } catch (error) {
      if (isSynsegError(error) && error.code === 'LABEL_UNKNOWN') return false;
      throw error;
    }
  };
  if (await known(classes)) return [...classes];
  const found: EvaluationClass[] = [];
  for (const entry of classes) if (await known([entry])) found.push(entry);
  return found;
}
