/** A caption → the noun phrases a mask could be asked for. */
import { checkKind, choice, list, readOptions, text, withDefault, type OptionsOf } from '@synseg/core/guards';
import { plainCaption } from './caption-text.ts';
import { DEFAULT_EXCLUSIONS, ExclusionFilter } from './exclusions.ts';
import { KEPT_WORDS, nounChunks, type KeptWords } from './noun-chunks.ts';
import { paperChunks } from './paper-chunks.ts';
import { retag } from './retag.ts';
import { Tagger, type TaggedWord } from './tagger.ts';
import { singularOf } from './word-lists.ts';

/** Options of {@link PhraseExtractor}. */
export const PHRASE_EXTRACTOR_OPTIONS = {
  /** Phrases to drop, in the format of `DEFAULT_EXCLUSIONS_TEXT`. @default DEFAULT_EXCLUSIONS */
  exclude: withDefault(list(text(), { least: 0 }), DEFAULT_EXCLUSIONS),
  /**
   * Words of a phrase: its adjectives and nouns ("red car"), its nouns alone ("car"), both as two phrases, or the
   * paper's Algorithm 1: the common nouns of each noun chunk as spaCy finds it, no names among them.
   * @default 'adjectives'
   */
  keep: withDefault(choice<KeptWords>(KEPT_WORDS), 'adjectives'),
  /** The phrase for `<PERSON>`, which stands for a name in Conceptual 12M. @default none */
  person: text(),
};
export type PhraseExtractorOptions = OptionsOf<typeof PHRASE_EXTRACTOR_OPTIONS>;

/**
 * Finds the noun phrases of English captions: adjectives and nouns in lower case, without determiners, numbers,
 * possessives and adverbs. A phrase is listed once, where it first stands; its plural counts as the same, but with
 * `keep: 'paper'`.
 *
 * @example
 * ```ts
 * import { PhraseExtractor } from '@synseg/train';
 * const phrases = new PhraseExtractor().extract('A red car parked on the street, side view');
 * console.assert(phrases.join() === 'red car,street');
 * ```
 */
export class PhraseExtractor {
  readonly #tagger = new Tagger();
  readonly #filter: ExclusionFilter;
  readonly #keep: KeptWords;
  readonly #person: string | undefined;

  /** @throws TypeError or RangeError when an option is not what it must be */
  constructor(options: PhraseExtractorOptions = {}) {
    const { exclude, keep, person } = readOptions('extract phrases', PHRASE_EXTRACTOR_OPTIONS, options);
    this.#filter = new ExclusionFilter(exclude);
    this.#keep = keep;
    this.#person = person;
  }

  /**
   * The phrases of a caption in the order they stand in; empty when it names no thing.
   *
   * @param onExcluded - called with every dropped phrase and the entry of the list that dropped it
   * @throws TypeError when the caption is no string
   */
  extract(caption: string, onExcluded?: (phrase: string, entry: string) => void): string[] {
    checkKind('extract phrases', 'caption', caption, typeof caption === 'string', 'be a string');
    checkListener('extract phrases', onExcluded);
    const { text: plain, names } = plainCaption(caption);
    if (plain === '') return [];
    const tagged = retag(this.#tagger.tag(plain));
    const [keep, person] = [this.#keep, this.#person];
    const phrases =
      keep === 'paper' ? paperChunks(withNames(tagged, names), person) : nounChunks(tagged, names, { keep, person });
    return this.select(phrases, onExcluded);
  }

  /** Filters phrases found elsewhere in the same way: excluded and repeated ones are left out. */
  select(phrases: Iterable<string>, onExcluded?: (phrase: string, entry: string) => void): string[] {
    const isList = typeof phrases === 'object' && (phrases as unknown) !== null && Symbol.iterator in phrases;
    checkKind('select phrases', 'phrases', phrases, isList, 'be a list of strings');
    checkListener('select phrases', onExcluded);
    const kept = new Map<string, string>();
    for (const phrase of phrases) {
      checkKind('select phrases', 'a phrase', phrase, typeof phrase === 'string', 'be a string');
      // Algorithm 1 tells a plural from its singular.
      const key = this.#keep === 'paper' ? phrase : singularOf(phrase);
      if (kept.has(key)) continue;
      const entry = this.#filter.find(phrase);
      if (entry === undefined) kept.set(key, phrase);
      else onExcluded?.(phrase, entry);
    }
    return [...kept.values()];
  }
}

function checkListener(action: string, onExcluded: unknown): void {
  const fits = onExcluded === undefined || typeof onExcluded === 'function';
  checkKind(action, 'onExcluded', onExcluded, fits, 'be a function');
}

/** Words with a capital inside a sentence are proper nouns. */
function withNames(words: readonly TaggedWord[], names: ReadonlySet<string>): TaggedWord[] {
  return words.map((word) => (word.pos === 'NOUN' && names.has(word.text) ? { ...word, pos: 'PROPN' } : word));
}
