/** Retrieval between held-out pictures and captions. */
import { joined } from '@synseg/core/runtime';
import type { RetrievalScore } from './reports.ts';
import { partOfPairs } from './pair-batch.ts';
import type { PairBatch, PairEmbeddings } from './protocol.ts';

/** A {@link RetrievalScore} that is not compared with the best. */
export type Retrieval = Omit<RetrievalScore, 'best'>;

/**
 * Embeds all pairs, `atOnce` at a time, and scores them.
 *
 * @param embed - embeddings float32 `[pairs, D]`, rows of length one
 * @param onProgress - called with the number of pairs done
 */
export async function retrieve(
  all: PairBatch,
  atOnce: number,
  embed: (part: PairBatch) => Promise<PairEmbeddings>,
  onProgress?: (done: number) => void,
): Promise<Retrieval> {
  const parts: PairEmbeddings[] = [];
  for (let start = 0; start < all.pairs; start += atOnce) {
    const end = Math.min(start + atOnce, all.pairs);
    parts.push(await embed(partOfPairs(all, start, end)));
    onProgress?.(end);
  }
  const [image, text] = [joined(parts.map((part) => part.image)), joined(parts.map((part) => part.text))];
  return retrievalOf({ image, text }, all.captions);
}

/**
 * Recall at one in both directions. A caption that says the same as a picture's own is right as well, and so is any
 * picture of a caption's.
 *
 * @param captions - equal numbers for equal captions
 */
export function retrievalOf({ image, text }: PairEmbeddings, captions: ArrayLike<bigint>): Retrieval {
  const pairs = captions.length;
  const counts = new Map<bigint, number>();
  for (let pair = 0; pair < pairs; pair++)
    counts.set(captions[pair] as bigint, (counts.get(captions[pair] as bigint) ?? 0) + 1);
  const hits = (queries: Float32Array, found: Float32Array): number => {
    let right = 0;
    for (let query = 0; query < pairs; query++)
      right += Number(captions[nearest(queries, query, found, pairs)] === captions[query]);
    return right / pairs;
  };
  const chance = [...counts.values()].reduce((sum, count) => sum + count ** 2, 0) / pairs ** 2;
  return { imageToText: hits(image, text), textToImage: hits(text, image), chance, pairs };
}

/** Row of `found` with the largest product, the first of several. */
function nearest(queries: Float32Array, query: number, found: Float32Array, pairs: number): number {
  const dim = found.length / pairs;
  let [best, largest] = [0, -Infinity];
  for (let candidate = 0; candidate < pairs; candidate++) {
    let product = 0;
    for (let index = 0; index < dim; index++)
      product += (queries[query * dim + index] as number) * (found[candidate * dim + index] as number);
    if (product > largest) [best, largest] = [candidate, product];
  }
  return best;
}
