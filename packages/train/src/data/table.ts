/**
 * A file of records, read through once for their places and then one record at a time: a list of millions is not kept.
 */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { utf16Of } from '@synseg/core/guards';
import { dataError } from './data-error.ts';

const NEWLINE = 0x0a;
/** A longer row is none: without a bound, a file without line ends would be read into memory whole. */
export const MAX_ROW_BYTES = 4_000_000;

/** A record as found when the file is read through. */
export interface TableRecord {
  /** Bytes [start, end) of the file. */
  readonly start: number;
  readonly end: number;
  /** Line it starts in or, in CSV, ends in; from 1. */
  readonly line: number;
  /** What the record says. @throws RowError when it is broken */
  value(): unknown;
}

/** How one format is read. */
export interface TableFormat {
  /** All records from the first byte to the last. */
  scan(signal?: AbortSignal): AsyncIterable<TableRecord>;
  /** What a record says, from its bytes. Valid after a scan. */
  parse(bytes: Uint8Array): unknown;
}

/** Reads single records of a file. */
export class RecordReader {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(path: string): Promise<RecordReader> {
    return new RecordReader(await open(path));
  }

  /** Bytes [start, end); fewer where the file ends before. */
  async read(start: number, end: number): Promise<Uint8Array> {
    return readAt(this.#handle, start, end);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Reads bytes [start, end) of an open file; fewer where it ends before. */
export async function readAt(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** A line of a file. */
export interface Line {
  /** Without the line break; a carriage return before it stays. */
  readonly bytes: Uint8Array;
  /** Byte of the file it starts at. */
  readonly start: number;
  /** From 1. */
  readonly line: number;
  /** Why it is none: its bytes are left out. */
  readonly problem?: string;
}

/** Lines of a file, those without a letter left out. */
export async function* linesOf(path: string, signal?: AbortSignal): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let [start, line, length] = [0, 0, 0];
  const keep = (part: Uint8Array): void => {
    length += part.length;
    if (length <= MAX_ROW_BYTES) rest.push(part);
    else rest = [];
  };
  const next = (last: Uint8Array): Line => {
    keep(last);
    line += 1;
    const found = {
      bytes: rest.length === 1 ? last : Buffer.concat(rest),
      start,
      line,
      ...(length > MAX_ROW_BYTES ? { problem: `line must have at most ${MAX_ROW_BYTES} bytes, got ${length}` } : {}),
    };
    start += length + 1;
    [rest, length] = [[], 0];
    return found;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    if (start === 0 && length === 0) refuseUTF16(path, chunk);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const found = next(chunk.subarray(from, at));
      if (found.problem !== undefined || !isBlank(found.bytes)) yield found;
      from = at + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  }
  const last = next(new Uint8Array(0));
  if (last.problem !== undefined || !isBlank(last.bytes)) yield last;
}

/**
 * @throws SynsegError `DATASET_FORMAT` when a table begins as UTF-16 does: its line ends are not where UTF-8 has them
 */
export function refuseUTF16(path: string, beginning: Uint8Array): void {
  if (utf16Of(beginning) !== undefined) throw dataError(`"${path}" must be UTF-8`, 'UTF-16');
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
