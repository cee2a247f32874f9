/** Caption files of any format → records, a list for each piece of the file. */
import { basename } from 'node:path';
import { SynsegError } from '@synseg/core';
import {
  CAPTION_NAMES,
  CHUNK_NAMES,
  IMAGE_NAMES,
  columnsOf,
  type CaptionField,
  type CaptionKeys,
  type TableColumns,
} from './caption-columns.ts';
import { csvRows } from './csv-rows.ts';
import { jsonElements } from './json-elements.ts';
import { BROKEN, linesOf, textChunks, type TextChunksOptions } from './text-chunks.ts';

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

/** What {@link captionRecords} reads. */
export interface CaptionSource extends TextChunksOptions {
  readonly path: string;
  readonly format: CaptionFormat;
  readonly keys: CaptionKeys;
  /** Whether a table starts with column names; undefined: when its first row holds a known one. */
  readonly header: boolean | undefined;
}

/** Rows read, in order. */
export type CaptionRecords = AsyncGenerator<(CaptionRecord | typeof BROKEN)[]>;

const BY_EXTENSION: Readonly<Record<string, CaptionFormat>> = {
  tsv: 'tsv',
  tab: 'tsv',
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'coco',
  txt: 'text',
};

/**
 * The format of a file by its name, `.gz` or not.
 *
 * @throws SynsegError `DATASET_FORMAT` when the name does not tell
 */
export function captionFormat(path: string): CaptionFormat {
  const extension = /\.([^.]+?)(?:\.gz)?$/i.exec(basename(path))?.[1]?.toLowerCase() ?? '';
  const format = BY_EXTENSION[extension];
  if (format !== undefined) return format;
  const endings = Object.keys(BY_EXTENSION).map((known) => `.${known}`);
  throw new SynsegError(
    'DATASET_FORMAT',
    `Cannot extract phrases: captions must end in ${endings.join(', ')} or have a format, got "${path}"`,
  );
}

/** The records of a file; what cannot be read is {@link BROKEN}. */
export function captionRecords(source: CaptionSource): CaptionRecords {
  const chunks = textChunks(source.path, source);
  switch (source.format) {
    case 'tsv':
      return tableRecords(tabbed(linesOf(chunks)), source);
    case 'csv':
      return tableRecords(csvRows(chunks), source);
    case 'text':
      return textRecords(linesOf(chunks));
    case 'coco':
      return cocoRecords(source);
    case 'jsonl':
    case 'spacy':
      return jsonRecords(linesOf(chunks), source);
  }
}

/** In TSV a quote is a letter like any other. */
async function* tabbed(lines: AsyncIterable<(string | typeof BROKEN)[]>): AsyncGenerator<(string[] | typeof BROKEN)[]> {
  for await (const list of lines) yield list.map((line) => (line === BROKEN ? BROKEN : line.split('\t')));
}

async function* tableRecords(
  lists: AsyncIterable<(string[] | typeof BROKEN)[]>,
  { keys, header, format, path }: CaptionSource,
): CaptionRecords {
  let columns: TableColumns | undefined;
  for await (const list of lists) {
    const records: (CaptionRecord | typeof BROKEN)[] = [];
    for (const cells of list) {
      if (cells === BROKEN) {
        records.push(BROKEN);
        continue;
      }
      if (cells.length === 1 && cells[0]?.trim() === '') continue;
      if (columns === undefined) {
        columns = columnsOf(cells, keys, header, path);
        if (columns.isHeader) continue;
      }
      const caption = cells[columns.caption]?.trim() ?? '';
      const image = columns.image === undefined ? undefined : cells[columns.image]?.trim();
      const whole = caption !== '' && image !== '' && (columns.image === undefined || image !== undefined);
      // A comma inside an unquoted caption has made a cell of its rest.
      const torn = format === 'csv' && columns.count !== undefined && cells.length > columns.count;
      records.push(whole && !torn ? { fields: image === undefined ? {} : { image }, caption } : BROKEN);
    }
    yield records;
  }
}

/** Plain text has no pictures: the key of a caption is the number of its line. */
async function* textRecords(lists: AsyncIterable<(string | typeof BROKEN)[]>): CaptionRecords {
  let number = 0;
  for await (const list of lists) {
    const records: (CaptionRecord | typeof BROKEN)[] = [];
    for (const line of list) {
      number++;
      if (line === BROKEN) records.push(BROKEN);
      else if (line.trim() !== '') records.push({ fields: { key: String(number) }, caption: line.trim() });
    }
    yield records;
  }
}

async function* jsonRecords(
  lists: AsyncIterable<(string | typeof BROKEN)[]>,
  { keys, format }: CaptionSource,
): CaptionRecords {
  for await (const list of lists) {
    const lines = list.filter((line) => line === BROKEN || line.trim() !== '');
    yield lines.map((line) => (line === BROKEN ? BROKEN : jsonRecord(line, keys, format === 'spacy')));
  }
}

function jsonRecord(line: string, keys: CaptionKeys, withChunks: boolean): CaptionRecord | typeof BROKEN {
  let row: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return BROKEN;
    row = value as typeof row;
  } catch {
    return BROKEN;
  }
  const find = (asked: CaptionField | undefined, known: readonly string[]): unknown =>
    asked !== undefined
      ? row[String(asked)]
      : row[known.find((name) => row[name] !== undefined && row[name] !== null) ?? ''];
  const given = find(keys.caption, CAPTION_NAMES);
  const caption = Array.isArray(given) && given.every((entry) => typeof entry === 'string') ? given.join('. ') : given;
  const image = find(keys.image, IMAGE_NAMES);
  const key = row['key'] ?? row['id'];
  const fields: Record<string, string> = {};
  if (typeof image === 'string') fields['image'] = image;
  else if (typeof key === 'string' || typeof key === 'number') fields['key'] = String(key);
  for (const name of ['mask', 'split']) if (typeof row[name] === 'string') fields[name] = row[name];
  if (withChunks) {
    const chunks = find(keys.nouns, CHUNK_NAMES);
    return Array.isArray(chunks) ? { fields, caption: typeof caption === 'string' ? caption : '', chunks } : BROKEN;
  }
  return typeof caption === 'string' && caption.trim() !== '' ? { fields, caption: caption.trim() } : BROKEN;
}

/** COCO's captions name their picture by number: the names are read first, and are all that is kept. */
async function* cocoRecords(source: CaptionSource): CaptionRecords {
  const { path } = source;
  // Ids are written as numbers or as text, in one file even.
  const names = new Map<string, string>();
  for await (const list of jsonElements(textChunks(path, source), 'images')) {
    for (const image of list as Readonly<Record<string, unknown>>[]) {
      if (typeof image === 'object' && typeof image['file_name'] === 'string')
        names.set(String(image['id']), image['file_name']);
    }
    yield [];
  }
  let found = false;
  for await (const list of jsonElements(textChunks(path, source), 'annotations', () => (found = true))) {
    yield (list as (Readonly<Record<string, unknown>> | typeof BROKEN)[]).map((annotation) => {
      if (annotation === BROKEN) return BROKEN;
      const { caption, image_id } = annotation;
      const image = names.get(String(image_id));
      return typeof caption === 'string' && caption.trim() !== '' && image !== undefined
        ? { fields: { image }, caption: caption.trim() }
        : BROKEN;
    });
  }
  if (!found)
    throw new SynsegError(
      'DATASET_FORMAT',
      `Cannot extract phrases: "${path}" must have "annotations" with captions as COCO does, got none`,
    );
}
