/** JSON Lines: one JSON value a line. */
import { createReadStream } from 'node:fs';
import { messageOf } from '@synseg/core';
import { RowError } from './row.ts';
import type { TableFormat, TableRecord } from './table.ts';

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Reader of a JSONL file; empty lines are passed over. */
export function jsonlTable(path: string): TableFormat {
  return { scan: (signal) => scan(path, signal), parse };
}

async function* scan(path: string, signal?: AbortSignal): AsyncGenerator<TableRecord> {
  let line = 0;
  for await (const { bytes, start } of linesOf(path, signal)) {
    line += 1;
    if (bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) continue;
    yield { start, end: start + bytes.length, line, value: () => parse(bytes) };
  }
}

/** Lines of a file with the byte each starts at. */
async function* linesOf(path: string, signal?: AbortSignal): AsyncGenerator<{ bytes: Uint8Array; start: number }> {
  let rest: Uint8Array[] = [];
  let start = 0;
  const whole = (last: Uint8Array): Uint8Array => {
    const bytes = rest.length === 0 ? last : Buffer.concat([...rest, last]);
    rest = [];
    return bytes;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const bytes = whole(chunk.subarray(from, at));
      yield { bytes, start };
      start += bytes.length + 1;
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  const last = whole(new Uint8Array(0));
  if (last.length > 0) yield { bytes: last, start };
}

function parse(bytes: Uint8Array): unknown {
  const marked = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte);
  try {
    return JSON.parse(new TextDecoder().decode(marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes)) as unknown;
  } catch (cause) {
    throw new RowError(`line must be JSON, got ${messageOf(cause)}`, { cause });
  }
}
