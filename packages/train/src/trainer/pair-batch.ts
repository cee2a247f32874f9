/** Captions as the step graph takes them: token ids at one length, and which of them say the same. */
import { permutation, type Random } from '../data/random.ts';
import type { PairBatch } from './protocol.ts';

/** Token ids of a text, from start to end token, cut to the length that the encoder takes. */
export type Tokenize = (text: string) => readonly number[];

/**
 * Pictures with a caption each.
 *
 * @param captions - one a picture
 * @param pixels - uint8 `[captions, height, width, 3]`; the batch keeps them
 */
export function pairBatch(
  captions: readonly string[],
  pixels: Uint8Array,
  tokenize: Tokenize,
  maxTokens: number,
): PairBatch {
  const pairs = captions.length;
  const ids = new BigInt64Array(pairs * maxTokens);
  const ends = new BigInt64Array(pairs);
  const numbers = new BigInt64Array(pairs);
  const known = new Map<string, number>();
  captions.forEach((caption, pair) => {
    const tokens = tokenize(caption);
    const end = tokens.length - 1;
    for (let place = 0; place < maxTokens; place++)
      ids[pair * maxTokens + place] = BigInt(tokens[Math.min(place, end)] as number);
    ends[pair] = BigInt(pair * maxTokens + end);
    const key = tokens.join();
    if (!known.has(key)) known.set(key, pair);
    numbers[pair] = BigInt(known.get(key) as number);
  });
  return { pairs, pixels, ids, ends, captions: numbers };
}

/**
 * A random choice of tokens to keep, the class token always: float32 `[1 + kept, tokens]`, one-hot. All pictures of a
 * batch keep the same: a product with one matrix then does it (Li et al. 2023, "FLIP", choose for each picture).
 */
export function keptTokens(tokens: number, kept: number, random: Random): Float32Array {
  const matrix = new Float32Array((1 + kept) * tokens);
  const patches = permutation(tokens - 1, random)
    .slice(0, kept)
    .sort();
  [0, ...Array.from(patches, (patch) => patch + 1)].forEach((token, row) => (matrix[row * tokens + token] = 1));
  return matrix;
}

/** Pairs `[start, end)` of a batch. */
export function partOfPairs({ pairs, pixels, ids, ends, captions }: PairBatch, start: number, end: number): PairBatch {
  const tokens = ids.length / pairs;
  const bytes = pixels.length / pairs;
  const shift = BigInt(start * tokens);
  return {
    pairs: end - start,
    pixels: pixels.slice(start * bytes, end * bytes),
    ids: ids.slice(start * tokens, end * tokens),
    ends: ends.slice(start, end).map((place) => place - shift),
    captions: captions.slice(start, end),
  };
}
