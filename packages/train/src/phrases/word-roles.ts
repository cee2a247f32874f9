/**
 * Roles of words in a noun phrase, from their tags and neighbors.
 *
 * Captions are headlines rather than sentences, and the tagger was trained on sentences. Most of what it gets wrong are
 * words it takes for verbs: participles before a noun ("dried flowers") and nouns that are spelled like a verb
 * ("gold buckle"). These are corrected here.
 */
import type { PartOfSpeech, TaggedWord } from './tagger.ts';
import { COMPOUNDING, DEGREES, DESCRIBING, IRREGULAR_PARTICIPLES, IRREGULAR_PAST } from './word-lists.ts';
import { POSSESSIVES, PURPOSES, PURPOSE_HEADS, QUANTIFIERS, isPlural } from './word-lists.ts';

/** `skip` words belong to a phrase but are left out; `opener` words begin one; `break` words end it. */
export type Role = 'noun' | 'name' | 'modifier' | 'number' | 'and' | 'genitive' | 'skip' | 'opener' | 'break';

/** Context of a word. */
export interface RoleContext {
  /** Role of the word before; 'break' at the start. */
  readonly previous: Role;
  /** The phrase began with a determiner, a possessive or a number. */
  readonly opened: boolean;
  /** "and" stands before the phrase: "a man and a woman walk" has a plural subject. */
  readonly joined: boolean;
}

/** Kinds of word that a capital letter turns into a name. */
const OPEN: ReadonlySet<PartOfSpeech> = new Set(['ADJ', 'ADV', 'INTJ', 'NOUN', 'PROPN', 'SPACE', 'VERB']);
const NOT_OBJECTS: ReadonlySet<PartOfSpeech> = new Set(['ADP', 'PUNCT', 'CCONJ', 'SYM', 'AUX', 'SCONJ']);

type Words = readonly TaggedWord[];

/** The role of `words[index]`. */
export function roleOf(words: Words, index: number, context: RoleContext, names: ReadonlySet<string>): Role {
  const { text, pos } = words[index]!;
  if (/^\d/.test(text)) return 'number';
  if (names.has(text) && OPEN.has(pos)) return 'name';
  switch (pos) {
    case 'NOUN':
    case 'PROPN':
      return nounRole(text);
    case 'ADJ':
      return QUANTIFIERS.has(text) ? 'skip' : 'modifier';
    case 'NUM':
      return 'number';
    case 'DET':
      return 'opener';
    case 'PRON':
      return POSSESSIVES.has(text) ? 'opener' : 'break';
    case 'CCONJ':
      return text === 'and' || text === '&' ? 'and' : 'break';
    case 'PART':
      return text === "'s" || text === "'" ? 'genitive' : 'break';
    case 'ADV':
      return adverbRole(words, index, context);
    case 'VERB':
      return verbRole(words, index, context);
    default:
      return 'break';
  }
}

/** Longer ones are no words. */
const MAX_LETTERS = 40;

/** Numbers of pictures ("dsc00123") and single letters are no nouns. */
function nounRole(text: string): Role {
  if (text.length < 2 || !/\p{L}/u.test(text)) return 'skip';
  return text.length > MAX_LETTERS || /^[a-z]{1,4}\d{4,}$/.test(text) ? 'break' : 'noun';
}

/** "Very" and "brightly" are left out; "large", which wink-nlp takes for an adverb at times, is kept. */
function adverbRole(words: Words, index: number, { previous }: RoleContext): Role {
  const { text } = words[index]!;
  const next = words[index + 1]?.pos;
  if (next !== 'ADJ' && next !== 'NOUN' && next !== 'VERB' && next !== 'ADV') return 'break';
  const inside = previous === 'opener' || previous === 'modifier' || previous === 'number';
  if (inside && next !== 'VERB' && !text.endsWith('ly') && !DEGREES.has(text)) return 'modifier';
  return inside || next !== 'NOUN' ? 'skip' : 'break';
}

function verbRole(words: Words, index: number, context: RoleContext): Role {
  const { previous, opened } = context;
  const { text } = words[index]!;
  const past = text.endsWith('ed') || IRREGULAR_PARTICIPLES.has(text);
  const ing = text.endsWith('ing');
  const afterNoun = previous === 'noun' || previous === 'name';
  const inside = ['opener', 'modifier', 'genitive', 'number', opened ? 'skip' : ''].includes(previous);
  if (isNominal(words, index + 1)) {
    if (inside) return 'modifier';
    if (past) return !afterNoun || COMPOUNDING.has(text) ? 'modifier' : 'break';
    if (!ing) return 'break';
    if (PURPOSES.has(text) && PURPOSE_HEADS.has(words[index + 1]!.text)) return 'modifier';
    return DESCRIBING.has(text) && !afterNoun ? 'modifier' : 'break';
  }
  const next = words[index + 1];
  if (past || IRREGULAR_PAST.has(text)) return 'break';
  if (ing) return opened && inside && previous !== 'number' ? 'noun' : 'break';
  const noObject = next === undefined || NOT_OBJECTS.has(next.pos);
  if (!noObject) return 'break';
  if (inside) return 'noun';
  // "A buckle holds", "buckles hold": what does not agree is no verb.
  if (afterNoun) return isPlural(words[index - 1]!.text) === text.endsWith('s') && !context.joined ? 'noun' : 'break';
  if (next?.text === 'of') return 'noun';
  const before = words[index - 1]?.pos;
  return before === 'ADP' ? 'noun' : 'break';
}

/** True when a noun or an adjective stands there, or what can only be a noun ("hand drawn leaves"). */
function isNominal(words: Words, index: number): boolean {
  const word = words[index];
  if (word === undefined) return false;
  if (word.pos === 'VERB') {
    const after = words[index + 1];
    return /[^s]s$/.test(word.text) && (after === undefined || NOT_OBJECTS.has(after.pos));
  }
  return word.pos === 'NOUN' || word.pos === 'PROPN' || (word.pos === 'ADJ' && !QUANTIFIERS.has(word.text));
}
