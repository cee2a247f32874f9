/** Captions of a file of any format, with the names of their pictures. */
import { extname } from 'node:path';
import { SynsegError } from '@synseg/core';
import type { OptionsOf } from '@synseg/core/guards';
import { COLUMN } from '../data/data-options.ts';
import { emptyOutline, jsonElements } from '../data/json-lists.ts';
import { RowError, fieldOf, rowFields, type Fields } from '../data/row.ts';
import { PARQUET_ADVICE, isParquet } from '../data/source.ts';
import { isBlank, linesOf } from '../data/table-lines.ts';
import type { TableSource } from '../data/table-source.ts';
import { openTable } from '../data/table.ts';

/** Names or columns of a row's fields. */
export const CAPTION_KEYS = {
  /** Name or address of the picture. @default image, file_name, filename, filepath, path, image_url, url */
  image: COLUMN,
  /** Caption. @default caption, text, txt, title, sentence */
  caption: COLUMN,
  /** Noun chunks that spaCy has found. @default noun_chunks, nouns, phrases */
  nouns: COLUMN,
};
type CaptionKeys = OptionsOf<typeof CAPTION_KEYS>;

/** Formats of caption files. */
export const CAPTION_FORMATS = ['tsv', 'csv', 'jsonl', 'coco', 'text', 'spacy'] as const;

/** Format of a caption file; `spacy` is JSONL whose rows have noun chunks already. */
export type CaptionFormat = (typeof CAPTION_FORMATS)[number];

/** A row of a caption file. */
export interface CaptionRecord {
  /** Fields that the output row repeats: image or key, mask, split. */
  readonly fields: Readonly<Record<string, string>>;
  readonly caption: string;
  /** spaCy's chunks as they stand in the file. */
  readonly chunks?: unknown;
}

/** A row that cannot be read. */
export const BROKEN: unique symbol = Symbol('broken record');

/** Source of {@link captionRecords}. */
export interface CaptionSource extends Pick<TableSource, 'path' | 'onBytes' | 'signal'> {
  readonly format: CaptionFormat;
  readonly keys: CaptionKeys;
  /** True when a table starts with column names; undefined: it does when its first row holds a known one. */
  readonly header: boolean | undefined;
}

/** Rows read, in order. */
export type CaptionRecords = AsyncGenerator<Read>;

const BY_EXTENSION: Readonly<Record<string, CaptionFormat>> = {
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'coco',
  '.txt': 'text',
};

/** The format of a file by its name, `.gz` or not. @throws SynsegError `DATASET_FORMAT` for any other name */
export function captionFormat(path: string): CaptionFormat {
  const format = BY_EXTENSION[extname(path.replace(/\.gz$/i, '')).toLowerCase()];
  if (format !== undefined) return format;
  const rule = isParquet(path)
    ? `not be Parquet (${PARQUET_ADVICE})`
    : `end in ${Object.keys(BY_EXTENSION).join(', ')} or have a format`;
  throw new SynsegError('DATASET_FORMAT', `Cannot extract phrases: captions must ${rule}, got "${path}"`);
}

/** The records of a file; {@link BROKEN} for each that cannot be read. */
export function captionRecords(source: CaptionSource): CaptionRecords {
  const table: TableSource = { ...source, action: 'extract phrases', what: 'captions' };
  if (source.format === 'text') return textRecords(table);
  return source.format === 'coco' ? cocoRecords(table) : tableRecords(table, source);
}

async function* tableRecords(source: TableSource, { format, keys, header }: CaptionSource): CaptionRecords {
  const all = rowFields(keys);
  const fields: Fields = {
    ...all,
    // What a row calls its key names no file.
    image: keys.image === undefined ? all.image.filter((name) => name !== 'key') : all.image,
    nouns: keys.nouns === undefined ? ['noun_chunks', ...all.nouns] : all.nouns,
  };
  const asked = (['caption', 'image'] as const).filter((kind) => keys[kind] !== undefined);
  const isTable = format === 'tsv' || format === 'csv';
  const options = { fields, asked, required: 'caption', header } as const;
  for await (const row of openTable(source, isTable ? format : 'jsonl', options).rows()) {
    try {
      yield recordOf(row.value(), fields, isTable, format === 'spacy');
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      yield BROKEN;
    }
  }
}

type Read = CaptionRecord | typeof BROKEN;

function recordOf(value: unknown, fields: Fields, isTable: boolean, withChunks: boolean): Read {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return BROKEN;
  const row = value as Readonly<Record<string, unknown>>;
  const find = (names: readonly string[]): unknown => fieldOf(row, names)?.[1];
  const given = find(fields.caption);
  const texts = Array.isArray(given) && given.every((entry) => typeof entry === 'string') ? given.join('. ') : given;
  const caption = typeof texts === 'string' ? texts.trim() : '';
  const image = find(fields.image);
  // A table that names pictures must name that of each caption.
  if (isTable && image === undefined && fields.image.some((name) => Object.hasOwn(row, name))) return BROKEN;
  const key = find(['key', 'id']);
  const repeated: Record<string, string> = {};
  if (typeof image === 'string') repeated['image'] = image;
  else if (typeof key === 'string' || typeof key === 'number') repeated['key'] = String(key);
  for (const name of ['mask', 'split']) if (typeof row[name] === 'string') repeated[name] = row[name];
  if (!withChunks) return caption === '' ? BROKEN : { fields: repeated, caption };
  const chunks = find(fields.nouns);
  return Array.isArray(chunks) ? { fields: repeated, caption, chunks } : BROKEN;
}

/** Plain text has no pictures: the key of a caption is the number of its line. */
async function* textRecords(source: TableSource): CaptionRecords {
  for await (const found of linesOf(source)) {
    if (found.problem !== undefined) yield BROKEN;
    else if (!isBlank(found))
      yield { fields: { key: String(found.line) }, caption: new TextDecoder().decode(found.bytes).trim() };
  }
}

/** COCO's captions name their picture by number: the names are read first, and are all that is kept. */
async function* cocoRecords(source: TableSource): CaptionRecords {
  // Ids are written as numbers or as text, in one file even.
  const names = new Map<string, string>();
  for await (const elements of jsonElements(source, ['images'])) {
    for (const { value } of elements) {
      const { id, file_name: file } = (value ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof file === 'string') names.set(String(id), file);
    }
  }
  const outline = emptyOutline();
  for await (const elements of jsonElements(source, ['annotations'], outline)) {
    for (const { value } of elements) {
      const { caption, image_id: id } = (value ?? {}) as Readonly<Record<string, unknown>>;
      const image = names.get(String(id));
      yield typeof caption === 'string' && caption.trim() !== '' && image !== undefined
        ? { fields: { image }, caption: caption.trim() }
        : BROKEN;
    }
  }
  const rule = `"${source.path}" must have "annotations" with captions as COCO does`;
  if (!outline.lists.has('annotations'))
    throw new SynsegError('DATASET_FORMAT', `Cannot extract phrases: ${rule}, got none`);
  if (!outline.whole) yield BROKEN;
}
