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
  type PixelStatistics,
  type Pooling,
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
  /** Where `output` has 'activations': Float32Array, [labels, height, width], row-major, 0 to 1. */
  readonly activations?: Float32Array;
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
  /** Statistics that it normalizes pixels with; undefined where they are its own matter. */
  readonly statistics?: PixelStatistics | undefined;
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
  readonly pooling: Pooling;
  /** Words that are asked for in place of a class's name; each competes, and the class gets the pixels of all. */
  readonly words: Readonly<Record<string, readonly string[]>> | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A label that competes for the pixels, and its class. */
interface Contestant {
  readonly entry: EvaluationClass;
  readonly label: LabelInput;
}

/** The classes that count, and the labels that compete for the pixels. */
export interface Contest {
  /** Rows and columns of the confusion matrix. */
  readonly classes: readonly EvaluationClass[];
  /** Classes the checkpoint has no embedding for. */
  readonly leftOut: readonly EvaluationClass[];
  /** Class of each of the 256 mask values, {@link UNCOUNTED} or {@link UNKNOWN_VALUE}. */
  readonly truthClass: Int16Array;
  /** Labels that are asked for: of all classes but a background that is left below the threshold. */
  readonly labels: readonly LabelInput[];
  /** Position in `classes` of the class of each label. */
  readonly competing: readonly number[];
  /** Class of a pixel that no label won. */
  readonly nothing: number;
  /** The label set of all labels, made once. */
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
  const { background, decision, words } = options;
  const backgroundClass = list.classes.find(({ index }) => index === list.backgroundIndex);
  if (background === 'class' && backgroundClass === undefined) {
    throw new RangeError(
      'Cannot evaluate: background must be "ignore" for a class list without background_index, got "class"',
    );
  }
  // With a threshold, background is where no label reaches it; without one it is a word like the others.
  const isWord = ({ name }: EvaluationClass): boolean =>
    background === 'class' && (decision === 'argmax' || words?.[name] !== undefined);
  const asked = list.classes.filter((entry) => entry !== backgroundClass || isWord(entry));
  const known = await embeddable(
    model,
    asked.flatMap((entry) => labelsOf(entry, words).map((label) => ({ entry, label }))),
    options,
  );
  const isKnown = (entry: EvaluationClass): boolean => known.some((contestant) => contestant.entry === entry);
  if (background === 'class' && decision === 'argmax' && backgroundClass !== undefined && !isKnown(backgroundClass)) {
    throw new RangeError(
      'Cannot evaluate: threshold must be given for background "class", as the checkpoint has no embedding of ' +
        `"${backgroundClass.name}", got none`,
    );
  }
  if (known.length === 0) {
    throw new SynsegError(
      'LABEL_UNKNOWN',
      'Cannot evaluate: the checkpoint must have an embedding of at least one class, got none of ' +
        `${asked.map(({ name }) => name).join(', ')}`,
    );
  }
  const found = await embed(model, labelsIn(known), options);
  const contestants = oneOfEachWord(known, found.words, words);
  const nothing = background === 'class' && decision === 'threshold' ? backgroundClass : undefined;
  const classes = [
    ...new Set([...contestants.map(({ entry }) => entry), ...(nothing === undefined ? [] : [nothing])]),
  ].sort((a, b) => a.index - b.index);
  const truthClass = new Int16Array(256).fill(UNKNOWN_VALUE);
  for (const value of [...list.ignored, ...list.classes.flatMap(valuesOf)]) truthClass[value] = UNCOUNTED;
  for (const [position, entry] of classes.entries()) for (const value of valuesOf(entry)) truthClass[value] = position;
  const labels = labelsIn(contestants);
  return {
    classes,
    leftOut: asked.filter((entry) => entry !== nothing && !isKnown(entry)),
    truthClass,
    labels,
    competing: contestants.map(({ entry }) => classes.indexOf(entry)),
    nothing: nothing === undefined ? UNCOUNTED : classes.indexOf(nothing),
    all: labels.length === known.length ? found : await embed(model, labels, options),
  };
}

function labelsOf({ name, prompts }: EvaluationClass, words: ContestOptions['words']): readonly LabelInput[] {
  return words?.[name] ?? [prompts === undefined ? name : { name, prompts }];
}

function labelsIn(contestants: readonly Contestant[]): readonly LabelInput[] {
  return contestants.map(({ label }) => label);
}

/** Classes that are answered as one word as one class: their activations are the same, and so no contest. */
function oneOfEachWord(
  contestants: readonly Contestant[],
  answers: LabelSet['words'],
  words: ContestOptions['words'],
): readonly Contestant[] {
  const found = new Map<string, Contestant>();
  for (const [at, { entry, label }] of contestants.entries()) {
    const { asked, answered } = answers[at]!;
    const isOwn = entry.prompts !== undefined || words?.[entry.name] !== undefined;
    const key = isOwn ? `only ${asked}` : answered;
    const before = found.get(key);
    const joined = before && {
      label: answered,
      entry: { ...before.entry, name: answered, values: [...valuesOf(before.entry), ...valuesOf(entry)] },
    };
    found.set(key, joined ?? { entry, label });
  }
  return [...found.values()];
}

/** The label set of some labels: a closed contest, unless thresholds decide what is background. */
export function embed(
  model: EvaluatedModel,
  labels: readonly LabelInput[],
  { templates, pooling, decision, signal }: Pick<ContestOptions, 'templates' | 'pooling' | 'decision' | 'signal'>,
): Promise<LabelSet> {
  return model.labels(labels, { background: decision === 'argmax' ? 'none' : 'threshold', templates, pooling, signal });
}

async function embeddable(
  model: EvaluatedModel,
  contestants: readonly Contestant[],
  options: ContestOptions,
): Promise<readonly Contestant[]> {
  const known = async (some: readonly Contestant[]): Promise<boolean> => {
    if (some.length === 0) return true;
    try {
      await embed(model, labelsIn(some), options);
      return true;
    } catch (error) {
      if (isSynsegError(error) && error.code === 'LABEL_UNKNOWN') return false;
      throw error;
    }
  };
  if (await known(contestants)) return contestants;
  const found: Contestant[] = [];
  for (const contestant of contestants) if (await known([contestant])) found.push(contestant);
  return found;
}
