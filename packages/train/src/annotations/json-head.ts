/** What a JSON file is, from its beginning: large ones are not read to find that out. */

/** The outermost value of a JSON text, so far as its beginning shows. */
export interface JsonHead {
  readonly kind: 'object' | 'list' | 'other';
  /** Names of the fields of the object, or of the first object in the list. */
  readonly fields: readonly string[];
}

const TOKENS = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/gs;

/**
 * Reads the names of fields that stand in the beginning of a JSON text.
 *
 * @example
 * ```ts
 * import { jsonHead } from './json-head.ts';
 * console.assert(jsonHead('{"info": {"year": 1}, "images": [{"id": 1').fields.join() === 'info,images');
 * ```
 */
export function jsonHead(text: string): JsonHead {
  const first = text.trimStart()[0];
  const kind = first === '{' ? 'object' : first === '[' ? 'list' : 'other';
  const fields: string[] = [];
  const level = kind === 'list' ? 2 : 1;
  let depth = 0;
  for (const [token, name, colon] of kind === 'other' ? [] : text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === level && colon !== undefined) fields.push(name!);
    if (depth < level && fields.length > 0) break;
  }
  return { kind, fields };
}
