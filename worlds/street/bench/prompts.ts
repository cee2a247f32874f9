/** What a checkpoint is asked for: the classes of the drawn world, and their colors, as labels with prompts. */
import type { Templates } from '@synseg/core';
import {
  CLASSES,
  HELD_OUT_COMBINATIONS,
  HELD_OUT_SYNONYMS,
  type ClassName,
  type HeldOutCombination,
} from '../classes.ts';
import { COLOR_WORDS, type ColorWord } from '../color.ts';
import { sceneOf } from '../scene.ts';
import { nounsOf } from '../words.ts';
import { fillTemplate, resolveTemplates } from '../../../packages/core/src/text/templates.ts';

/** How classes become prompts. */
export interface Asking {
  /**
   * `nouns`: all that training captions call the class, mean of the embeddings; `names`: its name alone. @default
   * 'nouns'
   */
  readonly words?: 'nouns' | 'names';
  /**
   * Sentences they are put into. @default 'plain': none, as the text encoder read captions and no sentences about
   * photos
   */
  readonly templates?: Templates;
}

/** A label with its prompts written out. */
export interface AskedLabel {
  readonly name: string;
  readonly prompts: readonly string[];
}

/** Scenes that are looked through for the colors a class can have. */
const COLOR_SCENES = 1500;
let colors: ReadonlyMap<ClassName, ReadonlySet<ColorWord>> | undefined;

/**
 * Seen combinations to set the held-out ones beside: the same classes in another color that is about as frequent in
 * `test`.
 */
export const SEEN_COMBINATIONS: readonly HeldOutCombination[] = [
  { color: 'orange', class: 'car' },
  { color: 'blue', class: 'bus' },
  { color: 'red', class: 'van' },
  { color: 'white', class: 'dog' },
  { color: 'orange', class: 'awning' },
  { color: 'green', class: 'umbrella' },
  { color: 'orange', class: 'person' },
  { color: 'green', class: 'bench' },
];

/** Every class, or some, as labels; names are the classes'. */
export function classLabels(asking: Asking = {}, classes: readonly ClassName[] = CLASSES): AskedLabel[] {
  return classes.map((name) => ({
    name,
    prompts: filled((asking.words ?? 'nouns') === 'nouns' ? nounsOf(name) : [name], asking),
  }));
}

/** The classes with one of them asked for by a synonym that no training caption of the head has. */
export function synonymLabels(name: ClassName, asking: Asking = {}): AskedLabel[] {
  return classLabels(asking).map((label) =>
    label.name === name ? { name, prompts: filled([synonymOf(name)], asking) } : label,
  );
}

/** Classes with a held-out synonym. */
export function classesWithSynonyms(): ClassName[] {
  return CLASSES.filter((name) => HELD_OUT_SYNONYMS[name] !== undefined);
}

/** The held-out synonym, singular. */
export function synonymOf(name: ClassName): string {
  const [synonym] = HELD_OUT_SYNONYMS[name] ?? [];
  if (synonym === undefined)
    throw new RangeError(
      `Cannot ask by synonym: class must be one of ${Object.keys(HELD_OUT_SYNONYMS).join(', ')}, got ${name}`,
    );
  return synonym;
}

/**
 * The classes with one of them replaced by itself in each color the world gives it; names are "green car" and so on.
 */
export function colorLabels(name: ClassName, asking: Asking = {}): AskedLabel[] {
  return classLabels(asking).flatMap((label) =>
    label.name === name
      ? colorsOf(name).map((color) => ({
          name: combinationName({ color, class: name }),
          prompts: filled([combinationPhrase(color, name)], asking),
        }))
      : [label],
  );
}

/** The colors a class has in the world, held-out ones included, in the order of COLOR_WORDS. */
export function colorsOf(name: ClassName): ColorWord[] {
  const found = (colors ??= collectColors()).get(name);
  return COLOR_WORDS.filter((color) => found?.has(color) === true);
}

function collectColors(): Map<ClassName, Set<ColorWord>> {
  const found = new Map<ClassName, Set<ColorWord>>();
  for (let seed = 0; seed < COLOR_SCENES; seed++) {
    for (const { class: name, color } of sceneOf(seed).items) {
      if (name !== undefined && color !== undefined) found.set(name, (found.get(name) ?? new Set()).add(color));
    }
  }
  return found;
}

/** "green car". */
export function combinationName({ color, class: name }: HeldOutCombination): string {
  return `${color} ${name}`;
}

/** The held-out combination of a class and its seen counterpart. */
export function combinationsOf(name: ClassName): readonly [heldOut: HeldOutCombination, seen: HeldOutCombination] {
  const [heldOut, seen] = [HELD_OUT_COMBINATIONS, SEEN_COMBINATIONS].map((list) =>
    list.find((combination) => combination.class === name),
  );
  if (heldOut === undefined || seen === undefined)
    throw new RangeError(
      'Cannot find combinations: class must be one of ' +
        `${HELD_OUT_COMBINATIONS.map((combination) => combination.class).join(', ')}, got ${name}`,
    );
  return [heldOut, seen];
}

/** How it was asked, for the protocol beside the numbers. */
export function describeAsking({ words = 'nouns', templates = 'plain' }: Asking = {}): string {
  const sentences =
    templates === 'plain'
      ? 'as they are'
      : `in ${resolveTemplates(templates)
          .map((template) => `"${template}"`)
          .join(', ')}`;
  return (
    (words === 'nouns'
      ? 'the nouns of training captions for each class, mean of their embeddings, '
      : "each class's name alone, ") + sentences
  );
}

/** A person's color is that of the clothes, and captions say it behind the noun. */
function combinationPhrase(color: ColorWord, name: ClassName): string {
  return name === 'person' ? `person in ${color}` : `${color} ${name}`;
}

function filled(words: readonly string[], { templates = 'plain' }: Asking): string[] {
  return resolveTemplates(templates).flatMap((template) => words.map((word) => fillTemplate(template, word)));
}
