/**
 * Elements of the lists in a large JSON object, such as COCO's, while the file is read: parsed at once, 90 MB of
 * captions would take many times as much memory. The only file that imports @streamparser/json.
 */
import { utf16Of } from '@synseg/core/guards';
import { TokenParser, TokenType, Tokenizer } from '@streamparser/json';
import { bytesOf, tableError, type TableSource } from './table-source.ts';

/** An element of a list. */
export interface JsonElement {
  /** Name of the list. */
  readonly list: string;
  readonly index: number;
  readonly value: unknown;
}

/** Outline of the object itself; complete once it has been read through. */
export interface JsonOutline {
  /** Kind of the file's value. */
  kind: 'object' | 'list' | 'value' | 'nothing';
  /** Names of the object's fields. */
  readonly fields: string[];
  /** Those that are lists. */
  readonly lists: Set<string>;
  /** False when the file ends within the object. */
  whole: boolean;
}

/** Deepest nesting: each level takes memory, and no list of pictures nests so deep. */
const MAX_DEPTH = 100_000;
const OPENING: ReadonlySet<TokenType> = new Set([TokenType.LEFT_BRACE, TokenType.LEFT_BRACKET]);
const CLOSING: ReadonlySet<TokenType> = new Set([TokenType.RIGHT_BRACE, TokenType.RIGHT_BRACKET]);

/** The outline of a file that has not been read. */
export function emptyOutline(): JsonOutline {
  return { kind: 'nothing', fields: [], lists: new Set(), whole: false };
}

/**
 * The elements of these lists in the order of the file, in batches.
 *
 * @param outline - filled in while the file is read
 * @throws SynsegError `DATASET_FORMAT` when the file cannot be read or is no JSON up to its end
 */
export async function* jsonElements(
  source: TableSource,
  lists: readonly string[],
  outline: JsonOutline = emptyOutline(),
): AsyncGenerator<JsonElement[]> {
  let found: JsonElement[] = [];
  const parser = new TokenParser({ paths: lists.map((name) => `$.${name}.*`), keepStack: false });
  const indices = new Map<string, number>();
  parser.onValue = ({ value, stack }) => {
    const list = String(stack[1]?.key);
    const index = indices.get(list) ?? 0;
    indices.set(list, index + 1);
    found.push({ list, index, value });
  };
  const tokenizer = tokenizerOf(parser, outline);
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  try {
    for await (const chunk of bytesOf(source)) {
      decoder ??= new TextDecoder(utf16Of(chunk) ?? 'utf-8');
      tokenizer.write(decoder.decode(chunk, { stream: true }));
      if (found.length > 0) yield found;
      found = [];
    }
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw tableError(source, 'be JSON', cause);
  }
  outline.whole = parser.isEnded;
}

class JsonError extends Error {}

/** Passes tokens on, and notes the names of the object's fields. */
function tokenizerOf(parser: TokenParser, outline: JsonOutline): Tokenizer {
  const tokenizer = new Tokenizer();
  const fail = (error: Error): never => {
    throw new JsonError(error.message, { cause: error });
  };
  let depth = 0;
  let text: unknown;
  let field: string | undefined;
  tokenizer.onToken = (token) => {
    const { token: type, value } = token;
    if (depth === 0)
      outline.kind = type === TokenType.LEFT_BRACE ? 'object' : type === TokenType.LEFT_BRACKET ? 'list' : 'value';
    if (depth === 1 && outline.kind === 'object') {
      if (field !== undefined && type === TokenType.LEFT_BRACKET) outline.lists.add(field);
      field = type === TokenType.COLON ? String(text) : undefined;
      if (field !== undefined) outline.fields.push(field);
      text = value;
    }
    if (OPENING.has(type)) depth += 1;
    else if (CLOSING.has(type)) depth -= 1;
    if (depth > MAX_DEPTH) fail(new Error(`more than ${MAX_DEPTH} lists and objects within each other`));
    parser.write(token);
  };
  tokenizer.onError = fail;
  parser.onError = fail;
  return tokenizer;
}
