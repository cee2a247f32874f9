/** The paper's Algorithm 1 on tagged words: noun chunks as spaCy finds them, reduced to their common nouns. */
import { PERSON_WORD } from './caption-text.ts';
import type { TaggedWord } from './tagger.ts';
import { COMPOUNDING, words as wordSet } from './word-lists.ts';

type Words = readonly TaggedWord[];

/**
 * The nouns of each noun chunk, joined by spaces, in order; chunks without one are left out. As in spaCy, owners are
 * part of the chunk ("a man 's hands" is "man hands"), and so are the parts of "t-shirt".
 *
 * @param person - the phrase for `<PERSON>`; undefined for none
 */
export function paperChunks(words: Words, person: string | undefined): string[] {
  const phrases: string[] = [];
  let nouns: string[] = [];
  const finish = (): void => {
    if (nouns.length > 0) phrases.push(nouns.join(' '));
    nouns = [];
  };
  for (const [index, { text, pos }] of words.entries()) {
    if (text === PERSON_WORD) {
      finish();
      if (person !== undefined) phrases.push(person);
    } else if (pos === 'NOUN') {
      const isWord = /\p{L}{2}/u.test(text) || (/\p{L}/u.test(text) && words[index + 1]?.text === '-');
      if (isWord && !(nouns.length === 0 && saysWhen(words, index))) nouns.push(text);
    } else if (!continues(words, index)) finish();
  }
  finish();
  return phrases;
}

/** True for words that stand within a chunk, between its nouns. */
function continues(words: Words, index: number): boolean {
  const { text, pos } = words[index]!;
  const next = words[index + 1]?.pos;
  switch (pos) {
    case 'PROPN':
    case 'NUM':
      return true;
    case 'PART':
      return text === "'s" || text === "'";
    case 'PUNCT':
      return text === '-';
    case 'ADJ':
      return next === 'NOUN' || next === 'PROPN';
    case 'VERB':
      return (COMPOUNDING.has(text) || words[index - 1]?.text === '-') && (next === 'NOUN' || next === 'ADJ');
    default:
      return false;
  }
}

const TIMES = wordSet('day evening fall month morning night spring summer time week weekend winter year');
/** Adverbs that are tagged as prepositions: "burned down last year". */
const PARTICLES = wordSet('down off out up');
const WHICH = wordSet('each every first last next past that this');

/** "This year", "last weekend": without a preposition they say when, and are no chunk. */
function saysWhen(words: Words, index: number): boolean {
  if (!TIMES.has(words[index]!.text) || !WHICH.has(words[index - 1]?.text ?? '')) return false;
  let at = index - 1;
  while (WHICH.has(words[at]?.text ?? '') || words[at]?.pos === 'DET') at--;
  return words[at]?.pos !== 'ADP' || PARTICLES.has(words[at]?.text ?? '');
}
