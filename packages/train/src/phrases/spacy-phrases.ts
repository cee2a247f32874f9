/**
 * Phrases from noun chunks found by spaCy.
 *
 * A row holds a list under `noun_chunks` or `nouns`. Each chunk is a string, or an object of its text and its tokens'
 * parts of speech, which identifies determiners and chunks without a noun for certain:
 *
 * ```python
 * chunks = [{"text": c.text, "tokens": [[t.text, t.pos_] for t in c]} for c in doc.noun_chunks]
 * {"image": url, "caption": doc.text, "noun_chunks": chunks}
 * ```
 */

import type { KeptWords } from './noun-chunks.ts';

/** Before a noun, these say nothing about how it looks. */
const LEADING =
  /^(?:(?:an?|the|this|that|these|those|my|your|his|her|its|our|their|some|any|each|every|no|all|both|many|several|few|most|more|other|another|such|what|which|whose|two|three|four|five|six|seven|eight|nine|ten|\d+)(?:\s+|$))+/;
const PRONOUN =
  /^(?:it|he|she|they|we|you|i|me|us|him|them|who|whom|which|what|that|this|these|those|one|itself|himself|herself|themselves|there|something|someone|everyone|everything|anyone|anything|nothing|each other)$/;
const NOUNS = new Set(['NOUN', 'PROPN']);
const MODIFIERS = new Set(['ADJ', 'VERB']);

interface Token {
  readonly text: string;
  readonly pos: string;
}

/**
 * The phrases of spaCy's chunks in order; undefined when the value is no list of chunks.
 *
 * @param keep - `'nouns'` leaves adjectives out where the parts of speech are known, `'both'` gives both phrases;
 *   `'paper'` is Algorithm 1 to the letter, which needs them: then a chunk without is no chunk
 */
export function spacyPhrases(chunks: unknown, keep: KeptWords = 'adjectives'): string[] | undefined {
  if (!Array.isArray(chunks)) return undefined;
  const phrases: string[] = [];
  for (const chunk of chunks as readonly unknown[]) {
    const found = keep === 'both' ? [phraseOf(chunk, 'adjectives'), phraseOf(chunk, 'nouns')] : [phraseOf(chunk, keep)];
    for (const phrase of new Set(found)) {
      if (phrase === undefined) return undefined;
      if (phrase !== '') phrases.push(phrase);
    }
  }
  return phrases;
}

/** The phrase of one chunk; empty when it names no thing, undefined when it is no chunk. */
function phraseOf(chunk: unknown, keep: Exclude<KeptWords, 'both'>): string | undefined {
  if (typeof chunk === 'string') return keep === 'paper' ? undefined : phraseOfText(chunk);
  if (typeof chunk !== 'object' || chunk === null) return undefined;
  const { text, tokens, pos } = chunk as Readonly<Record<string, unknown>>;
  const tagged = tokensOf(tokens) ?? tokensOf(zip(text, pos));
  if (tagged !== undefined) return keep === 'paper' ? paperPhrase(tagged) : phraseOfTokens(tagged, keep);
  return typeof text === 'string' && keep !== 'paper' ? phraseOfText(text) : undefined;
}

function phraseOfText(text: string): string {
  const words = text.toLowerCase().replace(/\s+/g, ' ');
  const phrase = words.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '').replace(LEADING, '');
  return PRONOUN.test(phrase) || !/\p{L}{2}/u.test(phrase) ? '' : phrase;
}

/** Algorithm 1: the tokens tagged NOUN, joined by spaces. */
function paperPhrase(tokens: readonly Token[]): string {
  const nouns = tokens.filter(({ pos }) => pos === 'NOUN').map(({ text }) => text);
  const phrase = nouns.join(' ').toLowerCase();
  return /\p{L}/u.test(phrase) ? phrase : '';
}

function phraseOfTokens(tokens: readonly Token[], keep: 'adjectives' | 'nouns'): string {
  const end = tokens.findLastIndex(({ pos }) => NOUNS.has(pos)) + 1;
  let phrase = '';
  for (const [index, { text, pos }] of tokens.slice(0, end).entries()) {
    const isAnd = pos === 'CCONJ' && tokens[index - 1]?.pos === 'ADJ' && tokens[index + 1]?.pos === 'ADJ';
    const kept = NOUNS.has(pos) || (keep === 'adjectives' && (MODIFIERS.has(pos) || isAnd));
    // spaCy splits "t-shirt" into three tokens.
    if (text === '-') phrase += phrase === '' ? '' : '-';
    else if (kept) phrase += (phrase === '' || phrase.endsWith('-') ? '' : ' ') + text.toLowerCase();
  }
  return /\p{L}{2}/u.test(phrase) ? phrase.replace(/^-+|-+$/g, '') : '';
}

/** `[["a", "DET"], …]` or `[{"text": "a", "pos": "DET"}, …]`. */
function tokensOf(value: unknown): Token[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const tokens = (value as readonly unknown[]).map((token): Partial<Token> => {
    if (Array.isArray(token)) return { text: token[0] as string, pos: token[1] as string };
    const { text, pos, pos_ } = (token ?? {}) as Readonly<Record<string, string>>;
    return { text: text as string, pos: (pos ?? pos_) as string };
  });
  const isWhole = ({ text, pos }: Partial<Token>): boolean => typeof text === 'string' && typeof pos === 'string';
  return tokens.every(isWhole) ? (tokens as Token[]) : undefined;
}

/** `"a car"` and `["DET", "NOUN"]`, when there is a part of speech for each word. */
function zip(text: unknown, pos: unknown): unknown {
  if (typeof text !== 'string' || !Array.isArray(pos)) return undefined;
  const words = text.split(/\s+/).filter(Boolean);
  return words.length === pos.length ? words.map((word, index) => [word, (pos as unknown[])[index]]) : undefined;
}
