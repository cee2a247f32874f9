/**
 * Tags of a caption, corrected.
 *
 * Captions are headlines rather than sentences, and the tagger was trained on sentences: it takes a verb behind its
 * subject for one more noun ("storm hits downtown", "a man standing"), and a noun for the verb or the adjective that is
 * spelled alike ("rubber sole", "garden shed"). The words before and behind tell, and lists of words.
 */
import { PERSON_WORD } from './caption-text.ts';
import {
  ACTIONS,
  ACTORS,
  ALWAYS_NOUNS,
  ALWAYS_VERBS,
  BASE_VERBS,
  COLORS,
  COMPOUNDS,
  MOSTLY_NOUNS,
} from './tag-words.ts';
import { NAMES, NOUN_READINGS, PLAIN_ADJECTIVES, S_VERBS, THINGS_IN_ING } from './tag-words.ts';
import type { PartOfSpeech, TaggedWord } from './tagger.ts';
import { IRREGULAR_PAST, POSSESSIVES, QUANTIFIERS, isPlural } from './word-lists.ts';

type Words = readonly TaggedWord[];
type Word = TaggedWord | undefined;

const PHRASE_ENDS: ReadonlySet<PartOfSpeech> = new Set(['ADP', 'AUX', 'DET', 'PRON', 'PUNCT', 'SCONJ', 'SYM', 'VERB']);
/** What a word must not look like to be a noun behind an article: "the painted wall", "the frozen lake". */
const PARTICIPLE = /(?:ed|ing)$/;

/** The words with the tags that they have in a caption; each is corrected by the corrected ones before it. */
export function retag(words: Words): TaggedWord[] {
  const corrected = [...words];
  for (const [index, word] of words.entries()) corrected[index] = { ...word, pos: tagOf(corrected, index) };
  return corrected;
}

function tagOf(words: Words, index: number): PartOfSpeech {
  const { text, pos } = words[index]!;
  const [before, next] = [words[index - 1], words[index + 1]];
  if (NAMES.has(text)) return 'PROPN';
  if (ALWAYS_VERBS.has(text)) return 'VERB';
  if (ALWAYS_NOUNS.has(text) || COMPOUNDS.has(`${text} ${next?.text}`)) return 'NOUN';
  switch (pos) {
    case 'NOUN':
    case 'PROPN':
      if (isVerb(words, index)) return 'VERB';
      if (PLAIN_ADJECTIVES.has(text) && isNominal(next)) return 'ADJ';
      if (COLORS.has(text)) return isThing(words, index) ? pos : 'ADJ';
      // "4k": a unit.
      return before?.pos === 'NUM' && words[index]!.attached ? 'NUM' : pos;
    case 'VERB':
      if (MOSTLY_NOUNS.has(text) && next?.pos !== 'DET' && next?.pos !== 'PRON' && before?.text !== 'to') return 'NOUN';
      if (isNounReading(words, index)) return 'NOUN';
      if (PARTICIPLE.test(text)) return pos;
      if (opensPhrase(before) && endsPhrase(next)) return 'NOUN';
      return before?.pos === 'DET' && !IRREGULAR_PAST.has(text) ? 'NOUN' : pos;
    case 'ADJ':
      if (isNounReading(words, index)) return 'NOUN';
      // "A traffic light".
      if (text === 'light' && before?.pos === 'NOUN' && !isPlural(before.text) && !isNominal(next)) return 'NOUN';
      // "The final": no adjective ends a phrase that an article begins.
      if (QUANTIFIERS.has(text) || text === 'close') return pos;
      return isOpener(before) && endsPhrase(next) && !describes(words, index) ? 'NOUN' : pos;
    case 'ADV':
    case 'ADP':
      return isNounReading(words, index) ? 'NOUN' : pos;
    case 'PRON':
      return text === 'mine' && before?.text === 'of' ? 'NOUN' : pos;
    default:
      return pos;
  }
}

/** "The new , heavy metal". */
function describes(words: Words, index: number): boolean {
  return words[index + 1]?.text === ',' && words[index + 2]?.pos === 'ADJ';
}

function isNounReading(words: Words, index: number): boolean {
  const [before, { text }, next] = [words[index - 1], words[index]!, words[index + 1]];
  if (!NOUN_READINGS.has(text) || !opensPhrase(before) || !endsPhrase(next)) return false;
  return COLORS.has(text) ? isThing(words, index) : !describes(words, index);
}

/** Of colors: "the white", not "an orange and blue kite", nor "dressed in red". */
function isThing(words: Words, index: number): boolean {
  const [before, next] = [words[index - 1], words[index + 1]];
  if (isNominal(next) || next?.text === 'and' || next?.text === '-') return false;
  return isOpener(before) || before?.pos === 'ADJ';
}

/** True for verbs among the words that are tagged as nouns. */
function isVerb(words: Words, index: number): boolean {
  const { text } = words[index]!;
  const [before, next] = [words[index - 1], words[index + 1]];
  if (text.endsWith('ing') && !THINGS_IN_ING.has(text) && !BASE_VERBS.has(text)) return isGerund(words, index);
  // "Person , left , displays his medal".
  const resumes = before?.text === ',' && (isOpener(next) || next?.pos === 'ADP' || next?.pos === 'SCONJ');
  if (resumes) return S_VERBS.has(text) || ACTIONS.has(text);
  if (before?.pos === 'AUX') return isOpener(next);
  if (before?.pos !== 'NOUN' && before?.pos !== 'PROPN') return false;
  const hasObject = isOpener(next) || next?.pos === 'PRON' || (next?.pos === 'ADV' && !isNominal(words[index + 2]));
  if (isPlural(before.text))
    return !isPlural(text) && (hasObject || (BASE_VERBS.has(text) && next !== undefined && next.pos !== 'PUNCT'));
  if (!/[^s]s$/.test(text)) return false;
  if (hasObject || S_VERBS.has(text)) return true;
  if (before.text === PERSON_WORD) return next?.pos === 'ADP';
  return ACTIONS.has(text) && isActor(before.text) && next?.pos !== 'VERB' && next?.pos !== 'AUX';
}

/** "A man standing", "while standing in", "and holding a"; not "a drinking fountain", nor "dog walking service". */
function isGerund(words: Words, index: number): boolean {
  const [before, next] = [words[index - 1], words[index + 1]];
  if (before?.pos === 'NOUN' || before?.pos === 'PROPN')
    return !(next?.pos === 'NOUN' && !isPlural(before.text) && !isPlural(next.text) && index > 1);
  if (before?.pos === 'SCONJ' || before?.pos === 'AUX') return !isNominal(next);
  const begins = before === undefined || ['ADV', 'CCONJ', 'PUNCT'].includes(before.pos);
  return begins && (isOpener(next) || next?.pos === 'PRON' || next?.pos === 'ADP' || next?.pos === 'ADJ');
}

function isActor(noun: string): boolean {
  return ACTORS.has(noun) || /(?:er|or|ist|man|woman|person)$/.test(noun);
}

function isOpener(word: Word): boolean {
  return word?.pos === 'DET' || (word?.pos === 'PRON' && POSSESSIVES.has(word.text));
}

function opensPhrase(word: Word): boolean {
  return isOpener(word) || word?.pos === 'ADP' || word?.pos === 'ADJ' || word?.text === "'s";
}

function endsPhrase(next: Word): boolean {
  return next === undefined || PHRASE_ENDS.has(next.pos);
}

function isNominal(word: Word): boolean {
  return word?.pos === 'NOUN' || word?.pos === 'PROPN' || word?.pos === 'ADJ';
}
