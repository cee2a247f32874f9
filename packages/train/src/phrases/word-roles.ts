/**
 * Roles of words in a noun phrase, from their tags and neighbors.
 *
 * Captions are headlines rather than sentences, and the tagger was trained on sentences. Most of what it gets wrong are
 * words it takes for verbs: participles before a noun ("dried flowers") and nouns that are spelled like a verb
 * ("gold buckle"). These are corrected here.
 */
import { PERSON_WORD } from './caption-text.ts';
import type { PartOfSpeech, TaggedWord } from './tagger.ts';
import { ALWAYS_VERBS, COMPOUNDING, DEGREES, DESCRIBING, IRREGULAR_PARTICIPLES, IRREGULAR_PAST } from './word-lists.ts';
import { MOSTLY_NOUNS, NOUNS_AFTER_NOUNS, PURPOSES, PURPOSE_HEADS, QUANTIFIERS } from './word-lists.ts';
import { THINGS_IN_ING, isPlural } from './word-lists.ts';

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

const POSSESSIVES = new Set(['my', 'your', 'his', 'her', 'its', 'our', 'their', 'whose']);
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
      return isVerb(words, index, context) ? 'break' : nounRole(text);
    case 'ADJ':
      if (context.previous === 'noun' && NOUNS_AFTER_NOUNS.has(text))
        if (!isPlural(words[index - 1]!.text) && !isNominal(words, index + 1)) return 'noun';
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

/** True for verbs among the words tagged as nouns. */
function isVerb(words: Words, index: number, { previous }: RoleContext): boolean {
  const { text } = words[index]!;
  const next = words[index + 1]?.pos;
  if (ALWAYS_VERBS.has(text)) return true;
  if (previous === 'noun' || previous === 'name') {
    const object = next === 'DET' || (next === 'PRON' && POSSESSIVES.has(words[index + 1]!.text));
    // "Homes line a street".
    if (object && isPlural(words[index - 1]!.text) && !isPlural(text)) return true;
    const compound = isNominal(words, index + 1) && (next !== 'ADJ' || isNominal(words, index + 2));
    return text.endsWith('ing') && !THINGS_IN_ING.has(text) && !compound;
  }
  // "<PERSON> steps out".
  if (words[index - 1]?.text === PERSON_WORD && text.endsWith('s'))
    return next === 'ADP' || next === 'DET' || next === 'PRON';
  // "Resting and drinking hot tea".
  const begins = (previous === 'and' || previous === 'break') && (next === 'ADJ' || next === 'DET');
  return begins && text.endsWith('ing') && (PURPOSES.has(text) || DESCRIBING.has(text));
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
  if (MOSTLY_NOUNS.has(text) && (next === undefined || NOT_OBJECTS.has(next.pos))) return 'noun';
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
