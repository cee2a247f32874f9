/** Texts as CLIP's own tokenizer cleans them before byte pairs; the only file that imports entities. */
import { decodeHTML } from 'entities';

/** Resolves HTML entities twice, since texts of the web are often escaped twice: `&amp;amp;` is `&`. */
export function unescapeEntities(text: string): string {
  return decodeHTML(decodeHTML(text));
}

/** Resolves HTML entities, folds white space, trims, and puts everything into lower case. */
export function cleanText(text: string): string {
  return unescapeEntities(text).replace(/\s+/g, ' ').trim().toLowerCase();
}
