/** JSON Lines: one JSON value a line. */
import { messageOf } from '@synseg/core/guards';
import { RowError } from './row.ts';
import { linesOf, type TableFormat, type TableRecord } from './table.ts';

/** Reader of a JSONL file; empty lines are passed over. */
export function jsonlTable(path: string): TableFormat {
  return { scan: (signal) => scan(path, signal), parse };
}

async function* scan(path: string, signal?: AbortSignal): AsyncGenerator<TableRecord> {
  for await (const { bytes, start, line, problem } of linesOf(path, signal)) {
    yield { start, end: start + bytes.length, line, value: () => parse(bytes, problem) };
  }
}

function parse(bytes: Uint8Array, problem?: string): unknown {
  if (problem !== undefined) throw new RowError(problem);
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (cause) {
    throw new RowError(`line must be JSON, got ${messageOf(cause)}`, { cause });
  }
}
