/**
 * JSONL, CSV and TSV, one reader for all who read tables: rows in order, each with its place, so that a list of
 * millions need not be kept. The only file that imports csv-parse.
 *
 * TSV is split at tabs and nothing else: a quote is a letter like any other, as web captions are full of single ones
 * (CC12M: `url<TAB>caption`, no header).
 */
import { messageOf } from '@synseg/core/guards';
import { parse, type Options } from 'csv-parse/sync';
import { RowError } from './row.ts';
import { columnsOf, type ColumnOptions, type RowOf } from './table-columns.ts';
import { csvRows, isBlank, linesOf, type Line } from './table-lines.ts';
import type { TableSource } from './table-source.ts';

const PARSING: Options = { relax_column_count: true, relax_quotes: true, record_delimiter: ['\r\n', '\n'] };
const BATCH_ROWS = 256;
const BATCH_BYTES = 1_000_000;

/** Format of a table. */
export type TableFormat = 'jsonl' | 'csv' | 'tsv';

/** A row and its place. */
interface TableRow {
  /** Bytes [start, end) of the file, unpacked. */
  readonly start: number;
  readonly end: number;
  /** Line it starts in, from 1. */
  readonly line: number;
  /** The contents of the row. @throws RowError when it is broken */
  value(): unknown;
}

/** A table. */
export interface Table {
  /** All rows from the first byte to the last; blank lines are passed over. */
  rows(): AsyncIterable<TableRow>;
  /** The contents of a row, from its bytes. Valid once the first row has been read. */
  parse(bytes: Uint8Array): unknown;
}

/** Opens a table; nothing is read yet. */
export function openTable(source: TableSource, format: TableFormat, options: ColumnOptions): Table {
  if (format === 'jsonl')
    return { rows: () => rowsOf(linesOf(source), parseJson), parse: (bytes) => parseJson({ bytes }) };
  let rowOf: RowOf | undefined;
  const cellsOf = format === 'csv' ? csvCells : tsvCells;
  const parseLine = (line: Pick<CellLine, 'bytes' | 'cells'>): unknown => rowOf?.(line.cells ?? cellsOf(line.bytes));
  async function* withoutHeader(lines: AsyncIterable<CellLine>): AsyncGenerator<CellLine> {
    rowOf = undefined;
    for await (const line of lines) {
      if (rowOf === undefined && line.problem === undefined && !isBlank(line)) {
        const columns = columnsOf(line.cells ?? cellsOf(line.bytes), options, source);
        rowOf = columns.rowOf;
        if (columns.isHeader) continue;
      }
      yield line;
    }
  }
  const lines = (): AsyncIterable<CellLine> =>
    format === 'csv' ? withCells(csvRows(linesOf(source))) : linesOf(source);
  return { rows: () => rowsOf(withoutHeader(lines()), parseLine), parse: (bytes) => parseLine({ bytes }) };
}

/** A row's line with its cells, where they are known. */
interface CellLine extends Line {
  readonly cells?: readonly string[] | undefined;
}

async function* rowsOf(lines: AsyncIterable<Line>, parseLine: (line: Line) => unknown): AsyncGenerator<TableRow> {
  for await (const found of lines) {
    if (isBlank(found)) continue;
    const { start, end, line, problem } = found;
    const value = (): unknown => {
      if (problem !== undefined) throw new RowError(problem);
      return parseLine(found);
    };
    yield { start, end, line, value };
  }
}

/** Parses many rows of CSV in one call: one by one takes ten times as long. */
async function* withCells(lines: AsyncIterable<Line>): AsyncGenerator<CellLine> {
  let batch: Line[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (line.problem !== undefined || isBlank(line)) {
      yield* parsed(batch);
      yield line;
      [batch, bytes] = [[], 0];
      continue;
    }
    batch.push(line);
    bytes += line.bytes.length;
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue;
    yield* parsed(batch);
    [batch, bytes] = [[], 0];
  }
  yield* parsed(batch);
}

/** Cells of these rows if the parser ends each of them where it ends here; else each row is parsed by itself. */
function parsed(lines: readonly Line[]): readonly CellLine[] {
  const newline = Uint8Array.of(0x0a);
  let end = 0;
  const ends = lines.map(({ bytes }) => (end += bytes.length + 1));
  try {
    const text = Buffer.concat(lines.flatMap(({ bytes }) => [bytes, newline]));
    const rows = parse(text, { ...PARSING, info: true }) as unknown as { record: string[]; info: { bytes: number } }[];
    if (rows.length !== lines.length || rows.some(({ info }, index) => info.bytes !== ends[index])) return lines;
    return lines.map((line, index) => ({ ...line, cells: rows[index]?.record }));
  } catch {
    return lines;
  }
}

function parseJson({ bytes }: Pick<Line, 'bytes'>): unknown {
  try {
    return JSON.parse(decoded(bytes)) as unknown;
  } catch (cause) {
    throw new RowError(`line must be JSON, got ${messageOf(cause)}`, { cause });
  }
}

function tsvCells(bytes: Uint8Array): readonly string[] {
  return decoded(bytes).replace(/\r$/, '').split('\t');
}

function csvCells(bytes: Uint8Array): readonly string[] {
  try {
    return parse(decoded(bytes), PARSING)[0] ?? [];
  } catch (cause) {
    throw new RowError(`row must be CSV, got ${messageOf(cause)}`, { cause });
  }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
