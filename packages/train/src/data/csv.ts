/**
 * CSV and TSV files, with column names in the first row or without. The only file that imports csv-parse.
 *
 * In TSV a quote is a letter like any other: web captions are full of single ones (CC12M: `url<TAB>caption`, no header).
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { messageOf } from '@synseg/core';
import { parse as parseStream, type Options } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import { dataError } from './data-error.ts';
import { RowError, rowFields, type Fields } from './row.ts';
import type { TableFormat, TableRecord } from './table.ts';

/** How to read a file. */
export interface CsvOptions {
  readonly format: 'csv' | 'tsv';
  /** Names that tell a header; columns without a header are taken in the order image, caption. */
  readonly fields: Fields;
  /** @default true when the first row holds one of `fields` or of the usual names */
  readonly header?: boolean;
}

/** A longer row is a quote that was never closed. */
const MAX_ROW_LETTERS = 4_000_000;
const UNNAMED = { image: '0', caption: '1' } as const;

/** Reader of a CSV or TSV file: each row is an object by column name, without a header by column index. */
export function csvTable(path: string, options: CsvOptions): TableFormat {
  const parsing: Options = {
    delimiter: options.format === 'tsv' ? '\t' : ',',
    quote: options.format === 'tsv' ? null : '"',
    record_delimiter: ['\r\n', '\n'],
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_LETTERS,
  };
  let columns: readonly string[] | undefined;
  const toRow = (cells: readonly string[]): unknown => {
    if (columns === undefined) return unnamed(cells, options.fields);
    if (cells.length > columns.length) throw new RowError(`row must have at most ${columns.length} columns, got ${cells.length}`);
    const filled = cells.map((cell, index) => [index, cell] as const).filter(([, cell]) => cell !== '');
    return Object.fromEntries([...filled, ...filled.map(([index, cell]) => [columns?.[index] ?? '', cell] as const)]);
  };

  async function* scan(signal?: AbortSignal): AsyncGenerator<TableRecord> {
    const parser = parseStream({ ...parsing, info: true });
    pipeline(createReadStream(path), parser, () => undefined); // an error of either reaches the loop below
    let start = 0;
    let first = true;
    try {
      for await (const entry of parser as AsyncIterable<{ record: string[]; info: { bytes: number; lines: number } }>) {
        signal?.throwIfAborted();
        const { record: cells, info } = entry;
        const isHeader = first && (options.header ?? looksLikeHeader(cells, options.fields));
        if (isHeader) columns = cells.map((cell) => cell.trim());
        else yield { start, end: info.bytes, line: info.lines, value: () => toRow(cells) };
        first = false;
        start = info.bytes;
      }
    } catch (cause) {
      signal?.throwIfAborted();
      if (!isCsvError(cause)) throw cause;
      throw dataError(`"${path}" must be ${options.format.toUpperCase()}`, messageOf(cause), cause);
    }
  }

  return {
    scan,
    parse(bytes) {
      const rows = parseSync(bytes, parsing);
      return toRow(rows[0] ?? []);
    },
  };
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
    const byIndex = Object.values(fields).flat().some((name) => /^\d+$/.test(name));
    if (!byIndex && cell !== undefined) row.set(asked, cell);
  }
  return Object.fromEntries(row);
}

function isCsvError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
}
