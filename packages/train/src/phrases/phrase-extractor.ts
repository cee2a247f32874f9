/** A caption → the noun phrases a mask could be asked for. */
import { checkCallback, checkKind, checkOptions, describeValue, optionNames } from '@synseg/core/guards';
import { plainCaption } from './caption-text.ts';
import { DEFAULT_EXCLUSIONS, ExclusionFilter } from './exclusions.ts';
import { nounChunks, type ChunkOptions, type KeptWords } from './noun-chunks.ts';
import { Tagger } from './tagger.ts';
import { singularOf } from './word-lists.ts';

const KEPT_WORDS: readonly KeptWords[] = ['adjectives', 'nouns', 'both'];

/** Options of {@link PhraseExtractor}. */
export interface PhraseExtractorOptions {
  /** Phrases to drop, in the format of `DEFAULT_EXCLUSIONS_TEXT`. @default DEFAULT_EXCLUSIONS */
  readonly exclude?: readonly string[];
  /**
   * `'nouns'` leaves adjectives and participles out: "car" for "red car"; `'both'` gives both phrases. @default
   * 'adjectives'
   */
  readonly keep?: KeptWords;
  /** The phrase for `<PERSON>`, which stands for a name in Conceptual 12M. @default none */
  readonly person?: string;
}

const NAMES = optionNames<PhraseExtractorOptions>({ exclude: true, keep: true, person: true });

/**
 * Finds the noun phrases of English captions: adjectives and nouns in lower case, without determiners, numbers,
 * possessives and adverbs. A phrase is listed once, where it first stands; its plural counts as the same.
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
  readonly #chunks: ChunkOptions;

  /** @throws TypeError when an option is of the wrong kind */
  constructor(options: PhraseExtractorOptions = {}) {
    checkOptions('extract phrases', options, NAMES);
    const { exclude = DEFAULT_EXCLUSIONS, keep = 'adjectives', person } = options;
    if (!Array.isArray(exclude))
      throw new TypeError(`Cannot extract phrases: exclude must be a list of strings, got ${describeValue(exclude)}`);
    if (!KEPT_WORDS.includes(keep))
      throw new RangeError(
        `Cannot extract phrases: keep must be one of ${KEPT_WORDS.join(', ')}, got ${describeValue(keep)}`,
      );
    checkKind(
      'extract phrases',
      'person',
      person,
      person === undefined || (typeof person === 'string' && person !== ''),
      'be a word',
    );
    this.#filter = new ExclusionFilter(exclude as readonly string[]);
    this.#chunks = { keep, person };
  }

  /**
   * The phrases of a caption in the order they stand in; empty when it names no thing.
   *
   * @param onExcluded - is told every phrase that was dropped, and the entry of the list that dropped it
   * @throws TypeError when the caption is no string
   */
  extract(caption: string, onExcluded?: (phrase: string, entry: string) => void): string[] {
    checkKind('extract phrases', 'caption', caption, typeof caption === 'string', 'be a string');
    checkCallback('extract phrases', 'onExcluded', onExcluded);
    const { text, names } = plainCaption(caption);
    if (text === '') return [];
    return this.select(nounChunks(this.#tagger.tag(text), names, this.#chunks), onExcluded);
  }

  /** Phrases found elsewhere, put through the same filter: excluded and repeated ones are left out. */
  select(phrases: Iterable<string>, onExcluded?: (phrase: string, entry: string) => void): string[] {
    const isList = typeof phrases === 'object' && (phrases as unknown) !== null && Symbol.iterator in phrases;
    checkKind('select phrases', 'phrases', phrases, isList, 'be a list of strings');
    checkCallback('select phrases', 'onExcluded', onExcluded);
    const kept = new Map<string, string>();
    for (const phrase of phrases) {
      checkKind('select phrases', 'a phrase', phrase, typeof phrase === 'string', 'be a string');
      const key = singularOf(phrase);
      if (kept.has(key)) continue;
      const entry = this.#filter.find(phrase);
      if (entry === undefined) kept.set(key, phrase);
      else onExcluded?.(phrase, entry);
    }
    return [...kept.values()];
  }
}
