/** The word that each label answers as, and the labels that a checkpoint does not know: what a `LabelSet` tells. */
import { choice, group, list, text, withDefault, type OptionsOf } from '../guard/options.ts';

/** Reasons why a word answers as a class, by how much of the word they leave, the most first. */
export const REASONS = ['class', 'plural', 'synonym', 'adjective', 'kind'] as const;

const WORD = {
  /** The label's name. */
  asked: text(),
  /** The text that its embedding stands for: the name of a class, or the name itself. */
  answered: text(),
  /**
   * `'class'`: the name is a class of the checkpoint. `'plural'`, `'synonym'`, `'kind'`: it is one of a class;
   * `'adjective'`: a color, material, size or age in front of it was left out. Where several hold it is the last of
   * class, plural, synonym, adjective, kind. `'unknown'`: the checkpoint's table of words does not have it. `'text'`:
   * the checkpoint has no such table, or the label has prompts of its own.
   */
  why: choice([...REASONS, 'unknown', 'text']),
};
const WORD_FIELDS = ['asked', 'answered', 'why'] as const;

/** The word that a label answers as. */
export type LabelWord = OptionsOf<typeof WORD, (typeof WORD_FIELDS)[number]>;

const UNKNOWN = {
  /** The label's name. */
  asked: text(),
  /** Words that the checkpoint knows: what it ends with, a right spelling, classes of things like it. Or none. */
  nearest: list(text(), { least: 0 }),
};
const UNKNOWN_FIELDS = ['asked', 'nearest'] as const;

/** A label that the checkpoint does not know. */
export type UnknownWord = OptionsOf<typeof UNKNOWN, (typeof UNKNOWN_FIELDS)[number]>;

/** The parts of a label set about words. */
export const WORD_PARTS = {
  /**
   * Words that labels answer as; labels that are not among them answer as their names.
   * @default []
   */
  words: withDefault(list(group(WORD, WORD_FIELDS), { least: 0 }), []),
  /**
   * Labels that the checkpoint does not know.
   * @default []
   */
  unknown: withDefault(list(group(UNKNOWN, UNKNOWN_FIELDS), { least: 0 }), []),
};

/** The word of each name, in the order of the names. */
export function wordsOf(names: readonly string[], words: readonly LabelWord[]): readonly LabelWord[] {
  const known = new Map(words.map((word) => [word.asked, word]));
  return names.map((name) => known.get(name) ?? { asked: name, answered: name, why: 'text' });
}
