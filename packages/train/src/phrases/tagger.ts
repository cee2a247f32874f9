/**
 * A caption's words and their parts of speech. The only file that imports wink-nlp.
 *
 * wink-nlp keeps every word it has ever met, and numbers words in 20 bits, so that an instance grows with the captions
 * it has read and in the end runs out of numbers. An instance is therefore replaced after some millions of characters;
 * making one takes about 60 ms.
 */
import model from 'wink-eng-lite-web-model';
import winkNLP, { type ItsFunction, type Model, type WinkMethods } from 'wink-nlp';

/** Universal part-of-speech tags, as wink-nlp and spaCy give them. */
export type PartOfSpeech = OpenPart | ClosedPart;
/** Kinds of word that names, things and what is said of them have. */
type OpenPart = 'ADJ' | 'ADV' | 'INTJ' | 'NOUN' | 'PROPN' | 'SPACE' | 'VERB';
type ClosedPart = 'ADP' | 'AUX' | 'CCONJ' | 'DET' | 'NUM' | 'PART' | 'PRON' | 'PUNCT' | 'SCONJ' | 'SYM' | 'X';

/** A word with its part of speech. */
export interface TaggedWord {
  readonly text: string;
  readonly pos: PartOfSpeech;
  /** True when no space stands before it: the parts of "t-shirt". */
  readonly attached: boolean;
}

/** Characters after which an instance is replaced: it has grown by 60 MB, and a new one costs 5 % of that time. */
const CHARACTERS_PER_INSTANCE = 8_000_000;

/**
 * The model gives one of its parts as JSON of what it gave before: twice as long with each instance, until no string is
 * long enough for the thirtieth. So it is asked for once.
 */
let part: unknown;
const steadyModel = {
  ...model,
  metaCER: (): unknown => (part ??= (model as unknown as { metaCER(): unknown }).metaCER()),
} as unknown as Model;

/** "Sun" at the end of a sentence is taken for the short form of Sunday. */
const SUNDAY = 'sun.';

/** Tags words; best on lower-case text, where a capital letter cannot pass for a name. */
export class Tagger {
  readonly #charactersPerInstance: number;
  #wink: WinkMethods | undefined;
  #characters = 0;

  constructor(charactersPerInstance = CHARACTERS_PER_INSTANCE) {
    this.#charactersPerInstance = charactersPerInstance;
  }

  /** The words of a text in order. */
  tag(text: string): TaggedWord[] {
    if (this.#characters > this.#charactersPerInstance) {
      this.#wink = undefined;
      this.#characters = 0;
    }
    this.#characters += text.length;
    const wink = (this.#wink ??= winkNLP(steadyModel, ['pos']));
    const its = wink.its as unknown as Readonly<Record<'value' | 'pos' | 'precedingSpaces', ItsFunction<string>>>;
    const tokens = wink.readDoc(text).tokens();
    const tags = tokens.out(its.pos) as PartOfSpeech[];
    const spaces = tokens.out(its.precedingSpaces);
    return tokens.out(its.value).flatMap((word, index): TaggedWord[] => {
      const attached = index > 0 && spaces[index] === '';
      if (word !== SUNDAY) return [{ text: word, pos: tags[index] ?? 'X', attached }];
      return [
        { text: word.slice(0, -1), pos: 'NOUN', attached },
        { text: '.', pos: 'PUNCT', attached: true },
      ];
    });
  }
}
