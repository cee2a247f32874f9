/**
 * Byte-level byte-pair encoding learned from captions (Sennrich et al. 2016, in the form of GPT-2 and CLIP): the
 * tokenizer of a checkpoint that starts from nothing. Every text can be written with it, for every byte is a token.
 */
import { cleanText } from '@synseg/core/checkpoint';
import { checkKind } from '@synseg/core/guards';
import { turnTaker } from '@synseg/core/runtime';

/** A learned vocabulary, as in CLIP's two files. */
export interface BytePairs {
  /** Token → id: 256 bytes, 256 bytes that end a word, what was merged, `<|startoftext|>`, `<|endoftext|>`. */
  readonly vocabulary: Readonly<Record<string, number>>;
  /** Pairs in the order they were merged, as `merges.txt` has them: two tokens and a space between. */
  readonly merges: readonly string[];
}

/** Tokens of the vocabulary before anything is learned, the two special ones included. */
export const LEAST_VOCABULARY = 514;
/** Tokens of CLIP's own vocabulary. */
export const MOST_VOCABULARY = 49_408;
/** A pair that occurs once is no rule. */
const LEAST_COUNT = 2;
/** Letters of the longest word to learn from; longer ones are encoded with the pairs of others. */
const LONGEST_WORD = 100;
/** Distinct words that are counted; beyond, the rarest are forgotten. */
const MOST_WORDS = 1_000_000;
const END = '</w>';
/** CLIP's words, after cleaning: letters, single digits, runs of other signs. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;

/** A word as its tokens, and how often it occurs. */
interface Word {
  tokens: string[];
  readonly count: number;
}

/**
 * Learns a vocabulary: again and again the most frequent pair of neighbors becomes one token. Of pairs that
 * occur equally often the first in the order of their characters is taken, so that the same captions in any order give
 * the same.
 *
 * @param captions - read once
 * @param size - tokens at most, from {@link LEAST_VOCABULARY}; fewer when no pair is left that occurs twice
 * @throws TypeError for captions that are no texts, the signal's reason when aborted
 * @example
 * ```ts
 * import { learnBytePairs } from './byte-pairs.ts';
 * const { vocabulary, merges } = await learnBytePairs(['a red car', 'a red bus'], 520);
 * console.assert(merges.join() === 'e d</w>,r ed</w>' && vocabulary['red</w>'] === 513);
 * ```
 */
export async function learnBytePairs(
  captions: Iterable<string> | AsyncIterable<string>,
  size: number,
  signal?: AbortSignal,
): Promise<BytePairs> {
  const giveTurn = turnTaker(signal);
  const words = await countWords(captions, giveTurn);
  const counts = new PairCounts();
  for (const word of words) {
    counts.add(word);
    await giveTurn();
  }
  const merges: (readonly [string, string])[] = [];
  while (merges.length < size - LEAST_VOCABULARY) {
    await giveTurn();
    const pair = counts.mostFrequent();
    if (pair === undefined) break;
    merges.push(pair);
    counts.merge(pair);
  }
  const letters = [...byteLetters()];
  const tokens = [
    ...letters,
    ...letters.map((letter) => letter + END),
    ...new Set(merges.map(([first, second]) => first + second)),
    '<|startoftext|>',
    '<|endoftext|>',
  ];
  return {
    vocabulary: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges: merges.map((pair) => pair.join(' ')),
  };
}

/** `merges.txt` */
export function mergesText({ merges }: BytePairs): string {
  return `#version: 0.2\n${merges.map((merge) => `${merge}\n`).join('')}`;
}

async function countWords(
  captions: Iterable<string> | AsyncIterable<string>,
  giveTurn: () => Promise<void> | undefined,
): Promise<Word[]> {
  const counts = new Map<string, number>();
  for await (const caption of captions) {
    checkKind('learn tokenizer', 'a caption', caption, typeof caption === 'string', 'be a text');
    for (const [word] of cleanText(caption).normalize('NFC').matchAll(WORDS))
      if (word.length <= LONGEST_WORD) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (let least = 1; counts.size > MOST_WORDS; least++)
      for (const [word, count] of counts) if (count <= least) counts.delete(word);
    await giveTurn();
  }
  const letters = byteLetters();
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => {
    const tokens = Array.from(encoder.encode(word), (byte) => letters[byte] as string);
    tokens.push(`${tokens.pop() as string}${END}`);
    return { tokens, count };
  });
}

/** Counts of pairs of neighboring tokens and the words they occur in, kept up to date while pairs are merged. */
class PairCounts {
  readonly #counts = new Map<string, number>();
  readonly #places = new Map<string, Set<Word>>();

  add(word: Word): void {
    this.#change(word, 1);
  }

  mostFrequent(): readonly [string, string] | undefined {
    let best: string | undefined;
    let most = LEAST_COUNT - 1;
    for (const [pair, count] of this.#counts) {
      if (count > most || (count === most && best !== undefined && pair < best)) [best, most] = [pair, count];
    }
    return best?.split(' ') as [string, string] | undefined;
  }

  merge([first, second]: readonly [string, string]): void {
    for (const word of [...(this.#places.get(`${first} ${second}`) ?? [])]) {
      this.#change(word, -1);
      const merged: string[] = [];
      for (let place = 0; place < word.tokens.length; place++) {
        const here = word.tokens[place] as string;
        const joined = here === first && word.tokens[place + 1] === second;
        merged.push(joined ? first + second : here);
        if (joined) place += 1;
      }
      word.tokens = merged;
      this.#change(word, 1);
    }
  }

  #change(word: Word, sign: 1 | -1): void {
    word.tokens.slice(1).forEach((second, place) => {
      const pair = `${word.tokens[place] as string} ${second}`;
      const count = (this.#counts.get(pair) ?? 0) + sign * word.count;
      if (count === 0) this.#counts.delete(pair);
      else this.#counts.set(pair, count);
      const places = this.#places.get(pair) ?? new Set();
      if (sign === 1) places.add(word);
      else places.delete(word);
      this.#places.set(pair, places);
    });
  }
}

/** GPT-2's visible letter for each byte: its own where it is printable, else one from 256 on. */
function byteLetters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
}
