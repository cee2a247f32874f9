/** Lines of a table, and rows of CSV, which may span several lines; each with its place in the file. */
import { utf16Of } from '@synseg/core/guards';
import { bytesOf, tableError, type TableSource } from './table-source.ts';

const [NEWLINE, QUOTE, COMMA] = [0x0a, 0x22, 0x2c];
/** Longest row: without a limit, a file without line ends would be read into memory whole. */
const MAX_ROW_BYTES = 4_000_000;

/** A line, or several that make a row. */
export interface Line {
  /** Without the line break; a carriage return before it stays. */
  readonly bytes: Uint8Array;
  /** Bytes [start, end) of the file, unpacked. */
  readonly start: number;
  readonly end: number;
  /** Number of its first line, from 1. */
  readonly line: number;
  /** Problem of a broken line, whose bytes are left out. */
  readonly problem?: string;
}

/**
 * Lines of a UTF-8 file, blank ones too.
 *
 * @throws SynsegError `DATASET_FORMAT` when it cannot be read, or begins as UTF-16 does
 */
export async function* linesOf(source: TableSource): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let [start, line, length] = [0, 0, 0];
  const keep = (part: Uint8Array): void => {
    length += part.length;
    if (length <= MAX_ROW_BYTES) parts.push(part);
    else parts = [];
  };
  const next = (last: Uint8Array): Line => {
    keep(last);
    line += 1;
    const problem = `line must have at most ${MAX_ROW_BYTES} bytes, got ${length}`;
    const bytes = parts.length === 1 ? last : Buffer.concat(parts);
    const found = { bytes, start, end: start + length, line, ...(length > MAX_ROW_BYTES ? { problem } : {}) };
    start += length + 1;
    [parts, length] = [[], 0];
    return found;
  };
  for await (const chunk of bytesOf(source)) {
    if (start === 0 && length === 0 && utf16Of(chunk) !== undefined) throw tableError(source, 'be UTF-8', 'UTF-16');
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield next(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  }
  if (length > 0) yield next(new Uint8Array(0));
}

/**
 * Rows of CSV: lines, joined while a quote is open. Of one whose quote is never closed the first line is broken, and
 * reading continues at the second.
 */
export async function* csvRows(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  let held: Line[] = [];
  let open = false;
  function* add(line: Line): Generator<Line> {
    held.push(line);
    const [first] = held as [Line];
    open = line.problem === undefined && leavesOpen(line.bytes, open);
    // What is too long for a row is a quote that was never closed.
    if (line.end - first.start > MAX_ROW_BYTES && (open || first !== line)) yield* giveUp();
    else if (!open) {
      const row = joined(held);
      held = [];
      yield row;
    }
  }
  function* giveUp(): Generator<Line> {
    const [first, ...others] = held as [Line, ...Line[]];
    [held, open] = [[], false];
    yield { ...first, problem: 'row must close its quotes, got one that stays open' };
    for (const line of others) yield* add(line);
  }
  for await (const line of lines) yield* add(line);
  while (held.length > 0) yield* giveUp();
}

/** True for a line of spaces alone. */
export function isBlank({ bytes, problem }: Line): boolean {
  return problem === undefined && bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}

/** True when a quote is open at the end of a line. A quote inside a cell that did not begin with one is a letter. */
function leavesOpen(bytes: Uint8Array, openBefore: boolean): boolean {
  let open = openBefore;
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    if (!open) open = at === 0 || bytes[at - 1] === COMMA;
    else if (bytes[at + 1] === QUOTE) at += 1;
    else open = false;
  }
  return open;
}

function joined(lines: readonly Line[]): Line {
  const [first] = lines as [Line];
  if (lines.length === 1) return first;
  const end = Uint8Array.of(NEWLINE);
  const bytes = Buffer.concat(lines.flatMap((line) => (line === first ? [line.bytes] : [end, line.bytes])));
  return { ...first, bytes, end: (lines.at(-1) as Line).end };
}
