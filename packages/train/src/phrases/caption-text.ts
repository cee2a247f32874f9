/** A caption from the web → plain lower-case text that the tagger understands. */
import { unescapeEntities } from '@synseg/core/checkpoint';

/** Stands for `<PERSON>`, Conceptual 12M's mark for a name: a word no caption holds, tagged as a noun. */
export const PERSON_WORD = 'qpersonq';

/** Longest part of a caption that is read, in characters: longer ones are lists of keywords. */
const MAX_CHARACTERS = 2_000;

const LINK =
  /(?:https?:\/\/|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|co\.uk)\b(?:\/\S*)?/gi;
const FILE_NAME =
  /[\w-]+\.(?:jpe?g|png|gif|webp|bmp|tiff?|svg|pdf|mp4|mov|eps)\b|\b(?:img|dsc[nf]?|p|pict)_?\d{3,}\b/gi;
const MENTION = /[#@][\p{L}\p{N}_]+/gu;
/** The genitive of a plural, distinguished from a closing quotation mark by the missing opening one. */
const PLURAL_GENITIVE = /([a-z]s)'(?=\s)/g;

/** Conceptual 3M has a space around every sign: hyphens are joined again. Elsewhere a hyphen in spaces is a dash. */
const SPACED_SIGNS = /\s(?:[,.]|'s)(?=\s|$)/;
const SPACED_HYPHEN = /(?<=\p{L}) - (?=\p{L})/gu;
const SPACED_PART = /(?<=(?:^|\s)\p{L}) - (?=\p{L})|(?<=\p{L}) - (?=\p{L}+ed\b)/gu;

/** A cleaned caption. */
export interface CaptionText {
  /** Lower case; links, file names, hashtags and mentions have become commas. */
  readonly text: string;
  /** Words with a capital inside a sentence, in lower case: names. Empty where Every Word Has One, or ALL DO. */
  readonly names: ReadonlySet<string>;
}

/** Cleans a caption: makes spelling uniform and removes everything that is not language. */
export function plainCaption(caption: string): CaptionText {
  const clean = unescapeEntities(caption.slice(0, MAX_CHARACTERS))
    .replace(/<person>/gi, ` ${PERSON_WORD} `)
    .replace(/<\/?[a-z][^>]{0,100}>/gi, ' ')
    .replace(LINK, ' , ')
    .replace(FILE_NAME, ' , ')
    .replace(MENTION, ' , ')
    .replace(/[‘’ʼ`´]/g, "'")
    .replace(/[‐‑]/g, '-')
    .replace(SPACED_SIGNS.test(caption) ? SPACED_HYPHEN : SPACED_PART, '-')
    .replace(/[–—]|--+/g, ' - ')
    .replace(/[®™©]/g, '')
    .replace(/[\s_\u200b]+/g, ' ');
  const lower = clean.toLowerCase();
  const text = /(?:^|\s)'\w/.test(lower) ? lower : lower.replace(PLURAL_GENITIVE, "$1 's");
  return { text: text.trim(), names: namesOf(clean) };
}

function namesOf(caption: string): ReadonlySet<string> {
  const names = new Set<string>();
  let capitals = 0;
  let small = 0;
  let inside = false;
  for (const [word, end] of wordsOf(caption)) {
    const capital = word[0] !== word[0]?.toLowerCase();
    if (capital) capitals++;
    else small++;
    // The first word of a sentence has its capital from there.
    if (capital && inside) names.add(word.toLowerCase());
    inside = !/^[.!?:|"]/.test(caption.slice(end, end + 1));
  }
  return capitals > 2 * small ? new Set() : names;
}

function* wordsOf(text: string): Generator<[word: string, end: number]> {
  for (const match of text.matchAll(/\p{L}[\p{L}\p{N}]*/gu)) {
    if (match[0] !== PERSON_WORD) yield [match[0], match.index + match[0].length];
  }
}
