/**
 * Elements of one array of a large JSON object, as the text arrives: COCO's captions are 90 MB, and parsed at once
 * they would take many times as much memory.
 */
import { BROKEN, MAX_RECORD_LETTERS } from './text-chunks.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const COMMA = 44;

/**
 * The objects in the array under `key` of a JSON object, a list for each piece of text; one that cannot be parsed is
 * {@link BROKEN}.
 *
 * @param onArray - is called when the array begins
 */
export async function* jsonElements(
  chunks: AsyncIterable<string>,
  key: string,
  onArray?: () => void,
): AsyncGenerator<unknown[]> {
  let depth = 0;
  /** Inside the array asked for. */
  let inside = false;
  let inString = false;
  let escaped = false;
  /** The last string outside of nested values: the key when "[" follows. */
  let name = '';
  let element: string | undefined;

  for await (const chunk of chunks) {
    const elements: unknown[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const letter = chunk.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (letter === BACKSLASH) escaped = true;
        else if (letter === QUOTE) inString = false;
        if (inString && depth === 1 && name.length <= key.length) name += chunk[at];
        continue;
      }
      switch (letter) {
        case QUOTE:
          inString = true;
          if (depth === 1) name = '';
          break;
        case COMMA:
          if (depth === 1) name = '';
          break;
        case OPEN_BRACKET:
        case OPEN_BRACE:
          depth++;
          if (depth === 2 && letter === OPEN_BRACKET && name === key) {
            inside = true;
            onArray?.();
          } else if (inside && depth === 3) {
            element = '';
            from = at;
          }
          break;
        case CLOSE_BRACKET:
        case CLOSE_BRACE:
          depth--;
          if (depth === 1) inside = false;
          else if (element !== undefined && depth === 2) {
            elements.push(parsed(element + chunk.slice(from, at + 1)));
            element = undefined;
          }
      }
    }
    if (element !== undefined && element.length <= MAX_RECORD_LETTERS) element += chunk.slice(from);
    if (elements.length > 0) yield elements;
  }
  if (element !== undefined) yield [BROKEN];
}

function parsed(text: string): unknown {
  if (text.length > MAX_RECORD_LETTERS) return BROKEN;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return BROKEN;
  }
}
