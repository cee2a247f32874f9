/**
 * CSV and TSV files, with column names in the first row or without. The only file that imports csv-parse.
 *
 * TSV is split at tabs and nothing else: a quote is a letter like any other, as web captions are full of single ones
 * (CC12M: `url<TAB>caption`, no header).
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { messageOf } from '@synseg/core/guards';
import { parse as parseStream, type Options } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import { dataError } from './data-error.ts';
import { RowError, rowFields, type Fields } from './row.ts';
import { MAX_ROW_BYTES, RecordReader, linesOf, refuseUTF16, type TableFormat, type TableRecord } from './table.ts';

/** How to read a file. */
export interface CsvOptions {
  /** Names that tell a header; without one the first columns are picture and caption. */
  readonly fields: Fields;
  /** @default true when the first row holds one of `fields` or of the usual names */
  readonly header?: boolean;
}

/** A row as cells. */
interface Cells {
  readonly cells: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly problem?: string;
}

/** Columns of a row at most. */
const MAX_COLUMNS = 10_000;
const PARSING: Options = {
  record_delimiter: ['\r\n', '\n'],
  bom: true,
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  // A longer row is a quote that was never closed.
  max_record_size: MAX_ROW_BYTES,
};
const UNNAMED = { image: '0', caption: '1' } as const;

/** Reader of a CSV file: each row is an object by column name, and by column index. */
export function csvTable(path: string, options: CsvOptions): TableFormat {
  const parse = (bytes: Uint8Array): readonly string[] => parseSync(bytes, PARSING)[0] ?? [];
  return cellTable((signal) => csvCells(path, signal), parse, options);
}

/** Reader of a TSV file: each row is an object by column name, and by column index. */
export function tsvTable(path: string, options: CsvOptions): TableFormat {
  return cellTable((signal) => tsvCells(path, signal), splitTabs, options);
}

function cellTable(
  rows: (signal?: AbortSignal) => AsyncIterable<Cells>,
  parse: (bytes: Uint8Array) => readonly string[],
  { fields, header }: CsvOptions,
): TableFormat {
  let columns: readonly string[] | undefined;
  const toRow = (cells: readonly string[], problem?: string): unknown => {
    if (problem !== undefined) throw new RowError(problem);
    if (cells.length > MAX_COLUMNS)
      throw new RowError(`row must have at most ${MAX_COLUMNS} columns, got ${cells.length}`);
    if (columns === undefined) return unnamed(cells, fields);
    if (cells.length > columns.length)
      throw new RowError(`row must have at most ${columns.length} columns, got ${cells.length}`);
    const filled = cells.map((cell, index) => [index, cell] as const).filter(([, cell]) => cell !== '');
    return Object.fromEntries([...filled, ...filled.map(([index, cell]) => [columns?.[index] ?? '', cell] as const)]);
  };
  async function* scan(signal?: AbortSignal): AsyncGenerator<TableRecord> {
    let first = true;
    for await (const { cells, start, end, line, problem } of rows(signal)) {
      if (first && problem === undefined && cells.length <= MAX_COLUMNS && (header ?? looksLikeHeader(cells, fields)))
        columns = cells.map((cell) => cell.trim());
      else yield { start, end, line, value: () => toRow(cells, problem) };
      first = false;
    }
  }
  return { scan, parse: (bytes) => toRow(parse(bytes)) };
}

async function* csvCells(path: string, signal?: AbortSignal): AsyncGenerator<Cells> {
  const reader = await RecordReader.open(path);
  refuseUTF16(path, await reader.read(0, 2).finally(() => reader.close()));
  const parser = parseStream({ ...PARSING, info: true });
  pipeline(createReadStream(path), parser, () => undefined); // an error of either reaches the loop below
  let start = 0;
  try {
    for await (const entry of parser as AsyncIterable<{ record: string[]; info: { bytes: number; lines: number } }>) {
      signal?.throwIfAborted();
      const { record: cells, info } = entry;
      yield { cells, start, end: info.bytes, line: info.lines };
      start = info.bytes;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (!isCsvError(cause)) throw cause;
    throw dataError(`"${path}" must be CSV`, messageOf(cause), cause);
  }
}

async function* tsvCells(path: string, signal?: AbortSignal): AsyncGenerator<Cells> {
  for await (const { bytes, ...place } of linesOf(path, signal))
    yield { ...place, cells: splitTabs(bytes), end: place.start + bytes.length };
}

function splitTabs(bytes: Uint8Array): readonly string[] {
  return new TextDecoder().decode(bytes).replace(/\r$/, '').split('\t');
}

function looksLikeHeader(cells: readonly string[], fields: Fields): boolean {
  const names = new Set([...Object.values(fields).flat(), ...Object.values(rowFields()).flat()]);
  return cells.some((cell) => names.has(cell.trim()) && !/^\d+$/.test(cell.trim()));
}

/** Without a header: columns by index, and the first two also under the names that rows are asked for. */
function unnamed(cells: readonly string[], fields: Fields): unknown {
  const row = new Map(cells.map((cell, index) => [String(index), cell]));
  for (const kind of ['image', 'caption'] as const) {
    const asked = fields[kind][0] ?? '';
    const cell = row.get(UNNAMED[kind]);
    const byIndex = Object.values(fields)
      .flat()
      .some((name) => /^\d+$/.test(name));
    if (!byIndex && cell !== undefined) row.set(asked, cell);
  }
  return Object.fromEntries(row);
}

function isCsvError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
}
