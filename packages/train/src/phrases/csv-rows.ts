/**
 * Rows of CSV text that arrives in pieces: commas, double quotes, quotes doubled inside quotes, line ends inside
 * quotes.
 *
 * It is not the reader of datasets, which keeps the place of every row of a file on disk; this one runs through text
 * once, unpacked or not.
 */
import { BROKEN, MAX_RECORD_LETTERS } from './text-chunks.ts';

const QUOTE = 34;
const COMMA = 44;
const NEWLINE = 10;

/** The rows of CSV text, a list for each piece of it; one with an open quote or beyond the bound is {@link BROKEN}. */
export async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<(string[] | typeof BROKEN)[]> {
  let rest = '';
  let quoted = false;
  /** The letter before is a quote that closed a cell: another one makes the two stand for one quote in the cell. */
  let closed = false;
  for await (const chunk of chunks) {
    const text = rest + chunk;
    const rows: (string[] | typeof BROKEN)[] = [];
    let start = 0;
    for (let at = rest.length; at < text.length; at++) {
      const letter = text.charCodeAt(at);
      if (letter !== QUOTE) {
        closed = false;
        if (letter !== NEWLINE || quoted) continue;
        rows.push(cellsOf(text.slice(start, at)));
        start = at + 1;
      } else if (quoted) {
        quoted = false;
        closed = true;
      } else if (closed || at === start || text.charCodeAt(at - 1) === COMMA) {
        quoted = true;
        closed = false;
      }
    }
    rest = text.slice(start);
    if (rest.length > MAX_RECORD_LETTERS) {
      // A quote that was never closed: reading goes on at the last line.
      rows.push(BROKEN);
      rest = rest.slice(rest.lastIndexOf('\n') + 1);
      quoted = closed = false;
      if (rest.length > MAX_RECORD_LETTERS) rest = '';
    }
    if (rows.length > 0) yield rows;
  }
  if (rest !== '') yield [quoted ? BROKEN : cellsOf(rest)];
}

/** The cells of one row. A quote inside a cell that did not begin with one is a letter like any other. */
function cellsOf(row: string): string[] | typeof BROKEN {
  const text = row.endsWith('\r') ? row.slice(0, -1) : row;
  if (!text.includes('"')) return text.split(',');
  const cells: string[] = [];
  for (let at = 0; ;) {
    if (text.charCodeAt(at) === QUOTE) {
      let cell = '';
      for (at += 1; ;) {
        const end = text.indexOf('"', at);
        if (end < 0) return BROKEN;
        cell += text.slice(at, end);
        at = end + 1;
        if (text.charCodeAt(at) !== QUOTE) break;
        cell += '"';
        at += 1;
      }
      if (at < text.length && text.charCodeAt(at) !== COMMA) return BROKEN;
      cells.push(cell);
      if (at >= text.length) return cells;
      at += 1;
    } else {
      const end = text.indexOf(',', at);
      cells.push(text.slice(at, end < 0 ? undefined : end));
      if (end < 0) return cells;
      at = end + 1;
    }
  }
}
