/** Tagged words → noun phrases. */
import { PERSON_WORD } from './caption-text.ts';
import type { PartOfSpeech, TaggedWord } from './tagger.ts';
import { PART_WORDS, WEARERS, isPlural } from './word-lists.ts';
import { roleOf, type Role } from './word-roles.ts';

/** Words of the longest phrase; of a longer one its head is left, the nouns at its end. */
const MAX_WORDS = 6;

/**
 * Words of a phrase that are kept: its adjectives and nouns, its nouns alone, both as two phrases, so that "red car"
 * also gives "car", or what the paper's Algorithm 1 keeps.
 */
export const KEPT_WORDS = ['adjectives', 'nouns', 'both', 'paper'] as const;
export type KeptWords = (typeof KEPT_WORDS)[number];

/** Options of {@link nounChunks}. */
export interface ChunkOptions {
  readonly keep: Exclude<KeptWords, 'paper'>;
  /** The phrase for `<PERSON>`; undefined for none. */
  readonly person: string | undefined;
}

/**
 * The noun phrases of a tagged text in order, repeated where the text repeats them.
 *
 * @param names - words that are names whatever their tag says
 */
export function nounChunks(
  tagged: readonly TaggedWord[],
  names: ReadonlySet<string>,
  { keep, person }: ChunkOptions,
): string[] {
  const words = joinHyphens(tagged);
  const phrases: string[] = [];
  let chunk: { text: string; role: Role }[] = [];
  let opened = false;
  let joined = false;
  let previous: Role = 'break';

  const isNoun = ({ role }: { readonly role: Role }): boolean => role === 'noun' || role === 'name';
  const hasNoun = (): boolean => chunk.some(isNoun);
  const finish = (next: string | undefined): void => {
    const whole = chunk.slice(0, chunk.findLastIndex(isNoun) + 1);
    const nouns = whole.filter(isNoun);
    const isPart = next === 'of' && PART_WORDS.has(whole.at(-1)?.text ?? '');
    const both = keep === 'both' && nouns.length < whole.length;
    for (const all of both ? [whole, nouns] : [keep === 'nouns' ? nouns : whole]) {
      const kept = all.length > MAX_WORDS ? all.slice(all.findLastIndex((word) => !isNoun(word)) + 1) : all;
      // More nouns in a row are a list of keywords.
      if (kept.length > 0 && kept.length <= MAX_WORDS && !isPart) phrases.push(kept.map(({ text }) => text).join(' '));
    }
    chunk = [];
    opened = false;
  };

  for (const [index, { text }] of words.entries()) {
    const role: Role = text === PERSON_WORD ? 'break' : roleOf(words, index, { previous, opened, joined }, names);
    switch (role) {
      case 'noun':
      case 'name':
      case 'modifier':
        chunk.push({ text, role });
        break;
      case 'number':
        // "dogs 2 cats" are two phrases, "iphone 7 case" is one.
        if (hasNoun() && isPlural(chunk.at(-1)!.text)) finish(undefined);
        opened ||= chunk.length === 0;
        break;
      case 'skip':
        if (hasNoun()) finish(undefined);
        break;
      case 'and':
        // "Black and white cat", "hand painted blue and white vase".
        if (chunk.length > 0 && (!hasNoun() || previous === 'modifier')) {
          chunk.push({ text: 'and', role });
          break;
        }
        finish(undefined);
        joined = true;
        break;
      case 'genitive':
        // The one a thing belongs to is a thing of its own, unless it is named or says for whom the thing is made.
        if (previous === 'name') chunk = [];
        if (WEARERS.has(chunk.at(-1)?.text ?? '')) chunk.pop();
        else finish(undefined);
        opened = true;
        break;
      case 'opener':
        finish(undefined);
        opened = true;
        break;
      case 'break':
        finish(text);
        joined = false;
        if (text === PERSON_WORD && person !== undefined) phrases.push(person);
    }
    previous = role;
  }
  finish(undefined);
  return phrases;
}

/** "t", "-", "shirt" with no space between → "t-shirt", of the last part's kind. */
function joinHyphens(words: readonly TaggedWord[]): TaggedWord[] {
  const joined: TaggedWord[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    const next = words[index + 1];
    const before = joined.at(-1);
    const joins = word.text === '-' && word.attached && next?.attached === true;
    if (joins && before !== undefined && /[\p{L}\p{N}]$/u.test(before.text)) {
      const pos = hyphenated(before.pos, next.pos);
      joined[joined.length - 1] = { text: `${before.text}-${next.text}`, pos, attached: before.attached };
      index++;
    } else joined.push(word);
  }
  return joined;
}

function hyphenated(first: PartOfSpeech, last: PartOfSpeech): PartOfSpeech {
  return first === 'NUM' || last === 'VERB' || last === 'ADJ' || last === 'ADV' ? 'ADJ' : 'NOUN';
}
