/** Captions → texts of several of them. */

/** Sentences of each text, in turn. */
const SENTENCES = [1, 2, 3, 2, 3] as const;

/**
 * As many texts as captions, of one to three of them each: a text that says more tells pictures apart better.
 *
 * @example
 * ```ts
 * import { paragraphsOf } from './paragraphs.ts';
 * console.assert(paragraphsOf(['A car', 'a bus.']).join(' | ') === 'A car | a bus. A car');
 * ```
 */
export function paragraphsOf(captions: readonly string[]): string[] {
  return captions.map((_, first) => {
    const count = Math.min(SENTENCES[first % SENTENCES.length]!, captions.length);
    const sentences = Array.from({ length: count }, (_, index) => captions[(first + index) % captions.length]!);
    return sentences
      .map((sentence, index) => (index < count - 1 && !sentence.endsWith('.') ? `${sentence}.` : sentence))
      .join(' ');
  });
}
