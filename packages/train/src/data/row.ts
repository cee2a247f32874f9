/**
 * One row of a JSONL or CSV file, or the JSON member of a shard's sample: field names, kinds of fields, captions to
 * categories.
 */
import { shortJson } from './data-error.ts';
import { FIELD_KEYS, type FieldKeys } from './data-options.ts';
import { uniqueCategories } from './sample.ts';

/** A kind of field. */
export type FieldKind = keyof FieldKeys;

/** All kinds of field. */
export const FIELD_KINDS = Object.keys(FIELD_KEYS) as readonly FieldKind[];

/** {@link FieldKeys} with defaults filled in. */
export type Fields = Readonly<Record<FieldKind, readonly string[]>>;

/** Turns a caption into noun phrases. */
export type Phrases = (caption: string) => readonly string[];

const ROW_FIELDS: Fields = {
  image: ['image', 'file_name', 'filename', 'filepath', 'path', 'image_url', 'url', 'key'],
  caption: ['caption', 'text', 'txt', 'title', 'sentence'],
  tags: ['tags', 'labels'],
  nouns: ['nouns', 'phrases'],
  mask: ['mask'],
};

const MEMBER_FIELDS: Fields = {
  image: ['jpg', 'jpeg', 'png', 'webp'],
  caption: ['txt', 'text', 'caption'],
  tags: ROW_FIELDS.tags,
  nouns: ROW_FIELDS.nouns,
  mask: ['mask.png', 'seg.png', 'label.png'],
};

/** Field names of rows, with defaults filled in; those of tags and nouns left out where captions alone count. */
export function rowFields(keys: FieldKeys = {}, captionsOnly = false): Fields {
  const fields = withDefaults(keys, ROW_FIELDS);
  return captionsOnly ? { ...fields, tags: [], nouns: [] } : fields;
}

/**
 * Names of a shard's members (the part after the first dot of the file name, in lower case), with defaults filled in.
 */
export function memberFields(keys: FieldKeys = {}): Fields {
  const { image, caption, tags, nouns, mask } = withDefaults(keys, MEMBER_FIELDS);
  const lower = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase());
  return { image: lower(image), caption: lower(caption), tags, nouns, mask: lower(mask) };
}

/** The contents of a row. */
export interface Row {
  readonly image: string | undefined;
  readonly mask: string | undefined;
  readonly split: string | undefined;
  /** Nouns if there are any, else tags, else captions. */
  readonly words: Words;
}

/** Categories, or captions to take them from. */
export type Words = { readonly categories: readonly string[] } | { readonly captions: readonly string[] };

/** A row that cannot be read; its message has the form `<field> must <rule>, got <value>`. */
export class RowError extends Error {}

/**
 * Reads a row's fields; all of them may be missing.
 *
 * @throws RowError when the row is no object or a field is of the wrong kind
 * @example
 * ```ts
 * import { readRow, rowFields } from './row.ts';
 * const row = readRow({ file_name: 'a.jpg', text: 'a red car' }, rowFields());
 * console.assert(row.image === 'a.jpg' && JSON.stringify(row.words) === '{"captions":["a red car"]}');
 * ```
 */
export function readRow(value: unknown, fields: Fields): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RowError(`row must be an object, got ${shortJson(value)}`);
  const row = value as Readonly<Record<string, unknown>>;
  const find = (names: readonly string[]): readonly [string, unknown] | undefined => fieldOf(row, names);
  const text = (names: readonly string[]): string | undefined => {
    const [name, found] = find(names) ?? ['', undefined];
    if (found === undefined || found === '') return undefined;
    if (typeof found !== 'string') throw new RowError(`${name} must be a text, got ${shortJson(found)}`);
    return found;
  };
  const texts = (names: readonly string[], separator?: string): readonly string[] | undefined => {
    const [name, found] = find(names) ?? ['', undefined];
    if (found === undefined) return undefined;
    if (typeof found === 'string') return separator === undefined ? [found] : found.split(separator);
    if (Array.isArray(found) && found.every((entry) => typeof entry === 'string')) return found;
    throw new RowError(`${name} must be a text or a list of texts, got ${shortJson(found)}`);
  };
  const categories = texts(fields.nouns, ',') ?? texts(fields.tags, ',');
  const words: Words = categories === undefined ? { captions: texts(fields.caption) ?? [] } : { categories };
  return { image: text(fields.image), mask: text(fields.mask), split: text(['split']), words };
}

/** Name and value of the first of these fields that a row has and that is not null. */
export function fieldOf(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly [name: string, value: unknown] | undefined {
  const name = names.find((candidate) => Object.hasOwn(row, candidate) && (row[candidate] ?? undefined) !== undefined);
  return name === undefined ? undefined : [name, row[name]];
}

/** Unique categories of a row; captions give the noun phrases of all of them. */
export function categoriesOf(words: Words, phrases: Phrases): string[] {
  return uniqueCategories(
    'categories' in words ? words.categories : words.captions.flatMap((caption) => phrases(caption)),
  );
}

function withDefaults(keys: FieldKeys, defaults: Fields): Fields {
  const resolve = (kind: FieldKind): readonly string[] =>
    keys[kind] === undefined ? defaults[kind] : [keys[kind]].flat().map(String);
  return {
    image: resolve('image'),
    caption: resolve('caption'),
    tags: resolve('tags'),
    nouns: resolve('nouns'),
    mask: resolve('mask'),
  };
}
