/** Classes of data that only says what its pictures show: what is said of enough of them. */
import { uniqueCategories } from '../data/sample.ts';
import { PhraseExtractor } from '../phrases/phrase-extractor.ts';
import type { AnnotatedPicture } from './annotated-set.ts';

/** Share and number of pictures of which a word must be said: of fewer, nothing is learned. */
const LEAST = { share: 0.05, pictures: 2 } as const;
const MOST_CLASSES = 100;

/**
 * Noun phrases of captions, the most frequent first.
 *
 * @example
 * ```ts
 * // type-checked only: internal
 * import { saidClasses } from './said-classes.ts';
 * const said = (caption: string) => ({ captions: [caption] });
 * console.assert(saidClasses([said('a dog on a sofa'), said('a dog')]).join() === 'dog');
 * ```
 */
export function saidClasses(pictures: readonly Pick<AnnotatedPicture, 'captions'>[]): readonly string[] {
  const extractor = new PhraseExtractor();
  const counts = new Map<string, number>();
  for (const { captions = [] } of pictures)
    for (const name of saidOf(captions, extractor)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const least = Math.max(LEAST.pictures, LEAST.share * pictures.length);
  return [...counts]
    .filter(([, count]) => count >= least)
    .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .slice(0, MOST_CLASSES)
    .map(([name]) => name);
}

/** What captions of a picture name, each once. */
export function saidOf(captions: readonly string[], extractor: PhraseExtractor): readonly string[] {
  return uniqueCategories(captions.flatMap((caption) => extractor.extract(caption)));
}
